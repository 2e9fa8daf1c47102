from __future__ import annotations

from typing import Any

import pytest

from cloudsync.addresses import INTERNAL, NOBODY, PUBLIC, AddressSet
from cloudsync.exposure import Name
from cloudsync.model import Mode, Note, Purpose, Verdict
from cloudsync.provider import Order
from cloudsync_azure.clauses import PROBES, Protect
from cloudsync_azure.quota import WAYS_OUT
from tests.providers.azure.nsgs import (
    LISTED,
    RULES,
    TARGET,
    asg,
    done,
    exposure,
    lines,
    own,
    plan,
    rule,
    snapshot,
    wanted,
)

CLOSE: dict[str, Any] = {"mode": Mode.ENFORCE, "internal": "close"}
SIX = "2001:4800:10::/48"
LIST = "cloudsync-mail-25-list"


def possible(seen: Any) -> AddressSet:
    """Who may get in by address."""
    return RULES.exposure(seen, 25)[TARGET].possible


def test_one_rule_a_family() -> None:
    """Whatever the list is long, it is one augmented rule for each family."""
    assert lines(snapshot(), wanted(*LISTED, SIX)) == [
        f"+ 100 {LIST}-ipv4: allow tcp/25 from {', '.join(LISTED)} (cloudsync/mail list)",
        f"+ 101 {LIST}-ipv6: allow tcp/25 from {SIX} (cloudsync/mail list)",
    ]


def test_an_order_that_is_seen_rests() -> None:
    """Own rules as ARM tells them back (lower case, singular, empty lists) ask for no step."""
    told = own(
        "list", "ipv4", 100, LISTED[0],
        protocol="tcp", sourceAddressPrefixes=[], destinationAddressPrefixes=[],
        destinationPortRanges=[], sourcePortRanges=[], provisioningState="Succeeded",
    )  # fmt: skip
    assert plan(snapshot(told), wanted(LISTED[0])).steps == ()


def test_enforce_orders_allows_probes_and_denies() -> None:
    """Own allows stand first, the probe's next, the denies at the back, ahead of what is open."""
    found = plan(snapshot(rule("open", 300)), wanted(*LISTED, **CLOSE))
    assert [step.changes[0].split(":")[0] for step in found.steps] == [
        f"+ 100 {LIST}-ipv4",
        "+ 101 cloudsync-mail-25-probe-ipv4",
        "+ 102 cloudsync-mail-25-probe-AzureLoadBalancer",
        "+ 299 cloudsync-mail-25-deny-ipv4",
        "+ 298 cloudsync-mail-25-deny-ipv6",
    ]
    assert found.after is not None
    assert found.after.verdict is Verdict.IN_SYNC


def test_the_deny_stands_where_nothing_is_open_too() -> None:
    """Tomorrow's allow behind it, by address, family or name, is harmless."""
    seen = done(snapshot(), wanted(*LISTED, priority=(100, 200), **CLOSE))
    later = RULES.exposure(seen, 25)[TARGET]
    assert later.names == {Name("AzureLoadBalancer", PROBES)}
    from dataclasses import replace

    from cloudsync_azure.rule import packed, unpacked

    group = seen.groups[TARGET]
    for planted in (rule("later", 3000), rule("six", 3000, "::/0"), rule("tag", 3000, "Storage")):
        ingress = packed([*unpacked(group.ingress), (planted["name"], planted["properties"])])
        world = replace(seen, groups={TARGET: replace(group, ingress=ingress)})
        assert possible(world) == AddressSet.of(*LISTED)


def test_internal_keep_denies_public_space_alone() -> None:
    """With keep, the own denies stop exactly what is public; relays and the network get in."""
    seen = done(snapshot(rule("open", 300)), wanted(*LISTED, mode=Mode.ENFORCE))
    own_rules = RULES.own(seen, "mail", (25,))[TARGET]
    assert own_rules[Purpose.DENY].addresses == PUBLIC
    assert possible(seen) == AddressSet.of(*LISTED) | PROBES | INTERNAL


