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


def together(plans: Iterable[TargetPlan]) -> tuple[tuple[TargetPlan, ...], ...]:
    """``plans`` in groups: what one call touches is done, or waits, as one."""
    every = list(plans)
    leads: dict[str, str] = {}

    def lead(target: str) -> str:
        while (above := leads.setdefault(target, target)) != target:
            # Every walk shortens the way of the next: a page may hold thousands of targets.
            leads[target] = target = leads[above]
        return target

    for plan in every:
        for step in plan.steps:
            for target in step.targets:
                leads[lead(target)] = lead(plan.target)
    groups: dict[str, list[TargetPlan]] = {}
    for plan in every:
        groups.setdefault(lead(plan.target), []).append(plan)
    return tuple(map(tuple, groups.values()))


def waves(
    plans: Iterable[TargetPlan], enforced: Collection[str]
) -> tuple[tuple[TargetPlan, ...], tuple[tuple[TargetPlan, ...], ...]]:
    """What goes at once, and the waves of the targets that are closed for the first time.

    The first wave is the smaller of five targets and 5 % of them, but at least one; each one after
    it is twice as large, as what went well says more and more of the rest. What lets in, and what
    repairs a target that was closed before, waits for nobody.
    """
    at_once: list[TargetPlan] = []
    first: list[tuple[TargetPlan, ...]] = []
    for group in together(plans):
        if any(
            plan.mode is Mode.ENFORCE and plan.steps and plan.target not in enforced
            for plan in group
        ):
            first.append(group)
        else:
            at_once += group
    size = max(1, min(MOST, sum(map(len, first)) * PERCENT // 100))
    found: list[tuple[TargetPlan, ...]] = []
    wave: list[TargetPlan] = []
    for group in first:
        wave += group
        if len(wave) >= size:
            found.append(tuple(wave))
            wave = []
            size *= 2
    if wave:
        found.append(tuple(wave))
    return tuple(at_once), tuple(found)


def fell_short(plan: TargetPlan, after: TargetPlan) -> bool:
    """Whether a target isn't, after its wave, what its plan said it would be.

    What was missing before, because of somebody's deny say, is no failure of the wave.
    """
    if after.before is None or after.steps or after.refusal:
        return True
    return after.verdict is Verdict.MISSING and plan.verdict is not Verdict.MISSING
