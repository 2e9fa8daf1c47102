"""What is dropped with time, and that one run's clock is no reason to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cloudsync import docket, records
from cloudsync.history.retention import CLOCKS, CLOCKS_KEY, WITNESSES, forget
from cloudsync.memory.firewall import Firewall
from cloudsync.reconcile import reconcile
from cloudsync.remember import begin_run, changes_before, end_run
from cloudsync.remember import forget as gone_for_good
from cloudsync.state import Conflict
from tests.unit.test_reconcile import ONE, OPEN
from tests.unit.test_remember import NOW, PLAN, Diary
from tests.unit.test_worker import ENFORCE, Shift

YEAR = timedelta(days=365)


def clocks(diary: Diary) -> tuple[datetime, ...]:
    """What the last runs' clocks said."""
    stored = records.load(diary.store, CLOCKS_KEY, CLOCKS)
    return stored.value if stored else ()


def forgotten(diary: Diary) -> None:
    """The end of a run, where those before it found it as late."""
    for _ in range(WITNESSES + 1):
        forget(diary.job)


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
    forgotten(diary)
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
    forgotten(diary)
    assert len(diary.days) == 1


def test_a_record_that_vanished_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that another run dropped before this one read it is nothing to drop."""
    diary = Diary({"runs": 1}, 3)

    def nothing(_key: str) -> None:
        """No document, whatever is asked for."""

    monkeypatch.setattr(diary.store, "get", nothing)
    forgotten(diary)
    assert len(diary.days) == 3


def test_what_ran_within_the_hour_is_kept() -> None:
    """Whether a run is settled must be known for an hour, however little is kept."""
    diary = Diary({"keep": "0s", "runs": 1}, 5)
    diary.now += timedelta(minutes=59)
    run = begin_run(diary.job, PLAN)
    end_run(diary.job, run, PLAN, 0)
    forgotten(diary)
    assert len(diary.days) == 2
    diary.now += timedelta(minutes=2)
    forgotten(diary)
    assert diary.store.keys(records.run_key("")) == (records.run_key(run.value.id),)


# ------------------------------------------------------------------------- whose word it goes by


def test_a_clock_that_leaps_for_three_runs_drops_nothing() -> None:
    """A year ahead everything looks old; it is dropped once the fourth run in a row says so."""
    diary = Diary({"keep": "2d"}, 3)
    forgotten(diary)
    every = diary.days
    for leaps in (1, 2, 3):
        diary.now = NOW + YEAR
        for _ in range(leaps):
            forget(diary.job)
            assert diary.days == every
        diary.now = NOW
        for _ in range(WITNESSES):
            forget(diary.job)
            assert diary.days == every
    diary.now = NOW + YEAR
    forgotten(diary)
    assert diary.days == []


def test_leaps_that_are_over_speak_for_no_later_one() -> None:
    """However often it leapt, runs that found it early stand between."""
    diary = Diary({"keep": "2d"}, 3)
    every = diary.days
    for _ in range(9):
        diary.now = NOW + YEAR
        forget(diary.job)
        diary.now = NOW
        forget(diary.job)
    assert diary.days == every
    assert clocks(diary) == (NOW, NOW + YEAR, NOW)


def test_a_state_that_knows_no_run_yet_drops_nothing() -> None:
    """As after an upgrade: the first runs only say what time they found it to be."""
    diary = Diary({"keep": "0s"}, 5)
    for _ in range(WITNESSES):
        forget(diary.job)
    assert len(diary.days) == 5


def test_what_was_changed_within_a_day_is_kept_over_a_leap() -> None:
    """Or a rule that is undone again and again would begin anew to be no fight."""
    shift = Shift({"one": ()}, ({"mode": "add"},))
    for _ in range(WITNESSES):
        reconcile(shift.job)
    (made,) = changes_before(shift.job)
    shift.now = NOW + YEAR
    reconcile(shift.job)
    shift.now = NOW
    assert changes_before(shift.job) == [made]


def test_two_runs_that_end_at_one_moment_drop_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that comes second leaves it to the next run, and that is no failure."""
    diary = Diary({"keep": "0s"}, 5)
    for _ in range(WITNESSES):
        forget(diary.job)
    put = diary.store.put

    def late(key: str, value: dict[str, object], expect: int | None) -> object:
        if key == CLOCKS_KEY:
            raise Conflict("memory", key, expect, None)
        return put(key, value, expect)

    with monkeypatch.context() as patch:
        patch.setattr(diary.store, "put", late)
        forget(diary.job)
    assert len(diary.days) == 5


# ---------------------------------------------------------------------------------- approvals


def approvals(shift: Shift) -> list[tuple[str, str]]:
    """Who approved what of which target."""
    stored = (
        records.load(shift.store, key, records.APPROVAL)
        for key in shift.store.keys(records.approval_key(""))
    )
    return sorted((one.value.by, one.value.subject) for one in stored if one)


@pytest.fixture
def shift() -> Shift:
    """A target whose first enforce ann and bob approved, and another that waits for bob too."""
    shift = Shift({"one": (OPEN,)}, (ENFORCE,))
    shift.approvals = {"second": True}
    shift.one_pass()
    shift.approve("ann")
    shift.now = NOW + timedelta(days=1)
    shift.approve("bob")
    shift.one_pass()
    shift.world.edit("two", Firewall((OPEN,)))
    return shift


def passes(shift: Shift, now: datetime) -> None:
    """So many runs that all agree what time it is."""
    shift.now = now
    for _ in range(WITNESSES + 1):
        shift.one_pass()


def test_an_approval_goes_with_the_runs_of_its_time(shift: Shift) -> None:
    """Both persons' word, once the younger of the two is ninety days old, and not a day before."""
    passes(shift, NOW + timedelta(days=91))
    assert [who for who, target in approvals(shift) if target == ONE] == ["ann", "bob"]
    passes(shift, NOW + timedelta(days=91, minutes=1))
    assert [who for who, target in approvals(shift) if target == ONE] == []


def test_a_word_that_waits_for_the_second_persons_stays(shift: Shift) -> None:
    """What waits still is nothing of the past, however long it waits."""
    shift.one_pass()
    shift.approve("ann")
    passes(shift, NOW + YEAR)
    assert approvals(shift) == [("ann", "memory:run/two")]
    assert shift.approve("bob")


def test_an_approval_of_a_target_that_is_gone_for_good_ends(shift: Shift) -> None:
    """What comes back under its name is another firewall: it waits, and the same person is heard."""
    gone_for_good(shift.job, ONE)
    shift.world.edit("one", Firewall((OPEN,)))
    shift.one_pass()
    waiting = {one.subject: one.digest for one in docket.holds(shift.job)}
    assert set(waiting) == {ONE, "memory:run/two"}
    _, enough = docket.approve(shift.job, waiting[ONE], "ann", "looked at")
    assert not enough
    _, enough = docket.approve(shift.job, waiting[ONE], "bob", "looked at")
    assert enough
    shift.one_pass()
    assert [one.subject for one in docket.holds(shift.job)] == ["memory:run/two"]
