"""How any order is planned, proved and carried out: recorded before anything is called to change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from functools import partial

from cloudsync import engine
from cloudsync.allowlist import InForce
from cloudsync.blocks import Located
from cloudsync.errors import TargetError, UsageError
from cloudsync.history.replay import Frozen, frozen, note_inputs
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.made import Made, recorded, verified
from cloudsync.model import Mode, Wanted
from cloudsync.plan import Plan, TargetPlan, make
from cloudsync.provider import Order, Outcome, Reversal, Step, Unreadable
from cloudsync.remember import (
    begin_run,
    keep_standing,
    list_in_force,
    note_taken,
    standing_orders,
    unsettled,
)
from cloudsync.report import Listed, RunReport
from cloudsync.standing import Standing, overlaid, remarks
from cloudsync.vetting.vet import removals_of
from cloudsync.wants import wanted_of


@immutable
class Person:
    """Who orders something, and why."""

    by: str
    reason: str


@immutable
class Prepared:
    """An order, planned and proved at each of its targets, and not carried out yet."""

    command: str
    plan: Plan
    listed: Listed
    orders: Mapping[str, Order | None]
    located: Mapping[str, Located] = field(repr=False)
    wanted: Mapping[str, Wanted] = field(repr=False)
    change: Callable[[Standing], Standing] = field(repr=False)
    """What is kept of the order, among those that stand when it is carried out."""
    person: Person = Person("", "")
    kept: tuple[Frozen, ...] = field(default=(), repr=False)
    """What the steps were planned from."""


def prepare(
    job: Job,
    command: str,
    orders: Mapping[str, Order | None],
    located: Mapping[str, Located],
    change: Callable[[Standing], Standing],
    person: Person = Person("", ""),  # noqa: B008 - immutable
) -> Prepared:
    """Plan and prove what is ordered at each target; nothing is changed yet.

    Where ``orders`` say None, what is wanted is let in, with what ``change`` makes stand.

    Raises:
        UsageError: there is no list in force.
        TargetError: a target can't be read, or is gone.
    """
    in_force = list_in_force(job)
    if in_force is None:
        raise UsageError(
            command, "there is no list in force, so nothing can be proved",
            todo="Accept one with cloudsync list accept.",
        )  # fmt: skip
    standing = change(standing_orders(job))
    plans: list[TargetPlan] = []
    kept: list[Frozen] = []
    wanted: dict[str, Wanted] = {}
    digest = in_force.digest
    for target, found in located.items():
        order = orders[target]
        wanted[target] = _wanted(job, found, in_force, standing, order)
        plan, small = _planned(found, wanted[target], digest, order, standing)
        plans.append(plan)
        kept += [small] if small else []
    listed = Listed.of(
        in_force, job.config.list.shoreline, job.config.list.widen, removals_of(job.config)
    )
    plans.sort(key=lambda plan: plan.target)
    return Prepared(
        command,
        Plan(digest, tuple(plans)),
        listed,
        orders,
        located,
        wanted,
        change,
        person,
        tuple(kept),
    )


def _wanted(
    job: Job, found: Located, in_force: InForce, standing: Standing, order: Order | None
) -> Wanted:
    want = wanted_of(job.config, found.settings, in_force.wanted, job.now())
    want = overlaid(want, found.target, standing)
    # An order of its own says what is done. To let somebody in is to add, paused or not.
    return replace(want, mode=Mode.WATCH if order else Mode.ADD, unsettled=unsettled(job))


def _planned(
    found: Located, want: Wanted, digest: str, order: Order | None, standing: Standing
) -> tuple[TargetPlan, Frozen | None]:
    """The plan from a close look, which knows all that a step needs, and what to keep of the look.

    Raises:
        TargetError: the target can't be read, or is gone.
    """
    for seen in found.provider.observe(found.scope, frozenset([found.target])):
        if isinstance(seen, Unreadable):
            raise TargetError(seen.scope, seen.reason, todo=seen.todo)
        for plan in make(found.provider.rules, seen, {found.target: want}, digest, order):
            small = frozen(found.settings.provider, found.provider.rules, seen, [plan], order)
            return plan.saying(*remarks(plan.target, standing)), small
    raise TargetError(found.target, "it was there a moment ago and isn't now")


def carry_out(job: Job, prepared: Prepared) -> RunReport:
    """Do what was planned, once what stands is written down.

    Raises:
        LeaseError: another run has taken this one's place; nothing was changed.
        StateError: it can't be written down; nothing was changed.
    """
    job.go_on()
    # First of all: a worker that comes by meanwhile must not close again what is being opened.
    keep_standing(job, prepared.change)
    standing = standing_orders(job)
    person = prepared.person
    run = begin_run(job, prepared.plan, prepared.command, person.by, person.reason)
    note_inputs(job, run.value.id, prepared.plan, prepared.wanted, prepared.kept)
    outcomes: list[tuple[Step, Outcome]] = []
    reversals: dict[Step, Reversal] = {}
    now: list[TargetPlan] = []
    for plan in prepared.plan.targets:
        found = prepared.located[plan.target]
        done = engine.apply(
            found.provider, found.scope, [plan], prepared.wanted, job.pace, job.deadline(),
            partial(_noted, job, run.value.id), prepared.orders[plan.target],
        )  # fmt: skip
        outcomes += done.outcomes
        reversals |= done.reversals
        after = plan
        if plan.steps:
            after = verified(plan, done).saying(*remarks(plan.target, standing))
        now.append(after)
    made = Made(tuple(outcomes), reversals, tuple(now))
    return recorded(job, run, prepared.plan, made, shown=prepared.listed)


def _noted(job: Job, run: str, step: Step, reversal: Reversal) -> None:
    """Asked before each call; a pause doesn't stand in the way of what a person orders by name.

    Raises:
        LeaseError: another run has taken this one's place.
        StateError: the state can't be read or written.
    """
    job.go_on()
    note_taken(job, run, step, reversal)
