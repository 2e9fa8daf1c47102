"""One run: fetch → vet → observe → plan → prove → apply → verify → report; it prints nothing.

``look`` goes as far as the proved plan and changes nothing. ``reconcile`` goes on to the end.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

from cloudsync import docket
from cloudsync.basis import keep_list, rested
from cloudsync.blocks import blocks_of
from cloudsync.carry_out import applied
from cloudsync.config import demands
from cloudsync.config.problems import ConfigError
from cloudsync.errors import UsageError
from cloudsync.history.replay import note_inputs
from cloudsync.job import Job
from cloudsync.looked import Look, contests, said, still_so
from cloudsync.made import only_looked, recorded
from cloudsync.observe import planned
from cloudsync.plan import Plan
from cloudsync.preflight.arming import armed_by
from cloudsync.preflight.ledger import keep_armed
from cloudsync.remember import (
    begin_run,
    changes_before,
    remember_targets,
)
from cloudsync.report import RunReport
from cloudsync.source import bundled
from cloudsync.status.logbook import keep_overview


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
    blocks = cache(partial(blocks_of, job, deadline, apart=True))
    basis = rested(job, now, blocks, sweep=sweep, deadline=deadline)
    # Own rules that tell the list stand everywhere; what a change concerns stands in one place.
    here = blocks_of(job, deadline, job.only, apart=True) if job.only else blocks()
    made = planned(
        job, here, basis.listing.wanted, basis.digest, now,
        unsure=basis.unsure, unsettled=basis.unsettled, deadline=deadline, gate=docket.gate(job),
    )  # fmt: skip
    contested = contests(made.plans, made.scopes, now, changes_before(job))
    plans = said(job, made.plans, contested, now, waits=basis.vetted.waits)
    plans.sort(key=lambda plan: plan.target)
    spent = job.pace.monotonic() - began
    plan = Plan(basis.digest, tuple(plans))
    return Look(
        basis, plan, basis.listed(job), made.wanted, made.scopes, contested, made.rulings, spent,
        tuple(made.holds), frozenset(made.elsewhere), tuple(made.kept),
    )  # fmt: skip


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
