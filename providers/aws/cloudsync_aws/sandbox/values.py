"""What the sandbox's cloud is made of, as frozen values; it never talks to anybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Tags = tuple[tuple[str, str], ...]
Peer = Literal["ipv4", "ipv6", "list", "group"]
RuleKey = tuple[bool, str, int | None, int | None, str, str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What AWS's documents leave open, each a switch with its settings.

    `authorize`: whether one duplicate refuses the whole call or only itself.
    `reads_late`: seconds, on the sandbox's clock, by which describes lag behind writes.
    `prefix_list_counting`: whether the removes of a call make room for its adds.
    `modify`: whether one rule that can't change refuses the whole call or only itself.
    `lists_settle`: seconds a prefix list stays in an *-in-progress state after a change.
    """

    authorize: Literal["atomic", "partial"] = "atomic"
    reads_late: float = 0.0
    prefix_list_counting: Literal["net", "gross"] = "net"
    modify: Literal["atomic", "partial"] = "atomic"
    lists_settle: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One security group rule; `first` and `last` are None where ports mean nothing."""

    id: str
    egress: bool
    protocol: str
    first: int | None
    last: int | None
    kind: Peer
    peer: str
    owner: str = ""
    description: str | None = None
    tags: Tags = ()

    @property
    def key(self) -> RuleKey:
        """What makes two rules the same rule to EC2: everything but id, description and tags."""
        return (self.egress, self.protocol, self.first, self.last, self.kind, self.peer)


@dataclass(frozen=True, slots=True)
class Group:
    """One security group with its rules of both directions, oldest first."""

    id: str
    name: str
    description: str
    vpc: str
    owner: str
    region: str
    rules: tuple[Rule, ...] = ()
    tags: Tags = ()


@dataclass(frozen=True, slots=True)
class Vpc:
    """One VPC; only the default one forgives a revoke of rules that aren't there."""

    id: str
    cidr: str
    default: bool
    tags: Tags = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One network of a prefix list."""

    cidr: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class PrefixList:
    """One managed prefix list.

    `versions` maps a version's number to its entries; `version` is the one in force.
    `weight` is what a reference to it counts against the quota (MaxEntries of a customer's list).
    `becomes` is the change under way, `done_at` the time on the sandbox's clock at which it holds.
    `resolver` is the address manager's target that writes it, where one does. `referrers` are
    resources beside security groups that refer to it, each with its owner.
    """

    id: str
    name: str
    family: Literal["IPv4", "IPv6"]
    max_entries: int
    owner: str
    region: str
    weight: int
    version: int = 1
    versions: tuple[tuple[int, tuple[Entry, ...]], ...] = ((1, ()),)
    state: str = "create-complete"
    message: str | None = None
    done_at: float = field(default=float("-inf"))
    becomes: PrefixList | None = None
    tags: Tags = ()
    resolver: str | None = None
    referrers: tuple[tuple[str, str], ...] = ()

    def entries(self, version: int) -> tuple[Entry, ...] | None:
        """The entries of one version, or None where there is no such version."""
        return dict(self.versions).get(version)
