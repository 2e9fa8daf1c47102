"""Which networks must be wanted at a moment, reckoned anew from the house's words on the list.

It shares no code with the product: a list that is let through counts at once, and what it lacks
stays wanted until two reads six hours apart agreed and seven days have passed since. Of a list that
is held, what it adds may count ahead of the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any, Final

READS: Final = 2
APART: Final = timedelta(hours=6)
GRACE: Final = timedelta(days=7)


@dataclass
class Leaving:
    """When reads stopped showing a network, how many agreed, and when the last needed one came."""

    last: datetime
    reads: int = 1
    confirmed: datetime | None = None


@dataclass
class Expected:
    """The list in force as it should be. ``known`` is False while there is none."""

    entries: set[str] = field(default_factory=set[str])
    leaving: dict[str, Leaving] = field(default_factory=dict[str, Leaving])
    ahead: set[str] = field(default_factory=set[str])
    known: bool = False
    by_address: bool = False
    """Whether own rules told the list: they tell addresses, and not by which networks."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """Every network that counts."""
        return tuple(sorted({*self.entries, *self.ahead, *self.leaving}))

    def begins(self, networks: Iterable[str]) -> None:
        """A list is in force where none was: a person accepted it."""
        self.entries, self.leaving, self.ahead, self.known = set(networks), {}, set(), True
        self.by_address = False

    def is_lost(self, own: Iterable[str]) -> None:
        """The state is gone; what stands in own rules of purpose ``list`` is the list in force."""
        self.entries, self.leaving, self.ahead = set(own), {}, set()
        self.known = self.by_address = bool(self.entries)

    def is_read(self, networks: Iterable[str], now: datetime) -> None:
        """A read that is let through."""
        listed = set(networks)
        for gone in sorted((self.entries | self.ahead) - listed):
            # After a loss of state the old entries are what rules held, so addresses decide.
            if not _held(gone, listed):
                self.leaving.setdefault(gone, Leaving(now, reads=0, confirmed=None))
        for back in listed & self.leaving.keys():
            del self.leaving[back]
        for one in self.leaving.values():
            if one.reads == 0 or (one.confirmed is None and now - one.last >= APART):
                one.reads, one.last = one.reads + 1, now
                one.confirmed = now if one.reads >= READS else None
        self.entries, self.ahead, self.by_address = listed, set(), False
        self.passes(now)

    def is_held(self, networks: Iterable[str], ahead: Iterable[str], now: datetime) -> str:
        """A read that is held, of which ``ahead`` counts; what is wrong with that, or nothing."""
        listed, more = set(networks), set(ahead)
        added = listed - self.entries
        if self.by_address:
            # What is wanted already adds nobody, by whatever network it is called.
            added |= {one for one in listed if _held(one, self.entries)}
        if not more <= added:
            return f"{sorted(more)} came ahead, and {sorted(added)} was added"
        if lost := sorted(listed & self.leaving.keys() - more):
            return f"{lost} is on the list that is held, and goes on leaving"
        for gone in self.ahead - listed:
            self.leaving.setdefault(gone, Leaving(now))
        self.leaving = {one: why for one, why in self.leaving.items() if one not in more}
        self.ahead = more
        self.passes(now)
        return ""

    def passes(self, now: datetime) -> None:
        """Time passes without a read that counts: a grace may end."""
        self.leaving = {
            network: one
            for network, one in self.leaving.items()
            if one.confirmed is None or now - one.confirmed < GRACE
        }


def _held(network: str, among: Iterable[str]) -> bool:
    inner: Any = ip_network(network)
    return any(
        inner.version == outer.version and inner.subnet_of(outer)
        for outer in map(ip_network, among)
    )
