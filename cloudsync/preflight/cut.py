"""Counts who delivered mail, and who of them would be cut off; memory is bounded, nothing is read here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cloudsync.addresses import Address, AddressSet
from cloudsync.immutable import immutable

MOST: Final = 10_000
"""The most sources that are kept apart."""


@immutable
class Delivery:
    """Somebody connected, as a line of a log says; ``at`` has no zone where the log gives none."""

    address: Address
    at: datetime | None = None
    count: int = 1


@dataclass(slots=True)
class Source:
    """One source that would be cut off."""

    address: Address
    count: int = 0
    last: datetime | None = None


@dataclass
class Cut:
    """The tally, delivery by delivery.

    ``kept`` is who is wanted, or kept as internal. ``more`` counts the deliveries of sources beyond
    the most that are kept apart.
    """

    kept: AddressSet
    most: int = MOST
    read: int = 0
    used: int = 0
    listed: int = 0
    more: int = 0
    senders: set[Address] = field(default_factory=set[Address])
    sources: dict[Address, Source] = field(default_factory=dict[Address, Source])

    def count(self, delivery: Delivery) -> None:
        """Count one delivery."""
        self.used += delivery.count
        address = delivery.address
        if address in self.kept:
            self.listed += delivery.count
            if len(self.senders) < self.most:
                self.senders.add(address)
            return
        if address not in self.sources and len(self.sources) >= self.most:
            self.more += delivery.count
            return
        source = self.sources.setdefault(address, Source(address))
        source.count += delivery.count
        if delivery.at and (source.last is None or _key(delivery.at) > _key(source.last)):
            source.last = delivery.at

    def worst(self, limit: int | None = 50) -> list[Source]:
        """The sources that would be cut, those that delivered most first."""
        ranked = sorted(
            self.sources.values(),
            key=lambda one: (-one.count, one.address.version, int(one.address)),
        )
        return ranked[:limit]


def _key(at: datetime) -> datetime:
    """A moment to compare by: where a log gives no zone, its clock is taken for UTC."""
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
