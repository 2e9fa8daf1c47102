"""Edges of finding places that changing the code by one step showed to be untried."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from cloudsync.addresses import EVERY_IPV4, EVERY_IPV6, EVERYONE, INTERNAL, NOBODY, AddressSet
from cloudsync.exposure import Clause, Name
from cloudsync.model import Mode, Purpose, Wanted
from cloudsync.numbering import Numbered, Numbers, Placed, Slot
from cloudsync.place import Placement, place

LISTED = AddressSet.of("192.0.2.0/24")
STRANGER = AddressSet.of("8.8.8.8")
LIST4, LIST6 = Slot(Purpose.LIST, "ipv4"), Slot(Purpose.LIST, "ipv6")
PROBE4 = Slot(Purpose.PROBE, "ipv4")
DENY4, DENY6 = Slot(Purpose.DENY, "ipv4"), Slot(Purpose.DENY, "ipv6")
AHEAD = Slot(Purpose.DENY, "ipv4 ahead")
TIES = pytest.mark.parametrize("ties", [True, False], ids=["ties", "unique numbers"])


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


def found(
    wanted: Wanted, *standing: Numbered, ties: bool = True, span: tuple[int, int] = (100, 199)
) -> Placement:
    """The placement among rules that come in their order."""
    return place(standing, wanted, NOBODY, Numbers(*span, ties))


def at(placement: Placement) -> dict[Slot, int]:
    """The numbers that own rules get."""
    return {rule.slot: rule.number for rule in placement.rules}


def test_where_nothing_fits_everything_stays_as_it_stands() -> None:
    """Three rules and two numbers: no own rule moves or goes, and the plan says what is lacking."""
    wanted = want(Mode.ADD, "192.0.2.0/24", "2001:4800:10::/48", also=(ip_network("10.20.0.0/16"),))
    stands = ours(LIST4, 101, STRANGER)
    assert found(wanted, stands, ties=False, span=(100, 101)) == Placement(
        (Placed(LIST4, 101, STRANGER),),
        no_room="own rules need 3 numbers from 100 to 101, and 2 are free",
    )


def test_where_not_even_the_adds_fit_both_are_said() -> None:
    """What closing lacks and what the own rules lack stand beside each other."""
    wanted = want(Mode.ENFORCE, "192.0.2.0/24", "2001:4800:10::/48")
    assert found(wanted, ties=False, span=(100, 100)).no_room == (
        f"closing needs 4 numbers from 100 on, ahead of {1 << 31}, and 1 are free; "
        "own rules need 2 numbers from 100 to 100, and 1 are free"
    )


def test_own_denies_and_probes_that_outlive_count_among_what_must_fit() -> None:
    """Without room for the adds, a deny that stands is counted with them, and stays."""
    standing = (ours(DENY4, 100, EVERY_IPV4),)
    placement = found(want(), *standing, ties=False, span=(100, 100))
    assert placement == Placement(
        (Placed(DENY4, 100, EVERY_IPV4),),
        no_room="own rules need 2 numbers from 100 to 100, and 1 are free",
        left_over=(DENY4,),
    )


def test_the_last_number_of_the_range_may_be_used_and_no_later() -> None:
    """In `add` own allows may stand on the very last number; there is none past it."""
    before = deny(99, STRANGER)
    one = found(want(), before, ties=False, span=(100, 100))
    assert at(one) == {LIST4: 100}
    two = found(want(Mode.ADD, "192.0.2.0/24", "2001:4800:10::/48"), ties=False, span=(100, 101))
    assert at(two) == {LIST4: 100, LIST6: 101}


@TIES
def test_a_wider_deny_right_at_the_wall(ties: bool) -> None:
    """With ties it may stay on the wall's own number, since a deny wins; else a new one goes ahead."""
    wide = ours(DENY4, 150 if ties else 149, EVERY_IPV4)
    # Of the other family, so that the deny that stands doesn't close it already.
    open_ = allow(150, AddressSet.of("2001:db8::1"))
    kept = want(Mode.ENFORCE, internal="keep")
    assert AHEAD not in at(found(kept, *sorted((wide, open_), key=lambda r: r.number), ties=ties))
    late = ours(DENY4, 151, EVERY_IPV4)
    assert at(found(kept, open_, late, ties=ties))[AHEAD] == (150 if ties else 149)


