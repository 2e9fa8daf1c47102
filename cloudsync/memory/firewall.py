"""A firewall in memory as values: its rules, the firewall, a snapshot of some; it decides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from cloudsync.addresses import EVERYONE, INTERNAL, PUBLIC, AddressSet
from cloudsync.exposure import Clause, Name
from cloudsync.immutable import immutable
from cloudsync.model import Purpose, mark
from cloudsync.provider import Scope

FIRST, LAST = 0, 65_535

# What a probe of this platform comes from: documentation space, so that no real network is meant.
PROBES: Final = AddressSet.of("198.51.100.128/28", "2001:db8:ffff::/64")


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One inbound rule. ``sources`` are CIDRs, ``names`` opaque; with neither, it is from everyone.

    ``machines`` empty means all of them. ``protocol`` is ``tcp``, ``udp`` or ``all``; ``all``
    disregards ``ports``, which is first and last.
    """

    number: int
    name: str
    allow: bool = True
    sources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    ports: tuple[int, int] = (25, 25)
    protocol: Literal["tcp", "udp", "all"] = "tcp"
    machines: tuple[str, ...] = ()
    description: str = ""

    def __str__(self) -> str:
        kind = "allow" if self.allow else "deny"
        first, last = self.ports
        ports = f"{self.protocol}/{first}" + (f"-{last}" if last != first else "")
        if self.protocol == "all":
            ports = "everything"
        sources = ", ".join((*self.sources, *self.names)) or "everyone"
        only = f" to {', '.join(self.machines)} only" if self.machines else ""
        text = f" ({self.description})" if self.description else ""
        return f"{self.number} {self.name}: {kind} {ports} from {sources}{only}{text}"

    def decides(self, port: int) -> bool:
        """Whether it says anything of TCP connections to ``port``."""
        first, last = self.ports
        return self.protocol == "all" or (self.protocol == "tcp" and first <= port <= last)

    def alone(self, ports: tuple[int, ...]) -> bool:
        """Whether it speaks of one of ``ports`` and of nothing else."""
        return self.protocol == "tcp" and self.ports[0] == self.ports[1] and self.ports[0] in ports


@immutable
class Firewall:
    """One target: its rules in any order, its outbound rules as text, the machines behind it."""

    rules: tuple[Rule, ...] = ()
    outbound: tuple[str, ...] = ("allow everything to everyone",)
    machines: tuple[str, ...] = ("a", "b")

    @property
    def ordered(self) -> list[Rule]:
        """The rules as they are asked: by number, a deny first on a tie."""
        return sorted(self.rules, key=lambda rule: (rule.number, rule.allow, rule.name))


@immutable
class MemorySnapshot:
    """Firewalls by target; each is an object of its own, so any subset can be cut out."""

    scope: Scope
    firewalls: Mapping[str, Firewall] = field(default_factory=dict[str, Firewall])
    version: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets in it."""
        return tuple(self.firewalls)

    def outbound(self, target: str) -> str:
        """A digest of the outbound rules."""
        return digest(self.firewalls[target].outbound)

    def of(self, targets: Iterable[str]) -> MemorySnapshot:
        """Cut down to ``targets``."""
        return replace(self, firewalls={target: self.firewalls[target] for target in targets})


def name_of(text: str) -> Name:
    """An opaque source: ``probe:…`` by the probes, ``outside:…`` by public space, else internal."""
    if text.startswith("outside:"):
        return Name(text, PUBLIC)
    return Name(text, PROBES if text.startswith("probe:") else INTERNAL)


def clause(rule: Rule) -> Clause:
    """A rule as the core sees it."""
    everyone = not rule.sources and not rule.names
    return Clause(
        allow=rule.allow,
        source=EVERYONE if everyone else AddressSet.of(*rule.sources),
        rule=str(rule),
        names=frozenset(name_of(name) for name in rule.names),
        full=not rule.machines,
    )


def changed(firewall: Firewall, verb: str, rule: Rule) -> Firewall:
    """What one call makes of a firewall; the sandbox and the forecast agree by construction."""
    others = tuple(other for other in firewall.rules if other.name != rule.name)
    return replace(firewall, rules=others if verb == "remove" else (*others, rule))


def owned(rule: Rule, installation: str, port: int) -> bool:
    """Mark and shape: a marked rule that somebody reshaped is theirs."""
    marks = {mark(installation, purpose): purpose for purpose in Purpose}
    purpose = marks.get(rule.description)
    return (
        purpose is not None
        and rule.alone((port,))
        and not rule.machines
        and rule.allow is (purpose is not Purpose.DENY)
        and bool(rule.sources) != bool(rule.names)
        and len(rule.names) <= 1
        and ":" in rule.name
    )


def digest(lines: Iterable[str]) -> str:
    """Of ``lines`` in their order."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
