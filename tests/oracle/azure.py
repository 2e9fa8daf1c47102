"""Asks an Azure network security group packet by packet; deliberately naive, nothing of ours in it.

Written from the vendor's documents: network-security-groups-overview (rules are walked in the order
of their priority, and the first that matches ends it; plural and singular fields; the default
rules), service-tags-overview (what a tag stands for) and network-security-group-how-it-works (the
destination is the private address). It reads an NSG as the API answers it.

A packet that says less than a rule asks (nobody knows a machine's address here) is sent from every
kind of machine that the rules tell apart: see ``machines``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any

from tests.oracle.packets import LAST, Meaning, Point, Row, World, networks, span

Nsg = Mapping[str, Any]
Properties = Mapping[str, Any]

# What is never on the public internet, written out once more from the specification.
PRIVATE = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)  # fmt: skip
BALANCER = "168.63.129.16/32"
"""Where health probes come from, by the tag AzureLoadBalancer (service-tags-overview)."""


def _beside(cidrs: Iterable[str]) -> Iterator[str]:
    """Everything that ``cidrs`` leave out, as networks."""
    spans = sorted(span(cidr) for cidr in cidrs)
    for version in (4, 6):
        at = 0
        for of, first, last in spans:
            if of != version:
                continue
            if first > at:
                yield from _networks(version, at, first - 1)
            at = max(at, last + 1)
        if at <= LAST[version]:
            yield from _networks(version, at, LAST[version])


def _networks(version: int, first: int, last: int) -> Iterator[str]:
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    for network in ipaddress.summarize_address_range(kind(first), kind(last)):
        yield str(network)


PUBLIC = tuple(_beside(PRIVATE))
"""What the tag Internet stands for: both families, and no private address."""


@dataclass(frozen=True)
class Packet:
    """One packet that asks to be let in. ``groups`` are the ASGs of the machine that it is for."""

    source: str
    destination: str
    port: int = 25
    source_port: int = 40_000
    protocol: str = "Tcp"
    groups: frozenset[str] = frozenset()


def rules(nsg: Nsg, direction: str = "Inbound") -> list[Mapping[str, Any]]:
    """The rules of one direction, the default ones too, in the order in which they are asked."""
    every = [*nsg["properties"]["securityRules"], *nsg["properties"]["defaultSecurityRules"]]
    return sorted(
        (one for one in every if one["properties"]["direction"].lower() == direction.lower()),
        key=lambda one: int(one["properties"]["priority"]),
    )


def decides(nsg: Nsg, packet: Packet, meaning: Meaning) -> Mapping[str, Any]:
    """The rule that lets a packet in or stops it; DenyAllInBound if no other one does.

    ``meaning`` says what tags and groups stand for, by their names in lower case.
    """
    for rule in rules(nsg):
        if speaks(rule["properties"], packet, meaning):
            return rule
    raise AssertionError("an NSG ends with a rule for everything")


def gets_in(nsg: Nsg, packet: Packet, meaning: Meaning) -> bool:
    """Whether a packet is let in."""
    return bool(decides(nsg, packet, meaning)["properties"]["access"].lower() == "allow")


def passes(levels: Iterable[Nsg], packet: Packet, meaning: Meaning) -> bool:
    """Whether every group on a packet's way lets it in: the subnet's and the interface's.

    A level that has no group lets everything in (network-security-group-how-it-works).
    """
    return all(gets_in(nsg, packet, meaning) for nsg in levels)


def speaks(rule: Properties, packet: Packet, meaning: Meaning) -> bool:
    """Whether a rule says anything about a packet."""
    return (
        rule["protocol"].lower() in {"*", packet.protocol.lower()}
        and _in_ports(packet.port, _both(rule, "destinationPortRange"))
        and _in_ports(packet.source_port, _both(rule, "sourcePortRange"))
        and _from(rule, packet, meaning)
        and _to(rule, packet)
    )


def _both(rule: Properties, field: str) -> list[str]:
    """What a field says, in the singular and in the plural."""
    plural = field + ("es" if field.endswith("Prefix") else "s")
    single = rule.get(field)
    return [*([single] if single else []), *(rule.get(plural) or [])]


def _groups(rule: Properties, side: str) -> list[str]:
    named: Sequence[Mapping[str, str]] = rule.get(f"{side}ApplicationSecurityGroups") or ()
    return [one["id"].lower() for one in named]


def _in_ports(port: int, said: Iterable[str]) -> bool:
    for text in said:
        first, last = _ends(text)
        if first <= port <= last:
            return True
    return False


def _ends(text: str) -> tuple[int, int]:
    if text == "*":
        return 0, 65_535
    first, _, last = text.partition("-")
    return int(first), int(last or first)


@lru_cache(maxsize=100_000)
def _point(address: str) -> Point:
    asked = ipaddress.ip_address(address)
    return asked.version, int(asked)


def _holds(cidrs: Sequence[str], address: str) -> bool:
    return networks(tuple(cidrs)).hold(_point(address))


def _from(rule: Properties, packet: Packet, meaning: Meaning) -> bool:
    for word in _both(rule, "sourceAddressPrefix"):
        if word == "*" or _holds(_means(word, meaning), packet.source):
            return True
    return any(_holds(meaning.get(name, ()), packet.source) for name in _groups(rule, "source"))


def _means(word: str, meaning: Meaning) -> Sequence[str]:
    """The networks that a word in an address field stands for."""
    if _is_network(word):
        return (word,)
    if word.lower() == "internet":
        return PUBLIC
    if word.lower() == "azureloadbalancer":
        return meaning.get(word.lower(), (BALANCER,))
    return meaning.get(word.lower(), ())


def _is_network(word: str) -> bool:
    return word[0].isdigit() or ":" in word


def _to(rule: Properties, packet: Packet) -> bool:
    for word in _both(rule, "destinationAddressPrefix"):
        # Whatever stands behind an NSG is in the virtual network, and in no service's space.
        if word == "*" or word.lower() == "virtualnetwork":
            return True
        if _is_network(word) and _holds((word,), packet.destination):
            return True
    return bool(packet.groups & set(_groups(rule, "destination")))


# --- every kind of machine that the rules tell apart ------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A kind of machine, and of client: its addresses, its ASGs, the port that he comes from."""

    ipv4: str
    ipv6: str
    groups: frozenset[str]
    source_port: int

    def __str__(self) -> str:
        named = ",".join(sorted(one.rpartition("/")[2] for one in self.groups))
        return f"{self.ipv4} {self.ipv6} [{named}] from {self.source_port}"

    def packet(self, source: str, port: int, protocol: str = "Tcp") -> Packet:
        """A packet from ``source`` to such a machine, at its address of the same family."""
        to = self.ipv6 if ":" in source else self.ipv4
        return Packet(source, to, port, self.source_port, protocol, self.groups)


