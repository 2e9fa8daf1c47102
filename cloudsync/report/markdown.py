"""A page for a pull request or a ticket, in GitHub's Markdown; no label can add markup to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, assert_never

from cloudsync.report.page import (
    NETWORKS_SHOWN,
    Block,
    Code,
    Items,
    Line,
    Page,
    Piece,
    Section,
    cut,
    label,
)
from cloudsync.report.words import clean

_MARKUP: Final = re.compile(r"[\\`*_{}\[\]<>#|!~$&]|:(?=//)|(?<=www)\.", re.IGNORECASE)


def lay_markdown(page: Page) -> str:
    """The page as Markdown: a table of the targets, then each target."""
    lines = [f"## {page.title}", ""]
    lines += [f"- {_line(line)}" for line in page.intro]
    if page.sections:
        lines += ["", "| target | mode | verdict |", "| --- | --- | --- |"]
        lines += [
            f"| {_cell(section.target)} | {section.mode.value} | {_verdict(section)} |"
            for section in page.sections
        ]
    for section in page.sections:
        lines += ["", *_section(section)]
    lines += ["", f"*{page.footer}*"]
    return "\n".join(lines) + "\n"


def _verdict(section: Section) -> str:
    now = f"**{label(section.verdict)}**"
    return now + section.formerly


def _section(section: Section) -> Iterator[str]:
    yield f"### {_code(section.target)}"
    yield ""
    yield f"Mode {section.mode.value}: {_verdict(section)}."
    yield ""
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    yield f"- {_line(block.head)}"
    for line in block.body:
        yield f"  - {_line(line)}"
    if block.changes:
        shown, more = block.shown
        lines = [clean(change) for change in shown]
        fence = _fence(lines, 3)
        yield f"  {fence}diff"
        for change in lines:
            yield f"  {change}"
        if more:
            yield f"  and {more:,} more"
        yield f"  {fence}"


def _line(line: Line) -> str:
    return "".join(_piece(piece) for piece in line)


def _piece(piece: Piece) -> str:
    match piece:
        case str():
            return _prose(piece)
        case Code(text):
            return _code(text)
        case Items(items):
            shown, more = cut(items, NETWORKS_SHOWN)
            listed = ", ".join(_code(item) for item in shown)
            return f"{listed} and {more:,} more" if more else listed
        case _:
            assert_never(piece)


def _prose(text: str) -> str:
    # The zero-width space keeps a label from notifying whoever bears that name: mentions are
    # looked for after escapes have been resolved.
    return _MARKUP.sub(r"\\\g<0>", clean(text)).replace("@", "@&#8203;")


def _code(text: str) -> str:
    content = clean(text)
    if not content:
        return ""
    fence = _fence([content], 1)
    # A space on both sides is taken off again; without it a backtick at an edge would join the fence.
    pad = " " if content[0] in " `" or content[-1] in " `" else ""
    return f"{fence}{pad}{content}{pad}{fence}"


def _cell(text: str) -> str:
    # A table is cut into cells before code is looked for, so a bar is escaped even in code.
    return _code(text).replace("|", "\\|")


def _fence(texts: Iterable[str], least: int) -> str:
    runs = [len(run) for text in texts for run in re.findall(r"`+", text)]
    return "`" * max([least, *(run + 1 for run in runs)])
