"""How networks are spelt and read: prefixes, masks, ranges, octets; it knows no format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

from cloudsync.addresses import EVERY_IPV4, AddressSet, Network, between

Range = tuple[IPv4Address, IPv4Address]

NETWORK: Final = r"(?P<network>[0-9A-Fa-f.:]+(?:/[0-9.]+|-[0-9A-Fa-f.:]+)?)"
"""The pattern of an address, ADDRESS/LENGTH, ADDRESS/MASK or FIRST-LAST, for a line's pattern."""


def plain(network: Network) -> str:
    """An address where the network is one, else ADDRESS/LENGTH."""
    return str(network.network_address) if single(network) else str(network)


def ends(network: Network) -> str:
    """An address where the network is one, else FIRST-LAST."""
    first, last = network.network_address, network.broadcast_address
    return str(first) if single(network) else f"{first}-{last}"


def single(network: Network) -> bool:
    """Whether the network is one address."""
    return network.prefixlen == network.max_prefixlen


def octets(network: Network) -> str:
    """``207.97.230.*`` of an IPv4 network whose length is 8, 16, 24 or 32."""
    parts = str(network.network_address).split(".")
    named = network.prefixlen // 8
    return ".".join([*parts[:named], *["*"] * (4 - named)])


def stem(network: Network) -> str:
    """``207.97.230`` of the same: the octets that are named."""
    return ".".join(str(network.network_address).split(".")[: network.prefixlen // 8])


def blocked(allowed: AddressSet) -> tuple[Range, ...]:
    """All of IPv4 but ``allowed``, as sorted ranges with an allowed address between each two.

    It begins at 0.0.0.0: a range from 1.1.1.1, as in the vendor's example, leaves 16,843,009
    addresses open.
    """
    return tuple(
        (IPv4Address(first), IPv4Address(last)) for first, last in (EVERY_IPV4 - allowed).spans
    )


def patterns(allowed: AddressSet) -> tuple[str, ...]:
    """All of IPv4 but ``allowed`` as octet patterns, each address in exactly one of them.

    An octet is a number, FROM-TO or ``*``. Each pattern has four.
    """
    return tuple(_patterns(allowed.ipv4.spans, 0, (), 24))


def _patterns(
    spans: tuple[tuple[int, int], ...], base: int, fixed: tuple[str, ...], shift: int
) -> Iterator[str]:
    size = 1 << shift
    free: int | None = None
    for value in range(257):
        start, end = base + value * size, base + (value + 1) * size - 1
        inside = tuple(one for one in spans if one[0] <= end and one[1] >= start)
        if not inside and value < 256:
            free = value if free is None else free
            continue
        if free is not None:
            octet = _octet(free, value - 1)
            yield ".".join([*fixed, octet, *["*"] * (3 - len(fixed))])
            free = None
        if value < 256 and not any(one[0] <= start and one[1] >= end for one in inside):
            yield from _patterns(inside, start, (*fixed, str(value)), shift - 8)


def _octet(first: int, last: int) -> str:
    if (first, last) == (0, 255):
        return "*"
    return str(first) if first == last else f"{first}-{last}"


def read(text: str) -> AddressSet:
    """What an address, ADDRESS/LENGTH, ADDRESS/MASK or FIRST-LAST stands for.

    Raises:
        ValueError: it is none of these, has bits beyond its length, or ends before it begins.
    """
    first, dash, last = text.partition("-")
    if not dash:
        return AddressSet.of(ip_network(text))
    return between(ip_address(first.strip()), ip_address(last.strip()))


def read_pattern(text: str) -> AddressSet:
    """What an octet pattern stands for.

    Raises:
        ValueError: it is none.
    """
    parts = text.split(".")
    if len(parts) != 4 or not all(re.fullmatch(r"\*|\d{1,3}(-\d{1,3})?", part) for part in parts):
        raise ValueError(f"{text!r} isn't four octets")
    found = [(0, 0)]
    for part in parts:
        low, _, high = ("0-255" if part == "*" else part).partition("-")
        first, last = int(low), int(high or low)
        if last > 255 or first > last:
            raise ValueError(f"{text!r} has an octet beyond 255, or one that ends first")
        if all(start == end for start, end in found):
            found = [(start * 256 + first, start * 256 + last) for start, _ in found]
        elif (first, last) == (0, 255):
            found = [(start * 256, end * 256 + 255) for start, end in found]
        else:
            found = [
                (each * 256 + first, each * 256 + last)
                for start, end in found
                for each in range(start, end + 1)
            ]
    return AddressSet.union(between(IPv4Address(a), IPv4Address(b)) for a, b in found)


def union(texts: Iterable[str]) -> AddressSet:
    """``read`` of each, together.

    Raises:
        ValueError: as ``read``.
    """
    return AddressSet.union(read(text) for text in texts)
