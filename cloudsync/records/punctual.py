"""How punctual the scheduled worker has been since it was started, as a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloudsync.records.fields import number, text
from cloudsync.records.kind import Kind
from cloudsync.state import Value
from cloudsync.worker.punctual import Counts

PUNCTUAL_KEY: Final = "punctual"


def _to_value(counts: Mapping[str, Counts]) -> Value:
    return {
        "runs": [
            {
                "kind": kind,
                "begun": one.begun,
                "late": one.late,
                "left_out": one.left_out,
                "broken": one.broken,
                "exits": [{"code": code, "times": n} for code, n in sorted(one.exits.items())],
            }
            for kind, one in sorted(counts.items())
        ]
    }


def _from_value(value: Value) -> Mapping[str, Counts]:
    return {
        text(one["kind"]): Counts(
            begun=number(one["begun"]),
            late=number(one["late"]),
            left_out=number(one["left_out"]),
            broken=number(one["broken"]),
            exits={number(each["code"]): number(each["times"]) for each in one["exits"]},
        )
        for one in value["runs"]
    }


PUNCTUAL: Final[Kind[Mapping[str, Counts]]] = Kind("punctual", 1, _to_value, _from_value)
"""The counts by kind of run."""
