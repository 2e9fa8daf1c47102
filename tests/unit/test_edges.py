"""Edges that changing the code by one step showed to be untried."""

from __future__ import annotations

from ipaddress import ip_network

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.allowlist import Entry, InForce, Listing
from cloudsync.memory.firewall import Firewall, MemorySnapshot, Rule
from cloudsync.memory.rules import MemoryRules
from cloudsync.model import Mode, Wanted
from cloudsync.plan import make
from cloudsync.prove import prove
from cloudsync.provider import Refusal, Scope, Step
from cloudsync.vetting.guard import judge
from cloudsync.vetting.limits import Limits

TARGET = "memory:edges/fw"


def test_a_name_that_gets_in_already_may_not_get_in_from_more() -> None:
    """Taking an own deny away that shut a part of an unwanted name is refused."""
    deny = Rule(
        10, "cloudsync:ours:25:deny:ipv4", False, ("10.0.0.0/8",), description="cloudsync/ours deny"
    )
    behind = Rule(20, "web", names=("tag-web",))
    snapshot = MemorySnapshot(Scope("memory:edges"), {TARGET: Firewall((deny, behind))})
    step = Step("remove", (TARGET,), (f"- {deny}",), call=deny)
    wanted = {TARGET: Wanted("ours", Mode.ENFORCE, internal="close")}
    proof = prove(MemoryRules(), snapshot, [step], wanted)
    assert (proof.steps, proof.refusal) == (
        (),
        Refusal(TARGET, "a step would let in tag-web, which isn't wanted"),
    )


def test_a_document_that_promises_nothing_any_more_promised_one() -> None:
    """A promise of one entry that is gone is noticed like any other."""
    entries = (Entry(ip_network("8.0.0.1/32")),)
    found = judge(
        Listing("./list.txt", "cidr", entries),
        InForce("./list.txt", "cidr", entries),
        Limits(),
        promised=1,
    )
    assert [(reason.code, reason.message) for reason in found.reasons] == [
        ("promise_fell", "the document promises 0 entries, it promised 1 before")
    ]


def test_the_very_last_ipv4_address_is_a_witness_of_its_own() -> None:
    """At the end of IPv4 a witness is still IPv4, and the first of IPv6 is IPv6."""
    assert AddressSet.of("255.255.255.255").witness() == "255.255.255.255"
    assert AddressSet.of("::").witness() == "::"


def test_a_health_check_that_is_partly_shut_holds_no_addition_back() -> None:
    """In enforce a new entry of the list is added, whatever can't be done about a probe by name."""
    standing = (
        Rule(
            0,
            "cloudsync:ours:25:list:ipv4",
            True,
            ("8.0.0.1/32",),
            description="cloudsync/ours list",
        ),
        Rule(1000, "narrow", False, ("2001:db8:ffff::/64",)),
        Rule(65_535, "probes", names=("probe:balancer",)),
    )
    snapshot = MemorySnapshot(Scope("memory:edges"), {TARGET: Firewall(standing)})
    networks = (ip_network("8.0.0.1/32"), ip_network("8.0.0.9/32"))
    wanted = {TARGET: Wanted("ours", Mode.ENFORCE, networks, internal="keep")}
    (plan,) = make(MemoryRules(), snapshot, wanted, "sha256:list")
    assert plan.after is not None
    assert plan.after.differences[25].missing == NOBODY
