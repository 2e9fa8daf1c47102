"""The plain values in a document: texts, moments, numbers; each is what was written, or an error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

F = TypeVar("F")
G = TypeVar("G")


def maybe(convert: Callable[[F], G], value: F | None) -> G | None:
    """What ``convert`` makes of ``value``, or None of none."""
    return None if value is None else convert(value)


def time_text(value: datetime) -> str:
    """A moment as a document holds it.

    Raises:
        ValueError: it has no time zone.
    """
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no time zone")
    return value.astimezone(UTC).isoformat()


def time(value: str) -> datetime:
    """The moment that a document holds, in UTC.

    Raises:
        ValueError: it is none, or has no time zone.
    """
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return found.astimezone(UTC)


def text(value: Any) -> str:
    """The text that a document holds.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def truth(value: Any) -> bool:
    """The yes or no that a document holds.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def number(value: Any) -> int:
    """The whole number that a document holds.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no number")
    return value
