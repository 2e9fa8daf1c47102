"""What a person orders by name: pause, allow, undo, relax; each recorded before anything is called.

``undo`` and ``relax`` let in whom nobody wants; they go through the same proof as everything else,
which then asks all but that. The shell asks the person; here it is only carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from cloudsync import engine
from cloudsync.addresses import Network
from cloudsync.allowlist import InForce
from cloudsync.blocks import Located, locate
from cloudsync.errors import TargetError, UsageError
from cloudsync.history.past import note_said
from cloudsync.history.replay import Frozen, frozen, note_inputs
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
    taken_by,
    unsettled,
)
from cloudsync.report import Listed, RunReport
from cloudsync.standing import ALL, LONGEST, Allowed, Pause, Standing, overlaid, remarks
from cloudsync.vetting.vet import removals_of
from cloudsync.wants import wanted_of


@dataclass(frozen=True, slots=True)
class Person:
    """Who orders something, and why."""

    by: str
    reason: str


@dataclass(frozen=True)
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


def ending(job: Job, length: timedelta) -> datetime:
    """When what is ordered now for ``length`` ends.

    Raises:
        UsageError: it is nothing, or longer than an order may stand.
    """
    if not timedelta(0) < length <= LONGEST:
        raise UsageError(
            "--for", f"an order stands for more than nothing and at most {LONGEST.days} days",
            todo="Say --for 4h. What is needed for longer belongs in the configuration.",
        )  # fmt: skip
    return job.now() + length


def pause(job: Job, target: str, until: datetime, person: Person) -> None:
    """Have nothing changed at ``target``, or at ``all``, until then.

    Raises:
        UsageError: no target block selects it.
        StateError: it can't be written down.
    """
    if target != ALL:
        locate(job, target)
    new = Pause(target, until, person.by, person.reason, job.now())
    keep_standing(job, lambda standing: _paused(standing, target, new))
    note_said(job, "pause", target, person.by, person.reason, until)


def resume(job: Job, target: str) -> None:
    """End a pause before its time.

    Raises:
        UsageError: there is none of ``target``.
    """
    if all(one.target != target for one in standing_orders(job).pauses):
        raise UsageError(target, "no pause stands here", todo="See cloudsync drift.")
    keep_standing(job, lambda standing: _paused(standing, target, None))
    note_said(job, "end of a pause", target)


def _paused(standing: Standing, target: str, new: Pause | None) -> Standing:
    others = tuple(one for one in standing.pauses if one.target != target)
    return replace(standing, pauses=(*others, new) if new else others)


def allow(job: Job, network: Network, target: str, until: datetime, person: Person) -> Prepared:
    """Plan to let ``network`` in at ``target`` until then; a pause doesn't stand in the way.

    Raises:
        UsageError: no target block selects it, it is only watched, or there is no list in force.
    """
    new = Allowed(target, network, until, person.by, person.reason, job.now())
    found = locate(job, target)
    if found.settings.mode == "watch":
        raise UsageError(
            target, "it is in watch, where nothing is changed",
            todo="Set mode: add, or let the network in by hand.",
        )  # fmt: skip
    return _prepared(
        job,
        "allow",
        {target: None},
        {target: found},
        lambda standing: _allowing(standing, new),
        person,
    )


def _allowing(standing: Standing, new: Allowed) -> Standing:
    same = (new.target, new.network)
    others = tuple(one for one in standing.allowed if (one.target, one.network) != same)
    return replace(standing, allowed=(*others, new))


def disallow(job: Job, network: Network, target: str) -> None:
    """End what was allowed before its time; the next run takes the rule away.

    Raises:
        UsageError: it isn't allowed there.
    """
    if all((one.target, one.network) != (target, network) for one in standing_orders(job).allowed):
        raise UsageError(
            target, f"{network} was not allowed here by an order", todo="See cloudsync drift."
        )
    keep_standing(
        job,
        lambda standing: replace(
            standing,
            allowed=tuple(
                one for one in standing.allowed if (one.target, one.network) != (target, network)
            ),
        ),
    )
    note_said(job, f"{network} is no longer allowed", target)


def undo(job: Job, run: str, target: str | None, until: datetime, person: Person) -> Prepared:
    """Plan to open again what ``run`` closed, at one target or at all of its, and to pause these.

    Raises:
        UsageError: the run closed nothing there.
    """
    taken = taken_by(job, run)
    if target is not None:
        taken = {name: one for name, one in taken.items() if name == target}
    if not taken:
        where = f"at {target} " if target else ""
        raise UsageError(
            run, f"no run of this name closed anything {where}that could be opened again",
            todo="Take the name from the report of the run.",
        )  # fmt: skip
    orders = {name: Order("undo", one.records) for name, one in taken.items()}
    now = job.now()

    def paused(standing: Standing) -> Standing:
        for name in orders:
            standing = _paused(standing, name, Pause(name, until, person.by, person.reason, now))
        return standing

    located = {name: locate(job, name) for name in orders}
    return _prepared(job, f"undo {run}", orders, located, paused, person)


def relax(job: Job, target: str) -> Prepared:
    """Plan to take own denies away at ``target``, and so to open what stands behind them.

    Raises:
        UsageError: the target is in enforce, where the next run would put them back.
    """
    found = locate(job, target)
    if found.settings.mode == "enforce" and not standing_orders(job).pause(target):
        raise UsageError(
            target, "it is in enforce, so the next run would close it again",
            todo=f"Set another mode, or first say cloudsync pause {target} --for 4h --reason TEXT.",
        )  # fmt: skip
    return _prepared(
        job, "relax", {target: Order("relax")}, {target: found}, lambda standing: standing
    )


def _prepared(
    job: Job,
    command: str,
    orders: Mapping[str, Order | None],
    located: Mapping[str, Located],
    change: Callable[[Standing], Standing],
    person: Person = Person("", ""),
) -> Prepared:
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
