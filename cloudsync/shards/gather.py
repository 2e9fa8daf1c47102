"""The end of a run of many shards: one report, one record, one set of conditions, of all their marks.

What a shard never came to is said, and is no silence. What is closed for the first time is closed
here, in the waves of the whole run: shards that each began with a few would begin with many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cloudsync import docket, records
from cloudsync.blocks import Block, blocks_of
from cloudsync.carry_out import applied
from cloudsync.conditions import Turned
from cloudsync.errors import UsageError
from cloudsync.history.past import drop
from cloudsync.job import Job
from cloudsync.looked import Look, contests, said, still_so
from cloudsync.made import Made, only_looked, recorded
from cloudsync.plan import Plan, TargetPlan
from cloudsync.preflight.ledger import keep_armed
from cloudsync.provider import Provider, Scope
from cloudsync.remember import changes_before, seen_before
from cloudsync.report import RunReport, exit_of_run
from cloudsync.shards.accounts import told
from cloudsync.shards.compose import Whole, composed
from cloudsync.shards.ledger import COMMON, Common, common_key
from cloudsync.shards.patience import patiently
from cloudsync.shards.shard import account
from cloudsync.shards.under_way import common_of, no_shard_at_work, see_same_configuration
from cloudsync.status.logbook import keep_overview
from cloudsync.status.tally import here
from cloudsync.sweep import asked, sweep
from cloudsync.tells import TellsActors
from cloudsync.worker.aftermath import ASKED, right_before
from cloudsync.worker.lease import leased
from cloudsync.worker.passes import Passed, followed, telling


def gathered(job: Job, name: str) -> Passed:
    """Close what waits to be closed for the first time, and report, record and tell all of the run.

    Raises:
        UsageError: no shard of it ever began, or it was gathered before; or the configuration is
            another now, or wrong in a way that only the whole run shows.
        LeaseError: another run is at work, or a shard of this one, and stayed so.
        CloudsyncError: the state can't be used.
    """

    def in_turn() -> Passed:
        with leased(job, "run --gather") as mine:
            common = common_of(mine, name)
            if common.gathered is not None:
                raise UsageError(
                    f"run {name}", f"it was gathered, and ended with {int(common.gathered)}",
                    todo="See cloudsync history.",
                )  # fmt: skip
            # What it does after its marks were read would be in no report and no record.
            no_shard_at_work(mine, common)
            see_same_configuration(mine, common)
            with telling(mine, mine.ways(mine.config)):
                return _gathered(mine, common, closing=True)

    return patiently(job, in_turn)


def abandoned(job: Job, common: Common) -> Passed:
    """Report a run that nobody gathered, before another begins, which goes on with what is left.

    The installation's lease is held, and no shard is at work. Where the configuration was wrong, or
    another now, the marks can't be made right any more: what they say is reported all the same.

    Raises:
        CloudsyncError: the state can't be used.
    """
    return _gathered(job, common, closing=False)


def _gathered(job: Job, common: Common, *, closing: bool) -> Passed:
    ways = job.ways(job.config)
    before = seen_before(job)
    whole = composed(job, common, before, anyway=not closing)
    tell = docket.keep_holds(job, (*common.holds, *whole.holds))
    keep_armed(job.store, whole.armed)
    here().add(whole.asked, whole.throttled)
    basis = common.basis
    look = Look(basis, whole.plan, basis.listed(job), holds=whole.holds)
    made = Made(whole.outcomes, whole.reversals, whole.now)
    if whole.first and closing:
        fresh = _fresh(job, common, frozenset(whole.first))
        done = applied(job, fresh, common.run)
        look = replace(
            look, plan=_with(whole.plan, fresh.plan), wanted=fresh.wanted, scopes=fresh.scopes
        )
        made = Made(
            (*made.outcomes, *done.outcomes),
            {**made.reversals, **done.reversals},
            tuple(
                sorted((*_without(made.now, whole.first), *still_so(job, fresh, done)),
                       key=lambda plan: plan.target)
            ),
        )  # fmt: skip
    report = _reported(job, common, whole, look, made)
    passed = Passed(look, report, tell, Turned((), ()))
    if not job.stopped():
        mended = right_before(report, before)[:ASKED]
        look = replace(look, scopes={**look.scopes, **_places(job, common, mended)})
        passed = followed(
            job, ways, replace(passed, found=look), before, deadline=job.deadline(),
            sure=lambda found: _sure(found, whole.again),
        )  # fmt: skip
    if passed.report.unrecorded is None:
        _over(job, common, passed.report)
    return passed


def _reported(job: Job, common: Common, whole: Whole, look: Look, made: Made) -> RunReport:
    """The report of the run, and its record."""
    basis = common.basis
    spent = (job.now() - common.at).total_seconds()
    stored = records.load(job.store, records.run_key(common.run), records.RUN)
    if basis.vetted.in_force is None or stored is None:
        report = RunReport(look.plan, (), look.plan, listed=basis.vetted.codes)
        keep_overview(job, report, only_looked(job, report, spent))
        return report
    if stored.value.finished is not None:
        # It was written down by somebody who died before the marks were dropped.
        after = Plan(basis.digest, made.now)
        return RunReport(
            look.plan, made.outcomes, after, run=common.run, reversals=made.reversals,
            listed=basis.vetted.codes,
        )  # fmt: skip
    run = replace(stored.value, plan_digest=look.plan.digest, fence=job.fence)
    return recorded(
        job, records.Stored(run, stored.generation), look.plan, made, basis.vetted.codes,
        shown=look.listed, unsure=basis.recovered or not whole.complete, looked=spent,
        fetched=basis.read.made,
    )  # fmt: skip


def _fresh(job: Job, common: Common, targets: frozenset[str]) -> Look:
    """A look at ``targets``, by the list and for the moment of the run."""
    basis, at = common.basis, common.at
    accounts = {account(target) for target in targets}
    narrowed = replace(_within(told(job, common), accounts), only=targets, fence=None)
    deadline = job.deadline()
    blocks = _blocks(narrowed, accounts, deadline)
    asking = asked(
        narrowed, blocks, basis.listing.wanted, basis.digest, at,
        unsure=basis.unsure, unsettled=True, deadline=deadline, gate=docket.gate(job),
    )  # fmt: skip
    look = Look(basis, Plan(basis.digest), basis.listed(job))
    plans: list[TargetPlan] = []
    wanted, scopes, rulings = dict(look.wanted), dict(look.scopes), dict(look.rulings)
    holds = list(look.holds)
    items = [(number, scope) for number, block in enumerate(blocks) for scope in block.scopes]
    for (number, _), seen in zip(
        items, job.each(lambda item: sweep(asking, *item), items, lambda one: one[1].name),
        strict=True,
    ):  # fmt: skip
        plans += seen.plans
        wanted |= asking.wanted(number, seen)
        scopes |= dict.fromkeys(seen.targets, (blocks[number].provider, seen.scope))
        rulings |= seen.rulings
        holds += seen.holds
    contested = contests(plans, scopes, at, changes_before(job))
    plans = said(job, plans, contested, at, waits=basis.vetted.waits)
    plans.sort(key=lambda plan: plan.target)
    return Look(
        basis, Plan(basis.digest, tuple(plans)), look.listed, wanted, scopes, contested, rulings, 0.0,
        tuple(holds),
    )  # fmt: skip


def _places(
    job: Job, common: Common, targets: tuple[str, ...]
) -> dict[str, tuple[Provider, Scope]]:
    """Where some targets are, so that it can be asked who changed them; only where the cloud tells."""
    tell = {
        target
        for target in targets
        if isinstance(job.provider(target.partition(":")[0]), TellsActors)
    }
    if not tell:
        return {}
    accounts = {account(target) for target in tell}
    found: dict[str, tuple[Provider, Scope]] = {}
    for block in _blocks(_within(told(job, common), accounts), accounts, job.deadline()):
        for scope in block.scopes:
            found |= {
                target: (block.provider, scope)
                for target in tell
                if target.startswith(f"{scope.name}/")
            }
    return found


def _within(job: Job, accounts: set[str]) -> Job:
    """``job`` over some accounts alone."""
    mine: Callable[[str], bool] = accounts.__contains__
    targets = tuple(one.within(mine) for one in job.config.targets)
    return replace(job, config=job.config.but(targets=targets))


def _blocks(job: Job, accounts: set[str], deadline: float | None) -> list[Block]:
    """The blocks with their scopes in some accounts; a provider needn't heed what is asked of it."""
    return [
        replace(
            block,
            scopes=tuple(one for one in block.scopes if account(one.name) in accounts),
            unreadable=(),
        )
        for block in blocks_of(job, deadline)
    ]


