"""Beginning or joining a run of many shards: the list is fetched and vetted once, by who comes first.

Whoever comes first does it under the installation's lease and leaves in the state what all go by;
the others wait for that, and ask no source.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache, partial
from typing import Final

from cloudsync import records
from cloudsync.basis import keep_list, rested
from cloudsync.blocks import Block, blocks_of
from cloudsync.conditions import ConditionKind
from cloudsync.conditions.watch import watched
from cloudsync.errors import StoppedError, UsageError
from cloudsync.history.past import drop
from cloudsync.job import Job
from cloudsync.plan import Plan
from cloudsync.reconcile import check
from cloudsync.records.lease import LEASE_KEY, TENURE
from cloudsync.remember import begin_run
from cloudsync.shards.accounts import knowing, leave, listed
from cloudsync.shards.gather import abandoned
from cloudsync.shards.ledger import COMMON, SHARDS, Common, common_key
from cloudsync.shards.patience import patiently
from cloudsync.shards.under_way import no_shard_at_work, see_same_configuration
from cloudsync.track import compare_page
from cloudsync.worker.lease import HOLDER, leased
from cloudsync.worker.passes import Passed, of_list, telling

KEPT: Final = timedelta(days=7)
"""For so long it is known that a run was gathered, so that a shard that comes late does nothing."""
_GRAVE: Final = frozenset({ConditionKind.MISSING, ConditionKind.OPEN})


def joined(job: Job, name: str, of: int) -> tuple[Common, tuple[Passed, ...]]:
    """What all shards of the run called ``name`` go by; and runs before it that nobody had gathered.

    Raises:
        UsageError: the run has another number of shards or another configuration, or this one is
            wrong.
        LeaseError: another run is at work, and stayed so.
        CloudsyncError: the list can't be vetted, or the state can't be used.
    """

    def begun(job: Job) -> Common | None:
        stored = records.load(job.store, common_key(name), COMMON)
        return _fitting(job, stored.value, of) if stored else None

    def first() -> tuple[Common, tuple[Passed, ...]]:
        if common := begun(job):
            return common, ()
        with leased(job, _command(name)) as mine:
            if common := begun(mine):
                return common, ()
            with telling(mine, mine.ways(mine.config)):
                late = tuple(_closed(mine))
                return _begun(mine, name, of), late

    def begins() -> bool:
        """Whether the very run is being begun: its list vetted, its accounts listed."""
        stored = records.load(job.store, LEASE_KEY, TENURE)
        holder = f"{HOLDER} {_command(name)} of "
        return stored is not None and stored.value.holder.startswith(holder)

    return patiently(job, first, begins)


def _command(name: str) -> str:
    return f"run --run {name}"


def _fitting(job: Job, common: Common, of: int) -> Common:
    if common.gathered is None:
        see_same_configuration(job, common)
    if common.of != of:
        raise UsageError(
            f"run {common.name}", f"has {common.of} shards, and this is one of {of}",
            todo="Give each run a name of its own, and all of its shards one number.",
        )  # fmt: skip
    return common


def _begun(job: Job, name: str, of: int) -> Common:
    check(job)
    now, deadline = job.now(), job.deadline()
    found = cache(partial(listed, job))

    def blocks() -> list[Block]:
        return blocks_of(knowing(job, found()), deadline)

    basis = rested(job, now, cache(blocks), deadline=deadline)
    accounts = leave(job, name, found())
    if job.stopped():
        raise StoppedError(job.config.name, "the run was told to end while it vetted the list")
    job.go_on()
    keep_list(job, basis)
    run = ""
    if basis.vetted.in_force is not None:
        run = begin_run(job, Plan(basis.digest), "run").value.id
    compare_page(job, basis.vetted)
    heard = {
        one.condition.subject for one in watched(job) if one.stands and one.condition.kind in _GRAVE
    }
    common = Common(
        name, run, of, now, basis, job.config.digest, tuple(of_list(job, basis)),
        tuple(sorted(heard)), accounts=accounts,
    )  # fmt: skip
    records.save(job.store, common_key(name), COMMON, common, None)
    return common


def _closed(job: Job) -> Iterator[Passed]:
    """Gather the runs before that nobody gathered, and forget those that are long over.

    Raises:
        LeaseError: a shard of one of them is at work.
    """
    keys = job.store.keys(SHARDS)
    begun = {key for key in keys if "/" not in key.removeprefix(SHARDS)}
    # What whoever listed accounts left, and died before the run had begun.
    drop(job, [key for key in keys if SHARDS + key.split("/")[1] not in begun])
    for key in sorted(begun):
        stored = records.load(job.store, key, COMMON)
        if stored is None:
            continue
        common = stored.value
        if common.gathered is None:
            no_shard_at_work(job, common)
            yield abandoned(job, common)
        elif job.now() - common.at > KEPT:
            drop(job, [key])
