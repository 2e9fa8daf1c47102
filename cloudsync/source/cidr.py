"""The reader of an operator's file, one network a line: all of it or a refusal; it guesses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from re import IGNORECASE
from re import compile as pattern
from typing import Final

from cloudsync.addresses import Network
from cloudsync.allowlist import Entry, Listing, Review
from cloudsync.source import rows
from cloudsync.source.codes import refusal, warning
from cloudsync.source.text import Line, refuse_tricks

_REVIEWED: Final = pattern(r"# ?reviewed\b.*", IGNORECASE)
_HEADER: Final = pattern(
    r"# ?reviewed: ([0-9]{4}-[0-9]{2}-[0-9]{2}) by (\S.*) from (https?://\S+)", IGNORECASE
)


def read(lines: Sequence[Line], source: str, *, widest: rows.Widest) -> Listing:
    """The networks of ``lines``: ``NETWORK``, or ``NETWORK  # NAME``; blank and ``#`` lines aside.

    ``# reviewed: 2026-11-24 by NAME from URL`` may stand once, above the first network.

    Raises:
        SourceRefused: for the first line that is none of these, or a file without a network.
    """
    entries: dict[Network, Entry] = {}
    warnings: list[str] = []
    review: Review | None = None
    for line in lines:
        if not line.text:
            continue
        refuse_tricks(line, source)
        if line.text.startswith("#"):
            if _REVIEWED.fullmatch(line.text):
                if review is not None or entries:
                    what = "the review header stands twice, or below a network"
                    raise refusal(source, "E_HEADER", what, line=line.number)
                review = _review(line, source)
            continue
        entry = _entry(line, source, widest)
        known = entries.setdefault(entry.network, entry)
        if known is not entry:
            seen = f"line {line.number} repeats {entry.network} of line {known.line}"
            warnings.append(warning("W_DUPLICATE", seen))
    if not entries:
        raise refusal(source, "E_EMPTY", "comments and blank lines only, 0 networks")
    return Listing(
        source=source,
        format="cidr",
        entries=tuple(entries.values()),
        published=review.on if review else None,
        review=review,
        warnings=tuple(warnings),
    )


def _entry(line: Line, source: str, widest: rows.Widest) -> Entry:
    at = rows.Place(source, line.number)
    written, _, comment = (part.strip() for part in line.text.partition("#"))
    base, slash, length = written.partition("/")
    network = rows.network(base, length if slash else None, widest, at)
    if len(comment) > rows.MAX_NAME:
        what = f"a name of {len(comment)} characters, the limit is {rows.MAX_NAME}"
        raise at.refusal("E_NAME", what)
    return Entry(network, comment or None, line=line.number)


def _review(line: Line, source: str) -> Review:
    match = _HEADER.fullmatch(line.text)
    if match is None:
        raise refusal(source, "E_HEADER", f"{line.text!a} can't be read", line=line.number)
    on, by, url = match.groups()
    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise refusal(source, "E_DATE", f"{on} is no date", line=line.number) from None
    return Review(day, by, url)
