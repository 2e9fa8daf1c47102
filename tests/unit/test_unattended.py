"""One run with nobody watching, over the in-memory provider: what it logs and pings, and how it stops."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial

import pytest

from cloudsync import log
from cloudsync.conditions import Condition, ConditionKind
from cloudsync.conditions.watch import watched
from cloudsync.errors import Exit, UsageError
from cloudsync.job import Job
from cloudsync.memory.firewall import Rule
from cloudsync.reconcile import reconcile
from cloudsync.state import StateError
from cloudsync.vetting.vet import Read
from cloudsync.worker import unattended
from cloudsync.worker.lease import leased
from cloudsync.worker.ping import Missed, Sign
from cloudsync.worker.stop import Stop, heeding
from cloudsync.worker.unattended import Ended, run_unattended
from tests.unit.test_reconcile import ONE, OPEN, REFUSED, Scene

Pings = list[tuple[Sign, str]]


@pytest.fixture
def pings(monkeypatch: pytest.MonkeyPatch) -> Pings:
    """What the monitor is told."""
    told: Pings = []

    def ping(_variable: str | None, sign: Sign, _run: str, body: str = "") -> Missed | None:
        told.append((sign, body))
        return None

    monkeypatch.setattr(unattended, "ping", ping)
    return told


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Where the log goes."""
    found = io.StringIO()
    log.begin("json", found)
    yield found
    log.end()


def events(out: io.StringIO) -> list[str]:
    """What the log says, by its events."""
    return [json.loads(line)["event"] for line in out.getvalue().splitlines()]


def ran(
    scene: Scene, stop: Stop | None = None, change: Callable[[Job], Job] = lambda job: job
) -> Ended:
    """One run of the scene's job."""

    @contextmanager
    def opened() -> Generator[Job]:
        yield change(scene.job)

    return run_unattended("mail", "fetch", opened, stop or Stop(), url_env="MONITOR")


def test_a_run_that_went_well_is_a_success_that_counts_verified_targets(
    pings: Pings, out: io.StringIO
) -> None:
    """A target that is open is verified too; each call is a line, and all lines name the run."""
    ended = ran(Scene({"one": (), "two": (OPEN,)}))
    assert (ended.exit, ended.verdicts, ended.steps) == (
        Exit.DONE,
        {"in_sync": 1, "open": 1},
        (2, 0),
    )
    assert pings == [("start", ""), ("success", "2 of 2 targets verified: 1 in_sync, 1 open")]
    assert events(out) == [
        "run_begun",
        "step_begun",
        "step_ended",
        "step_begun",
        "step_ended",
        "condition",
        "run_ended",
    ]
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {(line["tenant"], line["run"]) for line in lines} == {("mail", ended.run)}
    assert lines[1]["targets"] == [ONE]


def test_the_run_in_the_state_is_called_as_in_the_log(pings: Pings) -> None:
    """What a line says can be looked up, and undone."""
    scene = Scene({"one": ()})
    ended = ran(scene)
    assert [key for key in scene.store.keys("run") if ended.run in key]


def test_a_source_that_is_down_is_no_failure_of_the_targets(pings: Pings, out: io.StringIO) -> None:
    """The list in force goes on: the monitor hears a success, the log and the exit code the refusal."""
    scene = Scene({"one": ()}, read=Read(refused=REFUSED))
    ended = ran(scene)
    assert ended.exit is Exit.SOURCE
    assert pings[-1] == ("success", "1 of 1 target verified: 1 in_sync")
    assert "list_refused" in events(out)


def test_a_target_that_could_not_be_verified_is_a_failure(pings: Pings, out: io.StringIO) -> None:
    """However well the source does."""
    scene = Scene({"one": ()})
    ran(scene)
    scene.world.unreadable = "denied"
    ended = ran(scene)
    assert (ended.exit, ended.verdicts) == (Exit.FAILED, {})
    sign, body = pings[-1]
    assert sign == "fail"
    assert body.startswith("0 of ")
    assert "memory:run: denied. Nothing was changed. Repair the world." in body
    assert "trouble" in events(out)


