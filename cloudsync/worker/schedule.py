"""When each tenant's runs begin: by intervals with jitter, none over another; it knows no cloud.

APScheduler 3 keeps the time, in UTC, so that no daylight change doubles or drops a run. Four of its
habits are mended here. It drops a run that comes more than a second late (its misfire grace): here
a run is rather late than not at all. It reckons with every run that a leap of the clock went over
(its issues 526 and 1066): here one is made up for. It waits until a clock that was set back has
caught up (351): here whatever is due further ahead than its interval is due now. And its pool of
threads would let a few tenants that hang stop all others, and the process from ending: here each
run has a thread of its own, which ends with the process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from apscheduler.events import (  # type: ignore[import-untyped]
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
)
from apscheduler.executors.base import BaseExecutor, run_job  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from cloudsync import log
from cloudsync.immutable import immutable
from cloudsync.job import utc_now
from cloudsync.worker.punctual import Counts, length
from cloudsync.worker.unattended import Kind

Begun = Callable[[str, datetime], None]
Unbegun = Callable[[str, Exception], None]

_SLACK: Final = timedelta(seconds=1)


@immutable
class Due:
    """The runs of one kind of one tenant: how often, how much later at most, and when at first."""

    tenant: str
    kind: Kind
    every: timedelta
    jitter: timedelta = timedelta(0)
    first: timedelta = timedelta(0)

    @property
    def id(self) -> str:
        """Its name, which no other has."""
        return f"{self.kind} {self.tenant}"


class Schedule:
    """Begins runs when they are due, and counts how that went.

    ``work`` does one run and gives its exit code. A tenant has one run at a time: a sweep that is
    due while a fetch is at work is left out, since a fetch sweeps too; a fetch waits for the sweep.
    """

    def __init__(
        self,
        dues: Sequence[Due],
        work: Callable[[str, Kind], int],
        *,
        now: Callable[[], datetime] = utc_now,
        scheduler: Any = None,
        executor: Callable[[Begun, Unbegun], Any] | None = None,
    ) -> None:
        self._dues = {due.id: due for due in dues}
        self._work = work
        self._now = now
        self._counts = {due.id: Counts() for due in dues}
        self._one_at_a_time = {due.tenant: threading.Lock() for due in dues}
        self._changed = threading.Condition()
        self._stopped = False
        self._scheduler: Any = scheduler or BackgroundScheduler(timezone=UTC)
        self._scheduler.add_executor((executor or Threads)(self._lagged, self._unbegun), "default")
        self._scheduler.add_listener(self._left_out, EVENT_JOB_MAX_INSTANCES)
        self._scheduler.add_listener(self._broke, EVENT_JOB_ERROR)
        # What it warns of is said here, in words that name the tenant.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)

    def start(self) -> None:
        """Begin."""
        start = self._now()
        for due in self._dues.values():
            self._scheduler.add_job(
                self._run, _Interval(due), args=(due,), id=due.id, max_instances=1, coalesce=True,
                misfire_grace_time=None, next_run_time=start + due.first,
            )  # fmt: skip
        self._scheduler.start()

    def stop(self) -> None:
        """Begin nothing more; what is under way goes on."""
        with self._changed:
            self._stopped = True
        self._scheduler.shutdown(wait=False)

    def put_right(self) -> None:
        """Have due now what a clock that was set back has moved beyond its own interval."""
        now = self._now()
        for job in self._scheduler.get_jobs():
            due = self._dues[job.id]
            ahead = job.next_run_time - now
            if ahead > due.every + due.jitter + _SLACK:
                log.warning(
                    "clock_set_back", tenant=due.tenant, kind=due.kind,
                    text=f"the next {due.kind} would have been {length(ahead)} away, and one is due "
                    f"every {length(due.every)}: the clock was set back. It is due now",
                )  # fmt: skip
                self._scheduler.modify_job(job.id, next_run_time=now)

    def counts(self) -> Mapping[tuple[str, Kind], Counts]:
        """What became of the runs so far, by tenant and kind."""
        with self._changed:
            return {(due.tenant, due.kind): self._counts[due.id] for due in self._dues.values()}

    def behind(self, tenant: str) -> tuple[str, ...]:
        """What of a tenant is late by more than one run that was slow, in words."""
        found = [
            count.late_by_much for (whose, _), count in self.counts().items() if whose == tenant
        ]
        return tuple(one for one in found if one)

    def at_work(self) -> tuple[str, ...]:
        """The tenants with a run under way, in order."""
        found = {tenant for (tenant, _), count in self.counts().items() if count.since}
        return tuple(sorted(found))

    def wait(self, seconds: float) -> bool:
        """Wait until no run is under way, at most so long; gives whether none is."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not any(count.since for count in self._counts.values()), seconds
            )

    def _run(self, due: Due) -> None:
        lock = self._one_at_a_time[due.tenant]
        if not lock.acquire(blocking=due.kind == "fetch"):
            return  # a fetch is at work, which does what a sweep does
        try:
            with self._changed:
                if self._stopped:
                    return
                self._counts[due.id] = self._counts[due.id].beginning(self._now())
            code = self._work(due.tenant, due.kind)
            self._count(due.id, lambda count: count.ending(self._now(), code))
        finally:
            lock.release()

    def _lagged(self, job_id: str, due_at: datetime) -> None:
        """A run begins that was due then."""
        due, lag = self._dues[job_id], self._now() - due_at
        if lag > due.every:
            count = self._count(job_id, lambda count: count.lagging(lag))
            log.warning("late", tenant=due.tenant, kind=due.kind, text=count.behind)

    def _left_out(self, event: Any) -> None:
        due, now = self._dues[event.job_id], self._now()
        count = self._count(due.id, lambda count: count.leaving_out(now, due.every))
        log.warning("late", tenant=due.tenant, kind=due.kind, text=count.behind)

    def _broke(self, event: Any) -> None:
        self._unbegun(event.job_id, event.exception)

    def _unbegun(self, job_id: str, error: Exception) -> None:
        due = self._dues[job_id]
        self._count(due.id, lambda count: count.breaking(self._now()))
        what = f"{type(error).__name__}: {error}"
        log.error("run_broke", tenant=due.tenant, kind=due.kind, text=what)

    def _count(self, job_id: str, change: Callable[[Counts], Counts]) -> Counts:
        with self._changed:
            self._counts[job_id] = change(self._counts[job_id])
            self._changed.notify_all()
            return self._counts[job_id]


