"""What a run remembers: the list in force, and which targets were there; it decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from secrets import token_hex

from cloudsync import records
from cloudsync.allowlist import InForce
from cloudsync.errors import UsageError
from cloudsync.job import Job
from cloudsync.plan import Plan


def list_in_force(job: Job) -> InForce | None:
    """The list in force, or None where the state knows none."""
    stored = records.load(job.store, records.LIST_KEY, records.LIST)
    return stored.value if stored else None


def seen_before(job: Job) -> Mapping[str, records.Seen]:
    """The targets that were there, and when."""
    stored = records.load(job.store, records.SEEN_KEY, records.SEEN)
    return stored.value if stored else {}


def remember_list(job: Job, in_force: InForce) -> None:
    """Keep the list in force, where it isn't what is kept already.

    Raises:
        StateError: the state can't be written, or another run wrote it meanwhile.
    """
    stored = records.load(job.store, records.LIST_KEY, records.LIST)
    if stored is None or stored.value != in_force:
        generation = stored.generation if stored else None
        records.save(job.store, records.LIST_KEY, records.LIST, in_force, generation)


def remember_targets(job: Job, plan: Plan) -> None:
    """Keep which targets were there, so that one that vanishes is missed."""
    stored = records.load(job.store, records.SEEN_KEY, records.SEEN)
    seen = dict(stored.value) if stored else {}
    for target in plan.targets:
        if target.before:
            seen[target.target] = records.Seen(job.now(), str(target.verdict))
    generation = stored.generation if stored else None
    records.save(job.store, records.SEEN_KEY, records.SEEN, seen, generation)


def begin_run(job: Job, plan: Plan) -> records.Stored[records.RunRecord]:
    """Write down that a run begins, before it changes anything.

    Raises:
        StateError: the state can't be written.
    """
    now = job.now()
    run = records.RunRecord(
        # Two workers may begin in one moment.
        id=f"{now:%Y%m%dT%H%M%SZ}-{token_hex(3)}",
        started=now,
        command="apply",
        list_digest=plan.list_digest,
        plan_digest=plan.digest,
    )
    return records.save(job.store, records.run_key(run.id), records.RUN, run, None)


def end_run(job: Job, run: records.Stored[records.RunRecord], found: Plan, ended: int) -> None:
    """Write down how a run ended, and each target's verdict then.

    Raises:
        StateError: the state can't be written.
    """
    over = replace(
        run.value,
        finished=job.now(),
        exit=int(ended),
        targets={one.target: str(one.verdict) for one in found.targets},
    )
    records.save(job.store, records.run_key(over.id), records.RUN, over, run.generation)


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
