"""The packet oracle itself, case by case from Google's documents, before it judges anybody."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import packets
from tests.oracle.gcp import Firewalls, Machine, from_gcp, in_sight, lets_in, machines, might, sure

MX = Machine(frozenset({"mx"}), addresses=("10.0.0.5", "fd20::5"))


def point(address: str) -> packets.Point:
    """An address as the oracle counts it."""
    version, first, _ = packets.span(address)
    return version, first


def rule(name: str = "r", *, allow: bool = True, **more: Any) -> dict[str, Any]:
    """A VPC rule as the API answers it, for tcp:25 unless it says otherwise."""
    said = more.pop("protocols", [{"IPProtocol": "tcp", "ports": ["25"]}])
    return {
        "name": name, "direction": "INGRESS", "priority": 1000, "disabled": False,
        "allowed" if allow else "denied": said, **more,
    }  # fmt: skip


def policy_rule(priority: int, action: str, *sources: str, **more: Any) -> dict[str, Any]:
    """A policy rule for tcp:25 from ranges."""
    return {
        "priority": priority, "action": action, "direction": "INGRESS",
        "match": {"srcIpRanges": list(sources), "layer4Configs": [
            {"ipProtocol": "tcp", "ports": ["25"]}]}, **more,
    }  # fmt: skip


def policy(kind: str, *rules: dict[str, Any]) -> dict[str, Any]:
    """A policy as the effective calls answer it."""
    return {"name": kind.lower(), "type": kind, "rules": list(rules)}


def gets_in(
    world: Firewalls, address: str = "192.0.2.1", machine: Machine = MX, **meaning: Any
) -> bool:
    """Whether one sender gets in to port 25."""
    return lets_in(
        world, point(address), machine, {k.replace("_", ":"): v for k, v in meaning.items()}
    )


def classic(*rules: dict[str, Any], **more: Any) -> Firewalls:
    """A network with VPC rules."""
    return Firewalls(rules, **more)


OPEN = rule(sourceRanges=["192.0.2.0/24"])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"protocols": [{"IPProtocol": "all"}]}, True),
        ({"protocols": [{"IPProtocol": "6"}]}, True),
        ({"protocols": [{"IPProtocol": "TCP"}]}, True),
        ({"protocols": [{"IPProtocol": "tcp", "ports": ["20-30"]}]}, True),
        ({"protocols": [{"IPProtocol": "tcp", "ports": ["26", "24"]}]}, False),
        ({"protocols": [{"IPProtocol": "udp", "ports": ["25"]}]}, False),
        ({"protocols": [{"IPProtocol": "icmp"}, {"IPProtocol": "tcp", "ports": ["25"]}]}, True),
        ({"disabled": True}, False),
        ({"direction": "EGRESS"}, False),
        ({"targetTags": ["mx", "web"]}, True),
        ({"targetTags": ["web"]}, False),
        ({"targetServiceAccounts": ["a@b.c"]}, False),
        ({"destinationRanges": ["10.0.0.0/24"]}, True),
        ({"destinationRanges": ["10.0.1.0/24"]}, False),
        ({"sourceRanges": ["198.51.100.0/24"]}, False),
        ({"sourceRanges": None}, True),
    ],
)
def test_which_rule_speaks(said: dict[str, Any], expected: bool) -> None:
    """Protocols by name, number and all; ports; disabled; direction; targets; destination; sources."""
    both: dict[str, Any] = {"sourceRanges": ["192.0.2.0/24"], **said}
    found = rule(**both)
    kept = {key: value for key, value in found.items() if value is not None}
    assert gets_in(classic(kept)) is expected


def test_without_a_source_a_rule_is_for_ipv4_alone() -> None:
    """The default is 0.0.0.0/0, and no IPv6 sender: as an allow it opens, as a deny it closes, IPv4."""
    assert gets_in(classic(rule()))
    assert not gets_in(classic(rule()), "2001:db8::1")
    six = rule("six", sourceRanges=["::/0"])
    assert gets_in(classic(six, rule("d", allow=False, priority=0)), "2001:db8::1")


def test_lower_numbers_first_and_a_deny_wins_a_tie() -> None:
    """0 is asked before 1000, and at one number the deny before the allow."""
    deny = rule("d", allow=False, sourceRanges=["0.0.0.0/0"])
    assert not gets_in(classic(OPEN, deny))
    assert gets_in(classic({**OPEN, "priority": 999}, deny))
    assert not gets_in(classic({**OPEN, "priority": 0}, {**deny, "priority": 0}))


def test_sources_add_up() -> None:
    """A rule with ranges and tags is for either; a tag alone is for no address outside."""
    both = rule(sourceRanges=["198.51.100.0/24"], sourceTags=["web"])
    assert gets_in(classic(both), "198.51.100.1")
    assert gets_in(classic(both), "10.0.0.7", tag_web=["10.0.0.7/32"])
    assert not gets_in(classic(both), "10.0.0.8", tag_web=["10.0.0.7/32"])
    assert not gets_in(classic(rule(sourceTags=["web"])))


ALL = ("0.0.0.0/0",)


@pytest.mark.parametrize("before", [False, True])
def test_the_enforcement_order(before: bool) -> None:
    """Hierarchy, VPC rules, network policies; or the policies before the VPC rules."""
    deny = rule("d", allow=False, sourceRanges=list(ALL))
    network = policy("NETWORK", policy_rule(1, "allow", *ALL))
    assert gets_in(classic(deny, policies=(network,), before_classic=before)) is before
    above = policy("HIERARCHY", policy_rule(9, "allow", *ALL))
    assert gets_in(classic(deny, policies=(network, above), before_classic=before))
    shut = policy("HIERARCHY", policy_rule(9, "deny", *ALL))
    assert not gets_in(classic(OPEN, policies=(network, shut), before_classic=before))


def test_the_region_comes_after_the_global_policy() -> None:
    """The region's own policy is asked last, the one that Google manages there before VPC rules."""
    region = policy("NETWORK_REGIONAL", policy_rule(1, "allow", *ALL))
    assert gets_in(classic(policies=(region,)))
    shut = policy("NETWORK", policy_rule(1, "deny", *ALL))
    assert not gets_in(classic(policies=(region, shut)))
    system = policy("SYSTEM_REGIONAL", policy_rule(1, "deny", *ALL))
    assert not gets_in(classic(OPEN, policies=(system,)))


