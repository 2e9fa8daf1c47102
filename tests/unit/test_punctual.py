"""How the runs that didn't come when they were due are counted and put into words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cloudsync.worker.punctual import Counts, length

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def test_a_run_is_counted_when_it_begins_and_by_how_it_ended() -> None:
    """Exit codes are counted each, and what was behind is over with a run that ended."""
    counts = Counts().lagging(2 * FIVE).beginning(NOW)
    assert (counts.since, counts.behind) == (NOW, "the run began 10 min after it was due")
    counts = counts.ending(NOW + FIVE, 4).beginning(NOW + FIVE).ending(NOW + 2 * FIVE, 4)
    assert counts == Counts(begun=2, late=1, exits={4: 2}, ended=NOW + 2 * FIVE)


def test_a_run_that_is_left_out_says_how_long_the_one_before_has_been_at_work() -> None:
    """Whoever reads it needs to know whether it is slow or hangs."""
    counts = Counts().beginning(NOW).leaving_out(NOW + FIVE, FIVE)
    assert counts.behind == (
        "a run every 5 min is due, and the one before isn't over. It has been at work for 5 min; "
        "1 run left out since the worker began"
    )
    again = counts.leaving_out(NOW + timedelta(hours=5), FIVE)
    assert (again.left_out, again.in_a_row) == (2, 2)
    assert "at work for 5 h; 2 runs left out" in again.behind


def test_one_slow_run_alarms_nobody_and_a_second_or_a_late_one_does() -> None:
    """What is left out twice in a row, or begins late, is late by much; a run that ends makes it good."""
    slow = Counts().beginning(NOW).leaving_out(NOW + FIVE, FIVE)
    assert (bool(slow.behind), slow.late_by_much) == (True, "")
    assert slow.leaving_out(NOW + 2 * FIVE, FIVE).late_by_much
    assert Counts().lagging(2 * FIVE).late_by_much
    assert slow.ending(NOW + 2 * FIVE, 0) == Counts(
        begun=1, left_out=1, exits={0: 1}, ended=NOW + 2 * FIVE
    )


def test_a_run_that_waits_for_another_kind_is_left_out_too() -> None:
    """A fetch that waits for a sweep that hangs hasn't begun: nothing is said of its work."""
    assert Counts().leaving_out(NOW, FIVE).behind == (
        "a run every 5 min is due, and the one before isn't over; "
        "1 run left out since the worker began"
    )


def test_a_run_that_broke_is_over_and_stays_behind() -> None:
    """It isn't under way any more, and what was late isn't made good by it."""
    counts = Counts().lagging(FIVE).beginning(NOW).breaking(NOW + FIVE)
    assert (counts.broken, counts.since, counts.ended) == (1, None, NOW + FIVE)
    assert counts.behind


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7_199, "119 min"),
     (7_200, "2 h"), (172_799, "47 h"), (172_800, "2 d")],
)  # fmt: skip
def test_a_length_is_as_exact_as_somebody_needs_it(seconds: float, text: str) -> None:
    """No unit is used for less than two of it."""
    assert length(timedelta(seconds=seconds)) == text