def test_without_a_list_in_force_nothing_is_a_success(pings: Pings) -> None:
    """Targets that were looked at aren't guarded by a list that nobody has accepted."""
    scene = Scene({"one": (Rule(1000, "theirs", sources=("10.0.0.0/8",)),)})
    scene.forget()
    ended = ran(scene)
    assert ended.exit is Exit.HELD
    sign, body = pings[-1]
    assert (sign, body[:29]) == ("fail", "there is no list in force; 1 ")


def test_a_run_that_cant_begin_ends_in_a_line_and_a_failure(pings: Pings, out: io.StringIO) -> None:
    """A state that can't be opened, and a mistake of ours: neither ends the worker."""

    def down() -> AbstractContextManager[Job]:
        raise StateError("state.db", "the disk is full", todo="Make room.")

    def mistaken() -> AbstractContextManager[Job]:
        raise ZeroDivisionError("one by none")

    assert run_unattended("mail", "sweep", down, Stop()).exit is Exit.ERROR
    assert pings[-1] == ("fail", "state.db: the disk is full. Nothing was changed. Make room.")
    assert run_unattended("mail", "sweep", mistaken, Stop()).exit is Exit.ERROR
    assert "a mistake of its own, ZeroDivisionError in test_unattended.py:" in pings[-1][1]
    assert events(out) == ["run_begun", "run_failed", "run_ended"] * 2


def test_a_run_that_finds_another_at_work_alarms_nobody(pings: Pings, out: io.StringIO) -> None:
    """Of two workers over one state the other one tells the monitor how it went."""
    scene = Scene({"one": ()})
    with leased(scene.job, "run"):
        ended = ran(scene)
    assert (ended.exit, scene.provider.made) == (Exit.LEASE, 0)
    assert (events(out), pings) == (["run_begun", "run_left_out"], [("start", "")])


def test_what_else_is_the_matter_stands_beside_what_the_look_shows(
    pings: Pings, out: io.StringIO
) -> None:
    """A run that came late is told of once, and is over with one that came in time."""
    scene = Scene({"one": ()})
    late = Condition(ConditionKind.LATE, "mail", "mail: the run began 2 h after it was due.")

    @contextmanager
    def opened() -> Generator[Job]:
        yield scene.job

    run_unattended("mail", "sweep", opened, Stop(), beside=lambda: [late])
    run_unattended("mail", "sweep", opened, Stop())
    said = [json.loads(line) for line in out.getvalue().splitlines()]
    told = [(one["kind"], one["state"], one["severity"]) for one in said
            if one["event"] == "condition" and one["subject"] == "mail"]  # fmt: skip
    assert told == [("late", "began", "page"), ("late", "ended", "page")]


def test_a_ping_that_fails_is_a_line_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, out: io.StringIO
) -> None:
    """The run ends as it would have."""
    monkeypatch.delenv("MONITOR", raising=False)
    assert ran(Scene({"one": ()})).exit is Exit.DONE
    assert events(out) == [
        "run_begun",
        "ping_failed",
        "step_begun",
        "step_ended",
        "ping_failed",
        "run_ended",
    ]


def test_a_run_that_is_told_to_stop_finishes_its_call_and_begins_none(
    pings: Pings, out: io.StringIO
) -> None:
    """The first target is right, the second untouched, nobody is alarmed; the next run goes on."""
    scene = Scene({"one": (), "two": (), "three": ()})
    stop = Stop()
    scene.world.at_call = lambda when, _step: stop.say("SIGTERM") if when == "before" else None
    ended = ran(scene, stop)
    assert (ended.stopped, ended.steps, scene.provider.made) == (True, (1, 2), 1)
    assert pings == [("start", "")]
    assert events(out) == ["run_begun", "step_begun", "step_ended", "run_stopped", "run_ended"]
    touched = [name for name, firewall in scene.world.firewalls.items() if firewall.rules]
    assert len(touched) == 1
    scene.world.at_call = lambda _when, _step: None
    after = ran(scene)
    assert (after.exit, after.verdicts, after.steps) == (Exit.DONE, {"in_sync": 3}, (2, 0))


