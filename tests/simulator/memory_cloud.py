"""The in-memory world as the simulator holds it: rules with numbers, ties or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from random import Random
from typing import Any, Final, cast

from cloudsync.memory.firewall import PROBES, Firewall, Rule
from cloudsync.memory.provider import WORLDS, Provider
from cloudsync.memory.sandbox import Fault, World
from cloudsync.memory.settings import MemorySettings
from cloudsync.provider import Step
from tests.oracle import packets
from tests.oracle.packets import Meaning, Row
from tests.simulator.clock import Clock
from tests.simulator.pools import (
    ANYWHERE,
    OURS,
    PURPOSES,
    STRANGE_LABELS,
)

SCOPE: Final = "memory:simulated"
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "tag-web": ("10.0.0.0/8", "192.168.1.0/24", "fd00::/8"),
    "outside:partner": ("8.8.8.0/24", "69.20.58.226/32", "203.0.113.0/24", "2001:4800:10::/48"),
    "probe:balancer": ("198.51.100.128/28", "2001:db8:ffff::/64"),
}
_NUMBERS: Final = (0, 1, 2, 100, 100, 101, 200, 1000, 65_534, 65_535)
_PORTS: Final = ((25, 25), (25, 25), (25, 25), (20, 30), (443, 443), (25, 26), (24, 24))
_OWN_PORTS: Final = ((25, 25), (25, 25), (25, 25), (25, 26))


class MemoryCloud:
    """Fulfils ``tests.simulator.cloud.Cloud``."""

    revokes = False
    together = False
    form = ""
    names: tuple[dict[str, str], ...] = ({"group": "tag-web"}, {"tag": "outside:partner"})

    def __init__(self, clock: Clock, targets: int, random: Random, *, ties: bool) -> None:
        self._ties = ties
        self.probes = tuple(PROBES.cidrs())
        ids = [f"fw{index}" for index in range(targets)]
        self._world = World(dict.fromkeys(ids, Firewall()), clock=clock.monotonic)
        WORLDS["simulated"] = self._world
        self.targets: Sequence[str] = [f"{SCOPE}/{name}" for name in ids]
        self._planted = 0
        self._previous: dict[str, Firewall] = {}
        some = {name: tuple(random.sample(bound, 1)) for name, bound in NAMES.items()}
        self.meanings: tuple[Meaning, ...] = tuple(
            {name: packets.networks(cidrs) for name, cidrs in meaning.items()}
            for meaning in (dict.fromkeys(NAMES, ()), NAMES, some)
        )

    @property
    def late(self) -> float:
        """How late reads are, in seconds."""
        return self._world.late

    @late.setter
    def late(self, seconds: float) -> None:
        self._world.late = seconds

    def provider(self) -> Provider:
        """A provider of this world."""
        return Provider(ties=self._ties)

    def block(self, settings: dict[str, Any]) -> MemorySettings:
        """A target block over the whole world."""
        return MemorySettings.model_validate(
            {"provider": "memory", "world": "simulated", **settings}
        )

    def truth(self, target: str) -> packets.World | None:
        """The firewall as it is."""
        firewall = self._world.firewalls.get(_name(target))
        return None if firewall is None else _true(firewall)

    def fail(self, kind: str) -> None:
        """The next call ends so."""
        self._world.faults.append(cast("Fault", kind))

    def undo(self, target: str) -> None:
        """The firewall as it was before the last write of the product."""
        firewall = self._previous.get(target)
        if firewall is not None and _name(target) in self._world.firewalls:
            self._world.edit(_name(target), firewall)

    def regard(self, random: Random) -> None:
        """There is one way to guard these targets."""

    def made(self, step: Step) -> bool:
        """Not told apart here."""
        del step
        return True

    def remember(self, target: str) -> None:
        """Keep how the firewall is, for ``undo``."""
        if _name(target) in self._world.firewalls:
            self._previous[target] = self._world.firewalls[_name(target)]

    def delete(self, target: str) -> None:
        """The firewall is gone."""
        self._world.edit(_name(target), None)

    def edit(self, target: str, kind: str, random: Random) -> str:
        """A rule comes, goes or changes."""
        name = _name(target)
        firewall = self._world.firewalls.get(name)
        if firewall is None:
            return ""
        rules = sorted(firewall.rules)
        if kind in {"plant", "copy"}:
            self._planted += 1
            new = (_foreign if kind == "plant" else _marked)(random, f"r{self._planted}")
            if not self._ties and new.number in {rule.number for rule in rules}:
                return ""
            self._world.plant(name, new)
            return f"{target}: {new} is planted"
        if not rules:
            return ""
        old = random.choice(rules)
        if kind == "delete":
            self._world.uproot(name, old.name)
            return f"{target}: {old} is deleted"
        new = _reshaped(old, random)
        others = tuple(rule for rule in firewall.rules if rule.name != old.name)
        if not self._ties and new.number in {rule.number for rule in others}:
            new = replace(new, number=old.number)
        self._world.edit(name, replace(firewall, rules=(*others, new)))
        return f"{target}: {old} becomes {new}"


def _name(target: str) -> str:
    return target.rpartition("/")[2]


@lru_cache(maxsize=4096)
def _row(rule: Rule) -> Row:
    plain = {field.name: getattr(rule, field.name) for field in fields(rule)}
    return packets.from_memory({"rules": [plain], "machines": (), "outbound": ()}).rows[0]


@lru_cache(maxsize=4096)
def _true(firewall: Firewall) -> packets.World:
    return packets.World(
        tuple(_row(rule) for rule in firewall.rules),
        firewall.machines,
        "\n".join(firewall.outbound),
    )


def _foreign(random: Random, name: str) -> Rule:
    return Rule(
        number=random.choice(_NUMBERS),
        name=name,
        allow=random.random() < 0.66,
        sources=tuple(random.sample(sorted(set(ANYWHERE)), random.choice((0, 1, 1, 1, 2)))),
        names=(random.choice(sorted(NAMES)),) if random.random() < 0.2 else (),
        ports=random.choice(_PORTS),
        protocol=random.choice(("tcp", "tcp", "tcp", "tcp", "udp", "all")),
        machines=random.choice(((), (), (), ("a",), ("b",))),
        description=random.choice(STRANGE_LABELS),
    )


def _marked(random: Random, name: str) -> Rule:
    """A rule that bears our mark: as we would make it, a copy, or one that somebody spoilt."""
    purpose = random.choice(PURPOSES)
    six = random.random() < 0.4
    pool = sorted({one for one in ANYWHERE if (":" in one) is six})
    return Rule(
        number=random.choice(_NUMBERS),
        name=f"cloudsync:{OURS}:25:{name}",
        allow=purpose != "deny",
        sources=tuple(random.sample(pool, random.choice((1, 2)))),
        ports=random.choice(_OWN_PORTS),
        machines=random.choice(((), (), (), ("a",))),
        description=f"cloudsync/{OURS} {purpose}",
    )


def _reshaped(rule: Rule, random: Random) -> Rule:
    kind = random.choice(("ports", "number", "sources", "label", "verb"))
    if kind == "ports":
        return replace(rule, ports=random.choice(_PORTS))
    if kind == "number":
        return replace(rule, number=random.choice(_NUMBERS))
    if kind == "sources":
        return replace(rule, sources=(random.choice(ANYWHERE),), names=())
    if kind == "label":
        return replace(rule, description=random.choice(STRANGE_LABELS))
    return replace(rule, allow=not rule.allow)
