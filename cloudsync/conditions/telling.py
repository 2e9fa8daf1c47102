"""A condition in words: one line for a log, and the lines of a message; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from cloudsync.conditions.condition import MOMENTS, RUNBOOK, Cause
from cloudsync.conditions.turn import Told

CAUSES: Final[Mapping[Cause, str]] = {
    "list": "It came with a change of the list.",
    "hand": "Not by the list, which didn't change: by the rules there.",
}


def line(told: Told) -> str:
    """Everything in one line, for a log or a terminal."""
    return " ".join(said(told))


def said(told: Told, runbook: str = RUNBOOK) -> Iterator[str]:
    """What is at stake first; then since when, what was done, what to do, and where to read on.

    ``runbook`` is where the sections of the kinds are.
    """
    one, condition = told.watched, told.watched.condition
    if told.event in {"ended", "left"}:
        so = "Over" if told.event == "ended" else "Not watched any more"
        yield f"{so}: {condition.impact}"
        yield f"It held from {one.first:%Y-%m-%d %H:%M} to {one.ended or one.last:%Y-%m-%d %H:%M} UTC."
        if told.event == "left":
            yield "Nothing says that it is over: the configuration doesn't lead there any more."
        return
    yield condition.impact
    if told.event == "flaps":
        yield f"It has begun {len(one.began)} times in a day, the last time at {_at(one.first)}."
    elif condition.kind in MOMENTS:
        yield f"Seen at {_at(one.first)}."
    else:
        yield f"Since {_at(one.first)}."
    if condition.witness and condition.rule:
        yield f"For one, {condition.witness}: {condition.rule}."
    if condition.cause and condition.kind not in MOMENTS:
        yield CAUSES[condition.cause]
    yield from (part for part in (condition.did, condition.todo) if part)
    yield f"See {runbook}#{condition.kind}."


def _at(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
