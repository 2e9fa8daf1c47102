"""What the judge makes of a run whose state is lost under it."""

from __future__ import annotations

from tests.simulator.play import play
from tests.simulator.timeline import Event, Schedule


def test_a_run_goes_on_with_the_list_that_it_began_with() -> None:
    """That the state is lost and another worker finds no list is no fault of the run's."""
    schedule = Schedule(
        1, "aws", 1, 1,
        (Event(0, 0, "before", "forget", 1), Event(0, 0, "before", "worker", 2)),
    )  # fmt: skip
    result = play(schedule)
    assert "run 0: 1 calls, mode add" in result.trace
    assert result.faults == ()
