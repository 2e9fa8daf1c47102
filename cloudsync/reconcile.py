"""One run: fetch → vet → observe → plan → prove → apply → verify → report; it prints nothing.

``look`` goes as far as the proved plan and changes nothing. ``reconcile`` goes on to the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial

from cloudsync import docket, engine
from cloudsync.allowlist import InForce
from cloudsync.basis import Basis, keep_list, rested
from cloudsync.blind import blinded
from cloudsync.blocks import blocks_of
from cloudsync.config import demands
from cloudsync.config.problems import ConfigError
from cloudsync.contested import Turn, remark, undone
from cloudsync.errors import HeldError, UsageError
from cloudsync.history.replay import Frozen, note_inputs
from cloudsync.holds import Hold, remark_of
from cloudsync.job import Job
from cloudsync.made import Made, only_looked, recorded, verified
from cloudsync.model import Mode, Note, Wanted
from cloudsync.observe import planned
from cloudsync.plan import Plan, TargetPlan
from cloudsync.preflight.arming import Ruling, armed_by
from cloudsync.preflight.arming import remarks as ruled
from cloudsync.preflight.ledger import keep_armed
from cloudsync.provider import (
    Outcome,
    Provider,
    Remark,
    Reversal,
    Scope,
    Step,
)
from cloudsync.remember import (
    begin_run,
    changes_before,
    note_taken,
    remember_targets,
    standing_orders,
)
from cloudsync.report import Listed, RunReport
from cloudsync.source import bundled
from cloudsync.standing import Standing, remarks
from cloudsync.state import StateError
from cloudsync.status.logbook import keep_overview
from cloudsync.tells import TellsActors
from cloudsync.vetting.vet import Read, Vetted
from cloudsync.waves import fell_short, waves


@dataclass(frozen=True)
class Look:
    """What one look found: the list, the proved plan, and in which scope each target is.

    ``spent`` is how many seconds it took: a person who thinks it over has no part in a run's
    deadline. ``holds`` are first enforces that wait for a person, where nobody is there to say yes.
    ``kept`` is what the steps were planned from, to be kept where they are carried out.
    """

    basis: Basis
    plan: Plan
    listed: Listed
    wanted: Mapping[str, Wanted] = field(default_factory=dict[str, Wanted])
    scopes: Mapping[str, tuple[Provider, Scope]] = field(
        default_factory=dict[str, tuple[Provider, Scope]]
    )
    contested: Mapping[str, Remark] = field(default_factory=dict[str, Remark])
    rulings: Mapping[str, Ruling] = field(default_factory=dict[str, Ruling])
    spent: float = 0.0
    holds: tuple[Hold, ...] = ()
    kept: tuple[Frozen, ...] = field(default=(), repr=False)

    @property
    def vetted(self) -> Vetted:
        """The list in force, and what was said of the one on offer."""
        return self.basis.vetted

    @property
    def read(self) -> Read:
        """The read of the source."""
        return self.basis.read

    @property
    def known(self) -> InForce | None:
        """The list in force as the state had it; None where it had none."""
        return self.basis.known


def reconcile(job: Job, looked: Look | None = None) -> RunReport:
    """Make every target right, as far as its mode goes, and say what is so afterwards.

    ``looked`` is a look that a person said yes to; what is done is never more than its plan.

    Raises:
        CloudsyncError: nothing could be planned; nothing was changed.
    """
    found = looked or look(job)
    if found.vetted.in_force is None:
        keep_list(job, found.basis)
        report = RunReport(found.plan, (), found.plan, listed=found.vetted.codes)
        keep_overview(job, report, only_looked(job, report, found.spent))
        return report
    job.go_on()
    keep_list(job, found.basis)
    # Written before the first call: a state that can't be written stops the run while it may still
    # say that nothing was changed.
    run = begin_run(job, found.plan, "apply" if job.attended else "run")
    note_inputs(job, run.value.id, found.plan, found.wanted, found.kept)
    remember_targets(job, found.plan)
    keep_armed(job.store, armed_by(found.rulings, found.wanted))
    made = applied(job, found, run.value.id)
    return recorded(
        job, run, found.plan, replace(made, now=still_so(job, found, made)), found.vetted.codes,
        shown=found.listed, unsure=found.basis.recovered, looked=None if job.only else found.spent, fetched=found.read.made,
    )  # fmt: skip


def still_so(job: Job, found: Look, made: Made) -> tuple[TargetPlan, ...]:
    """The plans afterwards, with what the look had to say and is still so: contested, waiting."""
    more = {target: [remark] for target, remark in found.contested.items()}
    for target, ruling in found.rulings.items():
        more.setdefault(target, []).extend(ruled(target, ruling))
    for hold in found.holds:
        more.setdefault(hold.subject, []).append(remark_of(hold))
    return tuple(
        blinded(plan.saying(*more.get(plan.target, ())), job.config.blind, job.now())
        for plan in made.now
    )


def look(job: Job, *, sweep: bool = False) -> Look:
    """Fetch, vet, observe, plan and prove; change nothing.

    A ``sweep`` asks no source and goes by the list in force: a grace may end in it, and no read is
    counted. Where somebody approved the list that waits, it fetches all the same, to use it.

    Raises:
        UsageError: the configuration asks for what can't be done, or no target matched.
        SourceRefused: there is no list: the source was refused, and none is in force.
        HeldError: there is no list in force to sweep by.
    """
    now = job.now()
    began, deadline = job.pace.monotonic(), job.deadline()
    check(job)
    blocks = cache(partial(blocks_of, job, deadline))
    basis = rested(job, now, blocks, sweep=sweep, deadline=deadline)
    made = planned(
        job, blocks(), basis.listing.wanted, basis.digest, now,
        unsure=basis.unsure, unsettled=basis.unsettled, deadline=deadline, gate=docket.gate(job),
    )  # fmt: skip
    contested = contests(made.plans, made.scopes, now, changes_before(job))
    plans = said(job, made.plans, contested, now, waits=basis.vetted.waits)
    plans.sort(key=lambda plan: plan.target)
    spent = job.pace.monotonic() - began
    plan = Plan(basis.digest, tuple(plans))
    return Look(
        basis, plan, basis.listed(job), made.wanted, made.scopes, contested, made.rulings, spent,
        tuple(made.holds), tuple(made.kept),
    )  # fmt: skip


def said(
    job: Job,
    plans: Iterable[TargetPlan],
    contested: Mapping[str, Remark],
    now: datetime,
    *,
    waits: bool,
) -> list[TargetPlan]:
    """``plans`` with what is to be said of each: that a list ``waits``, who undoes it, who is blind."""
    found: list[TargetPlan] = []
    for plan in plans:
        one = plan.noted(Note.HELD) if waits else plan
        one = one.saying(contested[one.target]) if one.target in contested else one
        found.append(blinded(one, job.config.blind, now))
    return found


def contests(
    plans: Iterable[TargetPlan],
    scopes: Mapping[str, tuple[Provider, Scope]],
    now: datetime,
    past: Sequence[Turn],
) -> dict[str, Remark]:
    """What is said of targets where the same rule is undone again and again, and by whom.

    ``past`` is what the runs of the last day changed.
    """
    told: dict[str, Remark] = {}
    for target, found in (undone(past, plans, now) if past else {}).items():
        actor = None
        if target in scopes:
            provider, scope = scopes[target]
            if isinstance(provider, TellsActors):
                actor = provider.actor(scope, target, found.made[0])
        told[target] = remark(target, found, actor)
    return told


def check(job: Job) -> None:
    """What must hold before the first call to any cloud."""
    if not job.config.targets:
        raise UsageError(
            str(job.config.file),
            "names no target, so there is no cloud to look at",
            todo="Add targets:, or run cloudsync export.",
        )
    problems: list[UsageError] = []
    for target in job.config.targets:
        problems += demands(target)
        if job.config.list.source != bundled.SOURCE or target.mode == "watch":
            continue
        if not job.provider(target.provider).on_loopback(target):
            problems.append(
                UsageError(
                    target.at("mode"),
                    f"mode: {target.mode} would change a real cloud by the bundled list, which "
                    f"carries the facts of {bundled.LISTING.published}",
                    todo="Name a source of your own under list:, or set mode: watch.",
                )
            )
    if problems:
        raise ConfigError(str(job.config.file), tuple(problems))


def applied(job: Job, found: Look, run: str) -> Made:
    """Carry out the plan; what nobody said yes to closes for the first time in waves.

    The plans afterwards are what was verified. Where a wave fell short, those behind it wait.
    """
    deadline = job.deadline(found.spent)
    every = found.plan.targets
    if job.attended:
        return carried_out(job, found, run, every, deadline)
    at_once, later = waves(every, docket.enforced(job))
    made = carried_out(job, found, run, at_once, deadline)
    failed: str | None = None
    for number, wave in enumerate(later):
        if failed is not None:
            waits = [plan.saying(_waiting(plan.target, failed)) for plan in wave]
            made = replace(made, now=(*made.now, *waits))
            continue
        if number:
            # What goes wrong at a server that was just closed isn't seen at once.
            job.pace.sleep(job.pace.settle)
        done = carried_out(job, found, run, wave, deadline)
        made = Made(
            (*made.outcomes, *done.outcomes),
            {**made.reversals, **done.reversals},
            (*made.now, *done.now),
        )
        after = {plan.target: plan for plan in done.now}
        failed = next((p.target for p in wave if fell_short(p, after[p.target])), None)
    return replace(made, now=tuple(sorted(made.now, key=lambda plan: plan.target)))


def _waiting(target: str, failed: str) -> Remark:
    text = f"it waits: {failed}, which was to be closed before it, isn't as was planned. Look there first"
    return Remark(target, text, Note.HELD)


def carried_out(
    job: Job, found: Look, run: str, plans: Iterable[TargetPlan], deadline: float | None
) -> Made:
    """Carry out some plans, scope by scope.

    Scopes go side by side. Two target blocks in one scope follow each other, since within a scope
    everything has its order.
    """
    now: list[TargetPlan] = []
    # One scope object a target block: two blocks in one region are two scopes here.
    blocks: dict[int, list[TargetPlan]] = {}
    for plan in plans:
        if plan.steps and plan.mode is not Mode.WATCH and plan.target in found.scopes:
            blocks.setdefault(id(found.scopes[plan.target][1]), []).append(plan)
        else:
            now.append(plan)
    work: dict[str, list[list[TargetPlan]]] = {}
    for block in blocks.values():
        work.setdefault(found.scopes[block[0].target][1].name, []).append(block)
    note = partial(_noted, job, run)

    def carry_out(item: tuple[str, list[list[TargetPlan]]]) -> list[engine.Applied]:
        return [
            engine.apply(
                *found.scopes[block[0].target], block, found.wanted, job.pace, deadline, note
            )
            for block in item[1]
        ]

    items = list(work.items())
    outcomes: list[tuple[Step, Outcome]] = []
    reversals: dict[Step, Reversal] = {}
    for (_, here), applied in zip(
        items, job.each(carry_out, items, lambda one: one[0]), strict=True
    ):
        for block, done in zip(here, applied, strict=True):
            outcomes += done.outcomes
            reversals |= done.reversals
            now += [verified(plan, done, held=found.vetted.waits) for plan in block]
    try:
        standing = standing_orders(job)
    except StateError:
        standing = Standing()  # what was done is reported all the same; recording it will say why
    touched = {plan.target for block in blocks.values() for plan in block}
    now = [
        plan.saying(*remarks(plan.target, standing)) if plan.target in touched else plan
        for plan in now
    ]
    return Made(tuple(outcomes), reversals, tuple(sorted(now, key=lambda plan: plan.target)))


def _noted(job: Job, run: str, step: Step, reversal: Reversal) -> None:
    """Asked before each call: somebody may have said stop since the plan was made.

    Raises:
        HeldError: one of the step's targets is paused now.
        LeaseError: another run has taken this one's place.
        StateError: the state can't be read or written.
    """
    job.go_on()
    standing = standing_orders(job)
    for target in step.targets:
        if pause := standing.pause(target):
            raise HeldError(
                target, f"it was paused by {pause.by} meanwhile: {pause.reason}",
                todo=f"Run again when the pause is over; cloudsync pause {pause.target} --end ends it.",
            )  # fmt: skip
    note_taken(job, run, step, reversal)
