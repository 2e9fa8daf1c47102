"""In which order targets are closed for the first time: a few, then more; pure.

A mistake that nobody saw in a plan is seen at the first few servers, and not at all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from cloudsync.model import Mode, Verdict
from cloudsync.plan import TargetPlan

MOST: Final = 5
PERCENT: Final = 5


def waves(
    plans: Iterable[TargetPlan], enforced: Collection[str]
) -> tuple[tuple[TargetPlan, ...], tuple[tuple[TargetPlan, ...], ...]]:
    """What goes at once, and the waves of the targets that are closed for the first time.

    The first wave is the smaller of five targets and 5 % of them, but at least one; each one after
    it is twice as large, as what went well says more and more of the rest. What lets in, and what
    repairs a target that was closed before, waits for nobody.
    """
    at_once: list[TargetPlan] = []
    first: list[TargetPlan] = []
    for plan in plans:
        closes = plan.mode is Mode.ENFORCE and plan.steps and plan.target not in enforced
        (first if closes else at_once).append(plan)
    size = max(1, min(MOST, len(first) * PERCENT // 100))
    found: list[tuple[TargetPlan, ...]] = []
    while first:
        found.append(tuple(first[:size]))
        first = first[size:]
        size *= 2
    return tuple(at_once), tuple(found)


def fell_short(plan: TargetPlan, after: TargetPlan) -> bool:
    """Whether a target isn't, after its wave, what its plan said it would be.

    What was missing before, because of somebody's deny say, is no failure of the wave.
    """
    if after.before is None or after.steps or after.refusal:
        return True
    return after.verdict is Verdict.MISSING and plan.verdict is not Verdict.MISSING
