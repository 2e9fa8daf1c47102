"""What a first enforce closes, and what is a part of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_network

import pytest

from cloudsync.addresses import EVERYONE, INTERNAL, NOBODY, PUBLIC, AddressSet
from cloudsync.closing import Closing, changes_of, closing_of
from cloudsync.exposure import Exposure, Name
from cloudsync.model import Mode, Wanted, differ
from cloudsync.plan import State, TargetPlan
from cloudsync.provider import Step

TARGET = "memory:run/one"
WANTED = Wanted("ours", Mode.ENFORCE, internal="keep")
TAG = Name("tag x", PUBLIC)
LET_IN = Step("add", (TARGET,), ("+ 8.0.0.1/32",))
DENY = Step("add", (TARGET,), ("+ deny",))
SHUT = Step("remove", (TARGET,), ("- everyone",), own=False)
ONE, TWO = AddressSet.of("8.0.0.1"), AddressSet.of("8.0.0.2")


def state(
    possible: AddressSet, certain: AddressSet | None = None, names: Iterable[Name] = ()
) -> State:
    """Who gets in on port 25."""
    exposure = Exposure(possible if certain is None else certain, possible, frozenset(names))
    return State({25: exposure}, {25: differ(exposure, WANTED)})


def plan(*steps: Step, before: State | None = None, after: State | None = None) -> TargetPlan:
    """A plan of one target."""
    return TargetPlan(TARGET, Mode.ENFORCE, "sha256:0", before, after, steps)


NOTHING = plan()


def test_what_add_would_do_is_no_part_of_the_closing() -> None:
    """Neither its lines, nor whom it stops by tidying up, nor a name that goes with it."""
    before = state(ONE | TWO, names=[TAG])
    add = plan(LET_IN, before=before, after=state(ONE))
    enforce = plan(LET_IN, DENY, SHUT, before=before, after=state(NOBODY))
    assert changes_of(enforce, add) == (("add", True, "+ deny"), ("remove", False, "- everyone"))
    found = closing_of(enforce, add, WANTED)
    assert found == Closing(found.terms, frozenset({"- everyone"}), ((25, ONE),), frozenset())


def test_the_closing_says_whom_it_shuts_out() -> None:
    """Who gets in no more, who gets in to fewer machines, and which name."""
    enforce = plan(DENY, before=state(EVERYONE, names=[TAG]), after=state(INTERNAL | ONE, INTERNAL))
    found = closing_of(enforce, NOTHING, WANTED)
    assert (found.taken, found.names) == (frozenset(), frozenset({"tag x"}))
    assert found.shut == ((25, EVERYONE - INTERNAL),)
    fewer = plan(DENY, before=state(EVERYONE, INTERNAL), after=state(INTERNAL))
    assert closing_of(fewer, NOTHING, WANTED).shut == ((25, EVERYONE - INTERNAL),)


def test_a_plan_that_ends_nowhere_shuts_nobody_out() -> None:
    """What couldn't be looked at, or foreseen, has no exposure to compare."""
    for enforce in (plan(DENY), plan(DENY, before=state(EVERYONE))):
        found = closing_of(enforce, NOTHING, WANTED)
        assert (found.shut, found.names) == ((), frozenset())


APPROVED = Closing(
    "sha256:t", frozenset({"- a", "- b"}), ((25, ONE | TWO), (587, ONE)), frozenset({"tag x"})
)


@pytest.mark.parametrize(
    "rest",
    [
        APPROVED,
        Closing("sha256:t"),
        Closing("sha256:t", frozenset({"- b"})),
        Closing("sha256:t", shut=((25, TWO), (587, NOBODY))),
        Closing("sha256:t", shut=((587, ONE),), names=frozenset({"tag x"})),
    ],
)
def test_a_part_is_covered(rest: Closing) -> None:
    """Any part of the rules taken, of whom it shuts out at each port, and of the names."""
    assert APPROVED.covers(rest)


@pytest.mark.parametrize(
    "rest",
    [
        replace(APPROVED, terms="sha256:u"),
        replace(APPROVED, taken=frozenset({"- a", "- c"})),
        replace(APPROVED, shut=((25, ONE | AddressSet.of("8.0.0.3")),)),
        replace(APPROVED, shut=((587, TWO),)),
        replace(APPROVED, shut=((465, ONE),)),
        replace(APPROVED, names=frozenset({"tag x", "tag y"})),
    ],
)
def test_anything_beside_it_is_not_covered(rest: Closing) -> None:
    """Other terms, one rule, one address, one port or one name more."""
    assert not APPROVED.covers(rest)


@pytest.mark.parametrize(
    "wanted",
    [
        replace(WANTED, mode=Mode.ADD),
        replace(WANTED, internal="close"),
        replace(WANTED, networks=(ip_network("8.0.0.1/32"),)),
        replace(WANTED, also=(ip_network("8.0.0.1/32"),)),
        replace(WANTED, names=frozenset({TAG})),
        replace(WANTED, ports=(25, 587)),
        replace(WANTED, override_denies=True),
        replace(WANTED, close_opaque=True),
        replace(WANTED, shared=True),
        replace(WANTED, priority=(1, 2)),
        replace(WANTED, installation="theirs"),
    ],
)
def test_the_terms_are_all_that_is_wanted(wanted: Wanted) -> None:
    """Where anything else is wanted the same rules shut out somebody else."""
    assert closing_of(NOTHING, NOTHING, wanted).terms != closing_of(NOTHING, NOTHING, WANTED).terms


def test_a_name_that_stands_for_more_is_another_term() -> None:
    """A group that is wanted has grown since."""
    few, many = (
        replace(WANTED, names=frozenset({Name("tag x", bound)})) for bound in (ONE, ONE | TWO)
    )
    assert closing_of(NOTHING, NOTHING, few).terms != closing_of(NOTHING, NOTHING, many).terms


def test_the_list_is_one_of_the_terms_and_what_was_seen_is_none() -> None:
    """Another list in force is another thing; a run that wasn't seen whole yet goes on all the same."""
    terms = closing_of(NOTHING, NOTHING, WANTED).terms
    assert closing_of(replace(NOTHING, list_digest="sha256:1"), NOTHING, WANTED).terms != terms
    assert closing_of(NOTHING, NOTHING, replace(WANTED, unsettled=True)).terms == terms
