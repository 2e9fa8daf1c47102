"""A fleet of many accounts over the in-memory provider, run by one process or by the shards of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from pathlib import PurePath
from typing import Any, ClassVar

from cloudsync import records
from cloudsync.abreast import in_turn
from cloudsync.allowlist import Entry, Listing
from cloudsync.config import Config
from cloudsync.config.target import Place
from cloudsync.engine import Pace
from cloudsync.job import Job
from cloudsync.memory.firewall import Firewall, Rule
from cloudsync.memory.provider import WORLDS, Provider
from cloudsync.memory.sandbox import World
from cloudsync.memory.settings import MemorySettings
from cloudsync.provider import Outcome, Scope, Snapshot, Step, Unreadable
from cloudsync.shards.begin import joined
from cloudsync.shards.gather import gathered
from cloudsync.shards.shard import Shard, number_of
from cloudsync.shards.work import work
from cloudsync.state import MemoryStore
from cloudsync.vetting.leaving import begin
from cloudsync.vetting.vet import Read
from cloudsync.worker.passes import Passed
from tests.unit.test_reconcile import NOW

FIRST = "20261124T120000Z-a1b2c3"
LISTED = tuple(f"8.0.{number}.1/32" for number in range(1, 9))


class Dies(BaseException):
    """The process ends here, and nothing of it runs any more."""


class Accounts:
    """The in-memory provider with an account a world; it counts what it is asked, and may die."""

    name: ClassVar[str] = "memory"
    settings: ClassVar[type[Any]] = MemorySettings

    def __init__(self, worlds: Sequence[Sequence[str]]) -> None:
        self.inner = Provider()
        self.rules = self.inner.rules
        self.worlds = worlds
        self.looks: list[str] = []
        self.calls: list[tuple[str, str]] = []
        self.dies_at: int | None = None

    def on_loopback(self, settings: Any) -> bool:
        """Memory is nobody's cloud."""
        return True

    def survey(self, regions: Sequence[str], endpoint: str | None) -> Any:
        """As the provider."""
        return self.inner.survey(regions, endpoint)

    def scopes(self, settings: Any) -> Iterable[Scope | Unreadable]:
        """The block's worlds, each an account."""
        return [
            Scope(f"memory:{world}", settings.but(world=world))
            for world in self.worlds[settings.index]
            if settings.asks(f"memory:{world}")
        ]

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[Snapshot | Unreadable]:
        """One look, counted."""
        self._called("look", scope.name)
        self.looks.append(scope.name)
        return self.inner.observe(scope, only, deadline)

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """One change, counted: it may die before it, or once it is made."""
        self._called("change", step.targets[0])
        outcome = self.inner.apply(step, deadline)
        self._called("changed", step.targets[0])
        return outcome

    def _called(self, what: str, where: str) -> None:
        if self.dies_at is not None and len(self.calls) >= self.dies_at:
            raise Dies
        self.calls.append((what, where))


def _nothing() -> None:
    """Nothing happens."""


@dataclass
class Fleet:
    """Worlds by block, a source, a state and a clock, and what runs over them.

    ``worlds`` gives, by block, the firewalls of each account.
    """

    worlds: Sequence[Mapping[str, Mapping[str, tuple[Rule, ...]]]]
    blocks: Sequence[dict[str, Any]] = ({"mode": "add"},)
    listed: tuple[str, ...] = LISTED
    now: datetime = NOW
    clock: float = 0.0
    limit: float | None = None
    read: Callable[[], Read] | None = None
    reads: int = 0
    sleeps: Callable[[], None] = _nothing

    def __post_init__(self) -> None:
        WORLDS.clear()
        for block in self.worlds:
            for name, firewalls in block.items():
                WORLDS[name] = World({one: Firewall(rules) for one, rules in firewalls.items()})
        self.provider = Accounts([list(block) for block in self.worlds])
        self.store = MemoryStore()
        value = begin(self.offered, NOW, "Ann")
        records.save(self.store, records.LIST_KEY, records.LIST, value, None)

    @property
    def offered(self) -> Listing:
        """What the source says."""
        return Listing("./list.txt", "cidr", tuple(Entry(ip_network(one)) for one in self.listed))

    @property
    def config(self) -> Config:
        """The configuration."""
        said = {
            "name": "ours",
            "list": {"source": "./list.txt", "format": "cidr"},
            "targets": [
                MemorySettings.model_validate(
                    {"provider": "memory", **block}, context=Place(number)
                )
                for number, block in enumerate(self.blocks)
            ],
        }
        return Config.model_validate(said, context=PurePath("cloudsync.yaml"))

    def job(self, run: str = FIRST) -> Job:
        """A worker's job, whose run has this id."""
        return Job(
            self.config, self.store, lambda _: self.provider, self._read, now=lambda: self.now,
            pace=Pace(lambda: self.clock, self._sleep, 0.0), each=in_turn, limit=self.limit,
            attended=False, run=run, ways=lambda _: {},
        )  # fmt: skip

    def _read(self, _config: Config, _known: Any) -> Read:
        self.reads += 1
        return self.read() if self.read else Read(self.offered)

    def _sleep(self, seconds: float) -> None:
        self.clock += seconds
        self.sleeps()

    def shard(self, number: int, of: int, name: str = "r1", run: str = FIRST) -> bool:
        """One shard's process; gives whether it was through."""
        job = self.job(run)
        common, _ = joined(job, name, of)
        return work(job, common, Shard(number, of)).ended is not None

    def gather(self, name: str = "r1", run: str = FIRST) -> Passed:
        """The end of the run."""
        return gathered(self.job(run), name)

    def sharded(self, of: int, name: str = "r1", run: str = FIRST) -> Passed:
        """A whole run in shards, one after the other."""
        for number in range(1, of + 1):
            assert self.shard(number, of, name, run)
        return self.gather(name, run)


def of_shard(worlds: Iterable[str], number: int, of: int) -> list[str]:
    """The worlds that a shard has."""
    return [one for one in worlds if number_of(f"memory:{one}", of) == number]
