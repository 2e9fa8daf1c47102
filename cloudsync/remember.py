"""What a run remembers: the list in force, and which targets were there; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final

from cloudsync import docket, ledger, records
from cloudsync.allowlist import InForce
from cloudsync.contested import DAY, Turn
from cloudsync.errors import LeaseError, UsageError
from cloudsync.history.past import MOMENT, note_list, note_said
from cloudsync.job import Job
from cloudsync.model import Verdict
from cloudsync.plan import Plan
from cloudsync.provider import Reversal, Step
from cloudsync.standing import Standing
from cloudsync.who import caller

SETTLES: Final = timedelta(hours=1)
"""After so long, what a run did is seen, whatever became of it."""


def list_in_force(job: Job) -> InForce | None:
    """The list in force, or None where the state knows none."""
    stored = records.load(job.store, records.LIST_KEY, records.LIST)
    return stored.value if stored else None


def seen_before(job: Job) -> Mapping[str, records.Seen]:
    """The targets that were there, and when."""
    stored = records.load(job.store, records.SEEN_KEY, records.SEEN)
    return stored.value if stored else {}


def remember_list(job: Job, in_force: InForce, known: InForce | None) -> None:
    """Keep the list in force, which was made of ``known``: what the state had, or None.

    A list that somebody accepted meanwhile isn't put back to an older one.

    Raises:
        LeaseError: the state has another list by now.
        StateError: the state can't be written.
    """
    stored = records.load(job.store, records.LIST_KEY, records.LIST)
    if stored is not None and stored.value == in_force:
        return
    if stored is None or stored.value == known:
        generation = stored.generation if stored else None
        records.save(job.store, records.LIST_KEY, records.LIST, in_force, generation)
        note_list(job, stored.value if stored else None, in_force)
        return
    raise LeaseError(
        f"state {records.LIST_KEY}", "another list has come into force since this run read it",
        todo="Run again.",
    )  # fmt: skip


def remember_targets(job: Job, plan: Plan) -> None:
    """Keep which targets were there, so that one that vanishes is missed."""
    stored = records.load(job.store, records.SEEN_KEY, records.SEEN)
    seen = dict(stored.value) if stored else {}
    now = job.now()
    # One value for all that are alike: a fleet has many thousands.
    alike = {verdict: records.Seen(now, str(verdict)) for verdict in Verdict}
    for target in plan.targets:
        if target.before:
            seen[target.target] = alike[target.verdict]
    generation = stored.generation if stored else None
    records.save(job.store, records.SEEN_KEY, records.SEEN, seen, generation)


def standing_orders(job: Job) -> Standing:
    """What people ordered that hasn't ended."""
    stored = records.load(job.store, ledger.STANDING_KEY, ledger.STANDING)
    return stored.value.at(job.now()) if stored else Standing()


def keep_standing(job: Job, change: Callable[[Standing], Standing]) -> None:
    """Keep what ``change`` makes of the orders that stand; what has ended is forgotten.

    Raises:
        StateError: the state can't be written, or another command wrote it meanwhile.
    """
    stored = records.load(job.store, ledger.STANDING_KEY, ledger.STANDING)
    now = change(stored.value.at(job.now()) if stored else Standing())
    generation = stored.generation if stored else None
    records.save(job.store, ledger.STANDING_KEY, ledger.STANDING, now, generation)


def note_taken(job: Job, run: str, step: Step, reversal: Reversal) -> None:
    """Write down what ``step`` is about to take from others, at each of its targets.

    Raises:
        StateError: the state can't be written.
    """
    if not reversal.record:
        return
    for target in step.targets:
        key = ledger.taken_key(run, target)
        stored = records.load(job.store, key, ledger.TAKEN)
        known = stored.value.records if stored else ()
        taken = ledger.Taken(run, target, (*known, reversal.record))
        records.save(job.store, key, ledger.TAKEN, taken, stored.generation if stored else None)


