"""What goes with time, once several runs agree on what time it is; it decides nothing about clouds.

A clock that leaps by a year for one run makes everything look old. What is dropped can't be had
back, so it goes by the earliest of this run's clock and of those of the runs before it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cloudsync import docket, records
from cloudsync.contested import DAY
from cloudsync.history.past import MOMENT, drop, forget_past
from cloudsync.job import Job
from cloudsync.records import Kind, time, time_text
from cloudsync.remember import recent
from cloudsync.state import Conflict, Value

CLOCKS_KEY: Final = "clocks"

WITNESSES: Final = 3
"""So many runs before this one must have found it as late."""

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _clocks_value(clocks: tuple[datetime, ...]) -> Value:
    return {"at": [time_text(one) for one in clocks]}


def _clocks(value: Value) -> tuple[datetime, ...]:
    return tuple(map(time, value["at"]))


CLOCKS: Final[Kind[tuple[datetime, ...]]] = Kind("clocks", 1, _clocks_value, _clocks)
"""What the clock said at the end of the last runs, in the order in which they ended."""


def forget(job: Job) -> None:
    """Drop what is older than it is kept: runs and what belongs to them, changes, approvals.

    A run's record goes after ``history.keep``, or beyond ``history.runs``; those of the last hour
    stay, since the next run must know whether they are settled.

    Raises:
        StateError: the state can't be used as it is.
    """
    now = _agreed(job)
    _forget_runs(job, now)
    oldest = records.changes_key(f"{now - DAY:{MOMENT}}")
    drop(job, [key for key in job.store.keys(records.changes_key("")) if key < oldest])
    docket.forget_approvals(job, now - job.config.history.keep)


def _agreed(job: Job) -> datetime:
    """The time that this run and the ``WITNESSES`` before it agree has come; else long ago."""
    stored = records.load(job.store, CLOCKS_KEY, CLOCKS)
    before = stored.value if stored else ()
    clocks = (*before, job.now())
    generation = stored.generation if stored else None
    try:
        records.save(job.store, CLOCKS_KEY, CLOCKS, clocks[-WITNESSES:], generation)
    except Conflict:
        return _NEVER  # another run ended at this moment: the next one drops what is old
    return min(clocks) if len(before) == WITNESSES else _NEVER


def _forget_runs(job: Job, now: datetime) -> None:
    kept = job.config.history
    # A run's id begins with its time, and so do its keys' order and age.
    oldest = records.run_key(f"{now - kept.keep:{MOMENT}}")
    keys = job.store.keys(records.run_key(""))
    too_old = sum(key < oldest for key in keys)
    since = recent(job)
    gone = [key for key in keys[: max(too_old, len(keys) - kept.runs)] if key < since]
    drop(job, gone)
    if gone:
        forget_past(job, gone[-1].removeprefix(records.run_key("")))
