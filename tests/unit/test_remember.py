"""What is kept of past runs, and what goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cloudsync import records
from cloudsync.config import Config
from cloudsync.job import Job
from cloudsync.memory.provider import Provider
from cloudsync.memory.settings import MemorySettings
from cloudsync.plan import Plan
from cloudsync.remember import begin_run, end_run, forget_runs, unsettled
from cloudsync.state import MemoryStore
from cloudsync.vetting.vet import Read

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PLAN = Plan("sha256:0")


class Diary:
    """A state with a run a day, and the job whose runs they were."""

    def __init__(self, history: dict[str, object], days: int) -> None:
        self.store: MemoryStore = MemoryStore()
        self.now = NOW
        self.config = Config.model_validate(
            {
                "name": "ours",
                "list": {"source": "./list.txt", "format": "cidr"},
                "history": history,
                "targets": [MemorySettings.model_validate({"world": "run", "mode": "watch"})],
            }
        )
        for ago in reversed(range(days)):
            self.now = NOW - timedelta(days=ago)
            begin_run(self.job, PLAN)

    @property
    def job(self) -> Job:
        """The run's job, at the diary's time."""
        return Job(
            self.config, self.store, lambda _: Provider(), lambda _c, _l: Read(),
            now=lambda: self.now,
        )  # fmt: skip

    @property
    def days(self) -> list[str]:
        """The days of which a run is kept."""
        return [key[len("runs/") :][:8] for key in self.store.keys(records.run_key(""))]


@pytest.mark.parametrize(
    ("history", "kept"),
    [
        ({}, 91),
        ({"keep": "2d"}, 3),
        ({"keep": "0s"}, 1),
        ({"runs": 4}, 4),
        ({"keep": "2d", "runs": 1}, 1),
        ({"keep": "3650d"}, 100),
    ],
)
def test_old_runs_and_runs_beyond_the_number_go(history: dict[str, object], kept: int) -> None:
    """What is older than ``keep``, or beyond ``runs``, goes, the oldest first; left out, 90 days."""
    diary = Diary(history, 100)
    every = diary.days
    forget_runs(diary.job)
    assert diary.days == every[-kept:]


def test_a_run_that_another_run_dropped_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs that end at one moment drop the same records, and neither minds."""
    diary = Diary({"runs": 1}, 3)
    delete, others = diary.store.delete, list[str]()

    def late(key: str, expect: int) -> None:
        if not others:
            others.append(key)
            delete(key, expect)
        delete(key, expect)

    monkeypatch.setattr(diary.store, "delete", late)
    forget_runs(diary.job)
    assert len(diary.days) == 1


def test_a_record_that_vanished_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that another run dropped before this one read it is nothing to drop."""
    diary = Diary({"runs": 1}, 3)

    def nothing(_key: str) -> None:
        """No document, whatever is asked for."""

    monkeypatch.setattr(diary.store, "get", nothing)
    forget_runs(diary.job)
    assert len(diary.days) == 3


def test_what_ran_within_the_hour_is_kept() -> None:
    """Whether a run is settled must be known for an hour, however little is kept."""
    diary = Diary({"keep": "0s", "runs": 1}, 5)
    diary.now += timedelta(minutes=59)
    run = begin_run(diary.job, PLAN)
    end_run(diary.job, run, PLAN, 0)
    forget_runs(diary.job)
    assert len(diary.days) == 2
    diary.now += timedelta(minutes=2)
    forget_runs(diary.job)
    assert diary.store.keys(records.run_key("")) == (records.run_key(run.value.id),)


@pytest.mark.parametrize(
    ("ended", "minutes", "said"),
    [
        (None, 59, True),
        (None, 61, False),
        (True, 59, True),
        (True, 61, False),
        (False, 0, False),
    ],
)
def test_what_a_run_did_may_not_be_seen_yet(
    ended: bool | None,
    minutes: int,
    said: bool,
) -> None:
    """A run that died, goes on or ended unsettled counts for an hour, whatever ended after it."""
    diary = Diary({}, 1)
    diary.now += timedelta(days=1)
    run = begin_run(diary.job, PLAN)
    if ended is not None:
        end_run(diary.job, run, PLAN, 0, unsettled=ended)
    after = begin_run(diary.job, PLAN)
    end_run(diary.job, after, PLAN, 0)
    diary.now += timedelta(minutes=minutes)
    assert unsettled(diary.job) is said
