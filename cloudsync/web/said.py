"""Times, sizes and verdicts in the page's own words; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from cloudsync.addresses import Count
from cloudsync.model import Verdict
from cloudsync.report.words import counted, listing, size
from cloudsync.status.overview import Part, Sight

_UNITS: Final = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"))

MEANINGS: Final[Mapping[Verdict, str]] = MappingProxyType({
    Verdict.MISSING: "Mail is lost: a sender of the list can't get in",
    Verdict.OPEN: "Bypass open: somebody outside the list can get in",
    Verdict.UNREADABLE: "Not known: it couldn't be looked at",
    Verdict.GONE: "Gone: it was there before and isn't now",
    Verdict.UNDETERMINED: "Unclear: some senders may get in, and may not",
    Verdict.IN_SYNC: "As it should be: who is wanted gets in, and nobody else from outside",
})  # fmt: skip
"""Every verdict for somebody who never read a manual, the one that matters most first."""

ORDER: Final = tuple(MEANINGS)


def length(span: timedelta) -> str:
    """``3 days``, ``2 hours``, ``12 minutes``; less than a minute is ``a moment``."""
    for unit, noun in _UNITS:
        if span >= unit:
            return counted(span // unit, noun)
    minutes = span // timedelta(minutes=1)
    return counted(minutes, "minute") if minutes > 0 else "a moment"


def ago(at: datetime, now: datetime) -> str:
    """``12 minutes ago``; what a clock that went back calls the future was a moment ago."""
    return f"{length(now - at)} ago"


def ahead(at: datetime, now: datetime) -> str:
    """``in 3 days``, or ``now``."""
    return f"in {length(at - now)}" if at > now else "now"


def moment(at: datetime) -> str:
    """``24 Nov 2026, 14:05 UTC``."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def many(part: Part) -> str:
    """``15 IPv4 addresses``."""
    return size(Count(part.ipv4, part.ipv6))


def gist(sight: Sight) -> str:
    """What is wrong at a target, or that nothing is, in one line."""
    found = sight.found
    if found is None:
        return sight.reason or MEANINGS[sight.verdict]
    said: list[str] = []
    if found.missing or found.missing_names:
        said.append(f"{_who(found.missing, found.missing_names)} can't get in and should")
    if found.excess:
        said.append(f"{many(found.excess)} can get in and shouldn't")
    if found.undetermined or found.undetermined_names:
        said.append(f"{_who(found.undetermined, found.undetermined_names)} may get in or not")
    return "; ".join(said) or "From outside only wanted senders get in"


def _who(part: Part, names: tuple[str, ...]) -> str:
    return listing([*([many(part)] if part else []), *names])
