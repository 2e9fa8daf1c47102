"""Numbers for own rules: what must hold of every fit, whatever stands there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.exposure import Clause
from cloudsync.model import Purpose
from cloudsync.numbering import FAR, Contents, Field, Fit, Numbered, Numbers, Placed, Slot

HERE = AddressSet.of("192.0.2.0/24")
THERE = AddressSet.of("192.0.2.0/25")
LIST4, LIST6 = Slot(Purpose.LIST, "ipv4"), Slot(Purpose.LIST, "ipv6")
DENY4, DENY6 = Slot(Purpose.DENY, "ipv4"), Slot(Purpose.DENY, "ipv6")
SLOTS = (LIST4, LIST6, Slot(Purpose.ALSO, "ipv4"), DENY4, DENY6)
TIES = pytest.mark.parametrize("ties", [True, False], ids=["ties", "unique numbers"])


def rule(number: int, slot: Slot | None = None, *, allow: bool = True) -> Numbered:
    """A rule that stands: a stranger's, or ours in a slot."""
    return Numbered(number, Clause(allow if slot is None else slot.allow, HERE, f"{number}"), slot)


def field(
    *standing: Numbered, ties: bool = True, span: tuple[int, int] = (1, 4), blocked: AddressSet = NOBODY,
    taken: frozenset[int] = frozenset(),
) -> Field:  # fmt: skip
    """A field of a few numbers."""
    ours = {one.slot: one for one in standing if one.slot}
    return Field(standing, ours, Numbers(*span, ties, taken), blocked)


def contents(*slots: Slot) -> Contents:
    """The same content for every slot."""
    return dict.fromkeys(slots, (HERE, frozenset()))


def numbers(fit: Fit | None) -> dict[Slot, int]:
    """The number of each slot."""
    assert fit is not None
    return {placed.slot: placed.number for placed in fit.rules}


@st.composite
def standing(draw: st.DrawFn, *, ties: bool) -> tuple[Numbered, ...]:
    """Strangers' rules, and ours in some slots; without ties every number stands once."""
    ours = [rule(draw(st.integers(0, 12)), slot) for slot in draw(st.sets(st.sampled_from(SLOTS)))]
    strangers = [
        rule(draw(st.integers(0, 12)), allow=draw(st.booleans()))
        for _ in range(draw(st.integers(0, 5)))
    ]
    found = [*ours, *strangers]
    if not ties:
        found = list({one.number: one for one in found}.values())
    return tuple(sorted(found, key=lambda one: (one.number, one.clause.allow)))


@TIES
@given(data=st.data())
def test_what_holds_of_every_fit(data: st.DataObject, ties: bool) -> None:
    """In range, ahead of the wall, no allow moved back or tied with a deny, allows ahead of denies."""
    there = data.draw(standing(ties=ties))
    wall = data.draw(st.sampled_from((*range(1, 12), FAR)))
    taken = frozenset(data.draw(st.sets(st.integers(1, 10), max_size=3)))
    asked = contents(*data.draw(st.lists(st.sampled_from(SLOTS), unique=True)))
    ours = {one.slot: one for one in there if one.slot}
    foreign = {one.number for one in there if one.slot is None}
    stops = {one.number for one in there if one.slot is None and not one.clause.allow}
    found = Field(there, ours, Numbers(1, 10, ties, taken), NOBODY).fit(asked, {}, wall)
    if found is None:
        return
    given_out = numbers(found)
    assert list(given_out) == list(asked)
    for slot, number in given_out.items():
        stood = ours[slot].number if slot in ours else None
        if number == stood:
            continue
        assert 1 <= number <= 10
        if slot.allow:
            assert stood is None or number < stood
            assert number not in (stops if ties else foreign | taken)
        else:
            assert number <= wall if ties else number < wall
        if not ties:
            others = {one.number for key, one in ours.items() if key != slot}
            assert number not in foreign | taken | others
    allows = [number for slot, number in given_out.items() if slot.allow]
    denies = [number for slot, number in given_out.items() if not slot.allow]
    assert not allows or not denies or max(allows) < min(denies)
    if not ties:
        assert len(set(given_out.values())) == len(given_out)


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        (True, {LIST4: 1, LIST6: 1, DENY4: 4, DENY6: 4}),
        (False, {LIST4: 1, LIST6: 2, DENY4: 4, DENY6: 3}),
    ],
)
def test_allows_at_the_front_and_denies_at_the_back(ties: bool, expected: dict[Slot, int]) -> None:
    """An empty range is filled from both ends."""
    assert numbers(field(ties=ties).fit(contents(*expected), {}, FAR)) == expected


def test_a_rule_that_stands_well_keeps_its_number() -> None:
    """Nothing moves without need, also outside the range in front."""
    found = field(rule(0, LIST4), rule(3, DENY4)).fit(contents(LIST4, DENY4), {}, FAR)
    assert numbers(found) == {LIST4: 0, DENY4: 3}


def test_an_allow_that_finds_no_number_ahead_of_a_deny_stands_behind_it_and_is_named() -> None:
    """What the deny doesn't stop gets in all the same, and the plan can say why not the rest."""
    there = field(rule(1, allow=False))
    assert there.fit(contents(LIST4, LIST6), {LIST4: 1}, FAR) == Fit(
        (Placed(LIST4, 2, HERE), Placed(LIST6, 2, HERE)), (LIST4,)
    )


def test_an_allow_that_stands_behind_a_deny_stays_where_no_number_is_free_ahead() -> None:
    """It isn't moved to another number behind the deny."""
    there = field(rule(1, allow=False), rule(3, LIST4))
    assert there.fit(contents(LIST4), {LIST4: 1}, FAR) == Fit((Placed(LIST4, 3, HERE),), (LIST4,))


@TIES
def test_no_number_for_a_deny(ties: bool) -> None:
    """Where the wall stands at the front there is no fit."""
    assert field(ties=ties).fit(contents(DENY4), {}, 0 if ties else 1) is None


def test_no_number_for_an_allow() -> None:
    """Where the own deny takes the only number there is no fit."""
    assert field(span=(1, 1), ties=False).fit(contents(LIST4, DENY4), {}, FAR) is None
    assert field(span=(1, 1)).fit(contents(LIST4, DENY4), {}, FAR) is None


def test_what_is_blocked_stays_in_a_rule_that_keeps_its_number() -> None:
    """Taking it out could stop it on machines that the deny doesn't cover; at a new number it goes."""
    asked: Contents = {LIST4: (THERE, frozenset())}
    stays = field(rule(2, LIST4), blocked=HERE).fit(asked, {}, FAR)
    assert stays == Fit((Placed(LIST4, 2, HERE),))
    moves = field(rule(2, LIST4), blocked=HERE).fit(asked, {LIST4: 2}, FAR)
    assert moves == Fit((Placed(LIST4, 1, THERE),))


@pytest.mark.parametrize(
    ("ties", "need", "free"), [(True, 2, 2), (False, 4, 1)], ids=["ties", "unique numbers"]
)
def test_what_is_needed_and_what_is_free(ties: bool, need: int, free: int) -> None:
    """With ties one number for all allows and one for all denies will do; a deny's is never free."""
    there = field(rule(1, allow=False), rule(2), ties=ties)
    assert there.need(contents(LIST4, LIST6, DENY4, DENY6), 4) == (need, free)
    assert there.need(contents(LIST4), FAR) == (1, free + 1)


def test_a_slot_knows_whether_it_lets_in() -> None:
    """Only the deny's slots stop."""
    assert [slot.allow for slot in SLOTS] == [True, True, True, False, False]
