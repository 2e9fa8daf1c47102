"""Which entries of one prefix list should come or go; it makes no calls of them."""

from __future__ import annotations

from collections.abc import Iterable

from cloudsync.addresses import INTERNAL, NOBODY, AddressSet
from cloudsync.exposure import Exposure
from cloudsync.immutable import immutable
from cloudsync.model import OUR_MARKS, Mode, Purpose, Wanted
from cloudsync_aws.lists import Entry, ListSnapshot, ManagedList
from cloudsync_aws.marks import description, marks
from cloudsync_aws.rule import addresses, canonical


@immutable
class ListDecision:
    """The entries of one list that should come or go.

    ``removed`` are the installation's own, ``revoked`` are somebody else's.
    """

    added: tuple[Entry, ...] = ()
    removed: tuple[Entry, ...] = ()
    revoked: tuple[Entry, ...] = ()


def purpose_of(entry: Entry, installation: str) -> Purpose | None:
    """The purpose for which the installation wrote ``entry``, or None where it isn't its own."""
    return marks(installation).get(entry.description)


def decide(snapshot: ListSnapshot, one: ManagedList, want: Wanted, mode: Mode) -> ListDecision:
    """What ``mode`` would do with one list, in the family that it holds.

    An entry can't get a new description without going for a moment (the API refuses a network that
    is added and removed at once), so one that is wanted stays under the purpose it was written for.
    Where own rules alone told the list, one that was also allowed may be on it, and stays.
    """
    standing = {entry.cidr: entry for entry in one.entries}
    whose = {cidr: purpose_of(entry, want.installation) for cidr, entry in standing.items()}
    wish = {canonical(str(network)): Purpose.ALSO for network in want.also}
    wish |= {canonical(str(network)): Purpose.LIST for network in want.networks}
    # The list comes before what is also allowed, as it was given.
    order = [str(network) for network in (*want.networks, *want.also)]
    coming = {
        cidr: wish[cidr]
        for cidr in dict.fromkeys(map(canonical, order))
        if one.takes(cidr) and cidr not in standing
    }
    removed = {
        cidr: entry
        for cidr, entry in standing.items()
        if (purpose := whose[cidr])
        and cidr not in wish
        and (purpose is not Purpose.INTERNAL or want.internal == "close")
        and not (purpose is Purpose.ALSO and want.unsure)
    }
    revoked: dict[str, Entry] = {}
    if mode is Mode.ENFORCE and decides_alone(snapshot, one, want.ports):
        revoked = {
            cidr: entry
            for cidr, entry in standing.items()
            if whose[cidr] is None
            and not entry.description.startswith(OUR_MARKS)
            and addresses((cidr,)) - want.addresses - want.kept
        }
    if want.internal == "keep":
        gone = [cidr for cidr in removed if whose[cidr] is not Purpose.ALSO] + list(revoked)
        staying = [cidr for cidr in standing if cidr not in removed and cidr not in revoked]
        lost = (held(gone) & INTERNAL) - held(staying) - held(coming)
        for cidr in lost.cidrs():
            # What stands under another purpose can only stay as it is.
            if removed.pop(cidr, None) is None:
                coming[cidr] = Purpose.INTERNAL
    return ListDecision(
        tuple(Entry(cidr, description(want.installation, why)) for cidr, why in coming.items()),
        tuple(removed.values()),
        tuple(revoked.values()),
    )


def held(cidrs: Iterable[str]) -> AddressSet:
    """Who stands in networks."""
    return AddressSet.union([NOBODY, *(addresses((cidr,)) for cidr in cidrs)])


def used_for(snapshot: ListSnapshot, one: ManagedList, ports: tuple[int, ...]) -> bool:
    """Whether any rule that names the list lets one of ``ports`` in."""
    return any(served(snapshot, one, port) for port in ports)


def served(
    snapshot: ListSnapshot, one: ManagedList, port: int, *, certain: bool = False
) -> frozenset[str]:
    """The groups at which the list lets ``port`` in, or may; only those where it does for sure."""
    covers = {"full"} if certain else {"full", "partial"}
    return frozenset(
        group.id
        for group in snapshot.groups
        if any(rule.cover(port) in covers for rule in group.rules(one.id))
    )


def decides_alone(snapshot: ListSnapshot, one: ManagedList, ports: tuple[int, ...]) -> bool:
    """Whether the list decides one of ``ports``, and nothing else that anybody can see."""
    rules = [rule for group in snapshot.groups for rule in group.rules(one.id)]
    return (
        bool(rules)
        and all(rule.alone(ports) for rule in rules)
        and not one.others
        and not any(group.refers_outbound(one.id) for group in snapshot.groups)
    )


def sharers(snapshot: ListSnapshot, one: ManagedList, ports: tuple[int, ...]) -> list[str]:
    """Who else depends on the list, in words: a change would reach them unasked."""
    found: list[str] = []
    for group in snapshot.groups:
        rules = group.rules(one.id)
        if rules and not group.selected:
            found.append(f"{group.id}, which isn't selected")
        found += [f"{group.id} for {rule.traffic}" for rule in rules if not rule.alone(ports)]
        if group.refers_outbound(one.id):
            found.append(f"{group.id} for what goes out")
    return [*found, *one.others]


def said_open(exposure: Exposure, want: Wanted) -> AddressSet:
    """Who gets in that is neither wanted nor kept."""
    return exposure.possible - want.addresses - want.kept
