"""Applying a plan in two passes: add, look, take away, look; it decides nothing about rules.

Nothing is taken away before what takes its place has been *seen*: an answer that says "done" isn't
enough, since reads may be late and answers may lie. Between the passes everything is observed,
planned and proved again; only what was in the plan is done, whatever the world has become.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cloudsync import intime, log, trace
from cloudsync.errors import CloudsyncError
from cloudsync.immutable import immutable
from cloudsync.model import Wanted
from cloudsync.plan import TargetPlan, make
from cloudsync.provider import (
    Order,
    Outcome,
    Provider,
    Reversal,
    Scope,
    Snapshot,
    Step,
    Unreadable,
)
from cloudsync.status.tally import did

Changes = frozenset[tuple[str, str]]
Note = Callable[[Step, Reversal], None]
"""Told of a step just before its call, with how it is taken back; what it raises stops the call."""


def _unnoted(_step: Step, _reversal: Reversal) -> None:
    """Nobody wants to know."""


@immutable
class Pace:
    """The clock that the engine waits on; a simulation has its own."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    settle: float = 90.0
    """Seconds to wait, at most, until what was added is seen."""


@immutable
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
    reversals: dict[Step, Reversal] = field(default_factory=dict[Step, Reversal])


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
    pace: Pace = Pace(),  # noqa: B008 - immutable
    deadline: float | None = None,
    note: Note = _unnoted,
    order: Order | None = None,
) -> Applied:
    """Do what ``plans`` say in one scope; a target whose step fails stops no other.

    Whatever happens, what has been done is one of the states that were proved: the next run goes
    on from there. ``deadline`` is on the clock of ``pace``; after it no step is begun. ``order``
    is what the plans were made for, where a person ordered it.
    """
    work = _Work(
        provider, scope, {plan.target: plan for plan in plans if plan.steps}, wanted, pace,
        deadline, note, order,
    )  # fmt: skip
    if work.plans:
        work.carry_out_all()
    return work.done


@dataclass
class _Work:
    """The plans of one scope, and how far they have been carried out."""

    provider: Provider
    scope: Scope
    plans: Mapping[str, TargetPlan]
    wanted: Mapping[str, Wanted]
    pace: Pace
    deadline: float | None
    note: Note
    order: Order | None
    done: Applied = field(default_factory=Applied)
    failed: set[str] = field(default_factory=set[str])

    def carry_out_all(self) -> None:
        for plan in self.plans.values():
            self._carry_out(plan, [step for step in plan.steps if not step.later])
        seen = self._settled()
        later = False
        for target, plan in self.plans.items():
            now = seen.get(target)
            if now is None or target in self.failed:
                continue
            allowed = _changes(plan.steps)
            if any(not step.later for step in now.steps):
                continue
            steps = [step for step in now.steps if _changes([step]) <= allowed]
            later = later or bool(steps)
            self._carry_out(now, steps)
        self.done.after = self._look() if later or self.failed else seen

    def _carry_out(self, plan: TargetPlan, steps: Iterable[Step]) -> None:
        """The steps of one target, until one isn't done: the next may rest on it.

        A step that touches several targets is in the plan of each, and is one call all the same.
        """
        reversals = dict(zip(plan.steps, plan.reversals, strict=True))
        for step in steps:
            if step not in self.done.made:
                self.done.made[step] = self._made(step, reversals[step])
                self.done.outcomes.append((step, self.done.made[step]))
            if self.done.made[step].kind != "done":
                self.failed.add(plan.target)
                return

    def _made(self, step: Step, reversal: Reversal) -> Outcome:
        if intime.late(self.deadline, self.pace.monotonic):
            return intime.not_begun()
        try:
            self.note(step, reversal)
        except CloudsyncError as error:
            # What can't be written down can't be undone, and so isn't done.
            return Outcome(
                "failed", f"it was not begun, since {error.where}: {error.what}", error.todo
            )
        # Before the call too: of one that is never answered this line tells.
        log.info("step_begun", targets=step.targets, verb=step.verb, changes=step.changes)
        what = {"cloudsync.targets": step.targets, "cloudsync.verb": step.verb}
        with trace.span("apply", what) as part:
            outcome = self.provider.apply(step, self.deadline)
            if outcome.kind != "done":
                part.fail(outcome.kind, outcome.message)
        did(done=outcome.kind == "done")
        said = log.info if outcome.kind == "done" else log.warning
        text = {"text": outcome.message} if outcome.message else {}
        said("step_ended", targets=step.targets, outcome=outcome.kind, **text)
        if outcome.kind in {"done", "unknown"}:
            self.done.reversals[step] = reversal
        return outcome

    def _settled(self) -> dict[str, TargetPlan]:
        """Look until what was added is seen, or the time to settle is over.

        A lost answer is settled by the same look: if the rule is there, the step was done.
        """
        end = self.pace.monotonic() + self.pace.settle
        if self.deadline is not None:
            end = min(end, self.deadline)
        wait = 1.0
        touched = {target for step, _ in self.done.outcomes for target in step.targets}
        while True:
            seen = self._look()
            unseen = {
                target
                for target, plan in seen.items()
                if target in touched - self.failed and any(not step.later for step in plan.steps)
            }
            unknown = {
                target
                for step, outcome in self.done.outcomes
                if outcome.kind in {"unknown", "stale"}
                for target in step.targets
            }
            self.failed -= {
                target
                for target in self.failed & unknown
                if target in seen and not any(not step.later for step in seen[target].steps)
            }
            left = end - self.pace.monotonic()
            if not unseen or left <= 0 or self.done.unreadable:
                return seen
            self.pace.sleep(min(wait, left))
            wait = min(wait * 2, 15.0)

    def _look(self) -> dict[str, TargetPlan]:
        """The plans that a fresh, close look at the targets of the work gives."""
        with trace.span("verify", {"cloudsync.scope": self.scope.name}) as part:
            observed = observe(
                self.provider, self.scope, frozenset(self.plans), self.deadline, self.pace.monotonic
            )
            if observed.unreadable:
                part.fail("unreadable", observed.unreadable.reason)
        self.done.unreadable = observed.unreadable
        digest = next(iter(self.plans.values())).list_digest
        return {
            plan.target: plan
            for snapshot in observed.snapshots
            for plan in make(self.provider.rules, snapshot, self.wanted, digest, self.order)
            if plan.target in self.plans
        }


def _changes(steps: Iterable[Step]) -> Changes:
    """What steps change, to tell whether a fresh plan asks for anything that wasn't planned."""
    return frozenset((target, line) for step in steps for target in step.targets
                     for line in step.changes)  # fmt: skip
