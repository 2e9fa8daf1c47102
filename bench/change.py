"""One address comes, and another goes, in a whole fleet, by one whole run in a fresh process."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from bench.fleets import INCOMING, LIST, REGION
from bench.job import aws, job
from bench.process import answer
from cloudsync.engine import Pace
from cloudsync.reconcile import reconcile
from cloudsync_aws.provider import Provider


class _Clock:
    """Seconds that pass as soon as somebody waits: AWS's pace is kept, and nobody sits through it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def measure(case: dict[str, Any]) -> dict[str, Any]:
    """How many steps there were, how many of them were done, and the verdicts afterwards.

    With ``listed`` the target is a prefix list, and one address comes while none goes.
    """
    clock = _Clock()
    provider = Provider(clock=clock, sleep=clock.sleep)
    where = f"regions: [{REGION}]"
    listed = f"kind: prefix-list\n    shared: true\n    {where}"
    whole = (
        job([*LIST, INCOMING], block=aws(os.environ, where=listed))
        if case.get("listed")
        else job([*LIST[:-1], INCOMING], block=aws(os.environ, where=where), leaving=LIST[-1:])
    )
    with whole as made:
        pace = Pace(monotonic=clock, sleep=clock.sleep)
        report = reconcile(replace(made, provider=lambda _: provider, pace=pace))
    return {
        "steps": len(report.plan.steps),
        "done": sum(outcome.kind == "done" for _, outcome in report.outcomes),
        "verdicts": sorted({str(plan.verdict) for plan in report.now.targets}),
    }


if __name__ == "__main__":
    answer(measure)