def taken_by(job: Job, run: str) -> dict[str, ledger.Taken]:
    """What the run took from others, by target; empty of one that took nothing or isn't known."""
    found: dict[str, ledger.Taken] = {}
    for key in job.store.keys(ledger.taken_key(run)):
        stored = records.load(job.store, key, ledger.TAKEN)
        if stored:
            found[stored.value.target] = stored.value
    return found


def run_id(now: datetime) -> str:
    """What a run that begins at ``now`` is called; such names sort by their time."""
    # Two workers may begin in one moment.
    return f"{now:{MOMENT}}-{token_hex(3)}"


def begin_run(
    job: Job, plan: Plan, command: str = "apply", by: str = "", reason: str = ""
) -> records.Stored[records.RunRecord]:
    """Write down that a run begins, before it changes anything; ``by`` whom and why, if ordered.

    Raises:
        StateError: the state can't be written.
    """
    now = job.now()
    run = records.RunRecord(
        id=job.run or run_id(now),
        started=now,
        command=command,
        list_digest=plan.list_digest,
        plan_digest=plan.digest,
        fence=job.fence,
        by=by,
        reason=reason,
        caller=caller(),
    )
    return records.save(job.store, records.run_key(run.id), records.RUN, run, None)


def unsettled(job: Job) -> bool:
    """Whether what an earlier run did may not be seen yet.

    So it is while a run of the last hour has no end, because it died or goes on, or ended before
    it saw all that it had done.

    Raises:
        StateError: the state can't be used as it is.
    """
    since = recent(job)
    stored = [
        records.load(job.store, key, records.RUN)
        for key in job.store.keys(records.run_key(""))
        if key >= since
    ]
    return any(one.value.finished is None or one.value.unsettled for one in stored if one)


def recent(job: Job) -> str:
    """The first key that a run of the time to settle can have."""
    return records.run_key(f"{job.now() - SETTLES:{MOMENT}}")


def end_run(
    job: Job,
    run: records.Stored[records.RunRecord],
    found: Plan,
    ended: int,
    *,
    unsettled: bool = False,
) -> None:
    """Write down how a run ended, each target's verdict then, and whether it was ``unsettled``.

    Raises:
        StateError: the state can't be written.
    """
    over = replace(
        run.value,
        finished=job.now(),
        exit=int(ended),
        targets={one.target: str(one.verdict) for one in found.targets},
        unsettled=unsettled,
    )
    records.save(job.store, records.run_key(over.id), records.RUN, over, run.generation)


def remember_changes(job: Job, run: str, made: Mapping[str, tuple[str, ...]]) -> None:
    """Keep what a run changed, a document a run, for the day in which it may be undone.

    Raises:
        StateError: the state can't be used as it is.
    """
    if made:
        value = Turn(job.now(), made)
        records.save(job.store, records.changes_key(run), records.CHANGES, value, None)


def changes_before(job: Job) -> list[Turn]:
    """What the runs of the last day changed, the oldest first."""
    oldest = records.changes_key(f"{job.now() - DAY:{MOMENT}}")
    keys = [key for key in job.store.keys(records.changes_key("")) if key >= oldest]
    stored = [records.load(job.store, key, records.CHANGES) for key in keys]
    return [one.value for one in stored if one]


def forget(job: Job, target: str) -> None:
    """Miss ``target`` no more: it is gone, and that is right.

    Raises:
        UsageError: nobody remembers it.
    """
    stored = records.load(job.store, records.SEEN_KEY, records.SEEN)
    if stored is None or target not in stored.value:
        raise UsageError(target, "it isn't remembered", todo="Take a name from cloudsync drift.")
    left = {key: value for key, value in stored.value.items() if key != target}
    records.save(job.store, records.SEEN_KEY, records.SEEN, left, stored.generation)
    docket.forget_enforced(job, target)
    note_said(job, "gone for good", target)