def test_a_run_that_is_told_to_stop_while_it_looks_changes_nothing(
    pings: Pings, out: io.StringIO
) -> None:
    """Not even what it had planned by then."""
    scene = Scene({"one": (), "two": ()})
    stop = Stop()
    scene.provider.looks = lambda: stop.say("SIGTERM")
    ended = ran(scene, stop)
    assert (ended.stopped, ended.exit, scene.provider.made) == (True, Exit.DONE, 0)
    assert events(out) == ["run_begun", "run_stopped"]
    assert pings == [("start", "")]


def test_what_fails_because_of_a_stop_is_told_to_nobody(pings: Pings, out: io.StringIO) -> None:
    """A look that had no time may end in any error; the same error without a stop is told."""
    scene, stop = Scene({"one": ()}), Stop()

    def read(_config: object, _in_force: object) -> Read:
        raise UsageError("list", "nothing could be read")

    def change(job: Job) -> Job:
        return replace(job, read=read)

    stop.say("SIGTERM")
    ended = ran(scene, stop, change)
    assert (ended.stopped, events(out), watched(scene.job)) == (
        True, ["run_begun", "run_stopped"], (),
    )  # fmt: skip
    assert ran(scene, Stop(), change).exit is Exit.ERROR
    assert [one.condition.kind for one in watched(scene.job)] == [ConditionKind.FAILED]


ENFORCE = {
    "mode": "enforce",
    "path": "direct",
    "internal": "close",
    "accept_risk": {"by": "ann", "reason": "a test", "until": "never"},
}


def _each(moment: Callable[[], None], _when: str, _step: object) -> None:
    moment()


def shaken() -> Scene:
    """Three targets that are closed, at which somebody has been: own rules are gone."""
    scene = Scene({"one": (OPEN,), "two": (OPEN,), "three": ()}, (ENFORCE,))
    reconcile(scene.job)
    for name, gone in (("one", "list"), ("two", "deny"), ("three", "list")):
        for rule in scene.world.firewalls[name].rules:
            if rule.description.endswith(gone):
                scene.world.uproot(name, rule.name)
    return scene


def test_whenever_a_run_is_told_to_stop_nothing_more_is_begun_and_the_next_one_finishes(
    pings: Pings, out: io.StringIO
) -> None:
    """At each look and at each call: no call after it, no alarm, no lease left, and all is made right."""
    at = 0
    while True:
        scene, stop, moments, made = shaken(), Stop(), [0], [0]

        def moment(
            scene: Scene = scene, stop: Stop = stop, moments: list[int] = moments,
            made: list[int] = made, at: int = at,
        ) -> None:  # fmt: skip
            if moments[0] == at:
                stop.say("SIGTERM")
                made[0] = scene.provider.made
            moments[0] += 1

        scene.provider.looks = moment
        scene.world.at_call = partial(_each, moment)
        pings.clear()
        ended = ran(scene, stop)
        if not stop():
            break
        told = watched(scene.job)
        assert (ended.stopped, scene.provider.made) == (True, made[0]), at
        assert pings == [("start", "")], at
        assert [one.condition.kind for one in told] == [], at
        scene.provider.looks = lambda: None
        scene.world.at_call = lambda _when, _step: None
        after = ran(scene)
        assert (after.exit, after.verdicts) == (Exit.DONE, {"in_sync": 3}), at
        assert pings[-1] == ("success", "3 of 3 targets verified: 3 in_sync"), at
        at += 1
    assert (at, ended.steps[1]) == (moments[0], 0)
    assert at > 8


def test_no_wait_outlasts_a_stop() -> None:
    """Settling and the time between waves end at once, and every deadline has come."""
    stop = Stop()
    job = Scene({"one": ()}).job
    job = heeding(replace(job, pace=replace(job.pace, sleep=time.sleep)), stop)
    deadline = job.deadline()
    assert deadline is not None
    assert job.pace.monotonic() < deadline
    stop.say("SIGTERM")
    stop.say("SIGINT")
    job.pace.sleep(3_600)
    assert job.pace.monotonic() > deadline
    assert (stop.why, job.stopped(), stop.wait(3_600)) == ("SIGTERM", True, True)