class _Interval(BaseTrigger):  # type: ignore[misc]
    """An interval that makes up for one missed run, however many a leap of the clock went over."""

    def __init__(self, due: Due) -> None:
        inner: Any = IntervalTrigger
        self._inner = inner(
            seconds=due.every.total_seconds(), timezone=UTC,
            jitter=due.jitter.total_seconds() or None,
        )  # fmt: skip

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> Any:
        """When the next run is due after that of ``previous_fire_time``."""
        due: datetime = self._inner.get_next_fire_time(previous_fire_time, now)
        if previous_fire_time is not None and due <= now:
            due = self._inner.get_next_fire_time(now, now)
        return due


class Threads(BaseExecutor):  # type: ignore[misc]
    """A thread a run, which ends with the process.

    ``begun`` is told which run was due when, ``unbegun`` why there is no thread for it.
    """

    def __init__(self, begun: Begun, unbegun: Unbegun) -> None:
        super().__init__()
        self._begun = begun
        self._unbegun = unbegun

    def _do_submit_job(self, job: Any, run_times: Sequence[datetime]) -> None:
        self._begun(job.id, run_times[-1])
        thread = threading.Thread(
            target=self._through, args=(job, run_times), name=job.id, daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            # Whoever called only notes it where nobody looks.
            self._unbegun(job.id, error)
            raise

    def _through(self, job: Any, run_times: Sequence[datetime]) -> None:
        # What an executor of one's own is to call has no public names, and no types.
        run, this = cast("Any", run_job), cast("Any", self)
        events = run(job, job._jobstore_alias, run_times, self._logger.name)  # noqa: SLF001
        this._run_job_success(job.id, events)  # noqa: SLF001