@pytest.mark.parametrize("priority", range(100, 106))
def test_foreign_allows_at_the_front_leave_no_room(priority: int) -> None:
    """What is open at 100 to 105 can't be overtaken: the list is added, and the plan says so."""
    found = plan(snapshot(rule("open", priority)), wanted(*LISTED, **CLOSE))
    needed, free = 5, priority - 100
    assert found.notes == ((Note.NO_ROOM,) if free < needed else ())
    if free < needed:
        assert [step.verb for step in found.steps] == ["add"]
        assert found.remarks[0].text == (
            f"closing needs 5 numbers from 100 on, ahead of {priority}, and {free} are free; "
            "set priority, or move the rules"
        )


def test_a_deny_of_everyone_at_4096_is_a_default() -> None:
    """Own rules go ahead of it, and nothing is blocked."""
    seen = snapshot(rule("DenyAll", 4096, allow=False))
    assert plan(seen, wanted(*LISTED)).notes == ()
    assert possible(done(seen, wanted(*LISTED))) == AddressSet.of(*LISTED)


@pytest.mark.parametrize("override", [False, True])
def test_a_narrow_deny_is_a_decision(override: bool) -> None:
    """It is reported and left, and overtaken only when told."""
    seen = snapshot(rule("no", 200, LISTED[0], allow=False), rule("open", 300))
    want = wanted(*LISTED, mode=Mode.ENFORCE, override_denies=override)
    found = plan(seen, want)
    assert found.notes == (() if override else (Note.BLOCKED,))
    after = possible(done(seen, want))
    assert (LISTED[0].partition("/")[0] in after) is override
    assert LISTED[1].partition("/")[0] in after


@pytest.mark.parametrize(("priority", "stops"), [(120, False), (90 + 10, True)])
def test_a_deny_planted_beside_a_standing_allow(priority: int, stops: bool) -> None:
    """Behind it, it stops nobody; ahead of it, the address is blocked and stays so."""
    standing = own("list", "ipv4", 110, *LISTED)
    seen = snapshot(standing, rule("no", priority, LISTED[0], allow=False))
    found = plan(seen, wanted(*LISTED))
    assert (found.notes, found.steps) == (((Note.BLOCKED,) if stops else ()), ())


@pytest.mark.parametrize("also", [(), ("10.20.0.0/16", "fd00:20::/32")])
def test_tomorrows_family_and_name_find_a_place(also: tuple[str, ...]) -> None:
    """IPv6 and a service tag that are wanted tomorrow go ahead of today's own deny."""
    today = done(snapshot(rule("open", 4000)), wanted(LISTED[0], **CLOSE))
    storage = Name("Storage", PUBLIC)
    seen = done(today, wanted(*LISTED, SIX, also=also, names=[storage], **CLOSE))
    found = RULES.exposure(seen, 25)[TARGET]
    assert found.possible == AddressSet.of(*LISTED, SIX, *also) | PROBES
    assert storage in found.names


def test_an_unlisted_outside_name_holds_the_closing() -> None:
    """Closing would stop a service tag that nobody listed: refused, unless told."""
    seen = snapshot(rule("tag", 300, "Storage"))
    found = plan(seen, wanted(*LISTED, mode=Mode.ENFORCE))
    assert [step.verb for step in found.steps] == ["add"]
    assert found.remarks[0].text == (
        "closing would stop Storage; list it in also_allow, or set close_opaque: true"
    )
    closed = done(seen, wanted(*LISTED, mode=Mode.ENFORCE, close_opaque=True))
    assert Name("Storage", PUBLIC) not in RULES.exposure(closed, 25)[TARGET].names


