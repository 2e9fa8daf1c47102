"""The lease: of several workers over one state, one works at a time; it spares work, and no more.

Nothing rests on it. A worker that was stopped for an hour may still call after another has taken
its place, and no lease can fence a cloud: that is what the order of the steps, the look before
each and the proof are for. So a lease that can't be trusted is taken over rather than waited for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, TypeVar

from cloudsync import records
from cloudsync.errors import CloudsyncError, LeaseError
from cloudsync.job import Job
from cloudsync.records.lease import LEASE_KEY, TENURE, Tenure
from cloudsync.state import Conflict, StateError
from cloudsync.who import caller

T = TypeVar("T")
R = TypeVar("R")

LENGTH: Final = timedelta(minutes=5)
"""How long a worker that has died keeps the others waiting."""
FRESH: Final = timedelta(minutes=1)
"""A lease younger than this isn't written again: each renewal is a write to the state."""
HOLDER: Final = "cloudsync"
"""What the name of a holder begins with, before its command."""
SKEW: Final = timedelta(minutes=1)
"""How far the clocks of two machines may differ."""


@dataclass
class Lease:
    """A lease that was taken, at ``key``. ``fence`` is its number; any thread may renew it."""

    job: Job
    holder: str
    fence: int
    key: str = LEASE_KEY
    _lock: Lock = field(default_factory=Lock)

    def keep(self) -> None:
        """See that it is still ours, and renew it where it is no longer fresh.

        Time alone doesn't end it: it is lost once somebody else has taken it.

        Raises:
            LeaseError: another run has taken it.
            StateError: the state can't be used as it is.
        """
        with self._lock:
            stored = records.load(self.job.store, self.key, TENURE)
            if stored is None or stored.value.fence != self.fence:
                raise self._lost(stored.value if stored else None)
            now = self.job.now()
            left = stored.value.until - now if stored.value.until else timedelta(0)
            # More than its whole length is left where the clock was set back since.
            if LENGTH - FRESH <= left <= LENGTH:
                return
            renewed = replace(stored.value, until=now + LENGTH)
            try:
                records.save(self.job.store, self.key, TENURE, renewed, stored.generation)
            except Conflict as error:
                stored = records.load(self.job.store, self.key, TENURE)
                raise self._lost(stored.value if stored else None) from error

    def release(self) -> None:
        """Let the next run begin at once. What was lost or can't be written is left as it is."""
        with self._lock, suppress(StateError):
            stored = records.load(self.job.store, self.key, TENURE)
            if stored and stored.value.fence == self.fence:
                over = replace(stored.value, until=None)
                records.save(self.job.store, self.key, TENURE, over, stored.generation)

    def _lost(self, other: Tenure | None) -> LeaseError:
        who = f"{other.holder} has taken it" if other else "it is gone from the state"
        return LeaseError(
            f"{self.job.config.name}: lease {self.fence}", f"this run has lost it: {who} meanwhile",
            todo="Run again when the other run is through.",
        )  # fmt: skip


def live(tenure: Tenure, now: datetime) -> bool:
    """Whether its holder may still be at work.

    One that ends later than any that could have been taken by now was written under a clock that
    was wrong, or this one is; it would hold for as long as that clock was ahead.
    """
    return tenure.until is not None and timedelta(0) < tenure.until - now <= LENGTH + SKEW


def take(job: Job, command: str, *, over: bool = False, key: str = LEASE_KEY) -> Lease:
    """The lease of the job's installation, or at ``key``; ``over`` takes it from whoever holds it.

    Raises:
        LeaseError: another run holds it; nothing was changed.
        StateError: the state can't be used as it is.
    """
    holder = f"{HOLDER} {command} of {caller()}, process {os.getpid()}"
    while True:
        stored = records.load(job.store, key, TENURE)
        now = job.now()
        if stored and not over and live(stored.value, now):
            raise LeaseError(
                job.config.name,
                f"{stored.value.holder} is at work, and holds the lease until "
                f"{stored.value.until:%Y-%m-%d %H:%M:%S} UTC",
                todo="Run again when it is through; the lease of a run that died ends by then. "
                "To stop it before its next step: cloudsync pause all --for 4h --reason TEXT.",
            )
        fence = stored.value.fence + 1 if stored else 1
        mine = Tenure(holder, fence, now + LENGTH)
        # Whoever was first at the same moment is looked at, and said by name.
        with suppress(Conflict):
            records.save(job.store, key, TENURE, mine, stored.generation if stored else None)
            return Lease(job, holder, fence, key)


@contextmanager
def leased(job: Job, command: str, *, over: bool = False, key: str = LEASE_KEY) -> Generator[Job]:
    """The job under the lease: renewed between scopes, while it waits, and before each call.

    However the block ends, the lease is let go of. ``over`` is for what a person orders by name at
    3 a.m.: it waits for no run, which stops before its next step instead, and for no dead one. ``key``
    is where the lease stands, if not the installation's.

    Raises:
        LeaseError: another run holds it; nothing was changed.
        StateError: the state can't be used as it is.
    """
    lease = take(job, command, over=over, key=key)
    go_on, each, sleep = job.go_on, job.each, job.pace.sleep

    def renew() -> None:
        # Whether it was lost is asked before what changes something; a look does no harm.
        with suppress(CloudsyncError):
            lease.keep()

    def scope_by_scope(
        work: Callable[[T], R], items: Sequence[T], name: Callable[[T], str]
    ) -> list[R]:
        def renewed(item: T) -> R:
            renew()
            return work(item)

        return each(renewed, items, name)

    def wait(seconds: float) -> None:
        sleep(seconds)
        renew()

    def may_go_on() -> None:
        go_on()
        lease.keep()

    try:
        yield replace(
            job,
            fence=lease.fence,
            go_on=may_go_on,
            each=scope_by_scope,
            pace=replace(job.pace, sleep=wait),
        )
    finally:
        lease.release()
