"""Accounts without end, each with three regions and one target in sync; nothing is kept of any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_network
from pathlib import PurePath
from typing import Any, ClassVar, Final

from cloudsync.abreast import Abreast
from cloudsync.allowlist import Entry, Listing
from cloudsync.config import Config
from cloudsync.config.target import Place
from cloudsync.job import Job
from cloudsync.memory.firewall import Firewall, MemorySnapshot, Rule
from cloudsync.memory.rules import MemoryRules
from cloudsync.memory.settings import MemorySettings
from cloudsync.model import Purpose, mark
from cloudsync.provider import Outcome, Scope, Snapshot, Step, Unreadable
from cloudsync.state import Store
from cloudsync.vetting.vet import Read

REGIONS: Final = 3
NETWORKS: Final = tuple(f"8.31.233.{number}/32" for number in range(20, 35))
_LISTED: Final = Firewall(
    (
        Rule(
            0, "cloudsync:ours:25:list:ipv4", sources=NETWORKS,
            description=mark("ours", Purpose.LIST),
        ),
    )
)  # fmt: skip


class Provider:
    """Fulfils ``cloudsync.provider.Provider``; every account is alike."""

    name: ClassVar[str] = "memory"
    settings: ClassVar[type[Any]] = MemorySettings

    def __init__(self, accounts: int) -> None:
        self.rules = MemoryRules()
        self.many = accounts
        self.looks = 0

    def on_loopback(self, settings: Any) -> bool:
        """It is nobody's cloud."""
        del settings
        return True

    def survey(self, regions: Sequence[str], endpoint: str | None) -> Any:
        """Everything."""
        del regions, endpoint
        return MemorySettings(mode="watch")

    def scopes(self, settings: Any) -> Iterable[Scope | Unreadable]:
        """The regions of each account."""
        for number in range(self.many):
            if settings.asks(f"memory:{number:06d}"):
                for region in range(REGIONS):
                    yield Scope(f"memory:{number:06d}/{region}", settings)

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[Snapshot | Unreadable]:
        """The one target there is."""
        del only, deadline
        self.looks += 1
        yield MemorySnapshot(scope, {f"{scope.name}/mail": Firewall(tuple(_LISTED.rules))})

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """Nothing is ever to be changed here."""
        del deadline
        raise AssertionError(step)


def job(accounts: int, store: Store) -> Job:
    """A worker's job over so many accounts."""
    said = {
        "name": "ours",
        "list": {"source": "./list.txt", "format": "cidr"},
        "targets": [MemorySettings.model_validate({"mode": "add"}, context=Place(0))],
    }
    listing = Listing("./list.txt", "cidr", tuple(Entry(ip_network(one)) for one in NETWORKS))
    provider = Provider(accounts)
    return Job(
        Config.model_validate(said, context=PurePath("cloudsync.yaml")), store, lambda _: provider,
        lambda _config, _known: Read(listing), each=Abreast(16), attended=False, ways=lambda _: {},
    )  # fmt: skip
