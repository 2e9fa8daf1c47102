"""The order in which own rules with numbers are made, rewritten and taken away; it calls nothing.

What stands is only narrowed once whatever takes its place stands: an address that moves from one
own rule to another must not be shut between the two calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from cloudsync.addresses import AddressSet
from cloudsync.immutable import immutable
from cloudsync.model import Purpose
from cloudsync.numbering import Numbered, Placed, Slot
from cloudsync.place import Placement


@immutable
class Move:
    """One call: ``rule`` is what will stand in ``slot``, or what stood there and goes.

    ``narrows`` marks a rewriting that only takes something away, which waits like a removal until
    the rest has been seen.
    """

    verb: Literal["add", "replace", "remove"]
    rule: Placed
    narrows: bool = False


def moves(
    standing: Mapping[Slot, Numbered], placement: Placement, wanted: AddressSet, kept: AddressSet
) -> Iterator[Move]:
    """Who is wanted first, then probes, then denies; whatever takes away comes at the end.

    ``standing`` are the own rules as they are, by slot; ``wanted`` must get in at every
    moment; ``kept`` must go on getting in where it does, the probes too.
    """
    later: list[Move] = []
    for turn in range(3):
        placed = [rule for rule in placement.rules if _turn(rule.slot) == turn]
        for rule in placed:
            if rule.slot not in standing:
                yield Move("add", rule)
        for rule in placed:
            if rule.slot in standing:
                stood = _placed(rule.slot, standing[rule.slot])
                behind = stood.source & (kept | placement.blocked)
                if rule.slot.allow and rule.number != stood.number and behind - rule.source:
                    # It would carry ahead of a deny what may stay behind it: a new rule goes
                    # ahead, and of the old one what is blocked stays.
                    yield Move("add", replace(rule, slot=_ahead(rule.slot, standing)))
                    rest = replace(stood, source=stood.source & placement.blocked)
                    later.append(
                        Move("replace", rest, narrows=True)
                        if rest.source
                        else Move("remove", stood)
                    )
                    continue
                interim = _interim(stood, rule, wanted, kept)
                if interim != stood:
                    yield Move("replace", interim)
                if interim != rule:
                    later.append(Move("replace", rule, narrows=True))
    yield from later
    for slot in placement.stale:
        yield Move("remove", _placed(slot, standing[slot]))


def _turn(slot: Slot) -> int:
    """A probe's rule that can't be proved must hold back nobody who is wanted."""
    return {Purpose.PROBE: 1, Purpose.DENY: 2}.get(slot.purpose, 0)


def _interim(stood: Placed, rule: Placed, wanted: AddressSet, kept: AddressSet) -> Placed:
    """``rule`` with what it would drop while it is needed: another rule is to have it first."""
    if not rule.slot.allow:
        return rule
    needed = wanted | kept if rule.number == stood.number else wanted
    return replace(rule, source=rule.source | (stood.source & needed))


def _ahead(slot: Slot, standing: Mapping[Slot, Numbered]) -> Slot:
    """A slot beside ``slot`` that nothing stands in."""
    while slot in standing:
        slot = Slot(slot.purpose, f"{slot.part} ahead")
    return slot


def _placed(slot: Slot, rule: Numbered) -> Placed:
    return Placed(slot, rule.number, rule.clause.source, rule.clause.names)
