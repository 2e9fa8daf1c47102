"""Where own rules stand among numbered ones, and in which order they come there."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from cloudsync.addresses import (
    EVERY_IPV4,
    EVERY_IPV6,
    EVERYONE,
    INTERNAL,
    NOBODY,
    PUBLIC,
    AddressSet,
)
from cloudsync.exposure import Clause, Name
from cloudsync.model import Mode, Purpose, Wanted
from cloudsync.moves import Move, moves
from cloudsync.numbering import Numbered, Numbers, Placed, Slot
from cloudsync.place import Placement, place

LISTED = AddressSet.of("192.0.2.0/24")
SIX = AddressSet.of("2001:4800:10::/48")
PROBES = AddressSet.of("198.51.100.0/28")
LIST4, LIST6 = Slot(Purpose.LIST, "ipv4"), Slot(Purpose.LIST, "ipv6")
ALSO4 = Slot(Purpose.ALSO, "ipv4")
DENY4, DENY6 = Slot(Purpose.DENY, "ipv4"), Slot(Purpose.DENY, "ipv6")
PARTNER, GROUP = Name("partner", PUBLIC), Name("tag-a", INTERNAL)
CHECK = Name("check", PROBES)
RANGE = (100, 199)


def want(mode: Mode = Mode.ADD, *networks: str, **more: object) -> Wanted:
    """What is wanted; one IPv4 network where none is given."""
    more.setdefault("internal", "close" if mode is Mode.ENFORCE else None)
    return Wanted("m", mode, tuple(map(ip_network, networks or ("192.0.2.0/24",))), **more)  # type: ignore[arg-type]


def allow(number: int, source: AddressSet, *names: Name, full: bool = True) -> Numbered:
    """A stranger's rule that lets in."""
    return Numbered(number, Clause(True, source, f"{number}", frozenset(names), full))


def deny(number: int, source: AddressSet, *names: Name, full: bool = True) -> Numbered:
    """A stranger's rule that stops."""
    return Numbered(number, Clause(False, source, f"{number}", frozenset(names), full))


def ours(slot: Slot, number: int, source: AddressSet) -> Numbered:
    """An own rule that stands."""
    return Numbered(number, Clause(slot.allow, source, f"{number}"), slot)


def found(wanted: Wanted, *standing: Numbered, ties: bool = True, **more: object) -> Placement:
    """The placement among rules that come in their order."""
    first, last = RANGE
    return place(standing, wanted, PROBES, Numbers(first, last, ties, **more))  # type: ignore[arg-type]


def at(placement: Placement) -> dict[Slot, int]:
    """The numbers that own rules get."""
    return {rule.slot: rule.number for rule in placement.rules}


@pytest.mark.parametrize("ties", [True, False])
def test_allows_stand_at_the_front(ties: bool) -> None:
    """One rule a family and purpose, each with its addresses; without ties each has its own number."""
    wanted = want(Mode.ADD, "192.0.2.0/24", "2001:4800:10::/48", also=(ip_network("10.20.0.0/16"),))
    placement = found(wanted, ties=ties)
    second, third = (100, 100) if ties else (101, 102)
    assert placement == Placement(
        (
            Placed(LIST4, 100, LISTED),
            Placed(LIST6, second, SIX),
            Placed(ALSO4, third, AddressSet.of("10.20.0.0/16")),
        )
    )


@pytest.mark.parametrize(("ties", "numbers"), [(True, (199, 199)), (False, (199, 198))])
def test_denies_stand_at_the_back(ties: bool, numbers: tuple[int, int]) -> None:
    """In `enforce` each family is denied, also where nothing is open."""
    placement = found(want(Mode.ENFORCE), ties=ties)
    assert at(placement) == {LIST4: 100, DENY4: numbers[0], DENY6: numbers[1]}
    assert [rule.source for rule in placement.rules] == [LISTED, EVERY_IPV4, EVERY_IPV6]


def test_kept_space_is_spared() -> None:
    """With `internal: keep` the own deny is from everything but internal space."""
    placement = found(want(Mode.ENFORCE, internal="keep"))
    assert [rule.source for rule in placement.rules[1:]] == [
        EVERY_IPV4 - INTERNAL, EVERY_IPV6 - INTERNAL,
    ]  # fmt: skip


