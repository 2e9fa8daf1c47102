"""The two folds over clauses: what is certain, what is possible, which names, and who decides."""

from __future__ import annotations

import pytest

from cloudsync.addresses import EVERYONE, INTERNAL, NOBODY, PUBLIC, AddressSet
from cloudsync.exposure import NOTHING, Clause, Decision, Exposure, Name, first_match, union

A = AddressSet.of("192.0.2.0/24")
HALF = AddressSet.of("192.0.2.0/25")
GROUP = Name("sg-1", INTERNAL)
PARTNER = Name("tag:partner", PUBLIC)


def allow(source: AddressSet, rule: str = "allow", *names: Name, full: bool = True) -> Clause:
    """A clause that lets in."""
    return Clause(True, source, rule, frozenset(names), full)


def deny(source: AddressSet, rule: str = "deny", *names: Name, full: bool = True) -> Clause:
    """A clause that stops."""
    return Clause(False, source, rule, frozenset(names), full)


def said(exposure: Exposure) -> tuple[AddressSet, AddressSet, frozenset[Name]]:
    """The exposure without its explanation."""
    return exposure.certain, exposure.possible, exposure.names


def test_a_name_is_outside_if_it_may_be_public() -> None:
    """A name whose bound leaves internal space is outside; one within it is not."""
    assert PARTNER.outside
    assert not GROUP.outside
    assert Name("nobody", NOBODY).outside is False


def test_names_are_the_same_by_their_text() -> None:
    """Two sights of one name are one name, whatever bound each was given."""
    assert Name("x", INTERNAL) == Name("x", PUBLIC)
    assert sorted([PARTNER, GROUP]) == [GROUP, PARTNER]


def test_rules_that_add_up() -> None:
    """In a union a full rule is certain, a partial one possible, and names are gathered."""
    found = union([allow(HALF), allow(A, "partial", full=False), allow(NOBODY, "sg", GROUP)], "sg")
    assert said(found) == (HALF, A, frozenset([GROUP]))
    assert found.layer == "sg"
    assert said(union([], "sg")) == said(NOTHING)


def test_a_union_holds_no_deny() -> None:
    """A deny in a union is a mistake of the provider, and raises."""
    with pytest.raises(ValueError) as caught:
        union([deny(A)], "sg")
    assert str(caught.value) == "a union of rules can't hold one that denies"


@pytest.mark.parametrize(
    ("clauses", "certain", "possible", "names"),
    [
        ([], NOBODY, NOBODY, []),
        ([allow(A)], A, A, []),
        ([deny(HALF), allow(A)], A - HALF, A - HALF, []),
        ([allow(A), deny(HALF)], A, A, []),
        ([deny(HALF, full=False), allow(A)], A - HALF, A, []),
        ([allow(A, full=False)], NOBODY, A, []),
        ([deny(HALF), allow(A, full=False)], NOBODY, A - HALF, []),
        ([allow(NOBODY, "n", GROUP)], NOBODY, NOBODY, [GROUP]),
        ([deny(INTERNAL), allow(NOBODY, "n", GROUP)], NOBODY, NOBODY, []),
        ([deny(INTERNAL, full=False), allow(NOBODY, "n", GROUP)], NOBODY, NOBODY, [GROUP]),
        ([deny(AddressSet.of("10.0.0.0/8")), allow(NOBODY, "n", GROUP)], NOBODY, NOBODY, [GROUP]),
        ([deny(NOBODY, "d", PARTNER), allow(A)], NOBODY, A, []),
        ([deny(NOBODY, "d", GROUP), allow(A)], A, A, []),
        ([allow(HALF, full=False), deny(A), allow(EVERYONE)], EVERYONE - A,
         (EVERYONE - A) | HALF, []),
    ],
)  # fmt: skip
def test_the_first_match_decides(
    clauses: list[Clause], certain: AddressSet, possible: AddressSet, names: list[Name]
) -> None:
    """Partial allows widen what is possible, partial and opaque denies narrow what is certain."""
    assert said(first_match(clauses, "nsg")) == (certain, possible, frozenset(names))


def test_in_a_union_every_rule_that_lets_in_is_named() -> None:
    """Closing one of two rules isn't enough, so both are named, each with what it lets in."""
    found = union([allow(A, "one"), allow(HALF, "two"), allow(NOBODY, "sg", GROUP)], "sg")
    assert found.grants(HALF) == (
        Decision("one", "sg", True, HALF),
        Decision("two", "sg", True, HALF),
        Decision("sg", "sg", True, NOBODY, frozenset([GROUP])),
    )
    assert found.stops(EVERYONE) == ()


def test_in_order_a_later_rule_is_named_for_what_is_left() -> None:
    """Where the first match decides, a rule behind another is named only for the rest."""
    found = first_match(
        [allow(HALF, "one"), deny(A, "two"), allow(A, "three"), allow(EVERYONE, "four")], "nsg"
    )
    assert found.grants(A) == (Decision("one", "nsg", True, HALF),)
    assert found.stops(A) == (Decision("two", "nsg", False, A - HALF),)
    assert [one.rule for one in found.decisions()] == ["one", "two", "four"]


def test_a_partial_rule_leaves_the_next_one_a_say() -> None:
    """A partial rule decides for some machines only, so the rule behind it is named as well."""
    found = first_match([deny(A, "some", full=False), allow(A, "rest")], "nsg")
    assert found.decisions(A) == (
        Decision("some", "nsg", False, A, full=False),
        Decision("rest", "nsg", True, A),
    )


def test_from_where_a_name_may_come() -> None:
    """The reach of a name is its bound, less what is denied to everybody ahead of it."""
    ten = AddressSet.of("10.0.0.0/8")
    found = first_match(
        [deny(A, "partial", full=False), deny(ten), allow(A), allow(NOBODY, "n", GROUP)], ""
    )
    assert found.reach(GROUP) == INTERNAL - ten
    assert found.reach(PARTNER) == NOBODY


def test_how_an_exposure_came_about_is_no_part_of_it() -> None:
    """Two exposures that let the same in are equal, whatever rules stand behind them."""
    assert union([allow(A)], "one") == first_match([allow(A), deny(HALF)], "two")
    assert NOTHING.decisions() == ()
