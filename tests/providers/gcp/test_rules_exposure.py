from __future__ import annotations

from typing import Any

import pytest

from cloudsync.addresses import EVERY_IPV4, EVERYONE, INTERNAL, NOBODY, AddressSet
from cloudsync.exposure import Name
from cloudsync_gcp.rule import Rule, Source
from cloudsync_gcp.target import Target
from tests.providers.gcp.networks import exposure, network, policy, rule, snapshot

EIGHT = AddressSet.of("8.8.8.0/24")


def possible(*rules: Rule) -> AddressSet:
    """Who may get in to a target through classic rules."""
    return exposure(snapshot(network(*rules))).possible


@pytest.mark.parametrize(
    ("protocol", "ports", "lets_in"),
    [
        ("tcp", ("25",), True),
        ("6", ("25",), True),
        ("tcp", (), True),
        ("all", (), True),
        ("tcp", ("20-30",), True),
        ("tcp", ("443", "25"), True),
        ("tcp", ("0-65535",), True),
        ("tcp", ("26-30", "1-24"), False),
        ("udp", ("25",), False),
        ("17", (), False),
        ("icmp", (), False),
        ("esp", (), False),
    ],
)
def test_protocols_and_ports(protocol: str, ports: tuple[str, ...], lets_in: bool) -> None:
    """`all`, numbers for names, absent ports, ranges and lists let in what they hold."""
    seen = possible(rule(1000, "8.8.8.0/24", protocol=protocol, ports=ports))
    assert seen == (EIGHT if lets_in else NOBODY)


def test_a_disabled_rule_is_as_if_it_were_not_there() -> None:
    """A rule that is switched off lets nobody in and stops nobody."""
    off = rule(1, "8.8.8.0/24", action="deny", disabled=True)
    assert possible(rule(2, "8.8.8.0/24"), off) == EIGHT
    assert possible(rule(1, "8.8.8.0/24", disabled=True)) == NOBODY


def test_no_source_is_everyone_and_nobody_relies_on_its_ipv6() -> None:
    """Without a source all of IPv4 gets in for certain, and IPv6 perhaps."""
    seen = exposure(snapshot(network(rule(1000))))
    assert (seen.certain, seen.possible) == (EVERY_IPV4, EVERYONE)


def test_a_deny_without_a_source_stops_ipv4_and_closes_no_ipv6() -> None:
    """What may not be stopped is still shown as open."""
    seen = exposure(
        snapshot(network(rule(1, action="deny"), rule(2, "::/0"), rule(2, "8.8.8.0/24")))
    )
    assert seen.possible == EVERYONE - EVERY_IPV4
    assert seen.certain == NOBODY


def test_a_deny_wins_a_tie() -> None:
    """At one priority a deny is asked before an allow, and a lower number before either."""
    allow, deny = rule(500, "8.8.0.0/16"), rule(500, "8.8.8.0/24", action="deny")
    assert possible(allow, deny) == AddressSet.of("8.8.0.0/16") - EIGHT
    assert possible(rule(499, "8.8.8.0/24"), deny) == EIGHT


@pytest.mark.parametrize(
    ("target", "more", "certain"),
    [
        (Target("tag", "smtp"), {}, True),
        (Target("tag", "smtp"), {"tags": ("smtp",)}, True),
        (Target("tag", "smtp"), {"tags": ("mx", "smtp")}, True),
        (Target("tag", "smtp"), {"tags": ("mx",)}, False),
        (Target("tag", "smtp"), {"accounts": ("a@p.iam.gserviceaccount.com",)}, False),
        (Target("sa", "a@p.iam"), {"accounts": ("a@p.iam",)}, True),
        (Target("sa", "a@p.iam"), {"accounts": ("b@p.iam",)}, False),
        (Target("sa", "a@p.iam"), {"tags": ("smtp",)}, False),
        (Target("all"), {"tags": ("smtp",)}, False),
        (Target("all"), {}, True),
        (Target("tag", "smtp"), {"narrowed": ("to 10.0.0.2/32",)}, False),
    ],
)
def test_a_partial_rule_is_never_counted_as_certain(
    target: Target, more: dict[str, Any], certain: bool
) -> None:
    """A rule for another tag or account, or a destination, may be for some of the machines."""
    seen = exposure(snapshot(network(rule(1000, "8.8.8.0/24", **more)), target), target)
    assert (seen.certain, seen.possible) == (EIGHT if certain else NOBODY, EIGHT)
    deny = rule(1, "8.8.8.0/24", action="deny", **more)
    seen = exposure(snapshot(network(deny, rule(1000, "8.8.8.0/24")), target), target)
    assert (seen.certain, seen.possible) == (NOBODY, NOBODY if certain else EIGHT)


