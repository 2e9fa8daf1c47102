"""When runs begin, on a clock that the test moves, and in threads that the test holds up."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from cloudsync import log
from cloudsync.worker.schedule import Due, Schedule
from cloudsync.worker.unattended import Kind
from tests.unit.ticking import START, Ticking, tenant

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What is logged, as it is logged."""

    class Lines(list[dict[str, Any]]):
        pass

    found = Lines()

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            found.extend(json.loads(line) for line in text.splitlines() if line.strip())
            return len(text)

    log.begin("json", Out())
    yield found
    log.end()


def said(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each line's event and text."""
    return [(line["event"], line.get("text", "")) for line in lines]


def test_a_run_is_done_at_the_start_and_then_by_the_intervals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fetch at once and each hour, a sweep five minutes later and each five minutes."""
    ticking = Ticking(monkeypatch, tenant())
    ticking.go(2 * HOUR)
    assert ticking.times("fetch") == [START, START + HOUR, START + 2 * HOUR]
    assert ticking.times() == [START + 5 * n * MINUTE for n in range(1, 25)]
    counts = ticking.schedule.counts()
    assert (counts["one", "fetch"].begun, counts["one", "sweep"].exits) == (3, {0: 24})


def test_jitter_only_delays_and_never_adds_up_to_a_missed_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each run comes an interval after the one before, and at most the jitter later."""
    ticking = Ticking(monkeypatch, tenant(jitter=30 * timedelta(seconds=1)))
    ticking.go(DAY)
    times = ticking.times()
    apart = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert 262 <= len(times) <= 288
    assert all(300 <= one <= 331 for one in apart)
    assert len({round(one, 3) for one in apart}) > 100


@pytest.mark.parametrize("leap", [HOUR, 365 * DAY, 36_500 * DAY])
def test_a_clock_that_leaps_forward_makes_up_for_one_run(
    monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]], leap: timedelta
) -> None:
    """One sweep and one fetch come late and are said to, and then all is as ever; nothing piles up."""
    ticking = Ticking(monkeypatch, tenant())
    ticking.go(12 * MINUTE)
    ticking.runs.clear()
    began = time.process_time()
    ticking.leap(leap)
    woke = ticking.at
    ticking.go(11 * MINUTE)
    assert time.process_time() - began < 5
    assert ticking.times() == [woke, woke + 5 * MINUTE, woke + 10 * MINUTE]
    assert ticking.times("fetch") == [woke]
    assert said(lines)[0][0] == "late"
    assert ticking.schedule.counts()["one", "sweep"].late == 1


@pytest.mark.parametrize("leap", [HOUR, 365 * DAY])
def test_a_clock_that_is_set_back_stops_no_sweep(
    monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]], leap: timedelta
) -> None:
    """Within seconds what would have waited for the old time is due, and is said to be."""
    ticking = Ticking(monkeypatch, tenant())
    ticking.go(12 * MINUTE)
    ticking.runs.clear()
    ticking.leap(-leap)
    back = ticking.at
    ticking.go(11 * MINUTE)
    times = ticking.times()
    assert len(times) == 3
    assert all(at - back <= 11 * MINUTE for at in times)
    assert times[0] - back <= timedelta(seconds=10)
    assert ("clock_set_back", "sweep") in [(line["event"], line.get("kind")) for line in lines]


