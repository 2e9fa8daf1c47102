"""The rules of a network as the core's arithmetic of places takes them; it calls nothing.

Whatever is asked before the layer that own rules stand in has a number ahead of all, and whatever
is asked after it a number behind all: own rules can't be put among either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from cloudsync.addresses import AddressSet
from cloudsync.exposure import Clause
from cloudsync.model import Wanted
from cloudsync.numbering import FAR, Numbered, Slot
from cloudsync_gcp.layers import Decided, decided, exposed
from cloudsync_gcp.marks import base, owner
from cloudsync_gcp.rule import Rule
from cloudsync_gcp.snapshot import Network
from cloudsync_gcp.target import Target

AHEAD: Final = -1
BEHIND: Final = FAR - 1

Ours = Mapping[Target, Mapping[Slot, Rule]]
"""Own rules by target and slot."""


def standing(
    network: Network,
    targets: tuple[Target, ...],
    ours: Ours,
    want: Wanted,
    probes: AddressSet,
    port: int,
) -> list[Numbered]:
    """Every rule that decides ``port``, in order, own ones with their slots.

    All ``targets`` are looked at as one, since a machine may belong to several and own rules get
    the same numbers for each: an own rule that only some of them have yet isn't full.
    """
    harmless = want.addresses | want.kept | probes
    found = [
        Numbered(AHEAD, _ahead(one, harmless))
        for layer in network.ahead
        for one in decided(layer, targets, port)
    ]
    found += sorted(
        [*_foreign(network, targets, ours, want, port), *_own(ours, targets)],
        key=lambda rule: (rule.number, rule.clause.allow),
    )
    found += [
        Numbered(BEHIND, one.clause)
        for layer in network.behind
        for one in decided(layer, targets, port)
    ]
    return found


def _ahead(one: Decided, harmless: AddressSet) -> Clause:
    """What a layer ahead decides. Whom it lets in too many can't be shut out from behind it."""
    if not one.clause.allow:
        return one.clause
    return replace(one.clause, source=one.clause.source & harmless, names=frozenset())


def _foreign(
    network: Network, targets: tuple[Target, ...], ours: Ours, want: Wanted, port: int
) -> Iterator[Numbered]:
    """The other rules of the layer; a deny that we made for a target of another block is no decision."""
    layer = network.own
    if layer is None:
        return
    own = {rule for slots in ours.values() for rule in slots.values()}
    for one in decided(layer, targets, port):
        if one.rule not in own:
            mine = owner(one.rule, want.installation, (port,)) is not None
            yield Numbered(one.rule.number, one.clause, default=mine and not one.clause.allow)
    leaving = [rule for rule in layer.rules if rule.action == "next" and rule.decides(port)]
    if leaving:
        beyond = AddressSet.union(
            exposed(network.behind, target, port).possible for target in targets
        )
        for rule in leaving:
            yield from _left(rule, targets, beyond)


def _left(rule: Rule, targets: tuple[Target, ...], beyond: AddressSet) -> Iterator[Numbered]:
    """A rule that lets leave: what gets in further on is let in by it, and the rest is stopped."""
    reach = rule.addresses | AddressSet.union(name.bound for name in rule.names)
    full = all(rule.covers(target) for target in targets) and not rule.names
    if reach - beyond:
        yield Numbered(rule.number, Clause(False, reach - beyond, rule.title, full=full))  # noqa: FBT003
    if reach & beyond:
        yield Numbered(rule.number, Clause(True, reach & beyond, rule.title, full=full))  # noqa: FBT003


def _own(ours: Ours, targets: tuple[Target, ...]) -> Iterator[Numbered]:
    """Own rules, those of a slot as one: at the foremost of their numbers, with all they hold."""
    every: dict[Slot, list[Rule]] = {}
    held: dict[Slot, int] = {}
    for target in targets:
        bases = {base(slot) for slot in ours[target]}
        for slot in bases:
            held[slot] = held.get(slot, 0) + 1
        for slot, rule in ours[target].items():
            every.setdefault(base(slot), []).append(rule)
    for slot, rules in every.items():
        yield numbered(slot, rules, full=held[slot] == len(targets))


def numbered(slot: Slot, rules: Iterable[Rule], *, full: bool = True) -> Numbered:
    """Some rules of ours as the one that they stand for."""
    kept = list(rules)
    return Numbered(
        min(rule.number for rule in kept),
        Clause(
            slot.allow,
            # A rule from names alone names no address, and isn't for everyone.
            AddressSet.union(rule.addresses for rule in kept if rule.ranges),
            kept[0].title,
            frozenset(name for rule in kept for name in rule.names),
            full,
        ),
        slot,
    )