@pytest.mark.parametrize(("ties", "number"), [(True, 150), (False, 149)])
def test_the_own_deny_goes_ahead_of_what_it_closes(ties: bool, number: int) -> None:
    """A deny wins a tie with the allow that it closes; without ties it stands before it."""
    placement = found(want(Mode.ENFORCE), allow(150, EVERYONE), ties=ties)
    assert at(placement)[DENY4] == number


def test_what_is_harmless_is_no_wall() -> None:
    """Wanted addresses, probes and what is denied already need no deny ahead of them."""
    standing = (
        deny(110, AddressSet.of("8.8.8.0/24")), allow(120, AddressSet.of("8.8.8.8")),
        allow(130, LISTED), allow(140, PROBES),
    )  # fmt: skip
    assert at(found(want(Mode.ENFORCE), *standing))[DENY4] == 199


def test_numbers_that_are_taken_are_avoided() -> None:
    """Rules for other ports hold their numbers too, where no two rules may share one."""
    placement = found(want(), allow(101, PROBES), ties=False, taken=frozenset({100}))
    assert at(placement) == {LIST4: 102}
    assert at(found(want(), allow(101, PROBES), taken=frozenset({100}))) == {LIST4: 100}


def test_an_allow_never_ties_with_a_foreign_deny() -> None:
    """A deny on the first number would win, so the allow takes the next."""
    elsewhere = AddressSet.of("8.8.8.8")
    assert at(found(want(), deny(100, elsewhere))) == {LIST4: 101}


def test_what_stands_well_stays() -> None:
    """An own rule that serves where it is keeps its number, though an earlier one is free."""
    assert at(found(want(), ours(LIST4, 180, LISTED))) == {LIST4: 180}


def test_an_allow_moves_ahead_of_a_default_deny() -> None:
    """From everyone is a default: the allow moves to an earlier number, never to a later one."""
    standing = (deny(150, EVERYONE), ours(LIST4, 180, LISTED))
    assert at(found(want(), *standing)) == {LIST4: 100}


@pytest.mark.parametrize(
    "rule",
    [deny(150, LISTED), deny(150, PUBLIC - AddressSet.of("8.8.8.8")), deny(150, NOBODY, PARTNER)],
)
def test_a_narrow_deny_blocks(rule: Numbered) -> None:
    """A stranger's narrower deny is a decision: what it stops is blocked and spared."""
    placement = found(want(Mode.ENFORCE), rule)
    assert placement.blocked == LISTED
    assert LIST4 not in at(placement)
    assert [one.source & LISTED for one in placement.rules] == [NOBODY, NOBODY]
    assert found(want(override_denies=True), rule).rules == (Placed(LIST4, 100, LISTED),)


@pytest.mark.parametrize("rule", [deny(150, EVERYONE), deny(150, PUBLIC), deny(150, NOBODY, GROUP)])
def test_a_default_deny_blocks_nobody(rule: Numbered) -> None:
    """From everyone, from the public internet, or by a name that can stand for nobody wanted."""
    assert found(want(), rule).blocked == NOBODY


def test_a_deny_of_our_own_for_another_target_is_nobodys_decision() -> None:
    """However narrow it is, we made it: own rules go ahead of it."""
    made = replace(deny(150, LISTED), default=True)
    placement = found(want(), made)
    assert (placement.blocked, at(placement)[LIST4]) == (NOBODY, 100)


def test_a_deny_behind_a_standing_allow_overtakes_nothing() -> None:
    """What our own rule lets in already isn't blocked by a deny behind it."""
    assert found(want(), ours(LIST4, 100, LISTED), deny(150, LISTED)).blocked == NOBODY


def test_what_is_blocked_elsewhere_stays_in_a_rule_that_stands() -> None:
    """A partial deny ahead blocks, yet the own rule behind it keeps serving the other machines."""
    standing = (deny(50, LISTED, full=False), ours(LIST4, 100, LISTED | AddressSet.of("192.0.3.1")))
    placement = found(want(Mode.ADD, "192.0.2.0/24", "192.0.3.1/32"), *standing)
    assert placement.rules == (Placed(LIST4, 100, LISTED | AddressSet.of("192.0.3.1")),)
    assert placement.blocked == LISTED


