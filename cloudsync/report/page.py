"""What a report says, before any format: a page of sections of blocks; it lays nothing out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, TypeVar

from cloudsync.immutable import immutable
from cloudsync.model import Mode, Verdict

T = TypeVar("T")


@immutable
class Code:
    """Text that stands as it is and is never broken: a rule, a label, a command."""

    text: str


@immutable
class Items:
    """A list of such texts, which a format may cut."""

    items: tuple[str, ...]


Piece = str | Code | Items
Line = tuple[Piece, ...]

Kind = Literal[
    "absent", "exposure", "missing", "open", "undetermined", "plain", "remark", "refusal",
    "step", "after", "remains", "done", "failed", "undo", "mend",
]  # fmt: skip


@immutable
class Block:
    """One thing that is said of a target.

    ``changes`` are a step's lines, ``+`` or ``-`` in front; ``whole`` where none may be cut.
    """

    kind: Kind
    head: Line
    body: tuple[Line, ...] = ()
    changes: tuple[str, ...] = ()
    whole: bool = False

    @property
    def shown(self) -> tuple[Sequence[str], int]:
        """The changes as a page for reading shows them, and how many more there are.

        A long row of networks in a line is cut too, but where lines are there to be compared: the
        one network that a rewritten rule gains may stand at the end of the row.
        """
        if self.whole:
            return self.changes, 0
        shown, more = cut(self.changes, CHANGES_SHOWN)
        if len({change[:1] for change in shown}) == 1:
            shown = [_ROW.sub(_row, change) for change in shown]
        return shown, more


@immutable
class Section:
    """All that is said of one target. ``was`` is its verdict before a run, where there was one."""

    target: str
    mode: Mode
    verdict: Verdict
    blocks: tuple[Block, ...]
    was: Verdict | None = None

    @property
    def formerly(self) -> str:
        """``, was open``, where the verdict has changed; else empty."""
        if self.was is None or self.was is self.verdict:
            return ""
        return f", was {label(self.was)}"


@immutable
class Page:
    """A whole report: what it is of, what holds on the whole, the targets, what it doesn't see."""

    title: str
    intro: tuple[Line, ...]
    sections: tuple[Section, ...]
    footer: str


NETWORKS_SHOWN: Final = 8
CHANGES_SHOWN: Final = 20
"""A step of ours is cut here in text and Markdown; one that changes somebody else's rule is not."""
_ROW: Final = re.compile(r"[0-9A-Fa-f:.]+/\d+(?:, [0-9A-Fa-f:.]+/\d+)+")


def cut(items: Sequence[T], shown: int) -> tuple[Sequence[T], int]:
    """The first of ``items``, and how many more there are. One more is shown, not counted."""
    return (items, 0) if len(items) <= shown + 1 else (items[:shown], len(items) - shown)


def _row(found: re.Match[str]) -> str:
    networks, more = cut(found[0].split(", "), NETWORKS_SHOWN)
    return ", ".join(networks) + (f" and {more:,} more" if more else "")


def label(verdict: Verdict) -> str:
    """A verdict in words: ``in sync``."""
    return verdict.replace("_", " ")


def quoted(text: str) -> Line:
    """Prose in which `backticks` hold what must not be broken: commands, rules."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return (text,)
    return tuple(Code(part) if number % 2 else part for number, part in enumerate(parts) if part)
