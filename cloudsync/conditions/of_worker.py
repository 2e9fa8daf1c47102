"""What is the matter with the worker itself: that it can't do its work, or comes late; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudsync.conditions.condition import Condition, ConditionKind
from cloudsync.report.words import sentence


def of_failure(installation: str, error: Exception) -> Condition:
    """That a pass came to nothing, by ``error``."""
    return Condition(
        ConditionKind.FAILED,
        installation,
        f"cloudsync can't do its work at {installation}: nothing is watched or mended.",
        str(error),
        "Run cloudsync run --once by hand, and see what it says.",
    )


def of_lateness(installation: str, behind: Sequence[str]) -> Iterator[Condition]:
    """That passes don't come when they should, in the words of ``behind``.

    Of a worker that hangs the dead man's switch tells.
    """
    if behind:
        yield Condition(
            ConditionKind.LATE, installation,
            f"{installation} is looked at late: lost mail and an open bypass are seen and mended late.",
            f"The run that was due has been made up for. What was late: {sentence('; '.join(behind))}",
            "See in the log what the last runs waited for; deadline: cuts off a scope that hangs, and "
            "schedule: gives them more time.",
        )  # fmt: skip