def test_no_room_to_close() -> None:
    """It says how many numbers it needs and has; what `add` would do is done all the same."""
    placement = found(want(Mode.ENFORCE), allow(101, AddressSet.of("8.8.8.8")), ties=False)
    assert placement.no_room == (
        "closing needs 3 numbers from 100 on, ahead of 101, and 1 are free"
    )
    assert at(placement) == {LIST4: 100}
    tied = found(want(Mode.ENFORCE), allow(100, AddressSet.of("8.8.8.8")))
    assert tied.no_room == "closing needs 2 numbers from 100 on, ahead of 100, and 0 are free"
    assert at(tied) == {LIST4: 100}


def test_no_room_for_allows() -> None:
    """An allow that can't stand ahead of a foreign deny stands behind it, and that is said."""
    standing = (deny(100, EVERYONE), ours(LIST4, 150, AddressSet.of("192.0.2.7")))
    placement = found(want(), *standing)
    assert placement.no_room == (
        "the own rule for list ipv4 needs a number from 100 on, ahead of the deny at 100, "
        "and none is free"
    )
    assert at(placement) == {LIST4: 150}
    assert placement.stale == ()


def test_an_outside_name_holds_the_closing() -> None:
    """A name that may be public, is let in and isn't wanted must be listed, or closed knowingly."""
    held = found(want(Mode.ENFORCE), allow(150, NOBODY, PARTNER))
    assert (held.opaque, at(held)) == (frozenset([PARTNER]), {LIST4: 100})
    assert found(want(Mode.ADD), allow(150, NOBODY, PARTNER)).opaque == frozenset()
    closed = found(want(Mode.ENFORCE, close_opaque=True), allow(150, NOBODY, PARTNER))
    assert (closed.opaque, at(closed)[DENY4]) == (frozenset(), 150)
    wanted = found(want(Mode.ENFORCE, names=frozenset([PARTNER])), allow(150, NOBODY, PARTNER))
    assert wanted.opaque == frozenset()
    assert at(wanted)[Slot(Purpose.ALSO, "partner")] == 100


def test_health_checks_stand_ahead_of_the_own_deny() -> None:
    """What gets in today of the probes, by address or by name, gets an own rule; no more."""
    half = AddressSet.of("198.51.100.0/29")
    placement = found(want(Mode.ENFORCE), allow(150, half), allow(151, NOBODY, CHECK))
    rules = {rule.slot: rule for rule in placement.rules}
    probe, named = Slot(Purpose.PROBE, "ipv4"), Slot(Purpose.PROBE, "check")
    assert rules[probe] == Placed(probe, 100, half)
    assert rules[named] == Placed(named, 100, NOBODY, frozenset([CHECK]))
    assert [slot for slot in at(found(want(Mode.ENFORCE))) if slot.purpose is Purpose.PROBE] == []


def test_the_own_deny_and_probe_outlive_enforce() -> None:
    """Leaving `enforce` leaves both, and the deny is reported as left over."""
    probe = Slot(Purpose.PROBE, "ipv4")
    standing = (ours(probe, 101, PROBES), ours(DENY4, 199, EVERY_IPV4))
    placement = found(want(), *standing)
    assert at(placement) == {LIST4: 100, probe: 101, DENY4: 199}
    assert placement.left_over == (DENY4,)


def test_a_standing_deny_is_never_narrowed() -> None:
    """From close to keep the deny stays as wide as it stands, and is left over."""
    standing = (ours(DENY4, 199, EVERY_IPV4), ours(DENY6, 199, EVERY_IPV6))
    placement = found(want(Mode.ENFORCE, internal="keep"), *standing)
    assert [rule.source for rule in placement.rules[1:]] == [EVERY_IPV4, EVERY_IPV6]
    assert placement.left_over == (DENY4, DENY6)


def test_a_wider_deny_stays_where_it_stands() -> None:
    """It isn't carried ahead of what it should no longer close: a new one goes there."""
    standing = (allow(150, AddressSet.of("8.8.8.8")), ours(DENY4, 199, EVERY_IPV4))
    placement = found(want(Mode.ENFORCE, internal="keep"), *standing)
    rules = {rule.slot: rule for rule in placement.rules}
    ahead = Slot(Purpose.DENY, "ipv4 ahead")
    assert rules[ahead] == Placed(ahead, 150, EVERY_IPV4 - INTERNAL)
    assert rules[DENY4] == Placed(DENY4, 199, EVERY_IPV4)
    assert placement.left_over == (DENY4,)


