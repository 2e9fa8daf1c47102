"""Bad days of a worker on a clock that is played: its runs, what goes wrong at each, what is left over.

Everything but the cloud and the clock is real: the schedule, the configuration read anew from its
file, the state in SQLite, the list from its file, the log, the ping. The cloud is in memory.
"""

from __future__ import annotations

import gc
import io
import os
import random
import resource
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from cloudsync import log, registry
from cloudsync.cli.job import job as job_of
from cloudsync.job import Job
from cloudsync.memory.firewall import Firewall, Rule
from cloudsync.memory.provider import WORLDS
from cloudsync.memory.sandbox import World
from cloudsync.remember import remember_list
from cloudsync.vetting.leaving import begin
from cloudsync.worker.stop import Stop
from cloudsync.worker.unattended import Ended, Kind, run_unattended
from tests.unit.ticking import START, Ticking, tenant

PING: Final = "ENDURANCE_PING"
MONITOR: Final = "http://127.0.0.1:1/endurance-check"
LIST: Final = "".join(f"9.0.{number}.1\n" for number in range(8))
CONFIG: Final = f"""
name: mail
list: {{source: list.txt, format: cidr}}
state: sqlite:///state.db
ping: {{url_env: {PING}}}
targets:
  - {{provider: memory, world: endurance, mode: add}}
"""
MOST: Final = 4.0
"""Blocks a run. What keeps a report, a plan or a line of each run keeps dozens."""
EVERY: Final = 10
"""Runs between two looks at what the process holds."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the process held after so many runs: blocks of memory, kilobytes at most, descriptors, threads."""

    runs: int
    blocks: int
    peak: int
    descriptors: int
    threads: int


class Lines(io.StringIO):
    """A log of which only the events are kept, counted."""

    def __init__(self) -> None:
        super().__init__()
        self.events: Counter[str] = Counter()

    def write(self, text: str) -> int:
        """Count it."""
        self.events[text.partition('"event": "')[2].partition('"')[0]] += 1
        return len(text)


