"""Plays many schedules in a row, as long as there is time; it stops at the first that fails."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.simulator.play import Result, play
from tests.simulator.shrink import shrunk
from tests.simulator.timeline import Schedule, World, drawn


@dataclass
class Fired:
    """How many schedules were played, what they showed, and the one that failed."""

    seed: int
    asked: int
    played: int = 0
    seconds: float = 0.0
    counted: Counter[str] = field(default_factory=Counter[str])
    failure: tuple[Schedule, Result] | None = None

    def __str__(self) -> str:
        speed = self.played / self.seconds if self.seconds else 0.0
        said = (
            f"seed {self.seed}: {self.played:,} of {self.asked:,} schedules in "
            f"{self.seconds:.1f} s, {speed:.0f} a second; {_shares(self.counted)}"
        )
        if self.failure is None:
            return said
        schedule, result = self.failure
        again = (
            f"python -m tests.simulator --world {schedule.world} --seed {schedule.seed} "
            "--schedules 1"
        )
        lines = [said, f"seed {schedule.seed} in {schedule.world} fails ({again}):"]
        lines += [f"  {line}" for line in result.trace]
        lines += [f"  FAULT {line}" for line in result.faults[:5]]
        return "\n".join(lines)


def fire(schedules: int, seed: int, worlds: Sequence[World], budget: float | None = None) -> Fired:
    """``schedules`` of them, one a seed from ``seed`` on, over ``worlds`` in turn.

    ``budget`` is in seconds: what isn't begun by then isn't played.
    """
    fired = Fired(seed, schedules)
    began = time.monotonic()
    for number in range(schedules):
        schedule = drawn(seed + number, worlds[number % len(worlds)])
        result = play(schedule)
        fired.played += 1
        fired.counted.update(result.counted)
        fired.seconds = time.monotonic() - began
        if result.faults:
            fired.failure = shrunk(schedule)
            break
        if budget is not None and fired.seconds > budget:
            break
    return fired


def _shares(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counted.items()))
