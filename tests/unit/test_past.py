"""What is kept of the past, by runs over the in-memory provider, and what goes with time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cloudsync import orders, who
from cloudsync.config.models import History
from cloudsync.history import past
from cloudsync.history.retention import WITNESSES
from cloudsync.job import Job
from cloudsync.prepared import Person
from cloudsync.reconcile import reconcile
from cloudsync.records.past import CHANGE, REPORTED, SAID, Change, Reported, Said
from cloudsync.remember import forget, list_in_force, remember_list
from tests.unit.test_reconcile import LISTED, NOW, ONE, OPEN, TWO, Scene
from tests.unit.test_worker import ENFORCE

DAY = timedelta(days=1)


class Years(Scene):
    """A scene that keeps little of its past."""

    @property
    def job(self) -> Job:
        """The run's job."""
        job = super().job
        kept = History(keep=timedelta(days=30))
        return replace(job, config=replace(job.config, history=kept))


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """One target to make right and one that is, on a machine of a known name."""
    monkeypatch.setattr(past, "caller", lambda: "ann@mail-1")
    return Years({"one": (OPEN,)}, (ENFORCE,))


def agreeing(scene: Scene) -> None:
    """So many runs that it is agreed what time it is."""
    for _ in range(WITNESSES + 1):
        reconcile(scene.job)


def changes(scene: Scene) -> tuple[Change, ...]:
    """Every change of the list, without the part of its id that is drawn."""
    return tuple(replace(one, id=one.id[:16]) for one in past.past(scene.job).changes)


def test_what_came_went_and_is_leaving_is_written_down(scene: Scene) -> None:
    """With when, by whom, and on which machine; nothing where nothing of it changed."""
    scene.listed = (*LISTED, "9.0.0.1/32")
    scene.now += DAY
    reconcile(scene.job)
    scene.now += DAY
    reconcile(scene.job)
    scene.listed = (*LISTED[1:], "9.0.0.1/32")
    reconcile(scene.job)
    for _ in range(3):
        scene.now += 5 * DAY
        reconcile(scene.job)
    digest = scene.offered.digest
    (came, leaving, went) = changes(scene)
    assert came == Change(
        "20261125T120000Z", NOW + DAY, "./list.txt", "cidr", came.digest, 9,
        came=("9.0.0.1/32",), by="guard", caller="ann@mail-1",
    )  # fmt: skip
    assert leaving == Change(
        "20261126T120000Z", NOW + 2 * DAY, "./list.txt", "cidr", digest, 8,
        leaving=(LISTED[0],), by="guard", caller="ann@mail-1",
    )  # fmt: skip
    assert (went.came, went.went, went.leaving, went.by) == ((), (LISTED[0],), (), "")


def test_a_list_that_somebody_accepted_is_written_down_with_the_name(scene: Scene) -> None:
    """Though it is the same as before: somebody looked, and said so."""
    known = list_in_force(scene.job)
    assert known
    scene.now += DAY
    remember_list(scene.job, replace(known, accepted_by="bob", accepted_at=scene.now), known)
    (again,) = changes(scene)
    assert (again.by, again.came, again.entries) == ("bob", (), 8)
    scene.forget()
    remember_list(scene.job, known, None)
    (first,) = changes(scene)
    assert (first.by, first.came) == ("Ann", LISTED)


def test_the_report_of_a_run_that_did_something_is_kept(scene: Scene) -> None:
    """And of one that didn't end well; of one that had nothing to do, none."""
    scene.world.edit("two", scene.world.firewalls["one"])
    report = reconcile(scene.job)
    assert len(report.outcomes) > 2
    kept = past.report_of(scene.job, report.run)
    assert kept
    assert kept.report["schema"] == "cloudsync.report/1"
    assert kept.report["list"]["source"] == "./list.txt"
    assert [one["target"] for one in kept.report["targets"]] == [ONE, TWO]
    quiet = reconcile(scene.job)
    assert past.report_of(scene.job, quiet.run) is None
    scene.world.edit("one", replace(scene.world.firewalls["one"], rules=()))
    scene.world.faults.append("denied")
    failed = reconcile(scene.job)
    kept = past.report_of(scene.job, failed.run)
    assert kept
    assert [one["target"] for one in kept.report["targets"]] == [ONE]
    assert (kept.in_sync, kept.report["outcomes"][0]["outcome"]) == (1, "denied")


