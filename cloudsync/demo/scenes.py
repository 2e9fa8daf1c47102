"""Pieces of a report, in the order of the story; it lays out what the report says, in no words of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from cloudsync.demo.cast import Sin
from cloudsync.report.page import Block, Kind, Page, Section
from cloudsync.report.text import lay_text

# Of the lines of a step: one of fifteen alike says it as well as all of them.
_SHOWN: Final = 2
# Networks in one rule, from which on a row of them says less than their number.
_MANY: Final = 3


def scenes(page: Page, sins: Mapping[str, Sin]) -> list[tuple[Sin, Section]]:
    """The sections of ``page`` in the order of ``sins``, then whatever nobody expected.

    A scope that couldn't be read is such a section, and so is a target that isn't in the story.
    """
    order = list(sins)
    known = sorted(
        (section for section in page.sections if section.target in sins),
        key=lambda section: order.index(section.target),
    )
    strange = [section for section in page.sections if section.target not in sins]
    return [
        *((sins[section.target], section) for section in known),
        *(
            (Sin(section.target, section.target, "nobody expected this", section.verdict), section)
            for section in strange
        ),
    ]


def laid(section: Section, kinds: Collection[Kind]) -> list[str]:
    """The section as the report lays it out: its header, then the blocks of these kinds."""
    blocks = tuple(_short(block) for block in section.blocks if block.kind in kinds)
    page = Page("", (), (replace(section, blocks=blocks),), "")
    return lay_text(page).strip("\n").split("\n")


def _short(block: Block) -> Block:
    """The block with some of its changes, of each purpose one; somebody else's rules all stay."""
    block = replace(block, changes=tuple(map(_brief, block.changes)))
    more = len(block.changes) - _SHOWN
    if block.whole or more <= 1:
        return block
    # A mark ends with the purpose, and the first of each is what the reversal leaves.
    firsts = {change.rpartition(" ")[2]: change for change in reversed(block.changes)}
    shown = list(dict.fromkeys((*firsts.values(), *block.changes)))[:_SHOWN]
    return replace(
        block, changes=(*sorted(shown, key=block.changes.index), f"and {more} more like these")
    )


def _brief(change: str) -> str:
    """A change in which a long row of networks is told by its first one."""
    first, *others = change.split(", ")
    if len(others) < _MANY:
        return change
    after = others[-1].partition(" ")[2]
    return f"{first} and {len(others)} more {after}".rstrip()