def test_source_tags_are_internal_names_beside_ranges() -> None:
    """A source tag or account is a name inside; ranges in the same rule add up with it."""
    seen = exposure(snapshot(network(rule(1000, "8.8.8.0/24", sources=("relay",)))))
    assert (seen.possible, seen.names) == (EIGHT, frozenset([Name("relay", INTERNAL)]))
    assert exposure(snapshot(network(rule(1000, sources=("relay",))))).possible == NOBODY


def test_layers_are_asked_in_order() -> None:
    """A hierarchical deny stops what a classic rule lets in; what neither names falls through."""
    above = policy("hierarchy", rule(1, "8.8.8.0/24", action="deny"))
    below = policy("global", rule(1, "9.9.9.0/24"))
    seen = exposure(snapshot(network(rule(1000, "8.8.0.0/16"), ahead=[above], behind=[below])))
    assert seen.possible == (AddressSet.of("8.8.0.0/16") - EIGHT) | AddressSet.of("9.9.9.0/24")


def test_goto_next_leaves_the_policy_for_good() -> None:
    """Who is sent on isn't spoken of by later rules of the same policy, and is by the next layer."""
    above = policy(
        "hierarchy",
        rule(1, "8.8.8.0/24", action="next"),
        rule(2, "8.8.0.0/16", action="deny"),
    )
    seen = exposure(snapshot(network(rule(1000, "8.8.0.0/16"), ahead=[above])))
    assert (seen.certain, seen.possible) == (EIGHT, EIGHT)


def test_goto_next_for_some_machines_leaves_it_open() -> None:
    """Sent on at some machines only, a later rule of the policy decides perhaps, either way."""
    above = policy(
        "hierarchy",
        rule(1, "8.8.8.0/24", action="next", machines=("secure tag t",)),
        rule(2, "8.8.8.0/24"),
    )
    seen = exposure(snapshot(network(ahead=[above])))
    assert (seen.certain, seen.possible) == (NOBODY, EIGHT)
    below = policy(
        "hierarchy",
        rule(1, "8.8.8.0/24", action="next", machines=("secure tag t",)),
        rule(2, "8.8.8.0/24", action="deny"),
    )
    seen = exposure(snapshot(network(rule(9, "8.8.8.0/24"), ahead=[below])))
    assert (seen.certain, seen.possible) == (NOBODY, EIGHT)


def test_an_action_of_tomorrow_may_let_in_and_may_stop() -> None:
    """What this release doesn't know is neither relied on nor taken for closed."""
    strange = policy("hierarchy", rule(1, "8.8.8.0/24", action="unknown"))
    seen = exposure(snapshot(network(rule(9, "8.8.8.0/24"), ahead=[strange])))
    assert (seen.certain, seen.possible) == (NOBODY, EIGHT)
    assert exposure(snapshot(network(ahead=[strange]))).possible == EIGHT


def test_an_outside_list_is_a_name_that_may_be_anybody() -> None:
    """An address group, a country or a host name in a policy can't be resolved here."""
    below = policy("global", Rule(
        "p", 1, "allow", rule(1).protocols, sources=(Source("address-group", outside=True),),
    ))  # fmt: skip
    seen = exposure(snapshot(network(behind=[below])))
    assert [(name.text, name.outside) for name in seen.names] == [("address-group", True)]
