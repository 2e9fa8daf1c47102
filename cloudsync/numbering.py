"""Which number each own rule gets, where rules have numbers; it decides nothing about their content.

Own allows stand at the front of the range and own denies at its back. An own allow never moves to
a later number and never ties with a foreign deny; an own deny may tie with a foreign allow where a
deny wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cloudsync.addresses import AddressSet
from cloudsync.exposure import Clause, Name
from cloudsync.immutable import immutable
from cloudsync.model import Purpose

FAR: Final = 1 << 31
"""Past every cloud's last number."""


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """What one own rule is for: a purpose, and the family or the opaque name that it serves.

    A cloud derives the rule's name from it, so that a rule is found again and rewritten in place.
    """

    purpose: Purpose
    part: str

    @property
    def allow(self) -> bool:
        """Whether the rule lets in."""
        return self.purpose is not Purpose.DENY


@immutable
class Numbered:
    """A standing rule that decides the port: its number and clause, and its slot if it is ours.

    ``default`` marks a deny that is nobody's decision, however narrow it is: one that we made for
    another target, whose machines may be this one's too.
    """

    number: int
    clause: Clause
    slot: Slot | None = None
    default: bool = False


@immutable
class Placed:
    """An own rule that should stand."""

    slot: Slot
    number: int
    source: AddressSet
    names: frozenset[Name] = frozenset()


@immutable
class Numbers:
    """How a cloud counts: the range that own rules may use, and whether two rules may share one.

    Where they may (``ties``), a deny wins. ``taken`` are numbers that rules for other ports hold.
    """

    first: int
    last: int
    ties: bool
    taken: frozenset[int] = frozenset()


Contents = dict[Slot, tuple[AddressSet, frozenset[Name]]]
"""What each own rule should hold."""


@immutable
class Fit:
    """Own rules with their numbers; ``late`` are those that a foreign deny stands ahead of."""

    rules: tuple[Placed, ...]
    late: tuple[Slot, ...] = ()


class Field:
    """The numbers of one target, and which of them own rules can have."""

    def __init__(
        self,
        standing: Sequence[Numbered],
        ours: Mapping[Slot, Numbered],
        numbers: Numbers,
        blocked: AddressSet,
    ) -> None:
        self._ours = ours
        self._numbers = numbers
        self._blocked = blocked
        foreign = [rule for rule in standing if rule.slot is None]
        every = {rule.number for rule in foreign} | numbers.taken
        denies = {rule.number for rule in foreign if not rule.clause.allow}
        self._shut_to_allows = denies if numbers.ties else every
        self._shut_to_denies = set[int]() if numbers.ties else every

    def fit(self, contents: Contents, barriers: Mapping[Slot, int], wall: int) -> Fit | None:
        """Numbers for all of ``contents``, or None where allows and denies don't fit ahead of ``wall``.

        ``barriers`` say ahead of which foreign deny an allow should stand. One that can't is
        placed behind it all the same: what the deny doesn't stop gets in by it.
        """
        denies = [slot for slot in contents if not slot.allow]
        allows = [slot for slot in contents if slot.allow]
        behind = self._denies(denies, wall)
        if behind is None:
            return None
        hard = min([self._numbers.last + 1, *behind.values()])
        found = self._allows(allows, barriers, hard, set(behind.values()))
        if found is None:
            return None
        ahead, late = found
        numbers = ahead | behind
        return Fit(
            tuple(self._placed(slot, contents[slot], numbers[slot]) for slot in contents), late
        )

    def need(self, contents: Contents, wall: int) -> tuple[int, int]:
        """How many numbers ``contents`` needs ahead of the wall, and how many are free."""
        kinds = [[slot for slot in contents if slot.allow is allow] for allow in (True, False)]
        need = sum(min(len(kind), 1) if self._numbers.ties else len(kind) for kind in kinds)
        span = range(self._numbers.first, min(wall, self._numbers.last + 1))
        return need, sum(1 for number in span if number not in self._shut_to_allows)

    def _denies(self, slots: Sequence[Slot], wall: int) -> dict[Slot, int] | None:
        # Deny wins a tie with the allow that it is to close, where ties are possible.
        last = min(self._numbers.last, wall if self._numbers.ties else wall - 1)
        found: dict[Slot, int] = {}
        for slot in slots:
            rule = self._ours.get(slot)
            if rule and rule.number <= last:
                found[slot] = rule.number
        used = set(found.values())
        for slot in slots:
            if slot in found:
                continue
            number = next(
                self._free(range(last, self._numbers.first - 1, -1), used, allow=False), None
            )
            if number is None:
                return None
            found[slot] = number
            used.add(number)
        return found

    def _allows(
        self, slots: Sequence[Slot], barriers: Mapping[Slot, int], hard: int, denied: set[int]
    ) -> tuple[dict[Slot, int], tuple[Slot, ...]] | None:
        limits = {slot: min(barriers.get(slot, FAR), hard) for slot in slots}
        found: dict[Slot, int] = {}
        late: list[Slot] = []
        for slot in slots:
            rule = self._ours.get(slot)
            if rule and rule.number < limits[slot]:
                found[slot] = rule.number
        used = set(found.values())
        for slot in slots:
            if slot in found:
                continue
            rule = self._ours.get(slot)
            number = self._first(limits[slot], rule, used | denied)
            if number is None:
                late.append(slot)
                stands = rule is not None and rule.number < hard
                number = rule.number if rule and stands else self._first(hard, rule, used | denied)
            if number is None:
                return None
            found[slot] = number
            used.add(number)
        return found, tuple(late)

    def _first(self, limit: int, rule: Numbered | None, used: set[int]) -> int | None:
        """The first free number ahead of ``limit``.

        Never later than the rule stands: a deny in between would overtake it on the way.
        """
        end = min(limit, rule.number) if rule else limit
        return next(self._free(range(self._numbers.first, end), used, allow=True), None)

    def _free(self, span: range, used: set[int], *, allow: bool) -> Iterator[int]:
        shut = self._shut_to_allows if allow else self._shut_to_denies
        # Own numbers that a standing rule holds stay shut until that rule has moved away.
        held = {rule.number for rule in self._ours.values()}
        for number in span:
            if number in shut:
                continue
            if self._numbers.ties or (number not in used and number not in held):
                yield number

    def _placed(
        self, slot: Slot, content: tuple[AddressSet, frozenset[Name]], number: int
    ) -> Placed:
        source, names = content
        rule = self._ours.get(slot)
        if rule and slot.allow and rule.number == number:
            # What already stands here and is blocked elsewhere stays: taking it out could stop
            # it on the machines that the deny doesn't cover.
            source |= rule.clause.source & self._blocked
        return Placed(slot, number, source, names)
