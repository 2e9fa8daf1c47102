"""The list as a report speaks of it; it vets nothing and decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from cloudsync.addresses import AddressSet, Network
from cloudsync.allowlist import (
    Format,
    InForce,
    Widen,
    Withdrawn,
    applied,
    cost_of_widening,
)
from cloudsync.immutable import immutable
from cloudsync.vetting.leaving import Removals, ends


@immutable
class Going:
    """A network that is leaving: how many ``reads`` agreed of how many, and when it ``goes``.

    ``goes`` is None while reads are awaited.
    """

    network: Network
    reads: int
    of: int
    goes: datetime | None


@immutable
class Listed:
    """The list in force, as its top-level settings apply it.

    ``networks`` are as listed, leaving ones still among them, and those that came ``ahead`` of the
    rest of a list that is held; withdrawn ones aren't. ``leaving`` counts the entries that leave,
    ``going`` says when each does. ``widened`` is how many IPv4 addresses ``widen`` lets in that
    nobody listed.
    """

    source: str
    format: Format
    digest: str
    networks: tuple[Network, ...]
    published: date | None = None
    leaving: int = 0
    widened: int = 0
    going: tuple[Going, ...] = ()
    ahead: tuple[Network, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()

    @staticmethod
    def of(
        in_force: InForce,
        shoreline: Iterable[str] = (),
        widen: Widen = "none",
        removals: Removals | None = None,
    ) -> Listed:
        """What is said of ``in_force`` where these settings hold."""
        groups = tuple(shoreline)
        waits = removals or Removals()
        off = {one.network for one in in_force.withdrawn}
        leaving = [one for one in in_force.leaving if one.entry.network not in off]
        return Listed(
            source=in_force.source,
            format=in_force.format,
            digest=in_force.digest,
            networks=applied(in_force.wanted, groups, widen),
            published=in_force.published,
            leaving=len(leaving),
            widened=cost_of_widening(in_force.wanted, groups) if widen == "24" else 0,
            going=tuple(
                Going(one.entry.network, one.reads, waits.reads, ends(one, waits))
                for one in leaving
            ),
            ahead=tuple(one.network for one in in_force.ahead if one.network not in off),
            withdrawn=in_force.withdrawn,
        )

    @property
    def addresses(self) -> AddressSet:
        """Every address of ``networks``."""
        return AddressSet.of(*self.networks)
