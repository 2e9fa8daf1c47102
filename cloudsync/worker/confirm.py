"""A second look before somebody is woken: a read may have been late, or caught a change half made.

It comes when everything that could be done is done, so it delays no repair; and only for what
nobody heard of yet, so that a fleet with standing faults isn't read twice in every pass.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from cloudsync.engine import observe
from cloudsync.job import Job
from cloudsync.looked import Look
from cloudsync.model import Verdict
from cloudsync.plan import Plan, TargetPlan
from cloudsync.plan import look as stated
from cloudsync.report import RunReport

GRAVE = frozenset({Verdict.MISSING, Verdict.OPEN})


def confirmed(
    job: Job, looked: Look, report: RunReport, known: Collection[str], deadline: float | None = None
) -> RunReport:
    """``report`` with what a second look found at targets that are newly missing or open.

    ``known`` are the targets that somebody has heard of already. Where the second look can't be
    had, or not before ``deadline``, the first counts: silence would be worse than a false alarm. A
    target that steps touched was looked at again by them.
    """
    touched = {target for step, _ in report.outcomes for target in step.targets}
    grave = {
        plan.target: plan
        for plan in report.now.targets
        if plan.before
        and plan.verdict in GRAVE
        and plan.target not in touched
        and plan.target not in known
        and plan.target in looked.scopes
    }
    again = _looked_again(job, looked, grave, deadline)
    if not again:
        return report
    plans = tuple(again.get(plan.target, plan) for plan in report.now.targets)
    return replace(report, after=Plan(report.after.list_digest, plans))


def _looked_again(
    job: Job, looked: Look, grave: dict[str, TargetPlan], deadline: float | None
) -> dict[str, TargetPlan]:
    """The plans with the states of the second look, scope by scope; only those that differ."""
    scopes: dict[int, list[str]] = {}
    for target in grave:
        scopes.setdefault(id(looked.scopes[target][1]), []).append(target)
    found: dict[str, TargetPlan] = {}
    for targets in scopes.values():
        provider, scope = looked.scopes[targets[0]]
        seen = observe(provider, scope, frozenset(targets), deadline, job.pace.monotonic)
        for snapshot in seen.snapshots:
            for target, state in stated(provider.rules, snapshot, looked.wanted).items():
                if target in grave and state.verdict != grave[target].verdict:
                    found[target] = replace(grave[target], before=state)
    return found
