"""One inbound rule of a security group and the prefix list that it may name; it reads no answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import lru_cache
from ipaddress import ip_network
from typing import Final, Literal

from cloudsync.addresses import EVERYONE, AddressSet
from cloudsync.exposure import Name
from cloudsync.immutable import immutable

# A page holds 1,000 groups; what is derived from one page need not outlive it.
REMEMBERED: Final = 1_024

TCP: Final = frozenset({"tcp", "6"})
# UDP and ICMP have ports or types of their own, and never carry a TCP connection.
_NEVER: Final = frozenset({"udp", "17", "icmp", "1", "icmpv6", "58"})

Cover = Literal["full", "partial", "none"]


@immutable
class PrefixList:
    """A managed prefix list. ``entries`` is None where they couldn't be read.

    ``weight`` is what a reference to it counts against the quota of the group that makes it.
    ``by_name`` says that the configuration wants the list itself, whatever is on it.
    """

    id: str
    entries: tuple[str, ...] | None = None
    weight: int = 1
    by_name: bool = False

    @property
    def name(self) -> Name:
        """The list as an opaque source: it can stand for what is on it, or, unread, for anybody."""
        return Name(self.id, EVERYONE if self.entries is None else addresses(self.entries))


@immutable
class Rule:
    """One inbound rule: EC2 tells two apart by everything here but the description.

    ``source`` is a canonical CIDR, ``sg-…``, ``ACCOUNT/sg-…`` (another account's group) or
    ``pl-…``. ``first`` and ``last`` are None where ports mean nothing.
    """

    protocol: str
    first: int | None
    last: int | None
    source: str
    description: str = field(default="", compare=False)

    @property
    def traffic(self) -> str:
        """``tcp/25``, ``tcp/20-30``, ``all traffic``, ``protocol 50``."""
        if self.protocol == "-1":
            return "all traffic"
        if self.protocol.isdigit():
            return f"protocol {self.protocol}"
        if self.first is None or self.first == -1:
            return f"all {self.protocol}"
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.protocol}/{ports}"

    @property
    def key(self) -> str:
        """All of it that decides anything, as text: ``tcp/25 from 0.0.0.0/0``."""
        return f"{self.traffic} from {self.source}"

    def __str__(self) -> str:
        return f"{self.key} ({self.description})" if self.description else self.key

    @property
    def opaque(self) -> bool:
        """Whether the source is a group or a prefix list."""
        return "-" in self.source

    def alone(self, ports: Sequence[int]) -> bool:
        """Whether it opens exactly one of ``ports`` and nothing else."""
        return self.protocol == "tcp" and self.first == self.last and self.first in ports

    def cover(self, port: int) -> Cover:
        """Whether it lets a TCP connection to ``port`` in."""
        return cover(self.protocol, self.first, self.last, port)


def cover(protocol: str, first: int | None, last: int | None, port: int) -> Cover:
    """Whether a rule of this protocol and these ports lets a TCP connection to ``port`` in.

    EC2's API reference (IpPermission.IpProtocol) says that -1, "or a protocol number other than
    tcp, udp, icmp, or icmpv6", allows traffic on all ports. Of another protocol it doesn't say
    that TCP gets in, nor that it doesn't: such a rule counts as partial, so that it neither hides
    a way in nor passes for one that mail can rely on.
    """
    if protocol in TCP:
        if first is None or first == -1:
            return "full"
        return "full" if first <= port <= (first if last is None else last) else "none"
    if protocol == "-1":
        return "full"
    return "none" if protocol in _NEVER else "partial"


@lru_cache(maxsize=REMEMBERED)
def addresses(networks: tuple[str, ...]) -> AddressSet:
    """The addresses of CIDR strings; the same strings give the same object."""
    return AddressSet.of(*networks)


@lru_cache(maxsize=65_536)
def canonical(source: str) -> str:
    """``source`` as AWS stores it: a network without host bits, a name as it is."""
    return source if "-" in source else str(ip_network(source, strict=False))
