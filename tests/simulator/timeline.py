"""What happens in one schedule, and when, drawn from its seed; it plays nothing.

Everything random about a schedule is an event of its own with a seed of its own, so that a failing
schedule can be shrunk by leaving events out without changing what the others do.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final, Literal

World = Literal[
    "ties", "unique", "aws", "aws-full", "aws-lists", "azure", "azure-part", "gcp", "gcp-policy"
]
WORLDS: Final[tuple[World, ...]] = (
    "ties",
    "unique",
    "aws",
    "aws-full",
    "aws-lists",
    "azure",
    "azure-part",
    "gcp",
    "gcp-policy",
)
TURNS: Final[tuple[World, ...]] = (*WORLDS[:3] * 6, *WORLDS[3:])
"""Which world plays when: whatever goes through an SDK takes four times as long, and goes seldom."""
SLICE: Final[tuple[World, ...]] = (*WORLDS[:3] * 18, *WORLDS[3:])
"""As ``TURNS``, for the schedules of every test run: two fifths of its time went into SDKs."""
Moment = Literal["before", "after"]

AHEAD: Final = -1
"""The number of the call that comes before any: what happens between two runs."""

# What a stranger does to rules, at any moment.
EDITS: Final = ("plant", "plant", "delete", "reshape", "copy")
# What the operator, the vendor and time do between two runs.
CHANGES: Final = (
    "list grows", "list grows", "list shrinks", "list shrinks", "list is bad", "no list",
    "settings", "settings", "forget", "group goes", "blind", "wait", "wait", "wait",
)  # fmt: skip
# How one mutating call ends otherwise than well.
ANSWERS: Final = ("lost", "never arrived", "throttled", "denied", "failed")
# What befalls a run at one of its calls.
STRIKES: Final = ("crash", "crash", "crash", "undone", "worker", "worker", "blind", "forget")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens at one moment of one run; ``seed`` decides whatever it leaves open."""

    run: int
    call: int
    moment: Moment
    kind: str
    seed: int

    def __str__(self) -> str:
        if self.call == AHEAD:
            return f"ahead of run {self.run}: {self.kind} ({self.seed})"
        return f"run {self.run}, {self.moment} call {self.call}: {self.kind} ({self.seed})"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A seed made explicit: the world, how many targets are in it, the runs, and every event."""

    seed: int
    world: World
    targets: int
    runs: int
    events: tuple[Event, ...]

    def at(self, run: int, call: int, moment: Moment = "before") -> tuple[Event, ...]:
        """The events of one moment, in their order."""
        return tuple(
            event
            for event in self.events
            if (event.run, event.call, event.moment) == (run, call, moment)
        )


def drawn(seed: int, world: World) -> Schedule:
    """The schedule that ``seed`` stands for in ``world``."""
    random = Random(f"{world} {seed}")
    targets = 1 if random.random() < 0.75 else 2
    runs = random.choice((1, 2, 2, 3, 3, 4))
    events: list[Event] = []

    def happens(run: int, call: int, moment: Moment, kind: str) -> None:
        events.append(Event(run, call, moment, kind, random.getrandbits(32)))

    for _ in range(random.randint(0, 5) * targets):
        happens(0, AHEAD, "before", random.choice(("plant", "plant", "plant", "copy")))
    happens(0, AHEAD, "before", "settings")
    for run in range(runs):
        if run:
            for _ in range(random.choice((0, 1, 1, 2, 3))):
                happens(run, AHEAD, "before", random.choice((*CHANGES, *EDITS)))
        if random.random() < 0.3:
            happens(run, AHEAD, "before", "late")
        for _ in range(random.choice((0, 1, 1, 2))):
            moment: Moment = random.choice(("before", "after"))
            kind = random.choice(random.choice((EDITS, ANSWERS, STRIKES, STRIKES)))
            if kind in ANSWERS:
                moment = "before"
            elif kind == "undone":
                moment = "after"
            happens(run, random.choice((0, 0, 1, 1, 2, 3, 4)), moment, kind)
    return Schedule(seed, world, targets, runs, tuple(events))
