"""The pages of the export formats, from the formats themselves; it adds no meaning of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cloudsync.export.advice import page
from cloudsync.export.format import Format
from cloudsync.export.formats import FORMATS


def makers() -> Mapping[str, Callable[[], str]]:
    """The table of all formats, and a part for the page of each."""
    parts: dict[str, Callable[[], str]] = {"exports": _index}
    for name, form in FORMATS.items():
        parts[f"export-{name}"] = _page(form)
    return parts


def _page(form: Format) -> Callable[[], str]:
    return lambda: f"# {form.title}\n\n`cloudsync export {form.name}`\n\n{page(form)}"


def _index() -> str:
    rows = [
        f"| [`{name}`]({name}.md) | {form.title} | {form.fit.families} | {form.fit.most:,} |"
        for name, form in FORMATS.items()
    ]
    return "\n".join(["| format | for | takes | entries at most |", "|---|---|---|---|", *rows])
