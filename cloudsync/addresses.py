"""Sets of IPv4 and IPv6 addresses as sorted integer spans; it knows nothing of rules or clouds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
    summarize_address_range,
)
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final, NamedTuple

from cloudsync.immutable import immutable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Span = tuple[int, int]

# Both families lie on one number line, so that one sweep serves both. IPv6 starts well past the
# end of IPv4: were they adjacent, 255.255.255.255 and :: would melt into one span.
_V6: Final = 1 << 64
_LAST4: Final = (1 << 32) - 1
_LAST6: Final = _V6 + (1 << 128) - 1

# Each IPv4 prefix length in its one spelling, with the bits that then are the host's.
_HOSTS: Final = {str(length): (1 << (32 - length)) - 1 for length in range(33)}


class Count(NamedTuple):
    """How many addresses, per family. They are never added up: one IPv6 /64 would drown IPv4."""

    ipv4: int
    ipv6: int


@immutable
class AddressSet:
    """Addresses as disjoint, sorted, non-adjacent ``(first, last)`` spans on the number line.

    Build one with ``AddressSet.of``; equal sets are equal values.
    """

    spans: tuple[Span, ...] = ()

    @staticmethod
    def of(*networks: str | Network | Address) -> AddressSet:
        """The addresses of networks, addresses, and CIDR strings; host bits are ignored.

        Raises:
            ValueError: a string is neither an address nor a CIDR.
        """
        return AddressSet(
            _merged([_span(one) if isinstance(one, str) else _laid_out(one) for one in networks])
        )

    @staticmethod
    def union(sets: Iterable[AddressSet]) -> AddressSet:
        """Everything that is in at least one of ``sets``."""
        distinct = [one for one in sets if one.spans]
        if len(distinct) == 1:
            return distinct[0]
        return AddressSet(_merged([span for one in distinct for span in one.spans]))

    def __or__(self, other: AddressSet) -> AddressSet:
        if not other.spans or self is other:
            return self
        if not self.spans:
            return other
        return AddressSet(_merged([*self.spans, *other.spans]))

    def __and__(self, other: AddressSet) -> AddressSet:
        if self is other:
            return self
        few, many = self.spans, other.spans
        if len(few) > len(many):
            few, many = many, few
        found: list[Span] = []
        j = 0
        for first, last in few:
            j = _reaching(many, first, j)
            while j < len(many) and many[j][0] <= last:
                found.append((max(first, many[j][0]), min(last, many[j][1])))
                j += 1
            # The last one looked at may reach into the next span as well.
            j = max(j - 1, 0)
        return AddressSet(tuple(found))

    def __sub__(self, other: AddressSet) -> AddressSet:
        if not self.spans or not other.spans:
            return self
        if self is other:
            return NOBODY
        # What is to be taken away is mostly there span by span, and a set finds these at once. It
        # costs a look at each of theirs, which for one address among thousands is nearly all.
        few = len(self.spans) * 8 < len(other.spans)
        alike: frozenset[Span] = frozenset() if few else frozenset(other.spans)
        left: list[Span] = []
        theirs = other.spans
        j = 0
        for span in self.spans:
            if span in alike:
                continue
            start, last = span
            j = _reaching(theirs, start, j)
            k = j
            while k < len(theirs) and theirs[k][0] <= last:
                if start < theirs[k][0]:
                    left.append((start, theirs[k][0] - 1))
                start = theirs[k][1] + 1
                k += 1
            if start <= last:
                left.append((start, last))
        return AddressSet(tuple(left))

    def __le__(self, other: AddressSet) -> bool:
        return not (self - other).spans

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __contains__(self, address: str | Address) -> bool:
        # No span touches another, so what is one span lies whole in one of them or not at all.
        first, last = _span(address) if isinstance(address, str) else _laid_out(address)
        index = bisect_left(self.spans, (first + 1,)) - 1
        return index >= 0 and last <= self.spans[index][1]

    @property
    def ipv4(self) -> AddressSet:
        """The IPv4 part."""
        return self & EVERY_IPV4

    @property
    def ipv6(self) -> AddressSet:
        """The IPv6 part."""
        return self & EVERY_IPV6

    def count(self) -> Count:
        """How many addresses there are, per family."""
        four = sum(last - first + 1 for first, last in self.spans if last <= _LAST4)
        six = sum(last - first + 1 for first, last in self.spans if first >= _V6)
        return Count(four, six)

    def networks(self) -> Iterator[Network]:
        """The fewest CIDR networks that make up exactly this set, IPv4 first, in order."""
        for first, last in self.spans:
            base, bits = (0, 32) if last <= _LAST4 else (_V6, 128)
            start, end = first - base, last - base
            while start <= end:
                # The largest aligned block that starts here and doesn't run past the end.
                size = min(start & -start or 1 << bits, 1 << ((end - start + 1).bit_length() - 1))
                prefix = bits - size.bit_length() + 1
                yield IPv4Network((start, prefix)) if bits == 32 else IPv6Network((start, prefix))
                start += size

    def cidrs(self) -> list[str]:
        """``networks()`` as strings."""
        return [cidr for span in self.spans for cidr in _written(span)]

    def ranges(self) -> Iterator[tuple[Address, Address]]:
        """The first and last address of each span, IPv4 first, in order."""
        for first, last in self.spans:
            if last <= _LAST4:
                yield IPv4Address(first), IPv4Address(last)
            else:
                yield IPv6Address(first - _V6), IPv6Address(last - _V6)

    def witness(self) -> str | None:
        """One address of the set as text, the lowest, or None of the empty set."""
        if not self.spans:
            return None
        first = self.spans[0][0]
        return str(IPv4Address(first) if first <= _LAST4 else IPv6Address(first - _V6))

    def __str__(self) -> str:
        return ", ".join(self.cidrs()) or "no address"


def between(first: Address, last: Address) -> AddressSet:
    """Every address from ``first`` to ``last``, both included.

    Raises:
        ValueError: ``last`` comes first, or is of the other family.
    """
    if isinstance(first, IPv4Address) and isinstance(last, IPv4Address):
        return AddressSet.of(*summarize_address_range(first, last))
    if isinstance(first, IPv6Address) and isinstance(last, IPv6Address):
        return AddressSet.of(*summarize_address_range(first, last))
    raise ValueError(f"{first} and {last} are of two families")


def _reaching(spans: tuple[Span, ...], first: int, start: int) -> int:
    """The index of the first span, from ``start`` on, that doesn't end before ``first``."""
    if start == len(spans) or spans[start][1] >= first:
        return start  # most often, where two sets are gone through side by side
    found = bisect_left(spans, (first,), start)
    return found - 1 if found > start and spans[found - 1][1] >= first else found


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    """``spans`` in order, with those that overlap or touch made one."""
    spans.sort()
    merged: list[Span] = []
    end = -2
    for span in spans:
        first, last = span
        if first <= end + 1:
            if last > end:
                end = last
                merged[-1] = (merged[-1][0], end)
        else:
            # The very object: thousands of sets hold the same few hundred spans.
            merged.append(span)
            end = last
    return tuple(merged)