def machines(
    nsgs: Iterable[Nsg], addresses: Sequence[str] = (), groups: Sequence[str] = ()
) -> list[Kind]:
    """Every kind of machine that some rule of ``nsgs`` tells from the others.

    ``addresses`` are networks that hold the machines to protect, and ``groups`` the ASGs one of
    which each of them is in; nothing: all that there may be behind an NSG.
    """
    said = [rule["properties"] for nsg in nsgs for rule in rules(nsg)]
    words = [word for rule in said for word in _both(rule, "destinationAddressPrefix")]
    cidrs = [*(word for word in words if _is_network(word)), *addresses]
    ends = [end for rule in said for text in _both(rule, "sourcePortRange") for end in _ends(text)]
    named = sorted({name for rule in said for name in _groups(rule, "destination")})
    wanted = {name.lower() for name in groups}
    return [
        Kind(ipv4, ipv6, chosen, port)
        for ipv4 in _places(4, cidrs, addresses)
        for ipv6 in _places(6, cidrs, addresses)
        for port in _ports(ends)
        for chosen in _memberships(sorted({*named, *wanted}))
        if not wanted or chosen & wanted
    ]


def _places(version: int, cidrs: Iterable[str], addresses: Sequence[str]) -> list[str]:
    """An address on each side of every edge; only those in ``addresses``, where any are said."""
    found: set[int] = {int(ipaddress.ip_address("10.255.0.9" if version == 4 else "fd00:ff::9"))}
    for cidr in cidrs:
        of, first, last = span(cidr)
        if of == version:
            found.update(at for at in (first - 1, first, last + 1) if 0 <= at <= LAST[version])
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    own = [cidr for cidr in addresses if span(cidr)[0] == version]
    texts = [str(kind(at)) for at in sorted(found)]
    if not own:
        return texts
    return [text for text in texts if _holds(own, text)]


def _ports(ends: Iterable[int]) -> list[int]:
    """A port on each side of every edge, and one that most clients might come from."""
    found = {40_000}
    for end in set(ends) - {0, 65_535}:
        found.update(at for at in (end - 1, end, end + 1) if 1 <= at <= 65_535)
    return sorted(found)


