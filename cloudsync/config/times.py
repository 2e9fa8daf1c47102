"""Lengths of time, days and ends as a configuration writes them; it reads no clock."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, Literal

from cloudsync.config.refusal import refused, shown, text_of
from cloudsync.config.shape import made

UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
LONGEST: Final = timedelta(days=3_650)

_DURATION: Final = re.compile(r"([0-9]{1,9})([smhdw])")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def duration(value: object) -> timedelta:
    """``90s``, ``30m``, ``6h``, ``7d`` or ``1w``.

    Raises:
        PydanticCustomError: it is anything else, or longer than ten years.
    """
    if isinstance(value, timedelta):
        return value
    todo = "Write a number and one of s, m, h, d, w: 90s, 6h, 7d."
    text = text_of(value, "a length of time", todo)
    match = _DURATION.fullmatch(text)
    if match is None:
        raise refused(f"{shown(text)} isn't a length of time", todo)
    found = timedelta(seconds=int(match[1]) * UNITS[match[2]])
    if found > LONGEST:
        raise refused(f"{shown(text)} is longer than {LONGEST.days:,} days", "Write less.")
    return found


def written_duration(value: timedelta) -> str:
    """``value`` as ``duration`` reads it, in the largest unit that leaves no rest."""
    seconds = int(value.total_seconds())
    units = (u for u in reversed(UNITS.items()) if u[0] != "w" and seconds % u[1] == 0)
    unit, size = next(units) if seconds else ("s", 1)
    return f"{seconds // size}{unit}"


def day(value: object) -> date:
    """A calendar day, ``2026-12-31``.

    Raises:
        PydanticCustomError: it isn't one.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    todo = "Write it as YEAR-MONTH-DAY: 2026-12-31."
    text = text_of(value, "a date", todo)
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise refused(f"{shown(text)} isn't a date", todo)


UntilValue = date | datetime | Literal["never"]


def until(value: object) -> UntilValue:
    """``never``, a day (that whole day in UTC still counts), or a moment with its zone.

    Raises:
        PydanticCustomError: it is none of these.
    """
    if value == "never":
        return "never"
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    todo = "Write never, a day (2026-12-31), or a moment with its zone (2026-12-31T18:00Z)."
    text = text_of(value, "a date", todo)
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:
        pass
    raise refused(f"{shown(text)} isn't a date", todo)


def over(end: UntilValue, now: datetime) -> bool:
    """Whether ``end`` has passed at ``now``, which must have a zone."""
    if end == "never":
        return False
    if isinstance(end, datetime):
        return now >= end
    midnight = datetime.combine(end, time(), tzinfo=UTC)
    return now - midnight >= timedelta(days=1)


def written_until(end: UntilValue) -> str:
    """``end`` as ``until`` reads it."""
    return end if isinstance(end, str) else end.isoformat()


Duration = Annotated[
    timedelta, made(duration, {"type": "string", "pattern": "^[0-9]{1,9}[smhdw]$"})
]
Day = Annotated[date, made(day, {"type": "string", "format": "date"})]
Until = Annotated[
    UntilValue,
    made(
        until,
        {
            "anyOf": [
                {"const": "never"},
                {"type": "string", "format": "date"},
                {"type": "string", "format": "date-time"},
            ]
        },
    ),
]
