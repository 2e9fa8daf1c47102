"""What of a held list counts all the same: its additions, where they alone would pass; pure.

A sender that the vendor added loses mail until it is let in, so it doesn't wait for a person who
is to look at what the same list takes away. What comes from a document that may be the wrong one
does wait.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from cloudsync.allowlist import Entry, InForce, Listing, Widen
from cloudsync.vetting.guard import Judgement, judge
from cloudsync.vetting.limits import Limits

_DOCUMENT: Final = frozenset({"first", "source_changed", "format_changed", "older", "foreign"})
"""Reasons that say nothing of single entries: nobody knows whether this is the filter's list."""


def ahead(
    offer: Listing,
    in_force: InForce,
    judgement: Judgement,
    limits: Limits,
    *,
    shoreline: Collection[str] = (),
    widen: Widen = "none",
) -> tuple[Entry, ...] | None:
    """The entries of ``offer``, which is held by ``judgement``, that count without the rest.

    All of its additions where they are within the limits against what was accepted, however many
    reads brought them; else those that are wanted already, since the offer shows that they are not
    gone. None where nothing is to be taken from this document.
    """
    if judgement.verdict != "hold" or _DOCUMENT & {one.code for one in judgement.reasons}:
        return None
    accepted = {entry.key for entry in in_force.entries}
    new = tuple(entry for entry in offer.entries if entry.key not in accepted)
    # Without what the document promises, which is about the whole of it.
    more = replace(offer, entries=(*in_force.entries, *new), minimum=None)
    known = replace(in_force, minimum=None)
    if judge(more, known, limits, shoreline=shoreline, widen=widen).verdict == "accept":
        return new
    wanted = {entry.key for entry in in_force.rows}
    return tuple(entry for entry in new if entry.key in wanted)
