"""Address sets against plain sets of integers, and the values that are easy to get wrong."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import (
    EVERY_IPV4,
    EVERY_IPV6,
    EVERYONE,
    INTERNAL,
    NOBODY,
    PUBLIC,
    AddressSet,
    Count,
    between,
    spelled,
)

small = st.tuples(st.integers(0, 255), st.integers(26, 32)).map(
    lambda pair: f"10.0.0.{pair[0]}/{pair[1]}"
)
cidrs = st.lists(small, max_size=6)
_FIRST = int(IPv4Address("10.0.0.0"))


def plain(networks: list[str]) -> set[int]:
    """The addresses as numbers, the slow way."""
    return {int(address) for one in networks for address in ip_network(one, strict=False)}


def numbers(found: AddressSet) -> set[int]:
    """The addresses of a small set as numbers, by way of its networks."""
    return plain([str(network) for network in found.networks()])


@given(cidrs, cidrs)
def test_the_algebra_is_that_of_sets(one: list[str], two: list[str]) -> None:
    """Union, intersection, difference and order agree with sets of integers, and equality too."""
    a, b = AddressSet.of(*one), AddressSet.of(*two)
    x, y = plain(one), plain(two)
    assert numbers(a | b) == x | y
    assert numbers(a & b) == x & y
    assert numbers(a - b) == x - y
    assert (a <= b) is (x <= y)
    assert (a == b) is (x == y)
    assert bool(a) is bool(x)
    assert AddressSet.union([a, b]) == a | b
    assert a.count() == Count(len(x), 0)
    assert {number for number in range(_FIRST - 1, _FIRST + 257) if IPv4Address(number) in a} == x


some_of_many = st.one_of(
    st.lists(st.tuples(st.integers(0, 511), st.integers(1, 99)), max_size=4).map(
        lambda runs: frozenset(
            number for first, size in runs for number in range(first, min(first + size, 512))
        )
    ),
    st.frozensets(st.integers(0, 511), min_size=60, max_size=200),
)
blocks = st.integers(0, 5).flatmap(
    lambda bits: st.tuples(st.integers(0, (512 >> bits) - 1), st.just(bits))
)


def addressed(number: int) -> IPv4Address | IPv6Address:
    """Half of the numbers are IPv4 and half IPv6."""
    first = IPv4Address("10.0.0.0") if number < 256 else IPv6Address("2001:db8::")
    return first + number % 256


def laid(found: frozenset[int]) -> AddressSet:
    """The set of the numbers' addresses."""
    return AddressSet.of(*map(addressed, found))


@given(some_of_many, some_of_many, blocks)
def test_the_algebra_is_that_of_sets_however_many_spans_there_are(
    one: frozenset[int], two: frozenset[int], block: tuple[int, int]
) -> None:
    """A few spans against a hundred, in both families: what is looked up is what is gone through."""
    a, b = laid(one), laid(two)
    assert a - b == laid(one - two)
    assert b - a == laid(two - one)
    assert a & b == laid(one & two)
    assert a | b == laid(one | two)
    assert (a <= b) is (one <= two)
    assert frozenset(number for number in range(512) if addressed(number) in a) == one
    at, bits = block
    network = f"{addressed(at << bits)}/{(32 if at << bits < 256 else 128) - bits}"
    assert (network in a) is one.issuperset(range(at << bits, at + 1 << bits))


@given(cidrs)
def test_networks_are_the_fewest(one: list[str]) -> None:
    """No two of the networks that make up a set could be one, and they come in order."""
    found = list(AddressSet.of(*one).networks())
    assert found == sorted(found)
    merged = {network.supernet() for network in found if network.prefixlen}
    assert not any(all(half in found for half in network.subnets()) for network in merged)


@given(cidrs)
def test_spans_are_sorted_apart_and_never_adjacent(one: list[str]) -> None:
    """However a set was made, its spans neither overlap nor touch."""
    spans = AddressSet.of(*one).spans
    assert all(left[1] + 1 < right[0] for left, right in pairwise(spans))


def test_the_families_never_melt_into_each_other() -> None:
    """The last IPv4 address and the first IPv6 address are two spans and two networks."""
    edge = AddressSet.of("255.255.255.255", "::")
    assert edge.cidrs() == ["255.255.255.255/32", "::/128"]
    assert (edge.ipv4.cidrs(), edge.ipv6.cidrs()) == (["255.255.255.255/32"], ["::/128"])
    assert EVERYONE.cidrs() == ["0.0.0.0/0", "::/0"]
    assert EVERYONE.count() == Count(1 << 32, 1 << 128)


def test_two_halves_of_the_world_are_the_world() -> None:
    """Halves join, in both families."""
    assert AddressSet.of("0.0.0.0/1", "128.0.0.0/1") == EVERY_IPV4
    assert AddressSet.of("::/1", "8000::/1") == EVERY_IPV6


def test_internal_and_public_part_the_world() -> None:
    """Every address is either internal or public, at every edge of the internal networks."""
    assert INTERNAL | PUBLIC == EVERYONE
    assert not INTERNAL & PUBLIC
    inside = (
        "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0",
        "192.168.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "169.254.0.0",
        "0.0.0.0", "224.0.0.0", "239.255.255.255", "255.255.255.255", "::", "::1", "fc00::",
        "fdff:ffff::", "fe80::1", "fec0::1", "ff02::1",
    )  # fmt: skip
    outside = (
        "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
        "192.169.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "1.0.0.0", "223.255.255.255", "192.0.2.1",
        "198.51.100.1", "203.0.113.1", "198.18.0.1", "168.63.129.16", "::2", "2001:db8::1",
        "fbff::", "fe00::",
    )  # fmt: skip
    assert [one for one in inside if one not in INTERNAL] == []
    assert [one for one in outside if one not in PUBLIC] == []


