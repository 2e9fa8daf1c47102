"""Targets whose machines are behind another layer, looked at again once that layer may have changed.

Where both layers are targets, the one was looked at before the other was made right, or not at all,
since nothing was to be done there. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cloudsync.engine import observe
from cloudsync.job import Job
from cloudsync.looked import Look
from cloudsync.model import Note, Verdict
from cloudsync.plan import TargetPlan, make


def looked_again(
    job: Job,
    found: Look,
    plans: Sequence[TargetPlan],
    changed: Collection[str],
    deadline: float | None,
) -> list[TargetPlan]:
    """``plans``, those anew that another target among the ``changed`` may have put right.

    What can't be read again stays as it was seen: never better than it may be.
    """
    asked: dict[int, list[TargetPlan]] = {}
    for plan in plans:
        behind = plan.before is not None and plan.before.beside
        if behind and plan.verdict is not Verdict.IN_SYNC and _beside(found, plan, changed):
            asked.setdefault(id(found.scopes[plan.target][1]), []).append(plan)
    fresh: dict[str, TargetPlan] = {}
    for few in asked.values():
        provider, scope = found.scopes[few[0].target]
        only = frozenset(plan.target for plan in few)
        seen = observe(provider, scope, only, deadline, job.pace.monotonic)
        for snapshot in seen.snapshots:
            wants = {target: found.wanted[target] for target in snapshot.targets if target in only}
            for plan in make(provider.rules, snapshot, wants, few[0].list_digest):
                fresh[plan.target] = plan
    return [_told(plan, fresh[plan.target]) if plan.target in fresh else plan for plan in plans]


def _beside(found: Look, plan: TargetPlan, changed: Collection[str]) -> bool:
    """Whether another target of the plan's scope was changed."""
    scope = _scope(found, plan.target)
    others = (one for one in changed if one != plan.target)
    return bool(scope) and any(_scope(found, one) == scope for one in others)


def _scope(found: Look, target: str) -> str:
    """The name of the scope that a target is in; empty where it isn't known."""
    return found.scopes[target][1].name if target in found.scopes else ""


def _told(old: TargetPlan, new: TargetPlan) -> TargetPlan:
    """``new`` with what was said of the target before, but for what stopped its mail then."""
    kept = (one for one in old.remarks if one.note is not Note.BLOCKED)
    return new.saying(*kept).noted(*(one for one in old.notes if one is not Note.BLOCKED))