def test_a_deny_that_closes_no_kept_space_isnt_left_over() -> None:
    """With `internal: keep` only a deny that shuts internal space is more than is asked."""
    standing = (
        ours(DENY4, 199, EVERY_IPV4 - INTERNAL), ours(DENY6, 199, EVERY_IPV6),
    )  # fmt: skip
    assert found(want(Mode.ENFORCE, internal="keep"), *standing).left_over == (DENY6,)


def test_a_name_blocks_only_where_it_may_stand_for_somebody_wanted() -> None:
    """A deny by a name that can't be anybody wanted is a default, and own rules go ahead of it."""
    elsewhere = deny(150, NOBODY, Name("elsewhere", STRANGER))
    wanted = want()
    assert found(wanted, elsewhere).blocked == NOBODY
    perhaps = deny(150, NOBODY, Name("perhaps", LISTED | STRANGER))
    assert found(wanted, perhaps).blocked == LISTED
    partner, slot = Name("partner", STRANGER), Slot(Purpose.ALSO, "partner")
    stands = Numbered(180, Clause(True, NOBODY, "180", frozenset([partner])), slot)
    assert at(found(want(names=frozenset([partner])), elsewhere, stands))[slot] == 100


def test_behind_a_default_deny_a_narrower_one_stops_nobody() -> None:
    """Who is stopped by everyone's deny already isn't blocked by a decision; a partial default
    decides nothing.
    """
    narrow = deny(160, LISTED)
    assert found(want(), deny(150, EVERYONE), narrow).blocked == NOBODY
    assert found(want(), deny(150, EVERYONE, full=False), narrow).blocked == LISTED


def test_what_two_rules_let_in_together_is_unblocked_together() -> None:
    """Each full allow ahead of a narrow deny takes its part out of what that blocks."""
    halves = AddressSet.of("192.0.2.0/25"), AddressSet.of("192.0.2.128/25")
    standing = (allow(110, halves[0]), allow(120, halves[1]), deny(150, LISTED))
    assert found(want(), *standing).blocked == NOBODY
    defaults = deny(110, EVERY_IPV4), deny(120, EVERY_IPV6)
    assert found(want(), *defaults, deny(150, LISTED)).blocked == NOBODY


def test_an_allow_ahead_is_no_barrier() -> None:
    """A stranger's allow overrules nothing: an own rule behind it stays where it stands."""
    assert at(found(want(), allow(150, EVERYONE), ours(LIST4, 180, LISTED))) == {LIST4: 180}


def test_a_narrow_deny_is_a_barrier_only_where_it_is_overridden() -> None:
    """Told to override it, an own rule goes ahead of it; else what it doesn't stop stays behind."""
    narrow = deny(150, AddressSet.of("192.0.2.0/25"))
    stands = ours(LIST4, 180, LISTED)
    assert at(found(want(), narrow, stands)) == {LIST4: 180}
    assert at(found(want(override_denies=True), narrow, stands)) == {LIST4: 100}


def test_an_own_deny_that_outlives_goes_once_another_closes_all_of_it() -> None:
    """One on its very number is enough; one behind it isn't."""
    wide = EVERY_IPV4
    same = (ours(DENY4, 150, wide), ours(AHEAD, 150, wide - INTERNAL))
    assert found(want(Mode.ENFORCE), *same).stale == (AHEAD,)
    behind = (ours(AHEAD, 140, wide - INTERNAL), ours(DENY4, 150, wide))
    placement = found(want(Mode.ENFORCE), *behind)
    assert placement.stale == ()
    assert at(placement)[AHEAD] == 140


def test_an_allow_closes_nothing_for_an_own_deny() -> None:
    """Only what another own deny closes lets an old one go, not what an own allow holds."""
    old = ours(AHEAD, 140, LISTED)
    placement = found(want(Mode.ENFORCE), ours(LIST4, 100, LISTED), old)
    assert at(placement)[AHEAD] == 140


def test_a_wanted_name_is_no_wall() -> None:
    """A rule that lets in a wanted name alone needs no deny ahead of it; an unwanted one does."""
    partner = Name("partner", STRANGER)
    rule = allow(150, NOBODY, partner)
    wanted = want(Mode.ENFORCE, names=frozenset([partner]))
    assert at(found(wanted, rule))[DENY4] == 199
    unwanted = want(Mode.ENFORCE, close_opaque=True)
    assert at(found(unwanted, rule))[DENY4] == 150