# Fleets repeat the same few hundred CIDR strings in every group; inet_pton is six times as fast
# as ipaddress, and the memo makes the second sight free.
@lru_cache(maxsize=65_536)
def _span(text: str) -> Span:
    address, slash, prefix = text.partition("/")
    six = ":" in address
    bits = 128 if six else 32
    try:
        value = int.from_bytes(inet_pton(AF_INET6 if six else AF_INET, address))
    except (OSError, ValueError):
        raise ValueError(f"{text!r} is neither an address nor a network") from None
    if not slash:
        length = bits
    elif prefix.isascii() and prefix.isdigit() and int(prefix) <= bits:
        length = int(prefix)
    else:
        raise ValueError(f"{text!r} has no prefix length between 0 and {bits}")
    size = 1 << (bits - length)
    first = (value & -size) + (_V6 if six else 0)
    return first, first + size - 1


@lru_cache(maxsize=65_536)
def _laid_out(network: Network | Address) -> Span:
    return _span(str(network))


# Writing an address takes ten times as long as finding what was written of the same span before.
@lru_cache(maxsize=16_384)
def _written(span: Span) -> tuple[str, ...]:
    return tuple(map(str, AddressSet((span,)).networks()))


@lru_cache(maxsize=65_536)
def spelled(network: str) -> str:
    """A network in its one spelling: ``192.0.2.1/255.255.255.0`` is ``192.0.2.0/24``.

    Raises:
        ValueError: it is none.
    """
    return network if _is_spelled(network) else str(ip_network(network, strict=False))


def _is_spelled(network: str) -> bool:
    """Whether it is IPv4 as it should be, as most are: ``ipaddress`` takes 20 times as long."""
    address, _, prefix = network.partition("/")
    try:
        return not int.from_bytes(inet_pton(AF_INET, address)) & _HOSTS[prefix]
    except (KeyError, OSError, ValueError):
        return False


NOBODY: Final = AddressSet()
EVERY_IPV4: Final = AddressSet(((0, _LAST4),))
EVERY_IPV6: Final = AddressSet(((_V6, _LAST6),))
EVERYONE: Final = EVERY_IPV4 | EVERY_IPV6

# Addresses that no sender on the public internet has: private use (RFC 1918, RFC 4193), shared
# (RFC 6598), loopback, link-local, "this network", multicast and reserved (RFC 6890), with the
# IPv6 kin of each. Documentation and benchmarking space is *not* here: wherever there is doubt
# whether something is outside, it counts as outside, and is shown.
INTERNAL: Final = AddressSet.of(
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
    "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
    "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4",
    "fc00::/7", "::/128", "::1/128", "fe80::/10", "fec0::/10", "ff00::/8",
)  # fmt: skip
PUBLIC: Final = EVERYONE - INTERNAL
