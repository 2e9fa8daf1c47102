"""Where a run of many shards stands: whether it began, by which configuration, who is at work, who is through."""

from __future__ import annotations

from cloudsync import records
from cloudsync.errors import LeaseError, UsageError
from cloudsync.job import Job
from cloudsync.records.lease import TENURE
from cloudsync.shards.compose import OTHER
from cloudsync.shards.ledger import COMMON, PROGRESS, Common, common_key, lease_key, shard_key
from cloudsync.shards.shard import Shard
from cloudsync.worker.lease import live


def is_last(job: Job, common: Common) -> bool:
    """Whether every shard has ended.

    Raises:
        StateError: the state can't be used.
    """
    for number in range(1, common.of + 1):
        stored = records.load(job.store, shard_key(common.name, number), PROGRESS)
        if stored is None or stored.value.ended is None:
            return False
    return True


def common_of(job: Job, name: str) -> Common:
    """What the shards of the run called ``name`` go by.

    Raises:
        UsageError: no shard of it ever began.
        StateError: the state can't be used.
    """
    stored = records.load(job.store, common_key(name), COMMON)
    if stored is None:
        raise UsageError(
            f"run {name}", "no shard of it has begun", todo="Give the name that the shards have."
        )
    return stored.value


def no_shard_at_work(job: Job, common: Common) -> None:
    """See that no shard of a run holds its lease.

    Raises:
        LeaseError: one does.
        StateError: the state can't be used.
    """
    now = job.now()
    for number in range(1, common.of + 1):
        key = lease_key(common.name, Shard(number, common.of))
        stored = records.load(job.store, key, TENURE)
        if stored and live(stored.value, now):
            raise LeaseError(
                f"{job.config.name}: run {common.name}",
                f"shard {number} of {common.of} is at work, and holds its lease until "
                f"{stored.value.until:%Y-%m-%d %H:%M:%S} UTC",
                todo="Run again when it is through; the lease of a shard that died ends by then.",
            )  # fmt: skip


def see_same_configuration(job: Job, common: Common) -> None:
    """See that a run began with the configuration that there is: its marks go by the blocks of that.

    Raises:
        UsageError: it didn't.
    """
    if common.config != job.config.digest:
        raise UsageError(
            f"run {common.name}", OTHER,
            todo="Begin another run under a new name: it reports what this one did, and goes on.",
        )  # fmt: skip
