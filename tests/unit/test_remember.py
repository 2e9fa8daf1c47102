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
from cloudsync.remember import begin_run, end_run, unsettled
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
