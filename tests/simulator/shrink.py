"""Makes a failing schedule small: it leaves events out as long as the schedule still fails."""

from __future__ import annotations

from dataclasses import replace

from tests.simulator.play import Result, play
from tests.simulator.timeline import Schedule


def shrunk(schedule: Schedule) -> tuple[Schedule, Result]:
    """The smallest schedule found that fails as ``schedule`` does, and what it shows."""
    result = play(schedule)
    smaller = True
    while smaller:
        smaller = False
        for fewer in (
            *(replace(schedule, runs=runs) for runs in range(1, schedule.runs)),
            *(
                replace(schedule, events=schedule.events[:at] + schedule.events[at + 1 :])
                for at in range(len(schedule.events))
            ),
        ):
            tried = play(fewer)
            if tried.faults:
                schedule, result, smaller = fewer, tried, True
                break
    return schedule, result
