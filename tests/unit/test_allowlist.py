"""Which networks of a list apply, and what its digest says."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network

from cloudsync.allowlist import (
    Entry,
    InForce,
    Leaving,
    Listing,
    applied,
    cost_of_widening,
    digest_of,
    outermost,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def entries(*networks: str, group: str = "base") -> tuple[Entry, ...]:
    """Rows of one group."""
    return tuple(Entry(ip_network(one), group=group) for one in networks)


def texts(networks: object) -> list[str]:
    """Networks as strings."""
    return [str(one) for one in networks]  # type: ignore[attr-defined]


def test_a_digest_is_over_the_set_and_nothing_else() -> None:
    """Order, repetition, names and lines don't count; networks and groups do."""
    one = entries("192.0.2.1/32", "10.0.0.0/8", "2001:db8::/32")
    two = (*reversed(one), Entry(ip_network("192.0.2.1/32"), "name", "base", 9))
    assert digest_of(one) == digest_of(two)
    assert digest_of(one) != digest_of(entries("192.0.2.1/32", "10.0.0.0/8"))
    assert digest_of(one) != digest_of(
        entries("192.0.2.1/32", "10.0.0.0/8", "2001:db8::/32", group="EXG3")
    )
    assert digest_of(entries("192.0.2.1/32")) == (
        "sha256:ba5d1d4634541ebf881e995539545af63f0469ee9206c0c1a95548bbb2a462b6"
    )
    assert Listing("f", "cidr", one).digest == InForce("f", "cidr", one).digest == digest_of(two)


def test_what_is_leaving_is_still_wanted() -> None:
    """Accepted entries come first, then those that are leaving; the digest is over the first."""
    accepted, gone = entries("192.0.2.1/32"), entries("192.0.2.2/32")
    force = InForce("f", "cidr", accepted, (Leaving(gone[0], NOW, NOW),))
    assert force.wanted == (*accepted, *gone)
    assert force.digest == digest_of(accepted)


def test_groups_are_chosen() -> None:
    """Base entries always apply, a Shoreline group only where it is chosen."""
    rows = (*entries("192.0.2.1/32"), *entries("198.51.100.0/24", group="EXG3"))
    assert texts(applied(rows)) == ["192.0.2.1/32"]
    assert texts(applied(rows, ["EXG3"])) == ["192.0.2.1/32", "198.51.100.0/24"]
    assert texts(applied(rows, ["EXG4"])) == ["192.0.2.1/32"]


def test_the_contained_goes_and_siblings_stay() -> None:
    """A network inside another is left out, two that would make one are not merged."""
    rows = ("192.0.2.0/25", "192.0.2.128/25", "192.0.2.7/32", "192.0.2.0/25", "2001:db8::1/128",
            "2001:db8::/32", "10.0.0.0/8")  # fmt: skip
    assert texts(outermost(map(ip_network, rows))) == [
        "10.0.0.0/8", "192.0.2.0/25", "192.0.2.128/25", "2001:db8::/32",
    ]  # fmt: skip
    assert outermost([]) == ()


def test_widening_rounds_ipv4_up_and_costs() -> None:
    """To a /24, IPv4 only; what is wider already stays; the cost is in addresses nobody listed."""
    rows = entries("192.0.2.1/32", "192.0.2.9/32", "198.51.0.0/16", "2001:db8::1/128")
    assert texts(applied(rows, widen="24")) == ["192.0.2.0/24", "198.51.0.0/16", "2001:db8::1/128"]
    assert cost_of_widening(rows) == 254
    assert cost_of_widening(iter(rows)) == 254