@dataclass
class Days:
    """So many runs, with a fault as often as told, and then an hour without."""

    folder: Path
    runs: int
    seed: int = 1
    often: float = 0.5
    done: int = 0
    last: Ended | None = None
    exits: Counter[int] = field(default_factory=Counter[int])
    held: list[Held] = field(default_factory=list[Held])
    faults: Counter[str] = field(default_factory=Counter[str])
    lines: Lines = field(default_factory=Lines)
    elapsed: float = 0.0
    well: bool = False

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        world = World(
            {"one": Firewall(()), "two": Firewall((Rule(1000, "open"),))}, clock=self.time
        )
        self.world: Any = world
        WORLDS["endurance"] = world
        self.config, self.list = self.folder / "cloudsync.yaml", self.folder / "list.txt"
        self._mend()
        self.mishaps: tuple[Callable[[], object], ...] = (
            self.source_gone, self.source_garbled, self.source_shrunk, self.file_wrong,
            self.file_gone, self.cloud_unreadable, self.call_refused, self.answer_lost,
            self.provider_breaks, self.rules_uprooted, self.rule_planted, self.state_unwritable,
            self.clock_leaps, self.clock_set_back, self.monitor_unset,
        )  # fmt: skip

    def time(self) -> float:
        """Seconds that never go back."""
        return self.elapsed

    def accept(self) -> None:
        """Have a person accept the list, as before every worker's first day."""
        with job_of(self.config) as made:
            offered = made.read(made.config, None).listing
            assert offered
            remember_list(made, begin(offered, START, "ann"), None)

    def play(self) -> None:
        """Have the runs, and look at what is held now and then; then one in which all is well."""
        self.accept()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(PING, MONITOR)
            # What is installed doesn't change, and asking for it is most of what a run costs here.
            patch.setattr(registry, "installed", cache(registry.installed))
            log.begin("json", self.lines)
            try:
                self.ticking = Ticking(patch, tenant("mail"), self._work)
                while self.done < self.runs:
                    self.ticking.go(timedelta(minutes=5))
                self.well = True
                self.ticking.go(timedelta(hours=1))
            finally:
                log.end()

    def _work(self, name: str, kind: Kind) -> int:
        if self.done > 2 and not self.well and self.chance.random() < self.often:
            # In turn, so that each has happened before the half that is judged.
            mishap = self.mishaps[self.faults.total() % len(self.mishaps)]
            self.faults[mishap.__name__] += 1
            mishap()
        ended = run_unattended(
            name, kind, self._job, Stop(), url_env=PING,
            monotonic=self.time, now=lambda: self.ticking.at,
        )  # fmt: skip
        self.done, self.last = self.done + 1, ended
        self.exits[int(ended.exit)] += 1
        self._mend()
        # Not by a patch, which remembers each time that it is set.
        os.environ[PING] = MONITOR
        # A world remembers all that was ever done in it, which no cloud of ours does.
        self.world.calls.clear()
        del self.world._past[:-1]
        self.ticking.runs.clear()
        if self.done % EVERY == 0:
            gc.collect()
            self.held.append(
                Held(
                    self.done,
                    sys.getallocatedblocks(),
                    resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                    _descriptors(),
                    threading.active_count(),
                )
            )
        return int(ended.exit)

    @contextmanager
    def _job(self) -> Generator[Job]:
        with job_of(self.config) as made:
            pace = replace(made.pace, monotonic=self.time, sleep=self._sleep)
            yield replace(made, now=lambda: self.ticking.at, pace=pace)

    def _sleep(self, seconds: float) -> None:
        self.elapsed += seconds
        self.ticking.at += timedelta(seconds=seconds)

    def _mend(self) -> None:
        self.config.write_text(CONFIG, encoding="utf-8")
        self.list.write_text(LIST, encoding="utf-8")
        self.world.unreadable = ""
        self.world.faults.clear()
        self.world.at_call = _nothing
        kept = self.folder / "state.kept"
        if kept.exists():
            (self.folder / "state.db").rmdir()
            kept.rename(self.folder / "state.db")

    def source_gone(self) -> None:
        """The list's file is gone."""
        self.list.unlink()

    def source_garbled(self) -> None:
        """It holds something else."""
        self.list.write_text("<html>Sign in</html>\n", encoding="utf-8")

    def source_shrunk(self) -> None:
        """It was cut off."""
        self.list.write_text(LIST[:30], encoding="utf-8")

    def file_wrong(self) -> None:
        """The configuration is edited, and wrong."""
        self.config.write_text(f"{CONFIG}mod: add\n", encoding="utf-8")

    def file_gone(self) -> None:
        """The configuration is gone."""
        self.config.unlink()

    def cloud_unreadable(self) -> None:
        """Nothing can be read."""
        self.world.unreadable = "denied"

    def call_refused(self) -> None:
        """There is something to do, and it is refused."""
        self.rules_uprooted()
        self.world.faults.append(self.chance.choice(["throttled", "denied", "stale", "failed"]))

    def answer_lost(self) -> None:
        """There is something to do, and nobody says whether it was done."""
        self.rules_uprooted()
        self.world.faults.append(self.chance.choice(["lost", "never arrived"]))

    def provider_breaks(self) -> None:
        """A mistake in the middle of a call."""
        self.rules_uprooted()

        def broken(_when: str, _step: object) -> None:
            raise RuntimeError("a mistake")

        self.world.at_call = broken

    def rules_uprooted(self) -> None:
        """Somebody takes every rule of ours away."""
        self.world.edit("one", Firewall(()))

    def rule_planted(self) -> None:
        """Somebody opens the port, or shuts it again."""
        rules = self.world.firewalls["two"].rules
        mine = Rule(1500, "planted", sources=("203.0.113.0/24",))
        left = tuple(rule for rule in rules if rule.name != "planted")
        self.world.edit("two", Firewall(left if len(left) < len(rules) else (*rules, mine)))

    def state_unwritable(self) -> None:
        """The state can't be opened."""
        path = self.folder / "state.db"
        path.rename(self.folder / "state.kept")
        path.mkdir()

    def clock_leaps(self) -> None:
        """The clock is set ahead by an hour."""
        self.ticking.leap(timedelta(hours=1))

    def clock_set_back(self) -> None:
        """The clock is set back by an hour."""
        self.ticking.leap(timedelta(hours=-1))

    def monitor_unset(self) -> None:
        """The monitor's URL is gone."""
        del os.environ[PING]


def _nothing(_when: str, _step: object) -> None:
    """Nothing happens at a call."""


def _descriptors() -> int:
    """How many are open; 0 where the system has no list of them."""
    every = Path("/proc/self/fd")
    return len(list(every.iterdir())) if every.exists() else 0


def slope(held: Sequence[Held]) -> float:
    """Blocks a run by which what is held grows, by least squares over the second half."""
    late = held[len(held) // 2 :]
    middle = sum(one.runs for one in late) / len(late)
    level = sum(one.blocks for one in late) / len(late)
    over = sum((one.runs - middle) ** 2 for one in late)
    return sum((one.runs - middle) * (one.blocks - level) for one in late) / over


def judged(days: Days, most: float = MOST) -> list[str]:
    """What is wrong after the days; nothing is what should be."""
    late = days.held[len(days.held) // 2 :]
    wrong: list[str] = []
    if (grows := slope(days.held)) > most:
        wrong.append(f"memory grows by {grows:.1f} blocks a run, and {most} is what caches take")
    wrong += [
        f"{name}: {sorted(seen)}"
        for name, seen in (
            ("descriptors", {one.descriptors for one in late}),
            ("threads", {one.threads for one in late}),
        )
        if len(seen) > 1
    ]
    broken = {key: one.broken for key, one in days.ticking.schedule.counts().items() if one.broken}
    if broken:
        wrong.append(f"runs that broke: {broken}")
    if left := {one.__name__ for one in days.mishaps} - set(days.faults):
        wrong.append(f"never happened: {sorted(left)}")
    return wrong