def test_what_belongs_to_a_run_goes_with_it(scene: Scene) -> None:
    """Report, what it took, and older changes of the list; the youngest change stays."""
    old = reconcile(scene.job)
    scene.listed = (*LISTED, "9.0.0.1/32")
    scene.now += DAY
    reconcile(scene.job)
    scene.now += 40 * DAY
    scene.listed = (*LISTED, "9.0.0.1/32", "9.0.0.2/32")
    young = reconcile(scene.job)
    agreeing(scene)
    every = scene.store.keys("")
    assert [key for key in every if old.run in key] == []
    assert young.run in {run.id for run in past.past(scene.job).runs}
    assert [one.came for one in changes(scene)] == [("9.0.0.2/32",)]
    scene.now += 40 * DAY
    scene.listed = (*LISTED, "9.0.0.1/32", "9.0.0.2/32")
    agreeing(scene)
    assert [one.came for one in changes(scene)] == [("9.0.0.2/32",)]
    assert [key for key in scene.store.keys("") if young.run in key] == []


def test_what_is_written_comes_back() -> None:
    """The spelling of version 1 of a change and of a report."""
    change = Change("i", NOW, "s", "cidr", "sha256:0", 3, ("a",), ("b",), ("c",), "ann", "ann@h")
    assert CHANGE.decode("k", CHANGE.encode(change)) == change
    assert CHANGE.encode(change) == {
        "schema": "cloudsync.state.list-change/1",
        "id": "i", "at": "2026-11-24T12:00:00+00:00", "source": "s", "format": "cidr",
        "digest": "sha256:0", "entries": 3, "came": ["a"], "went": ["b"], "leaving": ["c"],
        "by": "ann", "caller": "ann@h",
    }  # fmt: skip
    reported = Reported("r", {"schema": "cloudsync.report/1"}, 2)
    assert REPORTED.decode("k", REPORTED.encode(reported)) == reported
    assert REPORTED.encode(reported) == {
        "schema": "cloudsync.state.report/1",
        "run": "r",
        "report": {"schema": "cloudsync.report/1"},
        "in_sync": 2,
    }


def test_what_a_person_said_is_written_down_and_goes_with_time(scene: Scene) -> None:
    """A pause, its end, and that a target is gone for good; once no run is as old, no more."""
    reconcile(scene.job)
    person = Person("bob", "lunch")
    until = NOW + timedelta(hours=1)
    orders.pause(scene.job, "all", until, person)
    scene.now += timedelta(minutes=1)
    orders.resume(scene.job, "all")
    scene.now += timedelta(minutes=1)
    forget(scene.job, ONE)
    said = [replace(one, id="") for one in past.past(scene.job).said]
    assert said == [
        Said("", NOW, "pause", "all", "bob", "lunch", until, "ann@mail-1"),
        Said("", NOW + timedelta(minutes=1), "end of a pause", "all", caller="ann@mail-1"),
        Said("", NOW + timedelta(minutes=2), "gone for good", ONE, caller="ann@mail-1"),
    ]
    assert SAID.decode("k", SAID.encode(said[0])) == said[0]
    reconcile(scene.job)
    scene.now += 40 * DAY
    agreeing(scene)
    assert past.past(scene.job).said == ()


def test_a_document_that_another_run_dropped_is_passed_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the past is read, what is too old may go."""
    reconcile(scene.job)
    keys = scene.store.keys
    monkeypatch.setattr(scene.store, "keys", lambda prefix="": (*keys(prefix), f"{prefix}gone"))
    assert len(past.past(scene.job).runs) == 1


@pytest.mark.parametrize("error", [OSError, KeyError, ImportError])
def test_a_machine_that_knows_no_name_is_no_reason_to_stop(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """In a container a user may have a number and no name."""

    def nobody() -> str:
        raise error

    monkeypatch.setattr("getpass.getuser", nobody)
    monkeypatch.setattr("socket.gethostname", lambda: "box")
    assert who.caller() == "unknown@box"
