"""Applying a plan in two passes: add, look, take away, look; it decides nothing about rules.

Nothing is taken away before what takes its place has been *seen*: an answer that says "done" isn't
enough, since reads may be late and answers may lie. Between the passes everything is observed,
planned and proved again; only what was in the plan is done, whatever the world has become.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cloudsync import intime
from cloudsync.model import Wanted
from cloudsync.plan import TargetPlan, make
from cloudsync.provider import Outcome, Provider, Scope, Snapshot, Step, Unreadable

Changes = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Pace:
    """The clock that the engine waits on; a simulation has its own."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    settle: float = 90.0
    """Seconds to wait, at most, until what was added is seen."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What one look at a scope saw: snapshots, and why the rest couldn't be read."""

    scope: str
    snapshots: tuple[Snapshot, ...] = ()
    unreadable: Unreadable | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """Every target that was seen."""
        return tuple(target for one in self.snapshots for target in one.targets)


@dataclass
class Applied:
    """What was done in one scope, in order, and the last look at each target that was touched."""

    outcomes: list[tuple[Step, Outcome]] = field(default_factory=list[tuple[Step, Outcome]])
    after: dict[str, TargetPlan] = field(default_factory=dict[str, TargetPlan])
    unreadable: Unreadable | None = None
    made: dict[Step, Outcome] = field(default_factory=dict[Step, Outcome])


def observe(
    provider: Provider,
    scope: Scope,
    only: frozenset[str] | None = None,
    deadline: float | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Observed:
    """Look at a scope, or closely at some targets of it."""
    snapshots: list[Snapshot] = []
    for seen in intime.pages(provider, scope, only, deadline, monotonic):
        if isinstance(seen, Unreadable):
            return Observed(scope.name, tuple(snapshots), seen)
        snapshots.append(seen)
    return Observed(scope.name, tuple(snapshots))


def apply(
    provider: Provider,
    scope: Scope,
    plans: Iterable[TargetPlan],
    wanted: Mapping[str, Wanted],
    pace: Pace = Pace(),
    deadline: float | None = None,
) -> Applied:
    """Do what ``plans`` say in one scope; a target whose step fails stops no other.

    Whatever happens, what has been done is one of the states that were proved: the next run goes
    on from there. ``deadline`` is on the clock of ``pace``; after it no step is begun.
    """
    work = {plan.target: plan for plan in plans if plan.steps}
    done = Applied()
    if not work:
        return done
    failed: set[str] = set()
    for target, plan in work.items():
        steps = [step for step in plan.steps if not step.later]
        _carry_out(provider, steps, target, done, failed, pace, deadline)
    seen = _settled(provider, scope, work, wanted, failed, done, pace, deadline)
    later = False
    for target, plan in work.items():
        now = seen.get(target)
        if now is None or target in failed:
            continue
        allowed = _changes(plan.steps)
        if any(not step.later for step in now.steps):
            continue
        steps = [step for step in now.steps if _changes([step]) <= allowed]
        later = later or bool(steps)
        _carry_out(provider, steps, target, done, failed, pace, deadline)
    if later or failed:
        done.after = _look(provider, scope, work, wanted, done, pace, deadline)
    else:
        done.after = seen
    return done


def _carry_out(
    provider: Provider,
    steps: Iterable[Step],
    target: str,
    done: Applied,
    failed: set[str],
    pace: Pace,
    deadline: float | None,
) -> None:
    """The steps of one target, until one isn't done: the next may rest on it.

    A step that touches several targets is in the plan of each, and is one call all the same.
    """
    for step in steps:
        if step not in done.made:
            late = intime.late(deadline, pace.monotonic)
            done.made[step] = intime.not_begun() if late else provider.apply(step, deadline)
            done.outcomes.append((step, done.made[step]))
        if done.made[step].kind != "done":
            failed.add(target)
            return


def _settled(
    provider: Provider,
    scope: Scope,
    work: Mapping[str, TargetPlan],
    wanted: Mapping[str, Wanted],
    failed: set[str],
    done: Applied,
    pace: Pace,
    deadline: float | None,
) -> dict[str, TargetPlan]:
    """Look until what was added is seen, or the time to settle is over.

    A lost answer is settled by the same look: if the rule is there, the step was done.
    """
    end = pace.monotonic() + pace.settle
    if deadline is not None:
        end = min(end, deadline)
    wait = 1.0
    touched = {target for step, _ in done.outcomes for target in step.targets}
    while True:
        seen = _look(provider, scope, work, wanted, done, pace, deadline)
        unseen = {
            target
            for target, plan in seen.items()
            if target in touched - failed and any(not step.later for step in plan.steps)
        }
        unknown = {
            target
            for step, outcome in done.outcomes
            if outcome.kind in {"unknown", "stale"}
            for target in step.targets
        }
        failed -= {
            target
            for target in failed & unknown
            if target in seen and not any(not step.later for step in seen[target].steps)
        }
        left = end - pace.monotonic()
        if not unseen or left <= 0 or done.unreadable:
            return seen
        pace.sleep(min(wait, left))
        wait = min(wait * 2, 15.0)


def _look(
    provider: Provider,
    scope: Scope,
    work: Mapping[str, TargetPlan],
    wanted: Mapping[str, Wanted],
    done: Applied,
    pace: Pace,
    deadline: float | None,
) -> dict[str, TargetPlan]:
    """The plans that a fresh, close look at the targets of ``work`` gives."""
    observed = observe(provider, scope, frozenset(work), deadline, pace.monotonic)
    done.unreadable = observed.unreadable
    digest = next(iter(work.values())).list_digest
    return {
        plan.target: plan
        for snapshot in observed.snapshots
        for plan in make(provider.rules, snapshot, wanted, digest)
        if plan.target in work
    }


def _changes(steps: Iterable[Step]) -> Changes:
    """What steps change, to tell whether a fresh plan asks for anything that wasn't planned."""
    return frozenset((target, line) for step in steps for target in step.targets
                     for line in step.changes)  # fmt: skip
