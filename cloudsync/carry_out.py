"""A plan carried out: scope by scope, and what closes for the first time in waves; it plans nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from cloudsync import docket, engine
from cloudsync.again import looked_again
from cloudsync.errors import HeldError
from cloudsync.job import Job
from cloudsync.looked import Look
from cloudsync.made import Made, verified
from cloudsync.model import Mode, Note
from cloudsync.plan import TargetPlan
from cloudsync.provider import Outcome, Remark, Reversal, Step
from cloudsync.remember import note_taken, standing_orders
from cloudsync.standing import Standing, remarks
from cloudsync.state import StateError
from cloudsync.waves import fell_short, waves


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
    changed = {target for step, one in outcomes for target in step.targets if one.kind == "done"}
    now = looked_again(job, found, now, changed, deadline)
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
