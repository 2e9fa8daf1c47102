"""Removals as a function of the list in force and the clock; it reads no clock and drops in no haste.

An edge may serve the old and the new page in turn while the vendor changes it. So an entry that a
read no longer shows is *leaving*: it stays wanted until ``reads`` reads, ``apart`` from each
other, agreed that it is gone, and ``grace`` has passed since the last of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from cloudsync.addresses import AddressSet, Network
from cloudsync.allowlist import Entry, InForce, Leaving, Listing, Widen, applied, outermost
from cloudsync.immutable import immutable

OWN_RULES: Final = "own rules"
"""The source of a list in force that was read back from our own rules, because state was lost."""


@immutable
class Removals:
    """How long an entry stays wanted after reads stopped showing it.

    Raises:
        ValueError: ``reads`` is below 1, or ``apart`` or ``grace`` below zero.
    """

    # One read may be a stale edge or a truncated page; two that agree are the vendor's word.
    reads: int = 2
    # Longer than a page is cached, and than an edge takes to catch up with its neighbours.
    apart: timedelta = timedelta(hours=6)
    # The cap that RFC 8767 suggests for a TTL: after a week no cache sends mail by the old way.
    grace: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        if self.reads < 1:
            raise ValueError(f"reads is {self.reads}; the least is 1")
        for name, value in (("apart", self.apart), ("grace", self.grace)):
            if value < timedelta():
                raise ValueError(f"{name} is {value}; the least is 0")


def begin(new: Listing, now: datetime, accepted_by: str) -> InForce:
    """``new`` as the first list in force: nothing is leaving yet.

    Raises:
        ValueError: ``now`` has no time zone.
    """
    return InForce(
        source=new.source,
        format=new.format,
        entries=new.entries,
        published=new.published,
        minimum=new.minimum,
        accepted_by=accepted_by,
        accepted_at=_utc(now),
    )


def recovered(networks: Iterable[Network]) -> InForce | None:
    """The list in force as our own rules of purpose ``list`` tell it, or None without any rule.

    Rules know networks only: names, groups, dates and who accepted them are lost with the state.
    """
    entries = tuple(Entry(network) for network in outermost(networks))
    return InForce(source=OWN_RULES, format="cidr", entries=entries) if entries else None


def advance(
    in_force: InForce,
    new: Listing,
    now: datetime,
    removals: Removals,
    *,
    accepted_by: str = "guard",
    shoreline: Collection[str] = (),
    widen: Widen = "none",
) -> InForce:
    """The list in force after a read that the guard let through.

    Additions count at once. An entry that ``new`` lacks starts leaving, and this is the first
    read that says so; of one that is leaving already, this read is counted if it is ``apart``
    from the last. An entry that came back is accepted again, and its leaving forgotten.

    ``shoreline`` and ``widen`` are the groups and the mask that any target uses. They matter only
    when ``in_force`` was recovered from own rules: those hold networks as applied, so that one
    leaves when ``new`` as applied doesn't cover it.

    A clock that went back counts no read and ends no wait; it can only make a wait longer.

    Raises:
        ValueError: ``now`` has no time zone.
    """
    now = _utc(now)
    listed = {entry.key for entry in new.entries}
    standing = {leaving.entry.key for leaving in in_force.leaving}
    was_recovered = in_force.source == OWN_RULES
    counted = (*in_force.entries, *in_force.ahead)
    if was_recovered:
        reach = AddressSet.of(*applied(new.entries, shoreline, widen))
        gone = [entry for entry in counted if not AddressSet.of(entry.network) <= reach]
    else:
        gone = [entry for entry in counted if entry.key not in listed]
    fresh = {entry.key: entry for entry in gone if entry.key not in standing | listed}
    still = [leaving for leaving in in_force.leaving if leaving.entry.key not in listed]
    changed = was_recovered or new.digest != in_force.digest
    same_source = (new.source, new.format) == (in_force.source, in_force.format)
    return _without_ended(
        InForce(
            source=new.source,
            format=new.format,
            entries=new.entries,
            leaving=(
                *(_counted(leaving, now, removals) for leaving in still),
                *(_first_read(entry, now, removals) for entry in fresh.values()),
            ),
            # A page that lost its date mustn't open the door to an older one.
            published=new.published or (in_force.published if same_source else None),
            minimum=new.minimum or (in_force.minimum if same_source else None),
            accepted_by=accepted_by if changed else in_force.accepted_by,
            accepted_at=now if changed else in_force.accepted_at,
            withdrawn=in_force.withdrawn,
        ),
        now,
        removals,
    )


def agree(in_force: InForce, now: datetime, removals: Removals) -> InForce:
    """The list in force after "not modified": the body that it came from still stands.

    That is a read like any other, and is counted: a vendor who answers with 304 for months would
    otherwise keep every leaving entry open for months. It holds only for the validators of the
    body that ``in_force`` came from, never for those of a body that was held or refused. So what
    such a body brought ahead is lacking in this one, and starts leaving.

    Raises:
        ValueError: ``now`` has no time zone.
    """
    now = _utc(now)
    leaving = (
        *(_counted(one, now, removals) for one in in_force.leaving),
        *(_first_read(entry, now, removals) for entry in in_force.ahead),
    )
    return _without_ended(replace(in_force, leaving=leaving, ahead=()), now, removals)


def go_ahead(
    in_force: InForce, offer: Listing, ahead: Iterable[Entry], now: datetime, removals: Removals
) -> InForce:
    """The list in force after a read of a list that is held, of which ``ahead`` counts at once.

    Nothing that was accepted starts leaving by it, and no read is counted. What an earlier held
    list brought and this one lacks was never accepted, and leaves like anything else.

    Raises:
        ValueError: ``now`` has no time zone.
    """
    now = _utc(now)
    shown = {entry.key: entry for entry in ahead}
    listed = {entry.key for entry in offer.entries}
    lost = [entry for entry in in_force.ahead if entry.key not in listed]
    still = tuple(one for one in in_force.leaving if one.entry.key not in shown)
    leaving = (*still, *(_first_read(entry, now, removals) for entry in lost))
    after = replace(in_force, ahead=tuple(shown.values()), leaving=leaving)
    return _without_ended(after, now, removals)


def settle(in_force: InForce, now: datetime, removals: Removals) -> InForce:
    """The list in force after a run without a read: a grace may end, and no read is counted.

    Raises:
        ValueError: ``now`` has no time zone.
    """
    return _without_ended(in_force, _utc(now), removals)


def ends(leaving: Leaving, removals: Removals) -> datetime | None:
    """When the grace of ``leaving`` is over, or None while reads are still awaited."""
    if leaving.confirmed is None or leaving.reads < removals.reads:
        return None
    return leaving.confirmed + removals.grace


def _first_read(entry: Entry, now: datetime, removals: Removals) -> Leaving:
    return Leaving(entry, first=now, last=now, confirmed=now if removals.reads == 1 else None)


def _counted(leaving: Leaving, now: datetime, removals: Removals) -> Leaving:
    # Compared with `last` too: with `apart: 0` one read told twice must still be one read.
    counts = now > leaving.last and now - leaving.last >= removals.apart
    if not counts:
        return leaving
    if leaving.confirmed is not None and leaving.reads >= removals.reads:
        return leaving
    reads = leaving.reads + 1
    confirmed = now if reads >= removals.reads else None
    return replace(leaving, last=now, reads=reads, confirmed=confirmed)


def _without_ended(in_force: InForce, now: datetime, removals: Removals) -> InForce:
    left = replace(
        in_force,
        leaving=tuple(one for one in in_force.leaving if not _ended(one, now, removals)),
    )
    # What the source dropped and waited out needs nobody to keep it off any more.
    rows = {entry.network for entry in left.rows}
    withdrawn = tuple(one for one in left.withdrawn if one.network in rows)
    return replace(left, withdrawn=withdrawn)


def _ended(leaving: Leaving, now: datetime, removals: Removals) -> bool:
    return (
        leaving.confirmed is not None
        and leaving.reads >= removals.reads
        # A difference, since a sum with a very long grace would pass the last year there is.
        and now - leaving.confirmed >= removals.grace
    )


def _utc(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ValueError(f"{now.isoformat()} has no time zone")
    return now.astimezone(UTC)
