"""Conditions as the state's document holds them; it opens no store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast, get_args

from cloudsync.conditions.condition import Cause, Condition, ConditionKind
from cloudsync.conditions.turn import Watched
from cloudsync.records import Kind, maybe, text, time, time_text, truth
from cloudsync.state import Value

CONDITIONS_KEY: Final = "conditions"


def as_value(condition: Condition) -> Value:
    """One condition as a document, and as other programs read it."""
    return {
        "kind": str(condition.kind),
        "severity": str(condition.severity),
        "subject": condition.subject,
        "impact": condition.impact,
        "did": condition.did,
        "todo": condition.todo,
        "rule": condition.rule,
        "witness": condition.witness,
        "cause": condition.cause,
        "runbook": condition.runbook,
        "target": condition.target,
    }


def of_value(value: Mapping[str, Any]) -> Condition:
    """The condition that a document holds.

    Raises:
        KeyError, TypeError, ValueError: it holds none.
    """
    return Condition(
        ConditionKind(value["kind"]),
        text(value["subject"]),
        text(value["impact"]),
        text(value["did"]),
        text(value["todo"]),
        text(value["rule"]),
        text(value["witness"]),
        _cause(value["cause"]),
        text(value.get("target", "")),
    )


def _to_value(watched: tuple[Watched, ...]) -> Value:
    return {
        "conditions": [
            {
                **as_value(one.condition),
                "first": time_text(one.first),
                "last": time_text(one.last),
                "ended": maybe(time_text, one.ended),
                "began": [time_text(at) for at in one.began],
                "told": maybe(time_text, one.told),
                "changes": [time_text(at) for at in one.changes],
                "unsaid": one.unsaid,
            }
            for one in watched
        ]
    }


def _from_value(value: Value) -> tuple[Watched, ...]:
    return tuple(
        Watched(
            of_value(one),
            time(one["first"]),
            time(one["last"]),
            maybe(time, one["ended"]),
            tuple(time(at) for at in one["began"]),
            maybe(time, one["told"]),
            # An earlier release kept neither.
            tuple(time(at) for at in one.get("changes", ())),
            truth(one.get("unsaid", False)),
        )
        for one in value["conditions"]
    )


def _cause(value: object) -> Cause | None:
    if value is not None and value not in get_args(Cause):
        raise ValueError(f"{value!r} causes nothing")
    return cast("Cause | None", value)


CONDITIONS: Final[Kind[tuple[Watched, ...]]] = Kind("conditions", 1, _to_value, _from_value)
