"""Finding the headings that mark off a list: each once, in order and visible; it reads no row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from re import Match, Pattern, escape
from re import compile as pattern

from cloudsync.immutable import immutable
from cloudsync.source.codes import refusal
from cloudsync.source.text import Line, plain


@immutable
class Anchor:
    """A heading: what a message calls it, and what its whole line, casefolded, matches."""

    title: str
    shape: Pattern[str]

    @staticmethod
    def of(text: str) -> Anchor:
        """The anchor that is this very line; case, spaces and apostrophes may differ."""
        return Anchor(text, pattern(escape(Line(0, plain(text)).key)))


@immutable
class Found:
    """Where an anchor stands: its index among the lines, its line, and what its shape caught."""

    anchor: Anchor
    index: int
    line: Line
    match: Match[str]


def locate(
    anchors: Sequence[Anchor], end: Anchor | None, lines: Sequence[Line], source: str
) -> tuple[Found, ...]:
    """Where each of ``anchors`` stands, then ``end``, whose being there proves the page whole.

    Raises:
        SourceRefused: ``E_ANCHOR_MISSING``, ``E_ANCHOR_DUPLICATE``, ``E_ANCHOR_ORDER``,
            ``E_TRUNCATED`` (no ``end`` behind the last anchor), or ``E_HTML_HIDDEN`` (hidden text
            from the first to the last; elsewhere it is no matter, since pages hide their menus).
    """
    found = [_only(anchor, _seen(anchor, lines), source) for anchor in anchors]
    for one, other in pairwise(found):
        if other.index < one.index:
            what = (
                f"{other.anchor.title!r} stands before {one.anchor.title!r}, "
                f"which is on line {one.line.number}"
            )
            raise refusal(source, "E_ANCHOR_ORDER", what, line=other.line.number)
    if end is not None:
        seen = _seen(end, lines)
        if not any(one.index > found[-1].index for one in seen):
            what = f"{end.title!r} doesn't follow line {found[-1].line.number}"
            raise refusal(source, "E_TRUNCATED", what)
        found.append(_only(end, seen, source))
    for line in lines[found[0].index : found[-1].index + 1]:
        if line.hidden:
            what = f"{line.text!a} is struck out or hidden, in part or whole"
            raise refusal(source, "E_HTML_HIDDEN", what, line=line.number)
    return tuple(found)


def _seen(anchor: Anchor, lines: Sequence[Line]) -> list[Found]:
    matches = ((index, line, anchor.shape.fullmatch(line.key)) for index, line in enumerate(lines))
    every = [Found(anchor, index, line, match) for index, line, match in matches if match]
    # A hidden copy in a menu doesn't count beside the one that is seen, and alone it is refused.
    return [one for one in every if not one.line.hidden] or every


def _only(anchor: Anchor, seen: Sequence[Found], source: str) -> Found:
    if not seen:
        raise refusal(source, "E_ANCHOR_MISSING", f"no line is {anchor.title!r}")
    if len(seen) > 1:
        what = f"{anchor.title!r} stands on line {seen[0].line.number} already"
        raise refusal(source, "E_ANCHOR_DUPLICATE", what, line=seen[1].line.number)
    return seen[0]
