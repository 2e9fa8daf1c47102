"""Which own rules of one group should come, change or go, and in what order; it makes no calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cloudsync.addresses import EVERY_IPV4, EVERY_IPV6
from cloudsync.exposure import Clause
from cloudsync.immutable import immutable
from cloudsync.model import Wanted, mark
from cloudsync.moves import moves
from cloudsync.numbering import Numbered, Numbers, Placed, Slot
from cloudsync.place import Placement, place
from cloudsync.provider import Verb
from cloudsync_azure.clauses import PROBES, Protect, clauses, sources
from cloudsync_azure.marks import free_name, slots
from cloudsync_azure.rule import Rule, unpacked
from cloudsync_azure.snapshot import Nsg

FIRST: Final = 100
LAST: Final = 4_096
"""The priorities that rules may have (Azure documentation, "Network security groups")."""


@immutable
class Change:
    """One rule comes (``old`` None), goes (``new`` None), or is rewritten as a whole."""

    old: Rule | None
    new: Rule | None
    narrows: bool = False

    @property
    def verb(self) -> Verb:
        """As a step says it."""
        return "add" if self.old is None else "remove" if self.new is None else "replace"

    @property
    def later(self) -> bool:
        """Whether it only takes away, and waits until the rest has been seen."""
        return self.narrows or self.new is None


@dataclass(slots=True)
class Decision:
    """The changes of one group in their order, and where each port's own rules were placed."""

    changes: list[Change] = field(default_factory=list[Change])
    placements: dict[int, Placement] = field(default_factory=dict[int, Placement])


def decide(group: Nsg, want: Wanted, protect: Protect) -> Decision:
    """Allows first, then probes, then denies, for each port; what only takes away comes at the end."""
    decision = Decision()
    rules = group.rules
    # A name is a resource's, whatever the direction; a number is free or not in each direction.
    names = {one for packed in (group.ingress, group.egress) for one, _ in unpacked(packed)}
    promised: set[int] = set()
    for port in want.ports:
        deciding = [rule for rule in rules if rule.decides(port)]
        marked = list(slots(deciding, want.installation, port, protect))
        taken = {rule.priority for rule in rules if not rule.decides(port)} | promised
        # A rule for machines that aren't guarded says nothing here, and its number isn't free.
        taken |= {rule.priority for slot, rule in marked if not slot and not clauses(rule, protect)}
        placement = place(
            [one for slot, rule in marked for one in _numbered(slot, rule, protect)],
            want,
            PROBES,
            Numbers(*(want.priority or (FIRST, LAST)), ties=False, taken=frozenset(taken)),
        )
        decision.placements[port] = placement
        promised |= {placed.number for placed in placement.rules}
        ours = {slot: rule for slot, rule in marked if slot}
        for change in _changes(ours, placement, want, protect, port, names):
            decision.changes.append(change)
            names |= {change.new.name} if change.new else set()
    decision.changes.sort(key=lambda change: change.later)
    return decision


def _numbered(slot: Slot | None, rule: Rule, protect: Protect) -> Iterator[Numbered]:
    for clause in _clauses(slot, rule, protect):
        yield Numbered(rule.priority, clause, slot)


def _clauses(slot: Slot | None, rule: Rule, protect: Protect) -> tuple[Clause, ...]:
    found = clauses(rule, protect)
    if found or slot is None:
        return found
    # A rule of ours for machines that are protected no more: it is still ours to bring right.
    addresses, names = sources(rule, protect)
    return (Clause(rule.allow, addresses, str(rule), names, full=False),)


def _changes(
    ours: Mapping[Slot, Rule],
    placement: Placement,
    want: Wanted,
    protect: Protect,
    port: int,
    names: Iterable[str],
) -> Iterator[Change]:
    standing = {slot: one for slot, rule in ours.items() for one in _numbered(slot, rule, protect)}
    now = dict(ours)
    taken = set(names)
    planned = list(moves(standing, placement, want.addresses, want.kept | PROBES))
    early = [move for move in planned if move.verb != "remove" and not move.narrows]
    late = [move for move in planned if move.verb == "remove" or move.narrows]
    yield from _bound_anew(now, placement, protect, allow=True)
    for move in early:
        old = now.get(move.rule.slot)
        name = old.name if old else free_name(taken, want.installation, move.rule.slot, port)
        taken.add(name)
        now[move.rule.slot] = new = made(move.rule, name, want.installation, port, protect)
        yield Change(old, new)
    yield from _bound_anew(now, placement, protect, allow=False)
    for move in late:
        old = now[move.rule.slot]
        if move.verb == "remove":
            yield Change(old, None)
            continue
        now[move.rule.slot] = new = made(move.rule, old.name, want.installation, port, protect)
        yield Change(old, new, narrows=True)


def _bound_anew(
    now: dict[Slot, Rule], placement: Placement, protect: Protect, *, allow: bool
) -> Iterator[Change]:
    """Own rules that stand right but for the machines they are bound to."""
    for placed in placement.rules:
        old = now.get(placed.slot)
        if old is None or placed.slot.allow is not allow:
            continue
        prefixes, groups = _destinations(old, protect)
        if (old.destinations, old.destination_groups) != (prefixes, groups):
            new = replace(old, destinations=prefixes, destination_groups=groups)
            now[placed.slot] = new
            yield Change(old, new)


def made(placed: Placed, name: str, installation: str, port: int, protect: Protect) -> Rule:
    """The rule that stands for ``placed``: one augmented rule, however many its prefixes."""
    opaque = sorted(one.text for one in placed.names)
    groups = tuple(one.lower() for one in opaque if one.startswith("/"))
    bare = Rule(
        name=name,
        priority=placed.number,
        allow=placed.slot.allow,
        protocol="tcp",
        sources=tuple(sorted([*placed.source.cidrs(), *(o for o in opaque if o[0] != "/")])),
        source_groups=groups,
        ports=((port, port),),
        description=mark(installation, placed.slot.purpose),
    )
    prefixes, bound = _destinations(bare, protect)
    return replace(bare, destinations=prefixes, destination_groups=bound)


def _destinations(rule: Rule, protect: Protect) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a rule of ours is bound to: families can't be mixed in one rule."""
    if any("/" in one for one in rule.sources):
        six = any(":" in one for one in rule.sources)
        return protect.destinations(EVERY_IPV6 if six else EVERY_IPV4)
    # Health checks come from one IPv4 address, by name too; any other name is allowed only where
    # no address is guarded (settings).
    return protect.destinations(EVERY_IPV4)
