"""A sender that is taken off the list by hand, though its source still has it; pure.

It is for a sender that was broken into: waiting for the vendor's next page, agreeing reads and a
grace would leave it in for days. It is kept off until the source has dropped it, or a person wants
it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from ipaddress import IPv4Network

from cloudsync.addresses import AddressSet, Network
from cloudsync.allowlist import InForce, Widen, Withdrawn, applied
from cloudsync.errors import UsageError
from cloudsync.vetting.guard import anchors_of
from cloudsync.vetting.vet import Rules

_SEE = "See cloudsync list."


def withdraw(in_force: InForce, one: Withdrawn, rules: Rules, *, anchor: bool = False) -> InForce:
    """The list in force without ``one``; ``anchor`` says that an anchor may go with it.

    Raises:
        UsageError: it isn't in the list, is off it already, would still be let in by another
            entry, is the last one, or is an anchor and nobody said so.
    """
    name, network = str(one.network), one.network
    for known in in_force.withdrawn:
        if known.network == network:
            raise UsageError(name, f"{_said(known)} already", todo=_SEE)
    before = applied(in_force.wanted, rules.shoreline, rules.widen)
    if network not in {entry.network for entry in in_force.rows}:
        within = [str(other) for other in before if _within(network, other)]
        what = f", and gets in as a part of {', '.join(within)}" if within else ""
        todo = "Take off the whole entry." if within else _SEE
        raise UsageError(name, f"it is no entry of the list in force{what}", todo=todo)
    after = replace(in_force, withdrawn=(*in_force.withdrawn, one))
    left = applied(after.wanted, rules.shoreline, rules.widen)
    if others := [str(other) for other in left if _within(network, other)]:
        wide = " (widen: 24)" if rules.widen == "24" and isinstance(network, IPv4Network) else ""
        raise UsageError(
            name, f"it would still be let in by {', '.join(others)}{wide}",
            todo="Take that off first, or set widen: none.",
        )  # fmt: skip
    if not left:
        raise UsageError(
            name, "it is the last one that counts, and without it all mail stops",
            todo="Name another source under list:, and accept its list.",
        )  # fmt: skip
    anchors = anchors_of(applied(in_force.entries, rules.shoreline), rules.anchors)
    lost = [each for each in anchors if _lost(each, before, left)]
    if lost and not anchor:
        raise UsageError(
            name, f"with it goes an anchor of the list: {', '.join(map(str, lost))}",
            todo="If that is meant, say --anchor too.",
        )  # fmt: skip
    return after


def restore(in_force: InForce, network: Network) -> InForce:
    """The list in force with ``network`` wanted again.

    Raises:
        UsageError: it wasn't taken off by hand.
    """
    left = tuple(one for one in in_force.withdrawn if one.network != network)
    if left == in_force.withdrawn:
        known = ", ".join(str(one.network) for one in in_force.withdrawn) or "nothing"
        raise UsageError(str(network), f"it was not taken off by hand; {known} was", todo=_SEE)
    return replace(in_force, withdrawn=left)


def let_in_again(
    in_force: InForce, shoreline: Collection[str] = (), widen: Widen = "none"
) -> tuple[tuple[Withdrawn, Network], ...]:
    """What was taken off and gets in all the same, as a part of another entry, with that entry.

    A wider entry that the vendor adds holds other senders too, so it isn't kept out for that.
    """
    counts = applied(in_force.wanted, shoreline, widen)
    return tuple(
        (one, other)
        for one in in_force.withdrawn
        for other in counts
        if _within(one.network, other)
    )


def _said(one: Withdrawn) -> str:
    return f"{one.by} took it off on {one.at:%Y-%m-%d %H:%M} UTC ({one.reason})"


def _within(inner: Network, outer: Network) -> bool:
    return AddressSet.of(inner) <= AddressSet.of(outer)


def _lost(anchor: Network, before: Iterable[Network], left: Iterable[Network]) -> bool:
    one = AddressSet.of(anchor)
    return one <= AddressSet.of(*before) and not one <= AddressSet.of(*left)
