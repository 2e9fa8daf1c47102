from __future__ import annotations

from typing import Any

import pytest

from cloudsync.addresses import (
    EVERY_IPV4,
    EVERY_IPV6,
    EVERYONE,
    INTERNAL,
    NOBODY,
    PUBLIC,
    AddressSet,
)
from cloudsync.exposure import Name
from cloudsync_azure.clauses import PROBES, Protect
from tests.providers.azure.nsgs import RULES, TARGET, asg, exposure, rule, snapshot

VNET = Name("VirtualNetwork", INTERNAL)
PROBE = Name("AzureLoadBalancer", PROBES)
DEFAULTS = frozenset([VNET, PROBE])


def test_a_group_without_rules_lets_its_network_and_the_probe_in() -> None:
    """The default rules count: the virtual network and the balancer by name, nobody by address."""
    found = exposure()
    assert (found.certain, found.possible, found.names) == (NOBODY, NOBODY, DEFAULTS)


@pytest.mark.parametrize(
    ("source", "let_in"),
    [
        ("*", EVERYONE),
        ("Any", EVERYONE),
        ("Internet", PUBLIC),
        ("internet", PUBLIC),
        ("0.0.0.0/0", EVERY_IPV4),
        ("::/0", EVERY_IPV6),
        ("192.0.2.7", AddressSet.of("192.0.2.7/32")),
        ("2001:DB8::/32", AddressSet.of("2001:db8::/32")),
    ],
)
def test_everybody_is_told_apart(source: str, let_in: AddressSet) -> None:
    """`*` is both families, `Internet` their public part, and each /0 one family alone."""
    found = exposure(rule("open", 200, source))
    assert (found.certain, found.possible) == (let_in, let_in)


def test_singular_and_plural_are_united() -> None:
    """What stands in either field of a source, and of a port, is meant."""
    found = exposure(
        rule(
            "both", 200, "192.0.2.0/24",
            sourceAddressPrefixes=["198.51.100.0/24"],
            destinationPortRange="80", destinationPortRanges=["20-24", "25"],
        )
    )  # fmt: skip
    assert found.certain == AddressSet.of("192.0.2.0/24", "198.51.100.0/24")


@pytest.mark.parametrize("protocol", ["Tcp", "TCP", "tcp", "*", "Any"])
def test_a_protocol_in_any_case(protocol: str) -> None:
    """TCP and everything are recognised however they are written."""
    assert exposure(rule("open", 200, protocol=protocol)).certain == EVERYONE


@pytest.mark.parametrize("protocol", ["Udp", "Icmp", "Esp", "Ah"])
def test_other_protocols_carry_no_mail(protocol: str) -> None:
    """A rule for another protocol lets nobody in, and stops nobody."""
    found = exposure(rule("no", 150, allow=False, protocol=protocol), rule("open", 200))
    assert found.certain == EVERYONE
    assert exposure(rule("open", 200, protocol=protocol)).possible == NOBODY


@pytest.mark.parametrize(
    ("ports", "hit"), [("25", True), ("*", True), ("20-30", True), ("26-30", False), ("443", False)]
)
def test_ports(ports: str, hit: bool) -> None:
    """A range decides the port if it holds it."""
    found = exposure(rule("open", 200, destinationPortRange=ports))
    assert found.certain == (EVERYONE if hit else NOBODY)


def test_the_first_match_decides() -> None:
    """The lower number is asked first, in whatever order the answer holds them."""
    deny = rule("no", 150, "192.0.2.0/24", allow=False)
    found = exposure(rule("open", 200), deny)
    assert found.certain == EVERYONE - AddressSet.of("192.0.2.0/24")
    late = exposure(rule("open", 100), deny)
    assert late.certain == EVERYONE


def test_a_deny_of_everyone_shuts_the_default_names() -> None:
    """DenyAll at 4096 stands ahead of the platform's own allows."""
    found = exposure(rule("DenyAll", 4096, allow=False))
    assert (found.possible, found.names) == (NOBODY, frozenset())


@pytest.mark.parametrize(
    "more",
    [
        {"sourcePortRange": "1024-65535"},
        {"destinationAddressPrefix": "10.0.0.4"},
        {"destinationAddressPrefix": "Internet"},
        {
            "destinationAddressPrefix": "",
            "destinationApplicationSecurityGroups": [{"id": asg("a")}],
        },
    ],
)
def test_a_partial_rule_is_never_certain(more: dict[str, Any]) -> None:
    """Source ports and destinations that aren't all machines widen what is possible alone."""
    found = exposure(rule("some", 200, "0.0.0.0/0", **more))
    assert (found.certain, found.possible) == (NOBODY, EVERY_IPV4)
    shut = exposure(rule("some", 200, "0.0.0.0/0", allow=False, **more), rule("open", 300))
    assert (shut.certain, shut.possible) == (EVERY_IPV6, EVERYONE)


