"""What is wanted, and how an exposure differs from it."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from cloudsync.addresses import EVERYONE, INTERNAL, NOBODY, PUBLIC, AddressSet
from cloudsync.exposure import Exposure, Name
from cloudsync.model import Difference, Mode, Purpose, Verdict, Wanted, differ, mark

LISTED = ip_network("192.0.2.0/24")
ALSO = ip_network("10.20.0.0/16")
PROBES = AddressSet.of("198.51.100.0/28")
GROUP = Name("sg-1", INTERNAL)
PARTNER = Name("partner", PUBLIC)
CHECK = Name("balancer", PROBES)


def want(**more: object) -> Wanted:
    """A wish for the list and one relay."""
    return Wanted("mail", Mode.ADD, (LISTED,), (ALSO,), **more)  # type: ignore[arg-type]


def test_a_mark_names_installation_and_purpose() -> None:
    """The mark is all that ownership rests on, so its text is fixed."""
    assert [mark("mail", purpose) for purpose in Purpose] == [
        "cloudsync/mail list", "cloudsync/mail also", "cloudsync/mail internal",
        "cloudsync/mail probe", "cloudsync/mail deny",
    ]  # fmt: skip


def test_what_is_wanted_is_list_and_also() -> None:
    """The addresses follow from both, and what is kept follows from `internal`."""
    assert want().addresses == AddressSet.of(LISTED, ALSO)
    assert want(internal="keep").kept == INTERNAL
    assert (want(internal="close").kept, want().kept) == (NOBODY, NOBODY)


def test_the_difference_of_an_exposure() -> None:
    """Missing, excess and undetermined are told apart, kept space and probes are no excess."""
    certain = AddressSet.of("192.0.2.0/25")
    possible = AddressSet.of("192.0.2.0/24", "8.8.8.8", "10.30.0.1", "198.51.100.3")
    found = differ(Exposure(certain, possible), want(internal="keep"), PROBES)
    assert found == Difference(
        missing=AddressSet.of(ALSO),
        excess=AddressSet.of("8.8.8.8"),
        undetermined=AddressSet.of("192.0.2.128/25"),
        missing_names=frozenset(),
        undetermined_names=frozenset(),
        internal=AddressSet.of("10.30.0.1"),
        probe=AddressSet.of("198.51.100.3"),
    )
    closed = differ(Exposure(certain, possible), want(internal="close"), NOBODY)
    assert closed.excess == AddressSet.of("8.8.8.8", "10.30.0.1", "198.51.100.3")


def test_the_difference_of_names() -> None:
    """A wanted name is missing unless let in by name or whole by address; strangers are undetermined."""
    everything = AddressSet.of(LISTED, ALSO)
    shut = differ(Exposure(everything, everything), want(names=frozenset([GROUP])))
    assert shut.missing_names == frozenset([GROUP])
    by_address = differ(Exposure(everything, everything | INTERNAL), want(names=frozenset([GROUP])))
    assert by_address.missing_names == frozenset()
    empty = Name("empty", NOBODY)
    unbound = differ(Exposure(everything, everything), want(names=frozenset([empty])))
    assert unbound.missing_names == frozenset([empty])
    let_in = frozenset([GROUP, PARTNER, CHECK])
    some = differ(Exposure(everything, everything, let_in), want(), PROBES)
    assert some.undetermined_names == frozenset([PARTNER])
    named = differ(
        Exposure(everything, everything, let_in), want(names=frozenset([PARTNER])), PROBES
    )
    assert (named.missing_names, named.undetermined_names) == (frozenset(), frozenset())


def test_a_layer_beside_counts_against_who_is_wanted_alone() -> None:
    """Stopped by it at all machines is missing, at some undetermined; what is open stays open."""
    everybody = Exposure(EVERYONE, EVERYONE)
    half = Exposure(AddressSet.of(LISTED), AddressSet.of(LISTED))
    nobody = Exposure(NOBODY, NOBODY)
    alone = differ(everybody, want())
    shut = differ(everybody, want(), beside=[nobody])
    assert (shut.missing, shut.undetermined) == (AddressSet.of(LISTED, ALSO), NOBODY)
    assert (shut.excess, shut.internal) == (alone.excess, alone.internal)
    some = differ(everybody, want(), beside=[half, everybody])
    assert (some.missing, some.undetermined) == (
        NOBODY,
        AddressSet.of(ALSO) - AddressSet.of(LISTED),
    )
    both = differ(half, want(), beside=[nobody, half])
    assert both.missing == AddressSet.of(ALSO) - AddressSet.of(LISTED)
    assert both.undetermined == AddressSet.of(LISTED)
    names = frozenset([GROUP])
    let_in = Exposure(NOBODY, NOBODY, names)
    named = differ(let_in, want(names=names), beside=[let_in, everybody])
    assert named.missing_names == frozenset()
    assert differ(let_in, want(names=names), beside=[nobody]).missing_names == names


SOME = AddressSet.of("192.0.2.1")


@pytest.mark.parametrize(
    ("missing", "excess", "undetermined", "missing_names", "undetermined_names", "verdict"),
    [
        (SOME, SOME, SOME, [], [], Verdict.MISSING),
        (NOBODY, SOME, SOME, [GROUP], [PARTNER], Verdict.MISSING),
        (NOBODY, SOME, SOME, [], [PARTNER], Verdict.OPEN),
        (NOBODY, NOBODY, SOME, [], [], Verdict.UNDETERMINED),
        (NOBODY, NOBODY, NOBODY, [], [PARTNER], Verdict.UNDETERMINED),
        (NOBODY, NOBODY, NOBODY, [], [], Verdict.IN_SYNC),
    ],
)
def test_the_verdict_is_the_first_that_holds(
    missing: AddressSet,
    excess: AddressSet,
    undetermined: AddressSet,
    missing_names: list[Name],
    undetermined_names: list[Name],
    verdict: Verdict,
) -> None:
    """Lost mail comes before an open bypass, and that before doubt."""
    found = Difference(
        missing, excess, undetermined, frozenset(missing_names), frozenset(undetermined_names),
        NOBODY, NOBODY,
    )  # fmt: skip
    assert found.verdict is verdict