def test_foreign_rules_are_never_touched() -> None:
    """Every step is of an own rule, and what others wrote is untouchable to the proof."""
    seen = snapshot(
        rule("open", 300), rule("wide", 400, "8.8.8.0/24", destinationPortRange="20-30")
    )
    foreign = RULES.foreign(seen, "mail", (25,))[TARGET]
    alone = {key.text.split(":")[0]: key.alone for key in foreign.values()}
    assert alone == {
        "300 open": True, "400 wide": False, "65000 AllowVnetInBound": False,
        "65001 AllowAzureLoadBalancerInBound": False, "65500 DenyAllInBound": False,
    }  # fmt: skip
    assert all(one.untouchable for one in foreign.values())
    after = done(seen, wanted(*LISTED, **CLOSE))
    assert RULES.foreign(after, "mail", (25,))[TARGET] == foreign
    assert after.outbound(TARGET) == seen.outbound(TARGET)
    assert RULES.elsewhere(after, (25,)) == RULES.elsewhere(seen, (25,))


@pytest.mark.parametrize(
    "more",
    [
        {"destinationPortRange": "25-26"},
        {"protocol": "*"},
        {"sourcePortRange": "1024-65535"},
        {"sourceAddressPrefix": "*"},
    ],
)
def test_a_reshaped_rule_is_foreign_and_contested(more: dict[str, Any]) -> None:
    """A marked rule that somebody widened is left, said, and an own one stands beside it."""
    reshaped = own("list", "ipv4", 100, LISTED[0])
    reshaped["properties"] |= more
    found = plan(snapshot(reshaped), wanted(LISTED[0]))
    assert found.notes == (Note.CONTESTED,)
    assert [step.changes[0].split(":")[0] for step in found.steps] == [f"+ 101 {LIST}-ipv4-2"]
    assert "az network nsg rule delete" in found.remarks[0].text


def test_a_mark_without_the_name_is_not_own() -> None:
    """The description alone makes no own rule: the name carries the mark too."""
    copied = rule("copied", 100, LISTED[0], label="cloudsync/mail list")
    assert RULES.own(snapshot(copied), "mail", (25,)) == {TARGET: {}}


def test_another_installations_rules_stay() -> None:
    """They are foreign; what they open is said, and closed by the own deny behind the own allow."""
    theirs = rule("cloudsync-other-25-list-ipv4", 300, "8.8.8.0/24", label="cloudsync/other list")
    found = plan(snapshot(theirs), wanted(*LISTED))
    assert found.notes == (Note.CONTESTED,)
    assert [step.own for step in found.steps] == [True]


def test_own_rules_are_bound_to_whom_the_target_guards() -> None:
    """With protected addresses or groups, own rules name them, and nobody else's 25 is decided."""
    by_address = Protect(addresses=AddressSet.of("10.0.0.4", "fd00::4"))
    seen = snapshot(rule("open", 300), protect=by_address)
    after = done(seen, wanted(*LISTED, SIX, **CLOSE))
    ours = [one for one in after.groups[TARGET].rules if one.name.startswith("cloudsync-")]
    assert {one.name.removeprefix("cloudsync-mail-25-"): one.destinations for one in ours} == {
        "list-ipv4": ("10.0.0.4/32",), "list-ipv6": ("fd00::4/128",),
        "probe-ipv4": ("10.0.0.4/32",), "probe-AzureLoadBalancer": ("10.0.0.4/32",),
        "deny-ipv4": ("10.0.0.4/32",), "deny-ipv6": ("fd00::4/128",),
    }  # fmt: skip
    by_group = Protect(groups=(asg("mx").lower(),))
    after = done(snapshot(rule("open", 300), protect=by_group), wanted(*LISTED, **CLOSE))
    ours = [one for one in after.groups[TARGET].rules if one.name.startswith("cloudsync-")]
    assert {one.destination_groups for one in ours} == {(asg("mx").lower(),)}


def test_the_number_of_a_rule_for_other_machines_is_not_free() -> None:
    """What decides the port for machines that aren't guarded keeps its number all the same."""
    others = rule("others", 100, "8.8.8.0/24", allow=False, destinationAddressPrefix="10.0.0.9/32")
    seen = snapshot(others, protect=Protect(addresses=AddressSet.of("10.0.0.4")))
    steps = plan(seen, wanted(*LISTED)).steps
    assert [step.changes[0].split(" from ")[0] for step in steps] == [
        f"+ 101 {LIST}-ipv4: allow tcp/25"
    ]