def _memberships(named: Sequence[str]) -> Iterator[frozenset[str]]:
    for chosen in product((False, True), repeat=len(named)):
        yield frozenset(name for name, is_in in zip(named, chosen, strict=True) if is_in)


# --- the same world for the judge of the promises ----------------------------------------------


def from_nsg(nsg: Nsg, kinds: Sequence[Kind]) -> World:
    """The NSG in rows, for the judge of the promises; ``kinds`` are those of ``machines``.

    A judge compares two worlds, so both must be told of the same kinds. A tag or group that has no
    fixed meaning is a name, in lower case.
    """
    every = tuple(str(kind) for kind in kinds)
    rows = tuple(
        row
        for rule in rules(nsg)
        for row in _rows(rule["name"], rule["properties"], kinds, every)
    )  # fmt: skip
    return World(rows=rows, machines=every, outbound=_outbound(nsg))


def _rows(
    name: str, rule: Properties, kinds: Sequence[Kind], every: tuple[str, ...]
) -> Iterator[Row]:
    reach = {version: covered(rule, kinds, version) for version in (4, 6)}
    # A rule for machines of one family says nothing to senders of the other.
    shared = reach[4] == reach[6]
    for versions in ((4, 6),) if shared else ((4,), (6,)):
        hit = reach[versions[0]]
        sources, names = _senders(rule, versions)
        if not sources and not names:
            continue
        ranges = sorted({_ends(text) for text in _both(rule, "destinationPortRange")})
        for (first, last), protocol in product(ranges, _protocols(rule, ranges)):
            yield {
                "number": int(rule["priority"]),
                "allow": rule["access"].lower() == "allow",
                "sources": networks(tuple(sources)),
                "names": tuple(names),
                "ports": (first, last),
                "protocol": protocol,
                "machines": () if hit == every else hit or ("none of them",),
                "label": rule.get("description", ""),
                "id": name,
            }


def _protocols(rule: Properties, ranges: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """A row for all protocols is for all ports; a rule for all of them still has its ports."""
    if rule["protocol"] != "*":
        return (rule["protocol"].lower(),)
    return ("all",) if ranges == [(0, 65_535)] else ("tcp", "udp")


def covered(rule: Properties, kinds: Sequence[Kind], version: int) -> tuple[str, ...]:
    """The kinds of machine that a rule covers for senders of one family."""
    return tuple(
        str(kind)
        for kind in kinds
        if _to(rule, kind.packet("::1" if version == 6 else "10.0.0.1", 25))
        and _in_ports(kind.source_port, _both(rule, "sourcePortRange"))
    )


def _senders(rule: Properties, versions: Sequence[int]) -> tuple[list[str], list[str]]:
    """The networks that a rule's senders come from, and the names that nobody can resolve."""
    sources: list[str] = []
    names = _groups(rule, "source")
    for word in _both(rule, "sourceAddressPrefix"):
        if word == "*":
            sources += ["0.0.0.0/0", "::/0"]
        elif _is_network(word) or word.lower() == "internet":
            sources += _means(word, {})
        else:
            names.append(word.lower())
    if len(versions) == 1:
        names = [f"{name}#{versions[0]}" for name in names]
    return [cidr for cidr in sources if span(cidr)[0] in versions], names


def split(meaning: Meaning) -> Meaning:
    """The meaning with each name's part of either family beside it, as ``name#4`` and ``name#6``.

    A rule for machines of one family alone lets in a name's senders of that family alone.
    """
    parts = {
        f"{name}#{version}": networks(tuple(one for one in cidrs if span(one)[0] == version))
        for name, cidrs in meaning.items()
        for version in (4, 6)
    }
    return {**{name: networks(tuple(cidrs)) for name, cidrs in meaning.items()}, **parts}


def spelt(world: World, names: Iterable[str]) -> World:
    """The world with ``names`` as they are given, in place of lower case."""
    given = {name.lower(): name for name in names}

    def one(name: str) -> str:
        word, part, family = name.partition("#")
        return given.get(word, word) + part + family

    return replace(
        world, rows=tuple({**row, "names": tuple(map(one, row["names"]))} for row in world.rows)
    )


def _outbound(nsg: Nsg) -> str:
    """The rules for what goes out, as text, without what any write changes: etags and progress."""
    return repr(
        [
            (
                one["name"],
                sorted(
                    (
                        (key, said)
                        for key, said in one["properties"].items()
                        if key != "provisioningState"
                    ),
                    key=str,
                ),
            )
            for one in rules(nsg, "Outbound")
        ]
    )