@pytest.mark.parametrize("to", ["*", "VirtualNetwork", "virtualnetwork"])
def test_destinations_that_are_all_machines(to: str) -> None:
    """Whatever a packet's public destination was, it is filtered with a private one."""
    assert exposure(rule("open", 200, destinationAddressPrefix=to)).certain == EVERYONE


def test_a_destination_of_one_family_covers_that_family() -> None:
    """0.0.0.0/0 as destination is every machine by IPv4, and none by IPv6."""
    found = exposure(rule("open", 200, destinationAddressPrefix="0.0.0.0/0"))
    assert (found.certain, found.possible) == (EVERY_IPV4, EVERY_IPV4)


@pytest.mark.parametrize(
    ("to", "certain", "possible"),
    [
        (["10.0.0.0/24"], EVERY_IPV4, EVERY_IPV4),
        (["10.0.0.4"], NOBODY, EVERY_IPV4),
        (["10.0.1.0/24"], NOBODY, NOBODY),
        (["*"], EVERYONE, EVERYONE),
    ],
)
def test_destinations_relative_to_protected_addresses(
    to: list[str], certain: AddressSet, possible: AddressSet
) -> None:
    """A destination is measured by the addresses that the target guards."""
    protect = Protect(addresses=AddressSet.of("10.0.0.4", "10.0.0.5"))
    found = exposure(rule("r", 200, destinationAddressPrefix=to[0]), protect=protect)
    assert (found.certain, found.possible) == (certain, possible)


def test_destinations_relative_to_protected_groups() -> None:
    """A rule for all guarded groups is full; one for another group may hold for some machines."""
    protect = Protect(groups=(asg("mx").lower(),))

    def to(name: str) -> dict[str, Any]:
        return {
            "destinationAddressPrefix": "",
            "destinationApplicationSecurityGroups": [{"id": asg(name).upper()}],
        }

    assert exposure(rule("r", 200, **to("mx")), protect=protect).certain == EVERYONE
    other = exposure(rule("r", 200, **to("web")), protect=protect)
    assert (other.certain, other.possible) == (NOBODY, EVERYONE)


def test_names_and_what_they_can_stand_for() -> None:
    """A service tag is of public space, an application security group of internal space."""
    group: dict[str, Any] = {
        "sourceAddressPrefix": "",
        "sourceApplicationSecurityGroups": [{"id": asg("relay")}],
    }
    found = exposure(rule("tag", 200, "Storage.WestUS"), rule("asg", 201, **group))
    bounds = {name.text: name.bound for name in found.names - DEFAULTS}
    assert bounds == {"Storage.WestUS": PUBLIC, asg("relay").lower(): INTERNAL}
    assert found.possible == NOBODY


def test_a_name_reaches_the_family_of_the_machines_alone() -> None:
    """A name in a rule for IPv4 machines stands for nobody who comes by IPv6."""
    four = rule("four", 100, "Storage", destinationAddressPrefix="10.0.0.4/32")
    for addresses in ("10.0.0.4", "10.0.0.0/24"):
        seen = snapshot(four, protect=Protect(addresses=AddressSet.of(addresses)))
        reach = RULES.exposure(seen, 25)[TARGET].reach(Name("Storage", PUBLIC))
        assert reach == (PUBLIC & EVERY_IPV4)


def test_a_name_is_spelt_as_the_configuration_spells_it() -> None:
    """ARM ids and tags are the same in any case, so what is wanted is found again."""
    protect = Protect(spelt=(("storage", "Storage"),))
    found = exposure(rule("tag", 200, "STORAGE"), protect=protect)
    assert found.names - DEFAULTS == {Name("Storage", PUBLIC)}


def test_outbound_rules_decide_nothing_inbound() -> None:
    """A rule for what goes out lets nobody in, and is part of the outbound digest."""
    out = rule("out", 100, direction="Outbound")
    assert exposure(out).possible == NOBODY
    assert snapshot(out).outbound(TARGET) != snapshot().outbound(TARGET)


def test_equal_groups_share_one_exposure() -> None:
    """Etag, id and state say nothing of who gets in, so a fleet is evaluated once."""
    one = rule("open", 200)
    two = {**rule("open", 200, provisioningState="Updating"), "etag": "W/x"}
    found = [RULES.exposure(snapshot(each), 25)[TARGET] for each in (one, two)]
    assert found[0] is found[1]
