"""Which addresses can open a connection here, and by which rule; it knows no cloud.

A cloud translates its rules into ``Clause`` values. Two folds evaluate them: ``union`` where rules
only ever add up, ``first_match`` where the first rule that speaks of a sender decides. What comes
out is two sets, because a rule can cover only some of the machines behind a target, and names,
because some sources (a referenced group, a service tag) can't be resolved to addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cloudsync.addresses import EVERYONE, INTERNAL, NOBODY, AddressSet
from cloudsync.immutable import immutable


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """An opaque source, and the addresses that it can at most stand for."""

    text: str
    bound: AddressSet = field(compare=False, repr=False)

    @property
    def outside(self) -> bool:
        """Whether it may stand for somebody on the public internet."""
        return not self.bound <= INTERNAL


@immutable
class Clause:
    """One rule, as far as it decides the port in question.

    ``full`` is False where the rule covers only some of what the target protects. ``rule`` names
    it to a person.
    """

    allow: bool
    source: AddressSet
    rule: str
    names: frozenset[Name] = frozenset()
    full: bool = True


@immutable
class Decision:
    """A part of the address space, or names, and the rule that lets it in or stops it."""

    rule: str
    layer: str
    allow: bool
    part: AddressSet
    names: frozenset[Name] = frozenset()
    full: bool = True


Fold = Literal["union", "first_match"]


@immutable
class Exposure:
    """Who can open a connection.

    ``certain`` gets in to every machine behind the target, ``possible`` may get in to at least
    one; ``certain <= possible``. ``names`` are let in too. The deciding rules are found when they
    are asked for: most exposures are in order, and nobody asks.
    """

    certain: AddressSet
    possible: AddressSet
    names: frozenset[Name] = frozenset()
    layer: str = field(default="", compare=False)
    fold: Fold = field(default="union", compare=False)
    clauses: Callable[[], Sequence[Clause]] = field(default=tuple, compare=False, repr=False)

    def grants(self, part: AddressSet = EVERYONE) -> tuple[Decision, ...]:
        """The rules that let some of ``part``, or a name, in; each with what it lets in."""
        return tuple(one for one in self.decisions(part) if one.allow)

    def stops(self, part: AddressSet) -> tuple[Decision, ...]:
        """The rules that stop some of ``part``. What no rule speaks of is stopped by none."""
        return tuple(one for one in self.decisions(part) if not one.allow)

    def reach(self, name: Name) -> AddressSet:
        """From where ``name``, which is let in, may come: its bound, less what is denied ahead.

        A rule for machines of one family lets in a name's senders of that family alone: the bound
        is the one that the name has in the rule.
        """
        found, left = NOBODY, EVERYONE
        for clause in self.clauses():
            if clause.allow and name in clause.names:
                (bound,) = (one.bound for one in clause.names if one == name)
                found |= bound & left
            elif not clause.allow and clause.full:
                left -= clause.source
        return found

    def decisions(self, part: AddressSet = EVERYONE) -> tuple[Decision, ...]:
        """Every rule that decides some of ``part``, or a name, in the order they are asked.

        Where rules add up, each rule that lets an address in is named: closing one of them is
        not enough. Where the first match decides, a later rule is named only for what is left.
        """
        found: list[Decision] = []
        left = EVERYONE
        for clause in self.clauses():
            share = clause.source & part & left
            names = frozenset(name for name in clause.names if name.bound & left)
            if share or names:
                found.append(
                    Decision(clause.rule, self.layer, clause.allow, share, names, clause.full)
                )
            if clause.full and self.fold == "first_match":
                left -= clause.source
        return tuple(found)


NOTHING = Exposure(NOBODY, NOBODY)


def union(clauses: Iterable[Clause], layer: str) -> Exposure:
    """The exposure where every rule only lets in: security groups.

    Raises:
        ValueError: a clause denies; a union has no place for it.
    """
    kept = tuple(clauses)
    if not all(clause.allow for clause in kept):
        raise ValueError("a union of rules can't hold one that denies")
    return Exposure(
        certain=AddressSet.union(clause.source for clause in kept if clause.full),
        possible=AddressSet.union(clause.source for clause in kept),
        names=frozenset(name for clause in kept for name in clause.names),
        layer=layer,
        fold="union",
        clauses=lambda: kept,
    )


def first_match(clauses: Iterable[Clause], layer: str) -> Exposure:
    """The exposure where the first rule that matches decides, and none that matches means no.

    The clauses come in the order in which they are asked. A partial allow widens only what is
    possible, a partial deny narrows only what is certain, an opaque deny narrows what is certain
    by its bound, and an opaque allow is shut once its whole bound is denied ahead of it.
    """
    kept = tuple(clauses)
    # Each set is laid out once, at the end: laid out rule by rule, they would cost the square.
    certain: list[AddressSet] = []
    possible: list[AddressSet] = []
    names: set[Name] = set()
    undenied = EVERYONE  # not stopped for every machine so far
    clear = EVERYONE  # not stopped for any machine so far
    for clause in kept:
        if clause.allow:
            # Most fleets deny nothing: then no set is cut, and both come to the same ones.
            reached = clause.source if undenied is EVERYONE else clause.source & undenied
            possible.append(reached)
            if clause.full:
                certain.append(reached if clear is undenied else clause.source & clear)
            names.update(name for name in clause.names if name.bound & undenied)
        else:
            clear -= clause.source
            for name in clause.names:
                clear -= name.bound
            if clause.full:
                undenied -= clause.source
    surely = AddressSet.union(certain)
    return Exposure(
        surely,
        surely if certain == possible else AddressSet.union(possible),
        frozenset(names),
        layer=layer,
        fold="first_match",
        clauses=lambda: kept,
    )
