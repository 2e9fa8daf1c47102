"""Where rules have an order: which rules of ours should stand, and at which number; pure arithmetic.

One piece of code for every cloud with priorities. A lower number is asked first. Own allows stand
at the front of the range and own denies at its back, so that what comes tomorrow finds room
between them, and whatever a stranger opens behind the deny is harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cloudsync.addresses import EVERY_IPV4, EVERY_IPV6, NOBODY, PUBLIC, AddressSet
from cloudsync.exposure import Clause, Exposure, Name, first_match
from cloudsync.model import Mode, Purpose, Wanted

_FAMILIES = (("ipv4", EVERY_IPV4), ("ipv6", EVERY_IPV6))
_ALLOWS = (Purpose.LIST, Purpose.ALSO, Purpose.PROBE)


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


@dataclass(frozen=True, slots=True)
class Numbered:
    """A standing rule that decides the port: its number and clause, and its slot if it is ours."""

    number: int
    clause: Clause
    slot: Slot | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An own rule that should stand."""

    slot: Slot
    number: int
    source: AddressSet
    names: frozenset[Name] = frozenset()


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a cloud counts: the range that own rules may use, and whether two rules may share one.

    Where they may (``ties``), a deny wins. ``taken`` are numbers that rules for other ports hold.
    """

    first: int
    last: int
    ties: bool
    taken: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Placement:
    """The own rules that should stand, in the order in which they should be made.

    ``blocked`` are wanted addresses that somebody's narrow deny stops today. ``no_room`` says how
    many numbers are missing, ``opaque`` which outside names closing would stop; either way the
    closing is left out, and what ``add`` would do is done all the same. ``stale`` are own rules
    that should go.
    """

    rules: tuple[Placed, ...]
    stale: tuple[Slot, ...] = ()
    blocked: AddressSet = NOBODY
    no_room: str = ""
    opaque: frozenset[Name] = frozenset()
    left_over: tuple[Slot, ...] = ()


def place(
    standing: Sequence[Numbered], wanted: Wanted, probes: AddressSet, numbers: Numbers
) -> Placement:
    """Find the own rules for ``wanted`` among the ``standing`` ones, which come in their order."""
    exposure = first_match((rule.clause for rule in standing), "")
    ours = {rule.slot: rule for rule in standing if rule.slot}
    blocked = NOBODY if wanted.override_denies else _blocked(standing, wanted)
    opaque = frozenset(name for name in exposure.names if name.outside and name not in wanted.names)
    allows = _allows(wanted, blocked)
    barrier = _barrier(standing, wanted, allows.values())
    field = _Field(standing, ours, numbers, blocked)

    no_room = ""
    closed: tuple[Placed, ...] | None = None
    if wanted.mode is Mode.ENFORCE and (not opaque or wanted.close_opaque):
        wall = _wall(standing, wanted, probes)
        shut = allows | _probes(exposure, probes) | _denies(wanted, blocked, ours)
        closed = field.fit(shut, barrier, wall)
        if closed is None:
            need, free = field.need(shut, barrier, wall)
            no_room = (
                f"closing needs {need} numbers from {numbers.first} on, ahead of {wall}, "
                f"and {free} are free"
            )
    if closed is None:
        outliving = {
            slot: (rule.clause.source, rule.clause.names)
            for slot, rule in ours.items()
            if slot.purpose in (Purpose.PROBE, Purpose.DENY)
        }
        rules = field.fit(allows | outliving, barrier, numbers.last + 1)
        if rules is None:
            need, free = field.need(allows | outliving, barrier, numbers.last + 1)
            no_room = no_room or (
                f"own rules need {need} numbers from {numbers.first} on, ahead of "
                f"{min(barrier, numbers.last + 1)}, and {free} are free"
            )
            rules = tuple(
                Placed(slot, rule.number, rule.clause.source, rule.clause.names)
                for slot, rule in ours.items()
            )
    else:
        rules = closed
    stand = {rule.slot for rule in rules}
    return Placement(
        rules,
        stale=tuple(sorted(slot for slot in ours if slot not in stand)),
        blocked=blocked,
        no_room=no_room,
        opaque=opaque if wanted.mode is Mode.ENFORCE and not wanted.close_opaque else frozenset(),
        left_over=tuple(
            sorted(
                slot
                for slot, rule in ours.items()
                if slot.purpose is Purpose.DENY
                and (closed is None or rule.clause.source & wanted.kept)
            )
        ),
    )


_Contents = dict[Slot, tuple[AddressSet, frozenset[Name]]]


def _narrow(clause: Clause, wanted: AddressSet) -> AddressSet:
    """What a deny stops by somebody's decision, rather than as a default from everyone.

    From everyone, or from all of the public internet, is a default; so is a name that can't stand
    for anybody who is wanted.
    """
    narrow = NOBODY
    for _, family in _FAMILIES:
        if not PUBLIC & family <= clause.source:
            narrow |= clause.source & family
    for name in clause.names:
        if name.bound & wanted:
            narrow |= name.bound
    return narrow


def _blocked(standing: Iterable[Numbered], wanted: Wanted) -> AddressSet:
    """Wanted addresses that a foreign narrow deny stops today, own rules counted."""
    blocked = decided = NOBODY
    for rule in standing:
        clause = rule.clause
        if clause.allow:
            if clause.full:
                decided |= clause.source
        elif rule.slot is None:
            blocked |= (_narrow(clause, wanted.addresses) & wanted.addresses) - decided
    return blocked


def _allows(wanted: Wanted, blocked: AddressSet) -> _Contents:
    contents: _Contents = {}
    for purpose, networks in ((Purpose.LIST, wanted.networks), (Purpose.ALSO, wanted.also)):
        addresses = AddressSet.of(*networks) - blocked
        for part, family in _FAMILIES:
            if addresses & family:
                contents[Slot(purpose, part)] = (addresses & family, frozenset())
    for name in sorted(wanted.names):
        contents[Slot(Purpose.ALSO, name.text)] = (NOBODY, frozenset([name]))
    return contents


def _probes(exposure: Exposure, probes: AddressSet) -> _Contents:
    """The health checks that get in today: they must go on getting in."""
    return {
        Slot(Purpose.PROBE, part): (exposure.possible & probes & family, frozenset())
        for part, family in _FAMILIES
        if exposure.possible & probes & family
    }


def _denies(wanted: Wanted, blocked: AddressSet, ours: Mapping[Slot, Numbered]) -> _Contents:
    """A deny in each family; one that stands is never narrowed: that would open what is behind."""
    contents: _Contents = {}
    for part, family in _FAMILIES:
        slot = Slot(Purpose.DENY, part)
        stands = ours[slot].clause.source if slot in ours else NOBODY
        contents[slot] = ((family - wanted.kept - blocked) | stands, frozenset())
    return contents


def _barrier(
    standing: Iterable[Numbered],
    wanted: Wanted,
    allows: Iterable[tuple[AddressSet, frozenset[Name]]],
) -> int:
    """The number ahead of which own allows must stand: the first deny that would overrule them."""
    rows = tuple(allows)
    ours = AddressSet.union(source for source, _ in rows)
    bounds = AddressSet.union(name.bound for _, names in rows for name in names)
    for rule in standing:
        clause = rule.clause
        if clause.allow or rule.slot:
            continue
        reach = clause.source | AddressSet.union(name.bound for name in clause.names)
        default = reach if wanted.override_denies else reach - _narrow(clause, wanted.addresses)
        if (default & ours) or (default & bounds):
            return rule.number
    return _FAR


_FAR = 1 << 31
"""Past every cloud's last number."""


