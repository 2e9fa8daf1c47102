"""Where rules have an order: which rules of ours should stand, and at which number; pure arithmetic.

One piece of code for every cloud with priorities. A lower number is asked first. Own allows stand
at the front of the range and own denies at its back, so that what comes tomorrow finds room
between them, and whatever a stranger opens behind the deny is harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cloudsync.addresses import EVERY_IPV4, EVERY_IPV6, NOBODY, PUBLIC, AddressSet
from cloudsync.exposure import Exposure, Name, first_match
from cloudsync.immutable import immutable
from cloudsync.model import Mode, Purpose, Wanted
from cloudsync.numbering import FAR, Contents, Field, Fit, Numbered, Numbers, Placed, Slot
from cloudsync.plural import counted

_FAMILIES = (("ipv4", EVERY_IPV4), ("ipv6", EVERY_IPV6))


@immutable
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
    ours = {rule.slot: rule for rule in standing if rule.slot}
    blocked = NOBODY if wanted.override_denies else _blocked(standing, wanted)
    # What only a rule of ours lets in, and isn't wanted any more, goes with that rule.
    strangers = [rule.clause for rule in standing if not (rule.slot and rule.slot.allow)]
    named = any(clause.names for clause in strangers)
    opaque = frozenset(
        name
        for name in (first_match(strangers, "").names if named else ())
        if name.outside and name not in wanted.names and not name.bound <= probes
    )
    allows = _allows(wanted, blocked)
    barriers = {slot: _barrier(standing, wanted, *content) for slot, content in allows.items()}
    field = Field(standing, ours, numbers, blocked)

    lacking: list[str] = []
    closed: Fit | None = None
    if wanted.mode is Mode.ENFORCE and (not opaque or wanted.close_opaque):
        wall = _wall(standing, wanted, probes)
        last = min(numbers.last, wall if numbers.ties else wall - 1)
        exposure = first_match((rule.clause for rule in standing), "")
        shut = allows | _probes(exposure, probes) | _denies(wanted, blocked, ours, last)
        closed = field.fit(shut, barriers, wall)
        if closed is None:
            need, free = field.need(shut, wall)
            lacking.append(
                f"closing needs {counted(need, 'number')} from {numbers.first} on, ahead of {wall}, "
                f"and {free} are free"
            )
    fit = closed or field.fit(allows | _outlived(ours), barriers, numbers.last + 1)
    if fit is None:
        need, free = field.need(allows | _outlived(ours), numbers.last + 1)
        lacking.append(
            f"own rules need {counted(need, 'number')} from {numbers.first} to {numbers.last}, "
            f"and {free} are free"
        )
        fit = Fit(_as_they_stand(ours))
    lacking += [
        f"the own rule for {slot.purpose} {slot.part} needs a number from {numbers.first} on, "
        f"ahead of the deny at {barriers[slot]}, and none is free"
        for slot in fit.late
    ]
    rules = fit.rules
    if closed:
        rules = (*rules, *_outliving(rules, ours))
    rules = (*rules, *_spared(rules, ours, blocked))
    stand = {rule.slot for rule in rules}
    return Placement(
        rules,
        stale=tuple(sorted(slot for slot in ours if slot not in stand)),
        blocked=blocked,
        no_room="; ".join(lacking),
        opaque=opaque if wanted.mode is Mode.ENFORCE and not wanted.close_opaque else frozenset(),
        left_over=tuple(
            sorted(
                slot
                for slot, rule in ours.items()
                if slot in stand
                and slot.purpose is Purpose.DENY
                and (closed is None or rule.clause.source & wanted.kept)
            )
        ),
    )


def _outlived(ours: Mapping[Slot, Numbered]) -> Contents:
    """Own denies and probes that stand: they outlive the mode that made them."""
    return {
        slot: (rule.clause.source, rule.clause.names)
        for slot, rule in ours.items()
        if slot.purpose in {Purpose.PROBE, Purpose.DENY}
    }


def _as_they_stand(ours: Mapping[Slot, Numbered]) -> tuple[Placed, ...]:
    return tuple(
        Placed(slot, rule.number, rule.clause.source, rule.clause.names)
        for slot, rule in ours.items()
    )


def _narrow(rule: Numbered, wanted: AddressSet) -> AddressSet:
    """What a deny stops by somebody's decision, rather than as a default from everyone.

    From everyone, or from all of the public internet, is a default; so is a name that can't stand
    for anybody who is wanted, and what we made ourselves for another target.
    """
    narrow = NOBODY
    if rule.default:
        return narrow
    clause = rule.clause
    for _, family in _FAMILIES:
        if not PUBLIC & family <= clause.source:
            narrow |= clause.source & family
    for name in clause.names:
        if name.bound & wanted:
            narrow |= name.bound
    return narrow


def _blocked(standing: Iterable[Numbered], wanted: Wanted) -> AddressSet:
    """Wanted addresses that a foreign narrow deny stops today, own rules counted."""
    blocked = NOBODY
    # Laid out only where a deny asks for it: rule by rule it would cost the square.
    decided: list[AddressSet] = []
    for rule in standing:
        clause = rule.clause
        if not clause.allow and rule.slot is None:
            stopped = _narrow(rule, wanted.addresses) & wanted.addresses
            if stopped:
                decided = [AddressSet.union(decided)]
                blocked |= stopped - decided[0]
        if clause.full:
            # Behind a default that stops everyone, a narrower deny stops nobody today.
            decided.append(clause.source)
    return blocked


def _allows(wanted: Wanted, blocked: AddressSet) -> Contents:
    contents: Contents = {}
    for purpose, networks in ((Purpose.LIST, wanted.networks), (Purpose.ALSO, wanted.also)):
        addresses = AddressSet.of(*networks) - blocked
        for part, family in _FAMILIES:
            if addresses & family:
                contents[Slot(purpose, part)] = (addresses & family, frozenset())
    for name in sorted(wanted.names):
        contents[Slot(Purpose.ALSO, name.text)] = (NOBODY, frozenset([name]))
    return contents


def _probes(exposure: Exposure, probes: AddressSet) -> Contents:
    """The health checks that get in today, by address or by name: they must go on getting in."""
    contents: Contents = {
        Slot(Purpose.PROBE, part): (exposure.possible & probes & family, frozenset())
        for part, family in _FAMILIES
        if exposure.possible & probes & family
    }
    for name in sorted(exposure.names):
        if name.bound <= probes:
            contents[Slot(Purpose.PROBE, name.text)] = (NOBODY, frozenset([name]))
    return contents


def _denies(
    wanted: Wanted, blocked: AddressSet, ours: Mapping[Slot, Numbered], last: int
) -> Contents:
    """A deny in each family, at ``last`` or before.

    One that stands is never narrowed, since that would open what is behind it. Where it would
    have to move ahead of more than it should now close, it stays, and a new one goes ahead.
    """
    contents: Contents = {}
    for part, family in _FAMILIES:
        slot = Slot(Purpose.DENY, part)
        closing = family - wanted.kept - blocked
        stands = ours[slot].clause.source if slot in ours else NOBODY
        if slot in ours and ours[slot].number > last and not stands <= closing:
            stands = NOBODY
            while slot in ours:
                slot = Slot(Purpose.DENY, f"{slot.part} ahead")
        contents[slot] = (closing | stands, frozenset())
    return contents


def _outliving(closed: Iterable[Placed], ours: Mapping[Slot, Numbered]) -> tuple[Placed, ...]:
    """Own denies that nothing asks for any more, but that close what no other own deny closes."""
    denies = [rule for rule in closed if not rule.slot.allow]
    placed = {rule.slot for rule in closed}
    return tuple(
        Placed(slot, rule.number, rule.clause.source, rule.clause.names)
        for slot, rule in ours.items()
        if slot.purpose is Purpose.DENY
        and slot not in placed
        and not any(
            deny.number <= rule.number and rule.clause.source <= deny.source for deny in denies
        )
    )


def _spared(
    rules: Iterable[Placed], ours: Mapping[Slot, Numbered], blocked: AddressSet
) -> tuple[Placed, ...]:
    """Own allows that nothing asks for, cut down to what of them is blocked elsewhere.

    A deny may cover only some of the machines: at the others this rule may be all that lets a
    wanted address in, and nobody can see from here whether it is.
    """
    placed = {rule.slot for rule in rules}
    return tuple(
        Placed(slot, rule.number, rule.clause.source & blocked)
        for slot, rule in ours.items()
        if slot.allow and slot not in placed and rule.clause.source & blocked
    )


def _barrier(
    standing: Iterable[Numbered], wanted: Wanted, source: AddressSet, names: frozenset[Name]
) -> int:
    """The number ahead of which an own allow must stand: the first deny that would overrule it."""
    ours = source | AddressSet.union(name.bound for name in names)
    for rule in standing:
        clause = rule.clause
        if clause.allow or rule.slot:
            continue
        reach = clause.source | AddressSet.union(name.bound for name in clause.names)
        default = reach if wanted.override_denies else reach - _narrow(rule, wanted.addresses)
        if default & ours:
            return rule.number
    return FAR


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
    return FAR
