"""The packet oracle of Azure, tried by itself: its two ways of asking must agree."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.azure import Packet, decides, from_nsg, gets_in, machines
from tests.oracle.packets import deciding, in_sight, text
from tests.oracle.packets import gets_in as row_lets_in
from tests.providers.azure.drawn import ASGS, meanings, nsgs, taken
from tests.providers.azure.walked import GUARDED, Guarded, misread
from tests.strategies import examples

NOWHERE = "10.255.0.9"


def rule(name: str, priority: int, **said: Any) -> dict[str, Any]:
    """A rule for port 25 from everyone to everywhere, but for what is said."""
    base = {
        "protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": priority,
        "sourcePortRange": "*", "destinationPortRange": "25", "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
    }  # fmt: skip
    changed = {**base, **said}
    return {"name": name, "properties": {key: one for key, one in changed.items() if one}}


def deciding_rule(packet: Packet, *found: dict[str, Any]) -> str:
    """The name of the rule that decides a packet."""
    return str(decides(taken(list(found)), packet, meanings()[1])["name"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("8.8.8.8", "DenyAllInBound"),
        ("2001:db8::1", "DenyAllInBound"),
        ("10.1.2.3", "AllowVnetInBound"),
        ("168.63.129.16", "AllowAzureLoadBalancerInBound"),
    ],
)
def test_an_empty_nsg_is_decided_by_its_defaults(source: str, expected: str) -> None:
    """Virtual networks and health probes get in, and nobody else does."""
    assert deciding_rule(Packet(source, NOWHERE)) == expected


@pytest.mark.parametrize(
    ("said", "packet", "speaks"),
    [
        ({}, Packet("8.8.8.8", NOWHERE), True),
        ({}, Packet("2001:db8::1", "fd00::1"), True),
        ({}, Packet("8.8.8.8", NOWHERE, port=26), False),
        ({"protocol": "TCP"}, Packet("8.8.8.8", NOWHERE), True),
        ({"protocol": "Udp"}, Packet("8.8.8.8", NOWHERE), False),
        ({"protocol": "*"}, Packet("8.8.8.8", NOWHERE, protocol="Icmp"), True),
        ({"destinationPortRange": "20-30"}, Packet("8.8.8.8", NOWHERE), True),
        (
            {"destinationPortRange": None, "destinationPortRanges": ["80", "25"]},
            Packet("8.8.8.8", NOWHERE),
            True,
        ),
        ({"sourcePortRange": "1024-2000"}, Packet("8.8.8.8", NOWHERE), False),
        ({"sourceAddressPrefix": "Internet"}, Packet("8.8.8.8", NOWHERE), True),
        ({"sourceAddressPrefix": "Internet"}, Packet("2001:db8::1", "fd00::1"), True),
        ({"sourceAddressPrefix": "Internet"}, Packet("100.64.0.1", NOWHERE), False),
        ({"sourceAddressPrefix": "0.0.0.0/0"}, Packet("2001:db8::1", "fd00::1"), False),
        ({"sourceAddressPrefix": "::/0"}, Packet("8.8.8.8", NOWHERE), False),
        ({"sourceAddressPrefix": "AzureCloud"}, Packet("8.8.8.8", NOWHERE), True),
        ({"sourceAddressPrefix": "AzureCloud"}, Packet("9.9.9.9", NOWHERE), False),
        (
            {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["9.0.0.0/8", "8.8.8.8"]},
            Packet("8.8.8.8", NOWHERE),
            True,
        ),
        ({"destinationAddressPrefix": "10.0.1.4"}, Packet("8.8.8.8", NOWHERE), False),
        ({"destinationAddressPrefix": "10.0.1.4"}, Packet("8.8.8.8", "10.0.1.4"), True),
        ({"destinationAddressPrefix": "VirtualNetwork"}, Packet("8.8.8.8", NOWHERE), True),
        ({"destinationAddressPrefix": "Internet"}, Packet("8.8.8.8", NOWHERE), False),
        (
            {
                "destinationAddressPrefix": None,
                "destinationApplicationSecurityGroups": [{"id": ASGS[0]}],
            },
            Packet("8.8.8.8", NOWHERE, groups=frozenset({ASGS[0].lower()})),
            True,
        ),
        (
            {
                "destinationAddressPrefix": None,
                "destinationApplicationSecurityGroups": [{"id": ASGS[0]}],
            },
            Packet("8.8.8.8", NOWHERE, groups=frozenset({ASGS[1].lower()})),
            False,
        ),
        ({"direction": "Outbound"}, Packet("8.8.8.8", NOWHERE), False),
    ],
)
def test_a_rule_speaks_of_what_it_says(said: dict[str, Any], packet: Packet, speaks: bool) -> None:
    """Each field of a rule, alone, decides whether it speaks of a packet."""
    found = deciding_rule(packet, rule("asked", 100, **said))
    assert (found == "asked") is speaks


def test_the_lower_number_decides() -> None:
    """Rules are asked by number, whatever the order in which they are answered."""
    world = taken([rule("behind", 200, access="Allow"), rule("ahead", 101, access="Deny")])
    assert not gets_in(world, Packet("8.8.8.8", NOWHERE), {})


@given(nsgs(), st.randoms(use_true_random=False))
@examples(60)
def test_packets_and_rows_agree(nsg: dict[str, Any], random: Random) -> None:
    """The rows that the promises are judged by let in whom the packet walk lets in."""
    kinds = machines([nsg])
    world = from_nsg(nsg, kinds)
    points = in_sight([world])
    chosen = random.sample(points, min(25, len(points)))
    for port, kind in product((25, 26), random.sample(kinds, min(4, len(kinds)))):
        asked = deciding(world, port)
        for point, meaning in product(chosen, meanings()):
            walked = gets_in(nsg, kind.packet(text(point), port), meaning)
            assert walked is row_lets_in(asked, point, str(kind), meaning)


@given(nsgs(), st.sampled_from(GUARDED), st.randoms(use_true_random=False))
@examples(200)
def test_the_evaluator_reads_what_the_packets_say(
    nsg: dict[str, Any], guarded: Guarded, random: Random
) -> None:
    """Whoever is said to be certain gets in everywhere, nobody who gets in is missed, and where
    nothing is partial or opaque both are exact; whomever the target guards.
    """
    assert misread(nsg, guarded, random) == []
