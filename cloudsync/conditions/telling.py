"""A condition in words: one line for a log, and the lines of a message; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cloudsync.conditions.turn import Event, Told

WORDS: Final[Mapping[Event, str]] = {
    "began": "began",
    "changed": "changed",
    "ended": "is over",
    "lasts": "lasts",
    "flaps": "comes and goes",
}


def line(told: Told) -> str:
    """Everything in one line, for a log or a terminal."""
    return " ".join(said(told))


def said(told: Told) -> Iterator[str]:
    """What is at stake first; then since when, what was done, what to do, and where to read on."""
    one, condition = told.watched, told.watched.condition
    if told.event == "ended":
        yield f"Over: {condition.impact}"
        yield f"It held from {one.first:%Y-%m-%d %H:%M} to {one.ended or one.last:%Y-%m-%d %H:%M} UTC."
        return
    yield condition.impact
    if told.event == "flaps":
        yield f"It has begun {len(one.began)} times in a day."
    elif told.event in {"lasts", "changed"}:
        yield f"Since {one.first:%Y-%m-%d %H:%M} UTC."
    if condition.witness and condition.rule:
        yield f"For one, {condition.witness}: {condition.rule}."
    yield from (part for part in (condition.did, condition.todo) if part)
    yield f"See {condition.runbook}."