def _wall(standing: Iterable[Numbered], wanted: Wanted, probes: AddressSet) -> int:
    """The number ahead of which own denies must stand: the first foreign allow to be closed."""
    harmless = wanted.addresses | wanted.kept | probes
    undenied = EVERY_IPV4 | EVERY_IPV6
    for rule in standing:
        clause = rule.clause
        if not clause.allow:
            if clause.full:
                undenied -= clause.source
        elif rule.slot is None:
            reach = clause.source | AddressSet.union(
                name.bound for name in clause.names if name not in wanted.names
            )
            if (reach & undenied) - harmless:
                return rule.number
    return _FAR


class _Field:
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

    def fit(self, contents: _Contents, barrier: int, wall: int) -> tuple[Placed, ...] | None:
        """Numbers for all of ``contents``: allows before ``barrier`` and the denies, or None."""
        denies = [slot for slot in contents if not slot.allow]
        allows = [slot for slot in contents if slot.allow]
        behind = self._denies(denies, wall)
        if behind is None:
            return None
        limit = min([barrier, self._numbers.last + 1, *behind.values()])
        ahead = self._allows(allows, limit, set(behind.values()))
        if ahead is None:
            return None
        return tuple(
            self._placed(slot, contents[slot], (ahead | behind)[slot]) for slot in contents
        )

    def need(self, contents: _Contents, barrier: int, wall: int) -> tuple[int, int]:
        """How many numbers ``contents`` needs ahead of the barrier and the wall; how many are free."""
        kinds = [[slot for slot in contents if slot.allow is allow] for allow in (True, False)]
        need = sum(min(len(kind), 1) if self._numbers.ties else len(kind) for kind in kinds)
        end = min(barrier, wall, self._numbers.last + 1)
        span = range(self._numbers.first, end)
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
        self, slots: Sequence[Slot], limit: int, denied: set[int]
    ) -> dict[Slot, int] | None:
        found: dict[Slot, int] = {}
        for slot in slots:
            rule = self._ours.get(slot)
            if rule and rule.number < limit:
                found[slot] = rule.number
        used = set(found.values())
        for slot in slots:
            if slot in found:
                continue
            # Never later than it stands: a deny in between would overtake it on the way.
            end = min(limit, self._ours[slot].number if slot in self._ours else limit)
            span = range(self._numbers.first, end)
            number = next(self._free(span, used | denied, allow=True), None)
            if number is None:
                return None
            found[slot] = number
            used.add(number)
        return found

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