def test_goto_next_leaves_the_policy() -> None:
    """It skips the rest of its policy, and the next layer decides."""
    policies = (
        policy("HIERARCHY", policy_rule(1, "goto_next", *ALL), policy_rule(2, "deny", *ALL)),
    )
    assert gets_in(classic(OPEN, policies=policies))
    assert not gets_in(classic(policies=policies))


def test_nobody_gets_in_where_no_rule_speaks() -> None:
    """The implied rule denies whatever comes in."""
    assert not gets_in(classic())
    assert not gets_in(classic(policies=(policy("NETWORK", policy_rule(1, "goto_next", *ALL)),)))


def test_the_machines_behind_a_target() -> None:
    """Each other tag and account that a rule chooses by may be carried, or not."""
    world = classic(
        rule("a", targetTags=["mx"]), rule("b", targetTags=["web"]),
        rule("c", targetServiceAccounts=["a@b.c"]),
    )  # fmt: skip
    assert sorted(map(str, machines(world, tag="mx"))) == [
        "mx+172.31.255.254+fdff:ffff::1", "mx+a@b.c+172.31.255.254+fdff:ffff::1",
        "mx+web+172.31.255.254+fdff:ffff::1", "mx+web+a@b.c+172.31.255.254+fdff:ffff::1",
    ]  # fmt: skip


def test_who_cannot_see_machines() -> None:
    """A rule for some machines may let in and never surely does; it surely stops nobody."""
    behind = machines(classic(rule(targetTags=["web"])), tag="mx")
    some = rule("a", sourceRanges=["192.0.2.0/24"], targetTags=["web"], priority=1)
    denied = rule("d", allow=False, sourceRanges=["192.0.2.0/24"], targetTags=["web"], priority=1)
    sender = point("192.0.2.1")
    assert (might(classic(some), sender, behind), sure(classic(some), sender, behind)) == (
        True,
        False,
    )
    world = classic(denied, OPEN)
    assert (might(world, sender, behind), sure(world, sender, behind)) == (True, False)
    skip = policy_rule(1, "goto_next", *ALL, targetServiceAccounts=["a@b.c"])
    shut = policy("HIERARCHY", skip, policy_rule(2, "deny", *ALL))
    world = classic(OPEN, policies=(shut,))
    behind = machines(world, tag="mx")
    assert (might(world, sender, behind), sure(world, sender, behind)) == (True, False)


def test_rows_say_the_same() -> None:
    """As rows a target lets in whom it lets in as rules, machine by machine."""
    world = classic(
        rule("a", sourceRanges=["192.0.2.0/24"], targetTags=["mx"]),
        rule("b", allow=False, priority=1000, sourceRanges=["192.0.2.128/25"], targetTags=["web"]),
        rule("c", priority=5, sourceRanges=["2001:db8::/32"], destinationRanges=["fd20::/64"]),
        rule("d", priority=2000, sourceTags=["relay"]),
        policies=(
            policy("HIERARCHY", policy_rule(1, "deny", "192.0.2.7/32")),
            policy("NETWORK", policy_rule(1, "allow", "198.51.100.0/24")),
        ),
    )
    rows = from_gcp(world, tag="mx")
    asked = packets.deciding(rows, 25)
    meaning = {"tag:relay": ("10.1.0.0/16",)}
    for sender in in_sight(world, ("10.1.0.0/16",)):
        for machine in machines(world, tag="mx"):
            assert packets.gets_in(asked, sender, str(machine), meaning) is lets_in(
                world, sender, machine, meaning
            ), (packets.text(sender), str(machine))


def test_rows_cannot_skip() -> None:
    """A goto_next ahead of a rule that decides has no rows, and says so."""
    world = classic(
        policies=(
            policy("NETWORK", policy_rule(1, "goto_next", *ALL), policy_rule(2, "deny", *ALL)),
        )
    )
    with pytest.raises(ValueError, match=r"^network: the rule at 1 skips the one at 2$"):
        from_gcp(world)
