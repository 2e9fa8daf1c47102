"""Values into HTML: the templates, with everything escaped that a stranger may have written."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cloudsync.conditions.telling import CAUSES
from cloudsync.errors import MEANING, Exit
from cloudsync.report.page import label, quoted
from cloudsync.report.words import amount, clean, counted, sentence
from cloudsync.web import said


@cache
def environment() -> Environment:
    """The templates."""
    made = Environment(
        loader=PackageLoader("cloudsync.web"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Jinja's own types know only its own filters.
    filters: dict[str, Any] = made.filters
    filters |= {
        "ago": said.ago, "ahead": said.ahead, "amount": amount, "counted": counted,
        "caused": CAUSES.__getitem__, "ended": _ended,
        "gist": said.gist, "label": label, "length_of": said.length, "many": said.many,
        "moment": said.moment, "quoted": quoted, "sentence": sentence, "sentence_case": _capital,
    }  # fmt: skip
    known: dict[str, Any] = made.globals
    known |= {"version": style_version()}
    return made


def html(template: str, **values: Any) -> str:
    """The page of ``template`` with ``values`` in it."""
    return environment().get_template(template).render(**values)


def asset(name: str) -> bytes:
    """A file that is served as it is."""
    return (files("cloudsync.web") / "static" / name).read_bytes()


def style_version() -> str:
    """What changes with the style sheet, so that a browser keeps one for as long as it is right."""
    return hashlib.sha256(asset("style.css")).hexdigest()[:12]


def _ended(code: int) -> str:
    return MEANING.get(Exit(code), str(code))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _harmless(value: Any) -> Any:
    # A label could turn an address round or hide what stands beside it; see `clean`.
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
