"""From where an opaque name gets in, and when it is still worth naming."""

from __future__ import annotations

from cloudsync.addresses import EVERY_IPV4, EVERYONE, INTERNAL, NOBODY, PUBLIC, AddressSet
from cloudsync.exposure import Clause, Decision, Name, first_match

GROUP = Name("tag-web", INTERNAL)
PARTNER = Name("tag:partner", PUBLIC)
A = AddressSet.of("8.0.0.0/8")


def allow(source: AddressSet, *names: Name, full: bool = True) -> Clause:
    """A clause that lets in."""
    return Clause(True, source, "allow", frozenset(names), full)


def deny(source: AddressSet, *, full: bool = True) -> Clause:
    """A clause that stops."""
    return Clause(False, source, "deny", full=full)


def test_a_clause_covers_all_unless_it_says_otherwise() -> None:
    """Left unsaid, a rule is for everything that the target protects, and names nobody."""
    assert Clause(True, A, "r") == Clause(True, A, "r", frozenset(), True)


def test_an_allow_ahead_takes_nothing_from_a_name() -> None:
    """Whoever comes from the name gets in, by this rule or by that one."""
    assert first_match([allow(A), allow(NOBODY, PARTNER)], "").reach(PARTNER) == PUBLIC


def test_a_rule_for_one_family_lets_in_that_part_of_a_name() -> None:
    """What a name can stand for in a rule is the rule's to say, whatever else it names."""
    four = Name(PARTNER.text, PUBLIC & EVERY_IPV4)
    found = first_match([allow(NOBODY, four, GROUP), deny(A), allow(NOBODY, GROUP)], "")
    assert (found.reach(PARTNER), found.reach(GROUP)) == (four.bound, INTERNAL)


def test_only_a_full_deny_ahead_takes_from_a_name() -> None:
    """A deny for some machines stops nobody for sure; one behind the name comes too late."""
    named = allow(NOBODY, PARTNER)
    assert first_match([deny(A), named], "").reach(PARTNER) == PUBLIC - A
    assert first_match([deny(A, full=False), named], "").reach(PARTNER) == PUBLIC
    assert first_match([named, deny(A)], "").reach(PARTNER) == PUBLIC


def test_a_name_that_stands_twice_comes_from_wherever_either_lets_it() -> None:
    """The first rule that lets it in counts with what was left then."""
    clauses = [allow(NOBODY, PARTNER), deny(EVERYONE), allow(NOBODY, PARTNER)]
    assert first_match(clauses, "").reach(PARTNER) == PUBLIC


def test_a_name_that_isnt_let_in_comes_from_nowhere() -> None:
    """Another name's rule says nothing of it."""
    assert first_match([allow(NOBODY, GROUP)], "").reach(PARTNER) == NOBODY


def test_a_name_that_is_shut_decides_nothing() -> None:
    """Once its whole bound is denied ahead of it a name is named no more; its rule may still be."""
    found = first_match([deny(INTERNAL), allow(A, GROUP), allow(NOBODY, GROUP, PARTNER)], "l")
    assert found.decisions() == (
        Decision("deny", "l", False, INTERNAL),
        Decision("allow", "l", True, A),
        Decision("allow", "l", True, NOBODY, frozenset([PARTNER])),
    )


def test_a_name_of_which_a_part_is_left_is_still_named() -> None:
    """One address of its bound is enough."""
    found = first_match([deny(EVERY_IPV4), allow(NOBODY, GROUP)], "l")
    assert found.grants() == (Decision("allow", "l", True, NOBODY, frozenset([GROUP])),)