def test_strings_networks_and_addresses_make_the_same_set() -> None:
    """A set is made of CIDR strings, bare addresses and the library's objects; host bits go."""
    assert AddressSet.of("192.0.2.77/24") == AddressSet.of(IPv4Network("192.0.2.0/24"))
    assert AddressSet.of("192.0.2.1") == AddressSet.of(IPv4Address("192.0.2.1"))
    assert AddressSet.of("2001:DB8::5/64") == AddressSet.of(IPv6Network("2001:db8::/64"))
    assert "192.0.2.9" in AddressSet.of("192.0.2.0/28")
    assert IPv4Address("192.0.2.16") not in AddressSet.of("192.0.2.0/28")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is neither an address nor a network"),
        ("mail.example.com", "'mail.example.com' is neither an address nor a network"),
        ("1.2.3", "'1.2.3' is neither an address nor a network"),
        ("01.2.3.4", "'01.2.3.4' is neither an address nor a network"),
        ("1.2.3.256", "'1.2.3.256' is neither an address nor a network"),
        ("::g", "'::g' is neither an address nor a network"),
        ("1.2.3.4\0", "'1.2.3.4\\x00' is neither an address nor a network"),
        ("1.2.3.4/33", "'1.2.3.4/33' has no prefix length between 0 and 32"),
        ("1.2.3.4/", "'1.2.3.4/' has no prefix length between 0 and 32"),
        ("1.2.3.4/-1", "'1.2.3.4/-1' has no prefix length between 0 and 32"),
        ("1.2.3.4/255.255.255.0", "'1.2.3.4/255.255.255.0' has no prefix length between 0 and 32"),
        ("1.2.3.4/٣", "'1.2.3.4/٣' has no prefix length between 0 and 32"),
        ("::/129", "'::/129' has no prefix length between 0 and 128"),
    ],
)
def test_what_is_no_network_is_refused(text: str, message: str) -> None:
    """A string that isn't a CIDR raises, and says what it is."""
    with pytest.raises(ValueError) as caught:
        AddressSet.of(text)
    assert str(caught.value) == message


def test_a_set_reads_as_its_networks() -> None:
    """Text is for people: networks in order, or the words for none; a witness is the lowest."""
    some = AddressSet.of("2001:db8::/32", "192.0.2.0/25", "192.0.2.128/25")
    assert str(some) == "192.0.2.0/24, 2001:db8::/32"
    assert some.witness() == "192.0.2.0"
    assert some.ipv6.witness() == "2001:db8::"
    assert (str(NOBODY), NOBODY.witness()) == ("no address", None)


def test_shortcuts_give_the_same_as_the_long_way() -> None:
    """A set with itself or with nobody is itself, whichever side it stands on."""
    some = AddressSet.of("192.0.2.0/24")
    assert (some | NOBODY, NOBODY | some, some | some) == (some, some, some)
    assert (some & some, some & NOBODY, some - NOBODY, NOBODY - some) == (
        some, NOBODY, some, NOBODY,
    )  # fmt: skip
    assert AddressSet.union([NOBODY, some]) == some
    assert AddressSet.union([]) == NOBODY


def test_a_difference_cuts_holes() -> None:
    """Several spans taken out of one, and one out of several, leave exactly the rest."""
    world = AddressSet.of("10.0.0.0/29")
    assert (world - AddressSet.of("10.0.0.1", "10.0.0.6")).cidrs() == [
        "10.0.0.0/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.7/32",
    ]  # fmt: skip
    assert (AddressSet.of("10.0.0.0", "10.0.0.7") - world) == NOBODY
    assert (AddressSet.of("9.0.0.0", "11.0.0.0") - world).cidrs() == ["9.0.0.0/32", "11.0.0.0/32"]


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_ipv4_is_spelled_as_the_library_spells_it(number: int, length: int) -> None:
    """Host bits go, whether or not there were any."""
    written = f"{ip_network(number)[0]}/{length}"
    assert spelled(written) == str(ip_network(written, strict=False))


@pytest.mark.parametrize(
    ("written", "network"),
    [
        ("192.0.2.1", "192.0.2.1/32"),
        ("192.0.2.1/255.255.255.0", "192.0.2.0/24"),
        ("192.0.2.1/024", "192.0.2.0/24"),
        ("2001:DB8:0::1/64", "2001:db8::/64"),
    ],
)
def test_another_spelling_is_made_the_librarys(written: str, network: str) -> None:
    """Whatever else means a network is written as the one that it means."""
    assert spelled(written) == network


@pytest.mark.parametrize(
    "text",
    ["192.0.2/24", "192.0.2.1/33", "192.0.02.1/32", "\0192.0.2.1/32", " 192.0.2.1/32", "all"],
)
def test_what_is_no_network_has_no_spelling(text: str) -> None:
    """It is refused, and whoever reads it decides what becomes of it."""
    with pytest.raises(ValueError, match="does not appear to be"):
        spelled(text)


@given(cidrs)
def test_ranges_are_the_set(one: list[str]) -> None:
    """From first to last, each span again, and nothing beside it; in both families."""
    for found in (AddressSet.of(*one), EVERYONE - AddressSet.of(*one, "2001:db8::/127")):
        assert AddressSet.union(between(first, last) for first, last in found.ranges()) == found