@pytest.mark.parametrize(
    "night",
    [datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)],
)
def test_daylight_changes_neither_double_nor_drop_a_run(
    monkeypatch: pytest.MonkeyPatch, night: datetime
) -> None:
    """In the nights in which local time leaps, runs are as far apart as in any other."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        ticking = Ticking(monkeypatch, tenant(), start=night)
        ticking.go(6 * HOUR)
        assert ticking.times() == [night + 5 * n * MINUTE for n in range(1, 73)]
        assert ticking.times("fetch") == [night + n * HOUR for n in range(7)]
    finally:
        os.environ.pop("TZ")
        time.tzset()


def test_a_run_that_breaks_is_counted_and_the_next_one_comes(
    monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    """Work never raises; if it does all the same, the schedule goes on."""

    def work(_tenant: str, _kind: Kind) -> int:
        raise OSError("no more threads")

    ticking = Ticking(monkeypatch, tenant(), work)
    ticking.go(11 * MINUTE)
    counts = ticking.schedule.counts()["one", "sweep"]
    assert (counts.begun, counts.broken, counts.since) == (2, 2, None)
    assert said(lines) == [("run_broke", "OSError: no more threads")] * 3


def test_a_run_for_which_there_is_no_thread_is_counted_and_the_next_one_comes(
    monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    """A system that is out of threads loses a run, which the log says, and not the worker."""
    real, refused = threading.Thread.start, ["sweep one"]

    def start(thread: threading.Thread) -> None:
        if thread.name in refused:
            refused.remove(thread.name)
            raise RuntimeError("can't start new thread")
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    work = Held()
    schedule = Schedule([Due("one", "sweep", timedelta(seconds=0.05))], work)
    schedule.start()
    work.until(("one", "sweep"))
    schedule.stop()
    assert schedule.wait(10)
    assert schedule.counts()["one", "sweep"].broken == 1
    assert said(lines)[0] == ("run_broke", "RuntimeError: can't start new thread")


class Held:
    """Work of which some tenants' hangs until it is let go."""

    def __init__(self, *hanging: str) -> None:
        self.hanging = hanging
        self.go = threading.Event()
        self.done: list[tuple[str, str]] = []
        self.at_once: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self._changed = threading.Condition()

    def __call__(self, tenant: str, kind: Kind) -> int:
        """One run."""
        with self._changed:
            self.at_once[tenant] = self.at_once.get(tenant, 0) + 1
            self.most[tenant] = max(self.most.get(tenant, 0), self.at_once[tenant])
        if tenant in self.hanging:
            self.go.wait(30)
        with self._changed:
            self.at_once[tenant] -= 1
            self.done.append((tenant, kind))
            self._changed.notify_all()
        return 0

    def until(self, *wanted: tuple[str, str], times: int = 1) -> None:
        """Wait for so many runs of each."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: all(self.done.count(one) >= times for one in wanted), 30
            ), self.done


def quick(name: str) -> tuple[Due, Due]:
    """A tenant that has runs all the time."""
    return (
        Due(name, "fetch", timedelta(seconds=0.2)),
        Due(name, "sweep", timedelta(seconds=0.05), first=timedelta(seconds=0.02)),
    )


def test_a_tenant_that_hangs_stops_no_other_and_is_said_to_be_late(
    lines: list[dict[str, Any]],
) -> None:
    """The others' runs go on; of the one that hangs no second run begins, and the log says so."""
    work = Held("stuck", "dead")
    schedule = Schedule([*quick("stuck"), *quick("well"), *quick("dead")], work)
    schedule.start()
    try:
        work.until(("well", "sweep"), ("well", "fetch"), times=5)
        assert schedule.at_work()[:2] == ("dead", "stuck")
        assert work.most["stuck"] == 1
        late = {line["tenant"] for line in lines if line["event"] == "late"}
        assert {"dead", "stuck"} <= late
        counts = schedule.counts()["stuck", "fetch"]
        assert counts.left_out > 0
        assert "a run every 0 s is due, and the one before isn't over" in counts.behind
        assert not schedule.wait(0.0)
    finally:
        schedule.stop()
        work.go.set()
    assert schedule.wait(10)
    assert work.most == {"stuck": 1, "well": 1, "dead": 1}


def test_a_fetch_waits_for_the_sweep_and_a_sweep_gives_way_to_the_fetch() -> None:
    """Neither kind runs over the other; the fetch that waited comes as soon as it can."""
    work = Held("one")
    schedule = Schedule(
        [
            Due("one", "sweep", timedelta(hours=1)),
            Due("one", "fetch", timedelta(hours=1), first=timedelta(seconds=0.1)),
        ],
        work,
    )
    schedule.start()
    time.sleep(0.3)
    assert (schedule.at_work(), work.done) == (("one",), [])
    work.go.set()
    work.until(("one", "sweep"), ("one", "fetch"))
    schedule.stop()
    assert work.done == [("one", "sweep"), ("one", "fetch")]
    assert work.most == {"one": 1}


def test_what_waits_begins_no_more_after_stop() -> None:
    """A fetch that waits for a sweep doesn't begin once the worker is to end."""
    work = Held("one")
    schedule = Schedule(
        [
            Due("one", "sweep", timedelta(hours=1)),
            Due("one", "fetch", timedelta(hours=1), first=timedelta(seconds=0.1)),
        ],
        work,
    )
    schedule.start()
    time.sleep(0.3)
    schedule.stop()
    work.go.set()
    assert schedule.wait(10)
    time.sleep(0.1)
    assert work.done == [("one", "sweep")]
