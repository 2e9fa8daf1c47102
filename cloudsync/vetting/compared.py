"""A list on offer beside the one in force, as networks that apply and as addresses; it judges none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from cloudsync.addresses import AddressSet, Network
from cloudsync.allowlist import InForce, Listing, Widen, applied
from cloudsync.immutable import immutable
from cloudsync.vetting.leaving import OWN_RULES


@immutable
class Compared:
    """Both lists as the networks that apply and the addresses in them.

    ``standing`` is what the list in force accepts, ``before`` that and what is still leaving,
    ``listed_addresses`` both with the groups that nobody chose, and ``known`` is that list where
    its source and dates are known: not of a first one or own rules.
    """

    new: Listing
    first: bool
    known: InForce | None
    after: tuple[Network, ...]
    standing: tuple[Network, ...]
    before: tuple[Network, ...]
    after_addresses: AddressSet
    standing_addresses: AddressSet
    before_addresses: AddressSet
    listed_addresses: AddressSet


def compared(
    new: Listing, in_force: InForce | None, shoreline: Collection[str], widen: Widen
) -> Compared:
    """``new`` beside the list in force, with the groups and the mask that any target uses."""
    known = None if in_force is None or in_force.source == OWN_RULES else in_force
    # Widening both sides would hide that one of two addresses of a /24 is gone, so only own
    # rules, which are widened already, are compared with the widened list.
    after = applied(new.entries, shoreline, "none" if known else widen)
    standing = applied(in_force.entries, shoreline) if in_force else ()
    # Without what came ahead of a held list, so that what is measured, and so the digest that a
    # person approves, stays the same until somebody decides; and with what was withdrawn by hand,
    # which the source still has.
    wanted = replace(in_force, ahead=()).rows if in_force else ()
    before = applied(wanted, shoreline)
    return Compared(
        new=new,
        first=in_force is None,
        known=known,
        after=after,
        standing=standing,
        before=before,
        after_addresses=AddressSet.of(*after),
        standing_addresses=AddressSet.of(*standing),
        before_addresses=AddressSet.of(*before),
        listed_addresses=AddressSet.of(*(entry.network for entry in wanted)),
    )
