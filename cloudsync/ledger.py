"""What people ordered and what runs took from others, as documents; it opens no store."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, Final

from cloudsync.immutable import immutable
from cloudsync.records import Kind, text, time, time_text
from cloudsync.standing import Allowed, Pause, Standing
from cloudsync.state import Value

STANDING_KEY: Final = "standing"


def taken_key(run: str, target: str = "") -> str:
    """Where it stands what a run took at ``target``; without one, what all such keys begin with."""
    return f"taken/{run}/{target}"


@immutable
class Taken:
    """What one run took from others, or closed, at one target, step by step, for ``undo``.

    ``records`` are the provider's own (``Reversal.record``).
    """

    run: str
    target: str
    records: tuple[Mapping[str, Any], ...]


def _pause_value(pause: Pause) -> Value:
    return {
        "target": pause.target,
        "until": time_text(pause.until),
        "by": pause.by,
        "reason": pause.reason,
        "at": time_text(pause.at),
    }


def _allowed_value(allowed: Allowed) -> Value:
    return {
        "target": allowed.target,
        "network": str(allowed.network),
        "until": time_text(allowed.until),
        "by": allowed.by,
        "reason": allowed.reason,
        "at": time_text(allowed.at),
    }


def _standing_value(standing: Standing) -> Value:
    return {
        "pauses": [_pause_value(one) for one in standing.pauses],
        "allowed": [_allowed_value(one) for one in standing.allowed],
    }


def _standing(value: Value) -> Standing:
    return Standing(
        tuple(
            Pause(
                text(one["target"]), time(one["until"]), text(one["by"]), text(one["reason"]),
                time(one["at"]),
            )
            for one in value["pauses"]
        ),
        tuple(
            Allowed(
                text(one["target"]), ip_network(text(one["network"])), time(one["until"]),
                text(one["by"]), text(one["reason"]), time(one["at"]),
            )
            for one in value["allowed"]
        ),
    )  # fmt: skip


def _taken_value(taken: Taken) -> Value:
    return {
        "run": taken.run,
        "target": taken.target,
        "records": [dict(one) for one in taken.records],
    }


def _taken(value: Value) -> Taken:
    return Taken(
        text(value["run"]), text(value["target"]), tuple({**one} for one in value["records"])
    )


STANDING: Final[Kind[Standing]] = Kind("standing", 1, _standing_value, _standing)
TAKEN: Final[Kind[Taken]] = Kind("taken", 1, _taken_value, _taken)
