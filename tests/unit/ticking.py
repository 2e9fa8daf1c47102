"""A schedule on a clock that the test moves: every run is done at once, in the test's own thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from apscheduler.executors import base as executors  # type: ignore[import-untyped]
from apscheduler.schedulers import base as schedulers  # type: ignore[import-untyped]

from cloudsync.worker.schedule import Due, Schedule, Threads
from cloudsync.worker.unattended import Kind

START = datetime(2026, 11, 24, 8, tzinfo=UTC)


class Stepped(schedulers.BaseScheduler):  # type: ignore[misc]
    """A scheduler that waits for nobody."""

    def wakeup(self) -> None:
        """Nobody sleeps."""

    def shutdown(self, wait: bool = True) -> None:
        """As the real one."""
        super().shutdown(wait)


class Inline(Threads):
    """An executor that runs what is due before it returns."""

    def _do_submit_job(self, job: Any, run_times: Sequence[datetime]) -> None:
        self._begun(job.id, run_times[-1])
        self._through(job, run_times)


class Ticking:
    """A schedule, its clock, and the runs that were begun: when, of whom, of which kind."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        dues: Sequence[Due],
        work: Callable[[str, Kind], int] = lambda _tenant, _kind: 0,
        start: datetime = START,
    ) -> None:
        self.at = start
        self.runs: list[tuple[datetime, str, str]] = []
        self._inner = work
        ticking = self

        class Moved(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                return ticking.at.astimezone(tz)

        for module in (schedulers, executors):
            monkeypatch.setattr(module, "datetime", Moved)
        self.scheduler: Any = Stepped(timezone=UTC)
        self.schedule = Schedule(
            dues, self._work, now=lambda: self.at, scheduler=self.scheduler, executor=Inline
        )
        self.schedule.start()

    def _work(self, tenant: str, kind: Kind) -> int:
        self.runs.append((self.at, tenant, kind))
        return self._inner(tenant, kind)

    def go(self, length: timedelta, look: timedelta = timedelta(seconds=5)) -> None:
        """Let time go by as it does: the schedule wakes when it wants to, and is put right."""
        end, looked, wake = self.at + length, self.at, 0.0
        while self.at < end:
            wake = self.scheduler._process_jobs()
            left = (end - self.at).total_seconds()
            # What the scheduler waits for is elapsed time, whatever the clock is set to meanwhile.
            self.at += timedelta(seconds=min(wake, left, look.total_seconds()))
            if self.at - looked >= look:
                self.schedule.put_right()
                looked = self.at
        self.scheduler._process_jobs()

    def leap(self, length: timedelta) -> None:
        """Somebody sets the clock, forward or back."""
        self.at += length

    def times(self, kind: str = "sweep", tenant: str = "one") -> list[datetime]:
        """When runs of a kind were begun."""
        return [at for at, whose, what in self.runs if (whose, what) == (tenant, kind)]


def tenant(name: str = "one", jitter: timedelta = timedelta(0)) -> tuple[Due, Due]:
    """A tenant that fetches every hour and sweeps every five minutes."""
    sweep = timedelta(minutes=5)
    return (
        Due(name, "fetch", timedelta(hours=1), jitter),
        Due(name, "sweep", sweep, jitter, first=sweep),
    )
