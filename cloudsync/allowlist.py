"""The list: what a reader found, what is in force, and which networks of it apply; it fetches nothing.

A ``Listing`` is what one read of a source says. ``InForce`` is what the guard has let through,
with the entries that are leaving. Only ``InForce`` ever reaches a cloud.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from ipaddress import IPv4Network
from typing import Final, Literal

from cloudsync.addresses import AddressSet, Network
from cloudsync.immutable import immutable

BASE: Final = "base"
"""The group of every entry that isn't opt-in; Shoreline groups are called ``EXG3``, ``EXG4``."""

Format = Literal["article39", "page", "cidr"]
Widen = Literal["none", "24"]


@immutable
class Entry:
    """One row of a source: a network, the name beside it, its group, and the line it stood on."""

    network: Network
    name: str | None = None
    group: str = BASE
    line: int = 0

    @property
    def key(self) -> tuple[Network, str]:
        """What makes two entries the same: names and lines may change, these may not."""
        return self.network, self.group


@immutable
class Review:
    """Who looked an operator's file over, when, and what it was taken from."""

    on: date
    by: str
    url: str


@immutable
class Listing:
    """What one read of a source says, whole: a reader gives all of it or refuses.

    ``minimum`` is the number of unique addresses that the document itself promises, where it
    promises one. ``warnings`` are for people; nothing is decided by them.
    """

    source: str
    format: Format
    entries: tuple[Entry, ...]
    article: int | None = None
    created: date | None = None
    published: date | None = None
    minimum: int | None = None
    review: Review | None = None
    warnings: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """sha256 of the canonical set: networks with their groups, in order. Never of the text."""
        return digest_of(self.entries)


@immutable
class Leaving:
    """An entry that reads no longer show. It stays wanted until ``reads`` and grace are over.

    ``first`` and ``last`` are the first and the last read that counted; ``reads`` how many did.
    ``confirmed`` is when the last read that was needed came: grace runs from there.
    """

    entry: Entry
    first: datetime
    last: datetime
    reads: int = 1
    confirmed: datetime | None = None


@immutable
class Withdrawn:
    """A network that a person took off the list, though its source still has it."""

    network: Network
    by: str
    reason: str
    at: datetime


@immutable
class InForce:
    """The list in force: accepted entries, and those that are leaving but still wanted.

    ``published`` and ``minimum`` are what its document said, so that an older or a humbler one
    that comes later is noticed. ``ahead`` are additions of a list that is held: they count before
    the rest of it does. ``withdrawn`` is wanted no more, whatever else is said of it here.
    """

    source: str
    format: Format
    entries: tuple[Entry, ...]
    leaving: tuple[Leaving, ...] = ()
    published: date | None = None
    minimum: int | None = None
    accepted_by: str = ""
    accepted_at: datetime | None = None
    ahead: tuple[Entry, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()

    @property
    def digest(self) -> str:
        """sha256 of the accepted entries, as ``Listing.digest``."""
        return digest_of(self.entries)

    @property
    def rows(self) -> tuple[Entry, ...]:
        """Every entry there is: accepted ones, those ahead, then leaving ones."""
        return *self.entries, *self.ahead, *(leaving.entry for leaving in self.leaving)

    @property
    def wanted(self) -> tuple[Entry, ...]:
        """Every entry that counts: ``rows`` without what a person withdrew."""
        off = {one.network for one in self.withdrawn}
        return tuple(entry for entry in self.rows if entry.network not in off)


def digest_of(entries: Iterable[Entry]) -> str:
    """``sha256:…`` over one ``NETWORK GROUP`` line an entry, each once, in address order."""
    rows = sorted({entry.key for entry in entries}, key=lambda key: (_order(key[0]), key[1]))
    text = "".join(f"{network} {group}\n" for network, group in rows)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def applied(
    entries: Iterable[Entry], shoreline: Iterable[str] = (), widen: Widen = "none"
) -> tuple[Network, ...]:
    """The networks that apply: base entries and chosen groups, widened if asked, in order.

    A network that another one contains is left out; siblings are never merged, so that a rule
    still names what the vendor listed. ``widen`` 24 rounds each IPv4 network up to its /24, the
    article's own fallback mask; IPv6 and wider networks stay as they are.
    """
    groups = {BASE, *shoreline}
    networks = {entry.network for entry in entries if entry.group in groups}
    if widen == "24":
        networks = {_at_least_24(network) for network in networks}
    return outermost(networks)


def absent(entries: Iterable[Entry], shoreline: Iterable[str]) -> tuple[str, ...]:
    """The groups of ``shoreline`` of which ``entries`` hold none, in order: choosing them does nothing."""
    return tuple(sorted(set(shoreline) - {entry.group for entry in entries}))


def outermost(networks: Iterable[Network]) -> tuple[Network, ...]:
    """``networks`` in address order, each once, without those that another one contains."""
    kept: list[Network] = []
    for network in sorted(set(networks), key=_order):
        last = kept[-1] if kept else None
        # In this order a container comes before what it contains.
        if last is None or last.version != network.version or not _contains(last, network):
            kept.append(network)
    return tuple(kept)


def cost_of_widening(entries: Iterable[Entry], shoreline: Iterable[str] = ()) -> int:
    """How many addresses ``widen: 24`` lets in that nobody listed."""
    rows = tuple(entries)
    as_listed = AddressSet.of(*applied(rows, shoreline))
    return (AddressSet.of(*applied(rows, shoreline, "24")) - as_listed).count().ipv4


def _at_least_24(network: Network) -> Network:
    if isinstance(network, IPv4Network) and network.prefixlen > 24:
        return network.supernet(new_prefix=24)
    return network


def _contains(outer: Network, inner: Network) -> bool:
    return (
        outer.network_address <= inner.network_address  # type: ignore[operator]
        and inner.broadcast_address <= outer.broadcast_address  # type: ignore[operator]
    )


def _order(network: Network) -> tuple[int, int, int]:
    return network.version, int(network.network_address), network.prefixlen
