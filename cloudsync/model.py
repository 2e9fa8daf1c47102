"""The values that the steps hand to each other: what is wanted of a target, and how it differs.

It decides nothing about clouds and reads nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from enum import StrEnum
from typing import Literal

from cloudsync.addresses import EVERYONE, INTERNAL, NOBODY, AddressSet, Network
from cloudsync.exposure import Exposure, Name
from cloudsync.immutable import immutable


class Mode(StrEnum):
    """How far cloudsync may go with a target; the user chooses, there is no default."""

    WATCH = "watch"
    ADD = "add"
    ENFORCE = "enforce"


class Purpose(StrEnum):
    """Why a rule of ours stands; the second word of its mark."""

    LIST = "list"
    ALSO = "also"
    INTERNAL = "internal"
    PROBE = "probe"
    DENY = "deny"


class Verdict(StrEnum):
    """What holds of a target. The first that holds, in this order, is the target's verdict."""

    GONE = "gone"
    UNREADABLE = "unreadable"
    MISSING = "missing"
    OPEN = "open"
    UNDETERMINED = "undetermined"
    IN_SYNC = "in_sync"


class Note(StrEnum):
    """Why a target isn't right yet."""

    HELD = "held"
    BLOCKED = "blocked"
    NO_ROOM = "no_room"
    CONTESTED = "contested"
    MANAGED_BY = "managed_by"
    PAUSED = "paused"
    SHARED = "shared"
    BLIND = "blind"
    FAILED = "failed"


def mark(installation: str, purpose: Purpose) -> str:
    """What stands in every rule of ours: the only thing that ownership rests on."""
    return f"cloudsync/{installation} {purpose}"


TERRAFORM_MARK = "cloudsync-terraform/"
"""What the mark of our Terraform modules begins with."""

OUR_MARKS = ("cloudsync/", TERRAFORM_MARK)
"""What the mark of any installation, or of our Terraform modules, begins with."""


@immutable
class Wanted:
    """What one target is to let in, and how far cloudsync may go to make it so.

    ``networks`` are the list in force as it applies here (leaving entries are still in it),
    ``also`` the active networks of ``also_allow``, ``names`` its opaque sources. ``addresses``
    follows from them. ``priority`` is the range of numbers that own rules may use, where rules
    have numbers. ``managed_by`` is who keeps the target, where the configuration says so.
    ``unsettled`` says that what an earlier run did may not have been seen yet: then a step must not
    rest on what a rule's id stands for, since a read may show what it stood for before. ``unsure``
    says that own rules alone told the list: then what stands under a purpose that it may have
    outgrown stays.
    """

    installation: str
    mode: Mode
    networks: tuple[Network, ...] = ()
    also: tuple[Network, ...] = ()
    names: frozenset[Name] = frozenset()
    internal: Literal["keep", "close"] | None = None
    ports: tuple[int, ...] = (25,)
    override_denies: bool = False
    close_opaque: bool = False
    shared: bool = False
    priority: tuple[int, int] | None = None
    managed_by: str | None = None
    unsettled: bool = False
    unsure: bool = field(default=False, repr=False)
    addresses: AddressSet = field(init=False)

    def __post_init__(self) -> None:
        """Derive ``addresses``: list and ``also_allow`` together."""
        object.__setattr__(self, "addresses", AddressSet.of(*self.networks, *self.also))

    @property
    def kept(self) -> AddressSet:
        """What is neither wanted nor to be closed: internal space, with ``internal: keep``."""
        return INTERNAL if self.internal == "keep" else NOBODY


@immutable
class Difference:
    """How an exposure differs from what is wanted.

    ``missing`` is mail that is lost, ``excess`` is the bypass, ``undetermined`` gets in to some
    machines and perhaps not to others. ``internal`` and ``probe`` are what gets in of either;
    they are shown, whatever is wanted.
    """

    missing: AddressSet
    excess: AddressSet
    undetermined: AddressSet
    missing_names: frozenset[Name]
    undetermined_names: frozenset[Name]
    internal: AddressSet
    probe: AddressSet

    @property
    def verdict(self) -> Verdict:
        """The first that holds of missing, open, undetermined, in sync."""
        if self.missing or self.missing_names:
            return Verdict.MISSING
        if self.excess:
            return Verdict.OPEN
        if self.undetermined or self.undetermined_names:
            return Verdict.UNDETERMINED
        return Verdict.IN_SYNC


def differ(
    exposure: Exposure,
    wanted: Wanted,
    probes: AddressSet = NOBODY,
    beside: Sequence[Exposure] = (),
) -> Difference:
    """Compare who can get in with who is wanted.

    ``probes`` are the platform's health-check sources: those that get in today are not excess,
    since without them a load balancer drops its backends and all mail stops. ``beside`` are the
    exposures of another layer, one for each kind of machine, which mail has to pass as well: who is
    stopped there at all of them is missing, at some of them undetermined. What is open stays so,
    whatever that layer closes: others keep it.
    """
    possible, arrives, certain = exposure.possible, exposure.possible, exposure.certain
    if beside:
        arrives &= AddressSet.union(one.possible for one in beside)
        for one in beside:
            certain &= one.certain
    unlisted = exposure.names - wanted.names
    return Difference(
        missing=wanted.addresses - arrives,
        # One set to take away: what gets in may be long, and is gone through once.
        excess=possible - (wanted.addresses | wanted.kept | probes),
        undetermined=wanted.addresses & (arrives - certain),
        missing_names=frozenset(
            name
            for name in wanted.names
            if not all(_passes(name, one) for one in (exposure, *beside))
        ),
        undetermined_names=frozenset(
            name for name in unlisted if name.outside and not name.bound <= probes
        ),
        internal=possible & INTERNAL,
        probe=possible & probes,
    )


def _passes(name: Name, exposure: Exposure) -> bool:
    """Whether an opaque name is let in: by name, or all that it may stand for by address."""
    if name in exposure.names or exposure.possible == EVERYONE:
        return True
    return bool(name.bound) and name.bound <= exposure.possible
