"""What somebody must hear of, from when it begins until it ends; it sends nothing to anybody."""

from __future__ import annotations

from cloudsync.conditions.condition import RUNBOOK, Condition, ConditionKind, Severity
from cloudsync.conditions.turn import Event, Told, Turned, Watched, turned

__all__ = [
    "RUNBOOK",
    "Condition",
    "ConditionKind",
    "Event",
    "Severity",
    "Told",
    "Turned",
    "Watched",
    "turned",
]
