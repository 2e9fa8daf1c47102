"""What AWS Lambda calls: ``handler.sweep`` by a schedule, ``handler.change`` by EventBridge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stored import filled

from cloudsync.uncollected import loading

with loading("cloudsync"):
    from cloudsync.function import answer, answer_change

HERE = Path(__file__).resolve().parent


def sweep(_event: Any, context: Any) -> dict[str, Any]:
    """One pass over every target, within what Lambda leaves; an exception where it failed."""
    return answer(context.get_remaining_time_in_millis() / 1000, HERE, first=filled)


def change(event: Any, context: Any) -> dict[str, Any]:
    """A look at what an event of CloudTrail concerns, and its repair."""
    left = context.get_remaining_time_in_millis() / 1000
    return answer_change("aws", event, left, HERE, first=filled)
