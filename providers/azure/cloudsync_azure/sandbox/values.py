"""What the sandbox holds: rules, groups, and what the documents leave open; all of it frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID, uuid5

_ETAGS = UUID("6f0c6a1a-0d5c-4f1e-9d6b-2f3f5b5f7c11")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the vendor's documents leave open; the default of each is the likelier one.

    ``if_match``: whose change makes a rule's If-Match stale. Recorded traffic shows each rule with
    its NSG's etag, which speaks for ``nsg``; ``rule``: only a change of that rule, and a rule that
    isn't there matches nothing (RFC 9110, 13.1.1); ``ignored``: nobody's.
    ``lro``: ``done`` answers a write when it is finished; ``async`` at once, with an operation to
    poll that takes ``lro_seconds``, and a further etag when it ends.
    ``reads_late`` and ``graph_late`` are seconds by which reads, and Resource Graph, lag behind.
    ``plurals``: whether an unused list comes back empty (recorded) or not at all (examples).
    ``protocol``: whether it comes back as it was sent, or in lower case.
    ``overlaps``: whether prefixes of one rule may overlap each other.
    """

    if_match: Literal["nsg", "rule", "ignored"] = "nsg"
    lro: Literal["done", "async"] = "done"
    lro_seconds: float = 0.0
    reads_late: float = 0.0
    graph_late: float = 0.0
    page_size: int = 100
    plurals: Literal["empty", "absent"] = "empty"
    protocol: Literal["sent", "lower"] = "sent"
    overlaps: Literal["kept", "refused"] = "kept"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one NSG. Source: azure-docs, includes/azure-virtual-network-limits."""

    rules: int = 1000
    prefixes: int = 4000


@dataclass(frozen=True, slots=True)
class Rule:
    """A security rule; ``properties`` as they come back, without provisioningState.

    ``serial`` is the number of the change that made it what it is.
    """

    name: str
    properties: Mapping[str, Any]
    serial: int = 0

    @property
    def priority(self) -> int:
        """Unique in its direction."""
        return int(self.properties["priority"])

    @property
    def direction(self) -> str:
        """Inbound or Outbound."""
        return str(self.properties["direction"])


@dataclass(frozen=True, slots=True)
class Nsg:
    """A network security group.

    ``serials`` are the numbers of its changes, oldest first: the last one makes its etag.
    ``operation`` is the write that it is still busy with.
    """

    subscription: str
    group: str
    name: str
    location: str
    guid: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    rules: tuple[Rule, ...] = ()
    serials: tuple[int, ...] = (0,)
    subnets: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    operation: str = ""

    @property
    def id(self) -> str:
        """The resource's id, in the case in which it was made."""
        return nsg_id(self.subscription, self.group, self.name)

    @property
    def key(self) -> str:
        """The id as it is told apart: Resource Manager's names are the same in any case."""
        return self.id.lower()

    @property
    def etag(self) -> str:
        """The etag, which its rules carry too (recorded traffic of the vendor's command line)."""
        return etag_of(self.serials[-1])

    def rule(self, name: str) -> Rule | None:
        """The rule of that name, in any case; None where there is none."""
        folded = name.lower()
        return next((rule for rule in self.rules if rule.name.lower() == folded), None)


@dataclass(frozen=True, slots=True)
class Asg:
    """An application security group."""

    subscription: str
    group: str
    name: str
    location: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    serial: int = 0

    @property
    def id(self) -> str:
        """The resource's id."""
        return provider_id(self.subscription, self.group, "applicationSecurityGroups", self.name)

    @property
    def key(self) -> str:
        """The id as it is told apart."""
        return self.id.lower()


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface; ``subnet``, ``nsg`` and ``asgs`` are ids, ``nsg`` empty where it has none."""

    subscription: str
    group: str
    name: str
    location: str
    subnet: str
    addresses: tuple[str, ...]
    nsg: str = ""
    asgs: tuple[str, ...] = ()
    serial: int = 0

    @property
    def id(self) -> str:
        """The resource's id."""
        return provider_id(self.subscription, self.group, "networkInterfaces", self.name)

    @property
    def key(self) -> str:
        """The id as it is told apart."""
        return self.id.lower()


@dataclass(frozen=True, slots=True)
class Operation:
    """A write that was taken on; ``failure`` is the error it ends with, empty where it succeeds."""

    id: str
    subscription: str
    location: str
    done_at: float
    nsg: str
    failure: str = ""


def provider_id(subscription: str, group: str, kind: str, name: str) -> str:
    """The id of a resource of Microsoft.Network."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.Network/{kind}/{name}"
    )


def nsg_id(subscription: str, group: str, name: str) -> str:
    """The id of an NSG."""
    return provider_id(subscription, group, "networkSecurityGroups", name)


def guid(serial: int) -> str:
    """A guid that is the same in every run."""
    return str(uuid5(_ETAGS, str(serial)))


def etag_of(serial: int) -> str:
    """The weak etag of one change."""
    return f'W/"{guid(serial)}"'
