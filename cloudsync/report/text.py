"""A page for a terminal: plain text, 100 columns; it colours nothing and prints nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
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

WIDTH: Final = 100
# Stands for a space inside a command or a rule while lines are broken: half a command that is
# pasted into a shell is another command. No cleaned text can hold it.
_GLUE: Final = "\0"


def lay_text(page: Page) -> str:
    """The page as text. Verdicts stand in capitals at the start of a line."""
    lines = [out for line in page.intro for out in wrapped(line, 0)]
    for section in page.sections:
        lines += ["", *_section(section)]
    lines += ["", *wrapped((page.footer,), 0)]
    return "\n".join(lines) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield (
        f"{label(section.verdict).upper()}  {clean(section.target)}  "
        f"(mode {section.mode.value}{section.formerly})"
    )
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    yield from wrapped(block.head, 2)
    for line in block.body:
        yield from wrapped(line, 4)
    shown, more = block.shown
    for change in shown:
        yield f"    {clean(change)}"
    if more:
        yield f"    and {more:,} more"


def wrapped(line: Line, indent: int = 0) -> list[str]:
    """One line of a page, in as many lines of text as it takes."""
    return [
        out.replace(_GLUE, " ")
        for out in textwrap.wrap(
            "".join(_piece(piece) for piece in line),
            WIDTH,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]


def _piece(piece: Piece) -> str:
    match piece:
        case str():
            return clean(piece)
        case Code(text):
            return clean(text).replace(" ", _GLUE)
        case Items(items):
            shown, more = cut(items, NETWORKS_SHOWN)
            listed = ", ".join(clean(item).replace(" ", _GLUE) for item in shown)
            return f"{listed} and {more:,} more" if more else listed
        case _:
            assert_never(piece)
