"""The state fails in the midst of a run: what holds in the clouds, what is said, and what is next."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from cloudsync.addresses import AddressSet
from cloudsync.errors import CloudsyncError, LeaseError
from cloudsync.history.past import past
from cloudsync.job import Job
from cloudsync.memory.firewall import Rule
from cloudsync.memory.sandbox import Moment
from cloudsync.provider import Step
from cloudsync.reconcile import reconcile
from cloudsync.report import RunReport
from cloudsync.state import StateError, Store
from cloudsync.worker.lease import take
from cloudsync.worker.passes import one_pass
from tests.unit.test_lease import STRANGER, reach
from tests.unit.test_reconcile import LISTED, NOW, OPEN, Scene
from tests.unit.test_worker import ENFORCE, Shift

WANTED = AddressSet.of(*LISTED, "10.0.0.1")


class Failing:
    """A store that fails from its ``first`` call on, for ``last`` calls; or its writes alone do."""

    def __init__(self, store: Store, first: int, last: int, *, writes: bool) -> None:
        self._store = store
        self._broken = range(first, first + last)
        self._writes = writes
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._store, name)

        def counted(*args: Any) -> Any:
            write = name in {"put", "delete"}
            if name != "close" and (write or not self._writes):
                self.calls += 1
                if self.calls in self._broken:
                    raise StateError("state.db", "the disk is full", todo="Make room.")
            return call(*args)

        return counted


def shift() -> Shift:
    """A target that was closed and that somebody opened since, while the list grew by one."""
    made = Shift({"one": (OPEN, Rule(2000, "theirs", sources=("10.0.0.0/8",)))}, (ENFORCE,))
    reconcile(replace(made.job, attended=True))
    for rule in made.world.firewalls["one"].rules:
        if not rule.allow:
            made.world.uproot("one", rule.name)
    made.listed = (*LISTED, "9.0.0.1/32")
    made.now += timedelta(hours=2)
    return made


def calls_of(*, writes: bool) -> int:
    """How many calls of the state one pass makes."""
    scene = shift()
    store = Failing(scene.store, 0, 0, writes=writes)
    one_pass(replace(scene.job, store=store))
    return store.calls


@pytest.mark.parametrize("writes", [False, True], ids=["down", "full"])
@pytest.mark.parametrize("last", [1, 10_000], ids=["once", "from then on"])
def test_a_state_that_fails_at_any_call_of_a_run_harms_nobody(last: int, writes: bool) -> None:
    """The database goes down, or the disk is full, at each call of a pass in turn.

    Whoever was wanted gets in after each call to the cloud. What was changed is always in a
    report; a pass that raises has changed nothing. The next pass, over a state that works again
    and with the lease run out, brings everything to where an undisturbed one does.
    """
    for first in range(1, calls_of(writes=writes) + 1):
        scene = shift()

        def look(_moment: Moment, _step: Step, scene: Scene = scene) -> None:
            assert reach(scene.world.firewalls["one"].rules) >= WANTED

        scene.world.at_call = look
        made = scene.provider.made
        store = Failing(scene.store, first, last, writes=writes)
        report = passed(replace(scene.job, store=store))
        if report is None:
            assert scene.provider.made == made, f"call {first}: changed, and nobody is told"
        scene.now += timedelta(minutes=6)
        end = passed(scene.job)
        assert end is not None
        assert end.unrecorded is None
        assert not AddressSet.of(STRANGER) & reach(scene.world.firewalls["one"].rules)
        made = scene.provider.made
        scene.now += timedelta(minutes=6)
        passed(scene.job)
        assert scene.provider.made == made


def passed(job: Job) -> RunReport | None:
    """The report of one pass, or None where it ended with an error."""
    try:
        return one_pass(job).report
    except CloudsyncError:
        return None


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=365)])
@pytest.mark.parametrize("sign", [1, -1], ids=["forward", "back"])
@pytest.mark.parametrize("mode", [{"mode": "watch"}, {"mode": "add"}, ENFORCE])
def test_a_clock_that_jumps_between_two_runs_shuts_nobody_out(
    mode: dict[str, Any], sign: int, jump: timedelta
) -> None:
    """An hour or a year, there and back: nobody who is wanted is shut out, nothing is reopened."""
    scene = Scene({"one": (OPEN, Rule(2000, "theirs", sources=("10.0.0.0/8",)))}, (mode,))
    for at in (NOW, NOW + sign * jump, NOW + timedelta(minutes=10)):
        scene.now = at
        reconcile(scene.job)
        assert reach(scene.world.firewalls["one"].rules) >= WANTED
    assert bool(AddressSet.of(STRANGER) & reach(scene.world.firewalls["one"].rules)) is (
        mode["mode"] != "enforce"
    )
    made = scene.provider.made
    reconcile(scene.job)
    assert scene.provider.made == made


@pytest.mark.parametrize("mode", [{"mode": "watch"}, {"mode": "add"}, ENFORCE])
@pytest.mark.parametrize("attended", [True, False])
def test_a_state_that_is_lost_harms_nobody_in_any_mode(
    mode: dict[str, Any], attended: bool
) -> None:
    """After it nobody who got in and is wanted is shut out, and who was shut out stays out."""
    scene = Shift({"one": (OPEN, Rule(2000, "theirs", sources=("10.0.0.0/8",)))}, (mode,))
    reconcile(replace(scene.job, attended=True))
    before = reach(scene.world.firewalls["one"].rules)
    scene.forget()
    for _ in range(2):
        scene.now += timedelta(minutes=10)
        if attended:
            reconcile(replace(scene.job, attended=True))
        else:
            one_pass(scene.job)
        after = reach(scene.world.firewalls["one"].rules)
        assert after >= WANTED
        assert after <= before


@pytest.mark.parametrize("change", ["2026-03-29T01:00:00+00:00", "2026-10-25T01:00:00+00:00"])
def test_a_daylight_change_is_no_jump(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine's clock on the wall leaps or goes back, a lease is as long and runs in order.

    The time is UTC everywhere, whatever zone the machine is in.
    """
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        scene = Scene({"one": (OPEN,)}, ({"mode": "add"},))
        usual = Job(scene.job.config, scene.store, scene.job.provider, scene.job.read)
        assert usual.now().utcoffset() == timedelta(0)
        at = datetime.fromisoformat(change)
        for minutes in (-62, -3, 3, 62):
            scene.now = at + timedelta(minutes=minutes)
            reconcile(scene.job)
        told = past(scene.job).runs
        assert [run.started for run in told] == sorted(run.started for run in told)
        scene.now = at - timedelta(minutes=2)
        take(scene.job, "apply")
        for minutes, free in ((2, False), (3, True)):
            scene.now = at + timedelta(minutes=minutes)
            with nullcontext() if free else pytest.raises(LeaseError):
                take(scene.job, "run")
    finally:
        monkeypatch.undo()
        time.tzset()
