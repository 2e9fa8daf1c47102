"""What a run made: how each step ended, what the last look verified, and its record; it calls no cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cloudsync import docket, engine, records
from cloudsync.contested import changed
from cloudsync.errors import Exit
from cloudsync.history.past import note_report
from cloudsync.history.retention import forget
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.model import Note, Verdict
from cloudsync.plan import Plan, TargetPlan
from cloudsync.provider import Outcome, Reversal, Step
from cloudsync.remember import end_run, remember_changes, remember_targets
from cloudsync.report import Listed, RunReport, exit_of_run
from cloudsync.state import StateError
from cloudsync.status.logbook import keep_overview
from cloudsync.status.overview import Ran
from cloudsync.vanished import unread


@immutable
class Made:
    """What was carried out: how each step ended, how it is taken back, and the verified plans."""

    outcomes: tuple[tuple[Step, Outcome], ...]
    reversals: Mapping[Step, Reversal]
    now: tuple[TargetPlan, ...]

    @property
    def unseen(self) -> bool:
        """Whether a call may have changed what the last look at its target didn't show."""
        known = {plan.target: plan for plan in self.now}
        return any(
            outcome.kind in {"done", "unknown"}
            and any(_asks_again(known.get(target), step) for target in step.targets)
            for step, outcome in self.outcomes
        )


def _asks_again(plan: TargetPlan | None, step: Step) -> bool:
    """Whether the last look leaves open what ``step`` did: nobody saw it, or it is asked anew."""
    if plan is None or plan.before is None:
        return True
    asked = {line for one in plan.steps for line in one.changes}
    return not asked.isdisjoint(step.changes)


def recorded(
    job: Job,
    run: records.Stored[records.RunRecord],
    plan: Plan,
    made: Made,
    listed: tuple[Exit, ...] = (),
    *,
    shown: Listed | None = None,
    unsure: bool = False,
    looked: float | None = None,
    fetched: bool = False,
) -> RunReport:
    """The report of a run, once it is written down how it ended.

    ``listed`` is what the list alone calls for, ``shown`` the list as the report speaks of it.
    ``looked`` is how many seconds the look at every target took; None of an order, which looks at
    some. ``fetched`` is whether a list was read. ``unsure`` says that it can't be told whether what
    runs before this one did has been seen. What the run did must be reported even where that
    can't be written.
    """
    after = Plan(plan.list_digest, made.now)
    report = RunReport(
        plan, made.outcomes, after, _outbound(plan, after),
        run=run.value.id, reversals=made.reversals, listed=listed,
    )  # fmt: skip
    try:
        remember_targets(job, report.now)
        docket.keep_enforced(job, report.now.targets)
        ended = exit_of_run(report)
        end_run(job, run, report.now, ended, unsettled=unsure or made.unseen)
        note_report(job, report, shown, ended)
        remember_changes(job, run.value.id, changed(made.outcomes, made.now))
        keep_overview(job, report, _ran(job, run.value, report, looked, fetched=fetched))
        forget(job)
    except StateError as error:
        error.done = "What was done in the clouds is kept, and is in the report."
        return replace(report, unrecorded=error)
    return report


def _ran(
    job: Job, run: records.RunRecord, report: RunReport, looked: float | None, *, fetched: bool
) -> Ran:
    now = job.now()
    changing = (now - run.started).total_seconds()
    return Ran(
        run.id, run.command, run.started, now, int(exit_of_run(report)),
        whole=looked is not None, vetted=fetched and not report.listed,
        stages={} if looked is None else {"look": looked, "change": changing},
    )  # fmt: skip


def only_looked(job: Job, report: RunReport, spent: float) -> Ran:
    """What is known of a run that could do no more than look, for want of a list in force."""
    now = job.now()
    return Ran(
        "", "look", now, now, int(exit_of_run(report)), whole=True, vetted=False,
        stages={"look": spent},
    )  # fmt: skip


def _outbound(before: Plan, after: Plan) -> dict[str, tuple[str, str]]:
    """The digests of every target's outbound rules, before and after."""
    then = {plan.target: plan.outbound for plan in before.targets}
    return {
        plan.target: (then[plan.target], plan.outbound)
        for plan in after.targets
        if plan.before and plan.target in then
    }


def verified(plan: TargetPlan, done: engine.Applied, *, held: bool = False) -> TargetPlan:
    """What the last look at a target found, with what the run has to say of it."""
    after = done.after.get(plan.target)
    if after is None:
        if done.unreadable:
            return unread(done.unreadable, plan.mode, plan.list_digest, plan.target)
        return TargetPlan(
            plan.target, plan.mode, plan.list_digest, absent=Verdict.GONE,
            reason="it was there when the run began and isn't now",
        )  # fmt: skip
    undone = any(
        outcome.kind != "done" and plan.target in step.targets for step, outcome in done.outcomes
    )
    return after.noted(
        *((Note.HELD,) if held else ()), *((Note.FAILED,) if undone and after.steps else ())
    )