def test_a_second_step_ahead_gets_another_name() -> None:
    """Where a deny already went ahead and must do so again, its slot isn't taken twice."""
    ahead = Slot(Purpose.DENY, "ipv4 ahead")
    standing = (
        allow(120, AddressSet.of("8.8.8.8")), ours(ahead, 150, EVERY_IPV4 - INTERNAL),
        ours(DENY4, 199, EVERY_IPV4),
    )  # fmt: skip
    placement = found(want(Mode.ENFORCE, internal="keep"), *standing)
    again = Slot(Purpose.DENY, "ipv4 ahead ahead")
    assert at(placement)[again] == 120
    assert at(placement)[DENY4] == 199
    assert placement.stale == (ahead,)


def test_stale_rules_go() -> None:
    """An own rule for which nothing is wanted any more is named to go."""
    placement = found(
        want(), ours(LIST4, 100, LISTED), ours(ALSO4, 100, AddressSet.of("10.0.0.0/8"))
    )
    assert placement.stale == (ALSO4,)


def test_moves_add_first_narrow_later_and_remove_last() -> None:
    """What stands is only narrowed once whatever takes its place stands."""
    one, two = AddressSet.of("192.0.2.1"), AddressSet.of("192.0.2.2")
    gone = AddressSet.of("8.8.8.8")
    standing = {LIST4: ours(LIST4, 100, one | gone), LIST6: ours(LIST6, 100, SIX)}
    placement = Placement(
        (Placed(LIST4, 100, two), Placed(ALSO4, 100, one), Placed(DENY4, 199, EVERY_IPV4)),
        stale=(LIST6,),
    )
    assert list(moves(standing, placement, one | two, INTERNAL)) == [
        Move("add", Placed(ALSO4, 100, one)),
        Move("replace", Placed(LIST4, 100, one | two)),
        Move("add", Placed(DENY4, 199, EVERY_IPV4)),
        Move("replace", Placed(LIST4, 100, two), narrows=True),
        Move("remove", Placed(LIST6, 100, SIX)),
    ]


def test_a_rule_takes_what_is_kept_along_only_in_its_place() -> None:
    """Narrowed where it stands it keeps internal space for now; else a new rule goes ahead."""
    relay = AddressSet.of("10.20.0.0/16")
    standing = {LIST4: ours(LIST4, 150, LISTED | relay)}
    stays = Placement((Placed(LIST4, 150, LISTED),))
    assert list(moves(standing, stays, LISTED, INTERNAL)) == [
        Move("replace", Placed(LIST4, 150, LISTED), narrows=True)
    ]
    ahead = Placement((Placed(LIST4, 100, LISTED),))
    assert list(moves(standing, ahead, LISTED, INTERNAL)) == [
        Move("add", Placed(Slot(Purpose.LIST, "ipv4 ahead"), 100, LISTED)),
        Move("remove", Placed(LIST4, 150, LISTED | relay)),
    ]


def test_what_stands_as_it_should_is_not_moved() -> None:
    """Nothing to do gives no move; a deny is rewritten in one."""
    standing = {LIST4: ours(LIST4, 100, LISTED), DENY4: ours(DENY4, 199, EVERY_IPV4)}
    same = Placement((Placed(LIST4, 100, LISTED), Placed(DENY4, 199, EVERY_IPV4)))
    assert list(moves(standing, same, LISTED, NOBODY)) == []
    moved = Placement((Placed(LIST4, 100, LISTED), Placed(DENY4, 150, EVERY_IPV4)))
    assert list(moves(standing, moved, LISTED, NOBODY)) == [
        Move("replace", Placed(DENY4, 150, EVERY_IPV4))
    ]


def test_a_partial_allow_ahead_unblocks_nobody() -> None:
    """Only what gets in to every machine ahead of a narrow deny isn't stopped by it."""
    narrow = deny(150, LISTED)
    assert found(want(), allow(120, LISTED, full=False), narrow).blocked == LISTED
    assert found(want(), allow(120, LISTED), narrow).blocked == NOBODY


def test_a_partial_deny_makes_no_allow_harmless() -> None:
    """What only some machines stop may still get in, so the own deny goes ahead of it; not of ours."""
    stranger = AddressSet.of("8.8.8.8")
    wide = ours(LIST4, 105, LISTED | stranger)
    partial = found(want(Mode.ENFORCE), wide, deny(110, stranger, full=False), allow(120, stranger))
    assert at(partial)[DENY4] == 120
    whole = found(want(Mode.ENFORCE), wide, deny(110, stranger), allow(120, stranger))
    assert at(whole)[DENY4] == 199