def test_a_name_is_not_cut_off_in_the_family_that_protect_leaves_out() -> None:
    """An own rule for a name is bound to one family's machines: it lets nobody in to the others."""
    group = asg("relays")
    named = rule("partner", 300, sourceApplicationSecurityGroups=[{"id": group}])
    del named["properties"]["sourceAddressPrefix"]
    seen = snapshot(
        rule("open", 200, "8.8.8.0/24"),
        named,
        protect=Protect(AddressSet.of("10.0.0.4"), spelt=((group.lower(), group),)),
    )
    relays = Name(group, INTERNAL)
    assert RULES.exposure(seen, 25)[TARGET].reach(relays) == INTERNAL
    found = plan(seen, wanted(*LISTED, names=[relays], **CLOSE))
    assert found.refusal is not None
    assert found.refusal.what == (
        f"a step would stop {group}, or a part of it, which gets in today"
    )
    denies = [step.changes[0].split(":")[0] for step in found.steps if "deny" in step.changes[0]]
    assert denies == ["+ 199 cloudsync-mail-25-deny-ipv4"]
    after = RULES.exposure(done(seen, wanted(*LISTED, names=[relays])), 25)[TARGET]
    assert after.reach(relays) == INTERNAL


def test_who_is_guarded_changes_and_own_rules_follow() -> None:
    """An own rule that is right but for its destination is rewritten in place."""
    seen = done(snapshot(), wanted(*LISTED))
    from dataclasses import replace

    narrowed = replace(seen, protect=Protect(addresses=AddressSet.of("10.0.0.4")))
    steps = plan(narrowed, wanted(*LISTED)).steps
    assert [(step.verb, step.changes[1].rpartition(" to ")[2]) for step in steps] == [
        ("replace", "10.0.0.4/32 (cloudsync/mail list)")
    ]
    moved = replace(done(narrowed, wanted(*LISTED)), protect=Protect(AddressSet.of("10.0.0.9")))
    assert RULES.exposure(moved, 25)[TARGET].possible == NOBODY
    assert RULES.exposure(done(moved, wanted(*LISTED)), 25)[TARGET].certain == AddressSet.of(
        *LISTED
    )


def test_a_family_without_a_guarded_address_is_said() -> None:
    """Own rules for a family that protect doesn't name hold for every machine; the plan says so."""
    seen = snapshot(protect=Protect(addresses=AddressSet.of("10.0.0.4")))
    found = plan(seen, wanted(*LISTED, SIX))
    assert found.remarks[0].text == (
        "protect names no IPv6 address, so own rules for IPv6 hold for every machine behind this "
        "group; name these machines' IPv6 addresses to bind them"
    )
    assert found.steps[1].changes[0].endswith(f"from {SIX} (cloudsync/mail list)")


def test_the_plan_names_what_the_group_filters_for() -> None:
    """A change of the group reaches these interfaces and subnets."""
    nics = [{"id": f"/x/networkInterfaces/nic{number}"} for number in range(7)]
    seen = snapshot(networkInterfaces=nics, subnets=[{"id": "/x/subnets/mail"}])
    assert [one.text for one in plan(seen, wanted(*LISTED)).remarks] == [
        "it filters for 7 interfaces (nic0, nic1, nic2, nic3, nic4 and 2 more) and 1 subnet (mail)"
    ]


def test_more_than_4000_sources_are_refused_with_the_numbers() -> None:
    """Foreign prefixes count; nothing is added, and no call is made."""
    crowd = rule("crowd", 300, *(f"10.{n // 256}.{n % 256}.1/32" for n in range(3_999)))
    found = plan(snapshot(crowd), wanted(*LISTED))
    assert found.steps == ()
    assert found.refusal is not None
    assert (found.refusal.what, found.refusal.todo) == (
        "would need 4,001 source prefixes, 3,999 of which stand; 4,000 may", WAYS_OUT,
    )  # fmt: skip


