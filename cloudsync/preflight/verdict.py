"""What one look at a domain comes to: what was found, how grave it is, and what it is judged by."""

from __future__ import annotations

from enum import StrEnum

from cloudsync.addresses import NOBODY, Address, AddressSet
from cloudsync.immutable import immutable


class Weight(StrEnum):
    """What a finding means for closing; of several the first in this order decides."""

    DIRTY = "dirty"
    ASK = "ask"
    UNKNOWN = "unknown"
    WARN = "warn"
    SKIP = "skip"


class State(StrEnum):
    """What one look at a domain comes to."""

    DIRTY = "dirty"
    UNKNOWN = "unknown"
    CLEAN = "clean"


@immutable
class Finding:
    """One thing that was found: its code, what it means, what it is, and what to do."""

    code: str
    weight: Weight
    subject: str
    what: str
    todo: str = ""


@immutable
class Verdict:
    """What one look at a domain comes to; ``ttl`` is how long its MX may be remembered, in seconds."""

    domain: str
    findings: tuple[Finding, ...]
    ttl: int = 0

    @property
    def state(self) -> State:
        """Dirty, unknown (a person has to look, or nobody answered), or clean."""
        weights = {one.weight for one in self.findings}
        if Weight.DIRTY in weights:
            return State.DIRTY
        return State.UNKNOWN if weights & {Weight.ASK, Weight.UNKNOWN} else State.CLEAN

    @property
    def against(self) -> tuple[str, ...]:
        """What keeps it from being clean, by code and subject, the gravest first.

        Nothing that changes with each answer is in it, such as addresses that go round.
        """
        harmless = {Weight.WARN, Weight.SKIP}
        return tuple(
            f"{one.code} {one.subject}" for one in self.findings if one.weight not in harmless
        )


@immutable
class Ground:
    """What a look is judged by.

    ``suffixes`` are the domains that the filter's exchanges are in, ``own`` the public addresses of
    the protected servers, ``listed`` the list in force, ``groups`` the list's groups that aren't
    chosen.
    """

    suffixes: tuple[str, ...]
    own: frozenset[Address] = frozenset()
    listed: AddressSet = NOBODY
    groups: tuple[str, ...] = ()
