"""The list as a report speaks of it; it vets nothing and decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cloudsync.addresses import AddressSet, Network
from cloudsync.allowlist import Format, InForce, Widen, applied, cost_of_widening


@dataclass(frozen=True, slots=True)
class Listed:
    """The list in force, as its top-level settings apply it.

    ``networks`` are as listed, leaving ones still among them; ``leaving`` counts those. ``widened``
    is how many IPv4 addresses ``widen`` lets in that nobody listed.
    """

    source: str
    format: Format
    digest: str
    networks: tuple[Network, ...]
    published: date | None = None
    leaving: int = 0
    widened: int = 0

    @staticmethod
    def of(in_force: InForce, shoreline: Iterable[str] = (), widen: Widen = "none") -> Listed:
        """What is said of ``in_force`` where these settings hold."""
        groups = tuple(shoreline)
        return Listed(
            source=in_force.source,
            format=in_force.format,
            digest=in_force.digest,
            networks=applied(in_force.wanted, groups, widen),
            published=in_force.published,
            leaving=len(in_force.leaving),
            widened=cost_of_widening(in_force.wanted, groups) if widen == "24" else 0,
        )

    @property
    def addresses(self) -> AddressSet:
        """Every address of ``networks``."""
        return AddressSet.of(*self.networks)