def test_where_only_the_closing_does_not_fit_the_list_is_let_in() -> None:
    """Mail must not wait for a closing that finds no room for its prefixes."""
    crowd = rule("crowd", 300, *(f"10.{n // 256}.{n % 256}.1/32" for n in range(3_990)))
    found = plan(snapshot(crowd), wanted(*LISTED, mode=Mode.ENFORCE, internal="keep"))
    assert [step.changes[0].split(":")[0] for step in found.steps] == [f"+ 100 {LIST}-ipv4"]
    assert Note.NO_ROOM in found.notes


def test_a_thousand_rules_are_the_most() -> None:
    """The 1,001st rule is refused before the first call."""
    crowd = [
        rule(f"r{n}", 1_000 + n, "10.0.0.1/32", destinationPortRange="443") for n in range(1_000)
    ]
    found = plan(snapshot(*crowd), wanted(*LISTED))
    assert found.refusal is not None
    assert found.refusal.what == "would need 1,001 rules, 1,000 of which stand; 1,000 may"


def test_two_guarded_ports_share_the_numbers() -> None:
    """A number that one port's rule takes isn't given to another's."""
    want = wanted(*LISTED, mode=Mode.ENFORCE, ports=(25, 587))
    after = done(snapshot(), want)
    numbers = [one.priority for one in after.groups[TARGET].rules]
    assert len(numbers) == len(set(numbers))
    assert RULES.exposure(after, 587)[TARGET].possible - INTERNAL == AddressSet.of(*LISTED)


def test_a_name_is_never_taken_twice() -> None:
    """A stranger's rule may be called as ours would be, in any case, in either direction."""
    out = rule(f"{LIST}-IPV4", 100, direction="Outbound")
    found = plan(snapshot(out), wanted(*LISTED))
    assert found.steps[0].changes[0].startswith(f"+ 100 {LIST}-ipv4-2: ")


def test_long_names_are_cut_and_told_apart() -> None:
    """A name made of an application security group stays within Azure's 80 characters."""
    groups = [Name(asg("g" * 90 + end), INTERNAL) for end in "ab"]
    spelt = Protect(spelt=tuple((name.text.lower(), name.text) for name in groups))
    found = plan(snapshot(protect=spelt), wanted(*LISTED, names=groups))
    names = [step.changes[0].split(":")[0].split()[-1] for step in found.steps[1:]]
    assert len(set(names)) == 2
    assert max(map(len, names)) <= 80


def test_each_step_has_the_command_that_takes_it_back() -> None:
    """What was made is deleted, what was rewritten is written as it stood."""
    seen = snapshot(own("list", "ipv4", 100, LISTED[0]))
    found = plan(seen, wanted(*LISTED, SIX))
    where = (
        "--subscription 00000000-0000-0000-0000-000000000001 --resource-group mail --nsg-name mx"
    )
    written = (
        f"az network nsg rule create {where} --name {LIST}-ipv4 --priority 100 "
        "--direction Inbound --access Allow --protocol Tcp --source-address-prefixes "
        "69.20.58.226/32 --source-port-ranges '*' --destination-address-prefixes '*' "
        "--destination-port-ranges 25 --description 'cloudsync/mail list'"
    )
    deleted = f"az network nsg rule delete {where} --name {LIST}-ipv6"
    assert [one.commands for one in found.reversals] == [(deleted,), (written,)]
    assert [one.record for one in found.reversals] == [{}, {}]


def test_undo_and_relax_take_own_denies_away() -> None:
    """What a run closed is opened again by its record; relax needs none."""
    want = wanted(*LISTED, **CLOSE)
    open_rule = snapshot(rule("open", 300))
    closing = plan(open_rule, want)
    after = done(open_rule, want)
    records = tuple(one.record for one in closing.reversals if one.record)
    assert [record["deny"][-9:] for record in records] == ["deny-ipv4", "deny-ipv6"]
    for order in (Order("undo", records), Order("relax")):
        seen = after
        for step in RULES.ordered(after, {TARGET: want}, order).steps:
            assert step.verb == "remove"
            seen = RULES.after(seen, step)
        assert possible(seen) == exposure(rule("open", 300)).possible
    assert RULES.ordered(after, {TARGET: want}, Order("undo")).steps == ()
