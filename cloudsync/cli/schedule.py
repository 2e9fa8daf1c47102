"""``cloudsync run``: the worker on its schedule, until it is told to stop; it decides no run."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from cloudsync import __version__, log, otlp, records
from cloudsync.alert.straight import Straight
from cloudsync.cli.job import job
from cloudsync.cli.progress import telling
from cloudsync.cli.signals import Signals
from cloudsync.cli.worker import tenants
from cloudsync.conditions.of_worker import of_lateness
from cloudsync.config import Config
from cloudsync.config.schedule import Schedule as Times
from cloudsync.errors import CloudsyncError, Exit, UsageError, first_of
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.records.punctual import PUNCTUAL, PUNCTUAL_KEY
from cloudsync.report.words import counted, listing
from cloudsync.state import Conflict, StateError
from cloudsync.worker.punctual import Counts, length
from cloudsync.worker.schedule import Due, Schedule
from cloudsync.worker.stop import Stop
from cloudsync.worker.unattended import Kind, run_unattended

LOOK: Final = 5.0
"""Seconds between two looks at whether the clock was set back."""


@immutable
class Tenant:
    """One file: what it is called, how often it is worked on, and who is told that it was.

    The file is read anew at each run, but for these. One that can't be read at the start is called
    by its path and worked on as often as one that says nothing, until it can be read.
    """

    name: str
    path: Path
    times: Times = field(default_factory=Times)
    url_env: str | None = None

    def due(self, place: int, of: int) -> tuple[Due, Due]:
        """Its fetches and sweeps; the first of many tenants begin one after another."""
        first = self.times.jitter * place / of
        sweep = first + self.times.sweep
        return (
            Due(self.name, "fetch", self.times.fetch, self.times.jitter, first),
            Due(self.name, "sweep", self.times.sweep, self.times.jitter, sweep),
        )


@dataclass
class Claims:
    """Which file has which name and which state: what is edited meanwhile may clash."""

    _held: dict[str, tuple[Path, str]] = field(default_factory=dict[str, tuple[Path, str]])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def claim(self, path: Path, config: Config) -> None:
        """Take the file's name and state.

        Raises:
            UsageError: another file has one of them.
        """
        with self._lock:
            for other, (theirs, state) in self._held.items():
                key = "name" if other == config.name else "state"
                if theirs != path and (other == config.name or state == config.state_url):
                    raise UsageError(
                        f"{path}: {key}", f"it is the same as in {theirs}",
                        todo="Each file is an installation with a name and a state of its own.",
                    )  # fmt: skip
            self._held = {name: held for name, held in self._held.items() if held[0] != path}
            self._held[config.name] = (path, config.state_url)


def run_scheduled(paths: Sequence[Path], form: str, grace: timedelta) -> int:
    """Work on every file, each in its own time, until SIGTERM or SIGINT.

    ``grace`` is how long a call that is under way then may take.

    Raises:
        UsageError: two of the files have one name or one state.
    """
    log.begin(form)
    try:
        codes: list[Exit] = []
        read = tenants(paths, codes)
        if not read:
            return int(first_of(codes))
        known = dict(read)
        every = [_tenant(path, known.get(path)) for path in dict.fromkeys(paths)]
        straight = Straight()
        for config in known.values():
            straight.known(config.name, config)
        with Signals(signal.SIGTERM, signal.SIGINT) as signals:
            return _until_told(every, signals, grace, straight)
    finally:
        log.end()


def _tenant(path: Path, config: Config | None) -> Tenant:
    if config is None:
        return Tenant(str(path), path)
    return Tenant(config.name, path, config.schedule, config.ping.url_env if config.ping else None)


def _until_told(
    every: Sequence[Tenant], signals: Signals, grace: timedelta, straight: Straight
) -> int:
    stop, claims = Stop(), Claims()
    by_name = {tenant.name: tenant for tenant in every}

    @contextmanager
    def opened(tenant: Tenant) -> Generator[Job]:
        with ExitStack() as stack:
            try:
                found = stack.enter_context(job(tenant.path))
                claims.claim(tenant.path, found.config)
            except StateError:
                raise
            except CloudsyncError as error:
                # A file that is no configuration any more: its state is told nothing.
                straight.failed(tenant.name, error)
                raise
            straight.known(tenant.name, found.config)
            stack.enter_context(telling("Running"))
            yield found
            _keep(
                found,
                {
                    kind: one
                    for (whose, kind), one in schedule.counts().items()
                    if whose == tenant.name
                },
            )

    def work(name: str, kind: Kind) -> int:
        tenant = by_name[name]
        ended = run_unattended(
            name, kind, lambda: opened(tenant), stop, url_env=tenant.url_env,
            beside=lambda: of_lateness(name, schedule.behind(name)),
            shown=lambda passed: recorded(name, passed.report.unrecorded),
            failed=lambda error: recorded(name, error),
        )  # fmt: skip
        return int(ended.exit)

    def recorded(name: str, error: Exception | None) -> None:
        """Whether the state holds what the pass found; of all other errors it tells by itself."""
        if error is None:
            straight.went(name)
        elif isinstance(error, StateError) and not isinstance(error, Conflict):
            straight.failed(name, error)

    dues = [due for place, one in enumerate(every) for due in one.due(place, len(every))]
    schedule = Schedule(dues, work)
    log.info("worker_started", version=__version__, tenants=[one.name for one in every])
    schedule.start()
    while (why := signals.wait(LOOK)) is None:
        schedule.put_right()
    return _stopped(schedule, stop, why, signals, grace)


def _keep(job: Job, counts: Mapping[str, Counts]) -> None:
    """Keep how punctual the runs were, for the metrics; where it can't be, the run isn't the worse."""
    try:
        stored = records.load(job.store, PUNCTUAL_KEY, PUNCTUAL)
        generation = stored.generation if stored else None
        records.save(job.store, PUNCTUAL_KEY, PUNCTUAL, counts, generation)
    except StateError as error:
        log.warning("unrecorded", text=str(error))


def _stopped(schedule: Schedule, stop: Stop, why: str, signals: Signals, grace: timedelta) -> int:
    """Let what is under way finish its call, and say what came of it."""
    began = time.monotonic()
    stop.say(why)
    at_work = schedule.at_work()
    under_way = f"{counted(len(at_work), 'run')} under way, {listing(at_work)}" if at_work else ""
    log.info(
        "stopping", tenants=at_work,
        text=f"{why}: {under_way or 'no run is under way'}. No call is begun any more; one that is "
        f"under way is finished, for which there are {length(grace)}",
    )  # fmt: skip
    schedule.stop()
    end = began + grace.total_seconds()
    while not schedule.wait(0.1) and time.monotonic() < end:
        if again := signals.wait(0.0):
            log.info("stopping", text=f"{again}: it is ending already, and no call is cut short")
    left = schedule.at_work()
    seconds = round(time.monotonic() - began, 3)
    if not left:
        log.info(
            "worker_stopped", seconds=seconds,
            text=f"{why}: {f'finished: {under_way}' if under_way else 'nothing was under way'}. "
            "The next run goes on",
        )  # fmt: skip
        return int(Exit.DONE)
    log.error(
        "worker_stopped", seconds=seconds, tenants=left,
        text=f"{why}: after {length(grace)} a call of {listing(left)} has no answer. Whether it was "
        "done isn't known; either is one of the states that were proved. The next run looks first",
    )  # fmt: skip
    for error in otlp.leave():
        log.warning("traces", text=str(error))
    sys.stdout.flush()
    sys.stderr.flush()
    # Whoever holds the run up would hold up the interpreter's end too.
    os._exit(int(Exit.FAILED))
