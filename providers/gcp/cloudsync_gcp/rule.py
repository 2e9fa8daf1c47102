"""One inbound rule, classic or of a policy, as far as cloudsync must understand it; it calls nothing.

Sources: the reference of the resource `firewalls` and of `firewallPolicies` (Compute Engine v1), and
the VPC guide "VPC firewall rules": the lower number is asked first, a deny before an allow on a tie,
protocol numbers stand for names, no ports mean all of them, and a rule without a source is for
everyone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

from cloudsync.addresses import EVERYONE, INTERNAL, NOBODY, AddressSet, spelled
from cloudsync.exposure import Name
from cloudsync.immutable import immutable
from cloudsync_gcp.target import Target

Action = Literal["allow", "deny", "next", "unknown"]
"""What a rule does; ``next`` leaves the policy that it stands in, with whom it speaks of."""

REMEMBERED: Final = 8_192
_TCP: Final = frozenset({"tcp", "6"})


@immutable
class Source:
    """A source that can't be resolved here: a tag or an account inside, or a list outside."""

    text: str
    outside: bool = False

    @property
    def name(self) -> Name:
        """The core's word for it. Source tags and accounts match internal addresses alone."""
        return Name(self.text, EVERYONE if self.outside else INTERNAL)


@immutable
class Protocol:
    """A protocol in lower case and its ports as GCP writes them; no ports are all ports."""

    name: str
    ports: tuple[str, ...] = ()

    def holds(self, port: int) -> bool:
        """Whether TCP connections to ``port`` are among what it speaks of."""
        if self.name == "all":
            return True
        if self.name not in _TCP:
            return False
        return not self.ports or any(first <= port <= last for first, last in map(span, self.ports))

    def __str__(self) -> str:
        return self.name + (f":{','.join(self.ports)}" if self.ports else "")


def span(ports: str) -> tuple[int, int]:
    """First and last of ``25`` or ``20-30``."""
    first, _, last = ports.partition("-")
    return int(first), int(last or first)


# Asked several times of every rule, and fleets write the same few.
@lru_cache(maxsize=REMEMBERED)
def _any_holds(protocols: tuple[Protocol, ...], port: int) -> bool:
    return any(one.holds(port) for one in protocols)


@immutable
class Rule:
    """One inbound rule.

    ``tags`` and ``accounts`` are whom it protects, none meaning every machine of the network;
    ``machines`` says that it is for some of them by a measure that can't be seen here (a secure
    tag, a region). ``narrowed`` says that the connection must meet a further condition, such as a
    destination. ``layer`` is empty for a classic rule and else names the policy.
    """

    name: str
    number: int
    action: Action
    protocols: tuple[Protocol, ...]
    ranges: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    tags: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    disabled: bool = False
    description: str = ""
    layer: str = ""

    def decides(self, port: int) -> bool:
        """Whether it says anything of TCP connections to ``port``."""
        return not self.disabled and _any_holds(self.protocols, port)

    def alone(self, ports: tuple[int, ...]) -> bool:
        """Whether it speaks of one of ``ports`` over TCP, and of nothing else."""
        if len(self.protocols) != 1 or self.protocols[0].name not in _TCP:
            return False
        written = self.protocols[0].ports
        return len(written) == 1 and any(span(written[0]) == (port, port) for port in ports)

    def covers(self, target: Target) -> bool:
        """Whether it is for every machine of ``target``, and on no further condition."""
        if self.machines or self.narrowed:
            return False
        if not self.tags and not self.accounts:
            return True
        kind, name = target
        return (kind == "tag" and name in self.tags) or (kind == "sa" and name in self.accounts)

    @property
    def everyone(self) -> bool:
        """Whether it names no source."""
        return not self.ranges and not self.sources

    @property
    def addresses(self) -> AddressSet:
        """Whom it names by address."""
        return EVERYONE if self.everyone else addresses(self.ranges)

    @property
    def names(self) -> frozenset[Name]:
        """Whom it names otherwise."""
        return frozenset(source.name for source in self.sources)

    @property
    def title(self) -> str:
        """The rule as a person would look it up."""
        where = f"{self.layer}, rule {self.number}" if self.layer else f"{self.number} {self.name}"
        return f"{where} ({self.action} {' '.join(map(str, self.protocols))})"

    def __str__(self) -> str:
        """All of it that decides anything, on one line."""
        sources = ", ".join((*self.ranges, *(one.text for one in self.sources))) or "everyone"
        machines = ", ".join((*(f"tag {one}" for one in self.tags), *self.accounts, *self.machines))
        to = f" to {machines}" if machines else ""
        only = f" if {', '.join(self.narrowed)}" if self.narrowed else ""
        off = " disabled" if self.disabled else ""
        text = f" [{self.description}]" if self.description else ""
        return f"{self.title} from {sources}{to}{only}{off}{text}"


def canonical(network: str) -> str:
    """A network as everything here writes it, however the API did; what is none stays as it came."""
    try:
        return spelled(network)
    except ValueError:
        return network


@lru_cache(maxsize=REMEMBERED)
def addresses(ranges: tuple[str, ...]) -> AddressSet:
    """The set of some ranges; fleets repeat the same few."""
    return AddressSet.of(*ranges) if ranges else NOBODY


def ordered(rules: Iterable[Rule]) -> list[Rule]:
    """Rules in the order in which they are asked."""
    return sorted(rules, key=lambda rule: (rule.number, rule.action != "deny", rule.name))