def _with(plan: Plan, fresh: Plan) -> Plan:
    """``plan`` with what was planned anew in its place."""
    new = {one.target: one for one in fresh.targets}
    return replace(plan, targets=tuple(new.get(one.target, one) for one in plan.targets))


def _without(plans: tuple[TargetPlan, ...], targets: tuple[str, ...]) -> list[TargetPlan]:
    left = frozenset(targets)
    return [one for one in plans if one.target not in left]


def _sure(report: RunReport, again: Mapping[str, TargetPlan]) -> RunReport:
    """``report`` with the states that a second look found, where it found others."""
    plans = tuple(
        replace(one, before=again[one.target].before)
        if one.before and one.target in again and again[one.target].verdict is not one.verdict
        else one
        for one in report.now.targets
    )
    return replace(report, after=Plan(report.after.list_digest, plans))


def _over(job: Job, common: Common, report: RunReport) -> None:
    """The marks have told what they were for. That the run is over is known for a while."""
    stored = records.load(job.store, common_key(common.name), COMMON)
    over = replace(common, holds=(), heard=(), gathered=exit_of_run(report))
    records.save(
        job.store, common_key(common.name), COMMON, over, stored.generation if stored else None
    )
    drop(job, job.store.keys(f"{common_key(common.name)}/"))
