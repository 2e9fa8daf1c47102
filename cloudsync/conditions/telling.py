"""A condition in words: one line for a log, and the lines of a message; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import PurePath
from shlex import quote
from typing import Final

from cloudsync.conditions.condition import MOMENTS, RUNBOOK, Cause
from cloudsync.conditions.turn import Event, Told

SO: Final[Mapping[Event, str]] = {
    "changed": "Now: ",
    "ended": "Over: ",
    "lasts": "Still: ",
    "flaps": "Comes and goes: ",
    "left": "Not watched any more: ",
}
_COMMAND: Final = re.compile(r"\bcloudsync (?=[a-z])")
CAUSES: Final[Mapping[Cause, str]] = {
    "list": "It came with a change of the list.",
    "hand": "Not by the list, which didn't change: by the rules there.",
}


def line(told: Told) -> str:
    """Everything in one line, for a log or a terminal."""
    return " ".join(said(told))


def said(told: Told, runbook: str = RUNBOOK, file: PurePath | None = None) -> Iterator[str]:
    """What is at stake first; then since when, what was done, what to do, and where to read on.

    ``runbook`` is where the sections of the kinds are; ``file`` is the configuration that the
    commands are given, None where whoever reads it has that before them.
    """
    one, condition = told.watched, told.watched.condition
    yield f"{SO.get(told.event, '')}{condition.impact}"
    if told.event in {"ended", "left"}:
        yield f"It held from {one.first:%Y-%m-%d %H:%M} to {one.ended or one.last:%Y-%m-%d %H:%M} UTC."
        if told.event == "left":
            yield "Nothing says that it is over: the configuration doesn't lead there any more."
        return
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
    yield from (part for part in (condition.did, _given(condition.todo, file)) if part)
    yield f"See {runbook}#{condition.kind}."


def _given(todo: str, file: PurePath | None) -> str:
    """``todo`` with the configuration in its commands: whoever is woken sits elsewhere."""
    return _COMMAND.sub(lambda _: f"cloudsync -c {quote(str(file))} ", todo) if file else todo


def _at(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
