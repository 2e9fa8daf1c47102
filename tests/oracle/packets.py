"""Asks, packet by packet, who gets in; deliberately naive, and it imports nothing of ours.

It is written from the vendors' documents, so that a mistake in the evaluator isn't repeated here.
A world is rows in plain form. A row says::

    {"number": 100, "allow": True, "sources": ["192.0.2.0/24"], "names": ["sg-1"],
     "ports": (25, 25), "protocol": "tcp", "machines": [], "label": "…", "id": "…"}

A row with neither sources nor names is from everyone; one without machines is for all of them.
What an opaque name really stands for is a ``Meaning``: networks by name, hidden from the product.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, cast

Row = Mapping[str, Any]
Meaning = Mapping[str, Sequence[str]]
Point = tuple[int, int]  # the IP version, and the address as a number
Span = tuple[int, int, int]  # the IP version, the first and the last address

LAST = {4: (1 << 32) - 1, 6: (1 << 128) - 1}


@dataclass(frozen=True)
class World:
    """One target as it is: its rows, what it says of outbound traffic, the machines behind it.

    ``families`` are those of which it can hold senders. ``beyond`` says in words which rules of
    ours hold for machines that the target doesn't guard.
    """

    rows: tuple[Row, ...]
    machines: tuple[str, ...] = ("machine",)
    outbound: str = ""
    families: tuple[int, ...] = (4, 6)
    beyond: frozenset[str] = frozenset()

    @property
    def asked(self) -> list[Row]:
        """The rows in the order in which they are asked: by number, and a deny wins a tie."""
        return sorted(self.rows, key=lambda row: (row["number"], row["allow"]))


@lru_cache(maxsize=100_000)
def span(cidr: str) -> Span:
    """A network as version, first and last; host bits are dropped, as every cloud here does."""
    network = ipaddress.ip_network(cidr, strict=False)
    return network.version, int(network.network_address), int(network.broadcast_address)


class Networks(tuple[str, ...]):  # noqa: SLOT001 - a tuple can hold no slots beside its items
    """CIDR strings that are asked often: laid out once, then found by bisection."""

    def __init__(self, _cidrs: Iterable[str] = (), /) -> None:
        self.firsts: dict[int, list[int]] = {4: [], 6: []}
        self.lasts: dict[int, list[int]] = {4: [], 6: []}
        for version, first, last in sorted(span(cidr) for cidr in self):
            firsts, lasts = self.firsts[version], self.lasts[version]
            if lasts and first <= lasts[-1]:
                lasts[-1] = max(last, lasts[-1])
            else:
                firsts.append(first)
                lasts.append(last)

    def hold(self, point: Point) -> bool:
        """Whether a point lies in one of them."""
        version, number = point
        index = bisect_right(self.firsts[version], number) - 1
        return index >= 0 and number <= self.lasts[version][index]


@lru_cache(maxsize=10_000)
def networks(cidrs: tuple[str, ...]) -> Networks:
    """``cidrs``, laid out; the same ones are laid out once."""
    return Networks(cidrs)


def inside(point: Point, cidrs: Iterable[str]) -> bool:
    """Whether a point lies in one of the networks."""
    if isinstance(cidrs, Networks):
        return cidrs.hold(point)
    version, number = point
    for cidr in cidrs:
        of, first, last = span(cidr)
        if of == version and first <= number <= last:
            return True
    return False


@lru_cache(maxsize=100_000)
def text(point: Point) -> str:
    """A point as a person writes it."""
    version, number = point
    return str(ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number))


def concerns(row: Row, port: int, protocol: str = "tcp") -> bool:
    """Whether a row says anything about packets of ``protocol`` to ``port``."""
    if row["protocol"] == "all":
        return True
    first, last = row["ports"]
    return bool(row["protocol"] == protocol and first <= port <= last)


def matches(row: Row, point: Point, machine: str, meaning: Meaning) -> bool:
    """Whether a row speaks of a sender and a machine."""
    machines, sources, names = row["machines"], row["sources"], row["names"]
    if machines and machine not in machines:
        return False
    if not names:
        return not sources or inside(point, sources)
    return inside(point, sources) or any(inside(point, meaning.get(name, ())) for name in names)


def deciding(world: World, port: int, protocol: str = "tcp") -> list[Row]:
    """The rows that say something of packets to a port, in the order in which they are asked."""
    return [row for row in world.asked if concerns(row, port, protocol)]


def joined(asked: Iterable[Row]) -> list[Row]:
    """The same answers from fewer rows: neighbours that give one answer are one row of all senders.

    Only rows that hold addresses and nothing else are joined. What they are called is left out: two
    worlds whose rows differ in no more than that decide alike.
    """
    found: list[Row] = []
    for plain, rows in groupby(asked, key=_plain):
        if plain is None:
            found += rows
        else:
            sources = networks(tuple(cidr for row in rows for cidr in row["sources"]))
            found.append({"allow": plain, "sources": sources, "names": (), "machines": ()})
    return found


def _plain(row: Row) -> bool | None:
    """The answer of a row that holds addresses and nothing else; None of any other row."""
    return row["allow"] if row["sources"] and not row["names"] and not row["machines"] else None


def gets_in(asked: Iterable[Row], point: Point, machine: str, meaning: Meaning) -> bool:
    """Whether the first row that matches lets the packet in; where none matches, nobody gets in."""
    for row in asked:
        if matches(row, point, machine, meaning):
            return bool(row["allow"])
    return False


def edges(cidrs: Iterable[str]) -> Iterator[Point]:
    """The points just before, at the start, at the end and just past every network."""
    for cidr in cidrs:
        version, first, last = span(cidr)
        for number in (first - 1, first, last, last + 1):
            if 0 <= number <= LAST[version]:
                yield version, number


def in_sight(worlds: Iterable[World], *more: Iterable[str]) -> list[Point]:
    """Every edge of every network that is mentioned anywhere, and the ends of both families."""
    cidrs = {"0.0.0.0/0", "::/0"}
    for world in worlds:
        for row in world.rows:
            cidrs.update(row["sources"])
    for networks in more:
        cidrs.update(networks)
    return sorted(set(edges(cidrs)))


def from_memory(firewall: Mapping[str, Any]) -> World:
    """A world from rules in plain form, as ``dataclasses.asdict`` gives them."""
    return World(
        rows=tuple(
            {
                "number": rule["number"],
                "allow": rule["allow"],
                "sources": networks(tuple(rule["sources"])),
                "names": tuple(rule["names"]),
                "ports": tuple(rule["ports"]),
                "protocol": rule["protocol"],
                "machines": tuple(rule["machines"]),
                "label": rule["description"],
                "id": rule["name"],
            }
            for rule in firewall["rules"]
        ),
        machines=tuple(firewall["machines"]),
        outbound="\n".join(firewall["outbound"]),
    )


# EC2's words for the protocols that carry ports. A number stands for the protocol it has at IANA;
# -1, and every other protocol than these, opens all ports whatever the range says.
WITH_PORTS = {"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp"}
WITHOUT_TCP = {"icmp", "1", "icmpv6", "58"}


def from_ec2(group: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> World:
    """A world from a group as DescribeSecurityGroups answers it, and the entries of prefix lists.

    Groups only let in, so every row has one number. A prefix list that ``lists`` doesn't know, and
    a referenced group, are names.
    """
    return World(
        rows=tuple(
            row
            for permission in group["IpPermissions"]
            for row in _permission_rows(permission, lists)
        ),
        outbound=repr(sorted(_flat(one) for one in group.get("IpPermissionsEgress", ()))),
    )


def _permission_rows(
    permission: Mapping[str, Any], lists: Mapping[str, Sequence[str]]
) -> Iterator[Row]:
    protocol = str(permission["IpProtocol"])
    kind = "icmp" if protocol in WITHOUT_TCP else WITH_PORTS.get(protocol, "all")
    ports = (permission.get("FromPort", -1), permission.get("ToPort", -1))

    def row(said: Mapping[str, Any], name: str, cidrs: Sequence[str], names: Sequence[str]) -> Row:
        return {
            "number": 0, "allow": True, "sources": networks(tuple(cidrs)), "names": tuple(names),
            "ports": ports, "protocol": kind, "machines": (),
            "label": said.get("Description", ""), "id": f"{protocol} {ports} {name}",
        }  # fmt: skip

    for one in permission.get("IpRanges", ()):
        yield row(one, one["CidrIp"], [one["CidrIp"]], [])
    for one in permission.get("Ipv6Ranges", ()):
        yield row(one, one["CidrIpv6"], [one["CidrIpv6"]], [])
    for one in permission.get("PrefixListIds", ()):
        name = one["PrefixListId"]
        if lists.get(name):
            yield row(one, name, lists[name], [])
        elif name not in lists:
            yield row(one, name, [], [name])
    for one in permission.get("UserIdGroupPairs", ()):
        name = one["GroupId"]
        yield row(one, name, [], [name])


def _flat(value: Any) -> str:
    """A canonical text of an answer, whatever the order of its keys and lists."""
    if isinstance(value, Mapping):
        keyed = cast("Mapping[str, Any]", value)
        return "{" + ",".join(sorted(f"{key}:{_flat(keyed[key])}" for key in keyed)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(sorted(_flat(one) for one in cast("Sequence[Any]", value))) + "]"
    return repr(value)
