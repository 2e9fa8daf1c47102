"""Another group in front of the same machines, over the wire: what it costs, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from cloudsync.model import Mode, Note, Verdict
from cloudsync.plan import TargetPlan, make
from cloudsync.provider import Scope
from cloudsync_azure.client import PLACEHOLDER
from cloudsync_azure.provider import Provider
from cloudsync_azure.sandbox import Dialect, Principal, Sandbox
from cloudsync_azure.settings import AzureSettings
from cloudsync_azure.snapshot import AzureSnapshot
from tests.providers.azure.nsgs import LISTED, RULES, SUBSCRIPTION, own, rule, wanted

MX = f"azure:{SUBSCRIPTION}/mail/mx"
SUBNET = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/mail/providers/Microsoft.Network"
    "/virtualNetworks/mail/subnets/mx"
)
GROUPS = "NetworkSecurityGroups_ListAll"
GROUP = "NetworkSecurityGroups_Get"
INTERFACES = "NetworkInterfaces_ListAll"
RIGHT = own("list", "ipv4", 100, *LISTED)
HALF = rule("half", 200, LISTED[0])


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A right group in front of a subnet, and a group that lets half of the list in."""
    with Sandbox(dialect=Dialect(page_size=1)) as found:
        found.seed_nsg("mx", [RIGHT], tags={"cloudsync": "smtp"}, subnets=[SUBNET])
        found.seed_nsg("own", [HALF])
        yield found


def block(sandbox: Sandbox, **more: Any) -> Scope:
    """The sandbox's subscription."""
    settings = AzureSettings.model_validate(
        {
            "provider": "azure", "mode": "watch", "endpoint": sandbox.endpoint, "protect": "all",
            "select": {"tags": {"cloudsync": "smtp"}}, **more,
        }
    )  # fmt: skip
    return Scope(f"azure:{SUBSCRIPTION}", settings)


def look(
    provider: Provider, scope: Scope, *only: str, networks: Sequence[str] = LISTED
) -> Mapping[str, TargetPlan]:
    """The plan of each target, as one look gives it."""
    found: dict[str, TargetPlan] = {}
    for seen in provider.observe(scope, frozenset(only) or None):
        assert isinstance(seen, AzureSnapshot), seen
        thawed = RULES.thaw(RULES.freeze(seen))
        wants = dict.fromkeys(seen.targets, wanted(*networks, mode=Mode.ADD))
        plans = make(provider.rules, seen, wants, "sha256:x")
        assert [(one.verdict, one.remarks) for one in make(RULES, thawed, wants, "sha256:x")] == [
            (one.verdict, one.remarks) for one in plans
        ]
        found.update({one.target: one for one in plans})
    return found


def called(sandbox: Sandbox) -> list[str]:
    """What was called since the last time."""
    found = [call.operation for call in sandbox.calls]
    sandbox.calls.clear()
    return found


def hang(sandbox: Sandbox, name: str, *addresses: str, own_group: bool = True) -> None:
    """A machine in the subnet."""
    nsg = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/mail/providers/Microsoft.Network"
    group = f"{nsg}/networkSecurityGroups/own" if own_group else ""
    sandbox.seed_interface(name, SUBNET, *addresses or ("10.0.0.4",), nsg=group)


def test_no_second_level_costs_nothing(sandbox: Sandbox) -> None:
    """Where no other group hangs on the other level, no interface is asked for, nor at a close look."""
    provider, scope = Provider(), block(sandbox)
    assert look(provider, scope)[MX].verdict is Verdict.IN_SYNC
    assert called(sandbox) == [GROUPS, GROUPS]
    assert look(provider, scope, MX)[MX].verdict is Verdict.IN_SYNC
    assert called(sandbox) == [GROUP]


def test_a_sender_whom_the_interface_stops_is_missing(sandbox: Sandbox) -> None:
    """The verdict is missing, with the other group's rule; one listing tells, and a read afterwards."""
    hang(sandbox, "mx1")
    provider, scope = Provider(), block(sandbox)
    plan = look(provider, scope)[MX]
    assert called(sandbox) == [GROUPS, GROUPS, INTERFACES]
    assert plan.verdict is Verdict.MISSING
    assert plan.notes == (Note.BLOCKED,)
    (remark,) = plan.remarks
    assert remark.text == (
        "69.20.58.234 is wanted, and network security group mail/own stops it on port 25, by rule "
        "65500 DenyAllInBound: deny * from * (Deny all inbound traffic), at 1 interface (mail/mx1). What comes in has to pass "
        "both groups: make mail/own a target too, or let the list in there; where no mail is for "
        "these machines, name the others in protect"
    )
    assert plan.steps == ()
    sandbox.plant("own", [rule("rest", 210, LISTED[1])])
    assert look(provider, scope, MX)[MX].verdict is Verdict.IN_SYNC
    assert called(sandbox) == [GROUP, GROUP]


def test_a_family_that_the_machine_lacks_is_stopped_by_no_group(sandbox: Sandbox) -> None:
    """Whoever comes by IPv6 can't reach a machine without an IPv6 address, whatever its group says."""
    six = "2001:db8:25::/48"
    sandbox.plant("mx", [own("list", "ipv6", 101, six)])
    sandbox.plant("own", [rule("rest", 210, LISTED[1])])
    hang(sandbox, "mx1")
    plan = look(Provider(), block(sandbox), networks=(*LISTED, six))[MX]
    assert plan.verdict is Verdict.IN_SYNC
    hang(sandbox, "mx1", "10.0.0.4", "fd00::4")
    plan = look(Provider(), block(sandbox), networks=(*LISTED, six))[MX]
    assert plan.verdict is Verdict.MISSING


def test_a_group_that_cannot_be_read_is_told_of(sandbox: Sandbox) -> None:
    """Another group of rules that nobody understands leaves the target readable, and is named."""
    hang(sandbox, "mx1")
    world = sandbox.world
    held = world.nsgs[
        f"{SUBNET.partition('/virtualNetworks/')[0]}/networkSecurityGroups/own".lower()
    ]
    odd = {**held.rules[0].properties, "destinationPortRange": "smtp"}
    world.put(replace(held, rules=(replace(held.rules[0], properties=odd),)), settled=True)
    plan = look(Provider(), block(sandbox))[MX]
    assert plan.verdict is Verdict.IN_SYNC
    assert plan.remarks[0].text.endswith("isn't known: the rules of mail/own couldn't be read")


def test_some_machines_are_undetermined(sandbox: Sandbox) -> None:
    """Who reaches some of the machines is undetermined; whoever isn't guarded says nothing."""
    hang(sandbox, "jump", "10.0.0.9")
    hang(sandbox, "mx1", own_group=False)
    assert look(Provider(), block(sandbox))[MX].verdict is Verdict.UNDETERMINED
    guarded = block(sandbox, protect={"addresses": ["10.0.0.4"]})
    assert look(Provider(), guarded)[MX].verdict is Verdict.IN_SYNC


def test_a_group_of_an_interface_has_the_subnets_beside_it(sandbox: Sandbox) -> None:
    """The target may be either level; named groups are looked at by the same listings."""
    hang(sandbox, "mx1")
    sandbox.plant("mx", [own("list", "ipv4", 100, LISTED[0])])
    sandbox.plant("own", [rule("rest", 210, LISTED[1])])
    scope = block(sandbox, select={"ids": ["mail/own"]})
    plan = look(Provider(), scope)[f"azure:{SUBSCRIPTION}/mail/own"]
    assert plan.verdict is Verdict.MISSING
    assert called(sandbox) == [GROUP, GROUPS, GROUPS, INTERFACES]


def test_what_the_other_group_closes_counts_as_open(sandbox: Sandbox) -> None:
    """Whoever gets past the group alone is a bypass, whatever a group that isn't kept here stops."""
    hang(sandbox, "mx1")
    sandbox.plant("mx", [rule("open", 300, "203.0.113.0/24")])
    sandbox.plant("own", [rule("rest", 210, LISTED[1])])
    plan = look(Provider(), block(sandbox))[MX]
    assert plan.verdict is Verdict.OPEN
    assert "It counts as open all the same" in plan.remarks[0].text


def test_rules_for_the_machine_itself_are_exact(sandbox: Sandbox) -> None:
    """A rule of the interface's group for its own address is as good as one for everybody."""
    hang(sandbox, "mx1")
    sandbox.plant("own", [rule("rest", 210, LISTED[1], destinationAddressPrefix="10.0.0.4")])
    assert look(Provider(), block(sandbox))[MX].verdict is Verdict.IN_SYNC
    sandbox.plant("own", [rule("rest", 210, LISTED[1], destinationAddressPrefix="10.0.0.5")])
    assert look(Provider(), block(sandbox))[MX].verdict is Verdict.MISSING


@pytest.mark.parametrize(("member", "verdict"), [(True, Verdict.IN_SYNC), (False, Verdict.MISSING)])
def test_rules_for_application_security_groups_are_exact(
    sandbox: Sandbox, verdict: Verdict, *, member: bool
) -> None:
    """Whether an interface is in a group is known, so that a rule for it is for the machine or isn't."""
    relays = sandbox.seed_asg("relays")
    group = sandbox.seed_nsg("exact", [rule("rest", 210, *LISTED, **to_group(relays))])
    sandbox.seed_interface("mx1", SUBNET, nsg=group, asgs=[relays] if member else [])
    assert look(Provider(), block(sandbox))[MX].verdict is verdict


def to_group(identity: str) -> dict[str, Any]:
    """What makes a rule one for an application security group."""
    return {
        "destinationAddressPrefix": None,
        "destinationApplicationSecurityGroups": [{"id": identity}],
    }


def test_without_the_permission_it_is_said(sandbox: Sandbox) -> None:
    """Whoever may not list interfaces is told that the other level isn't known, and what allows it."""
    hang(sandbox, "mx1")
    may = ("Microsoft.Network/networkSecurityGroups/read",)
    sandbox.seed_principal(PLACEHOLDER, Principal("reader", may))
    plan = look(Provider(), block(sandbox))[MX]
    assert plan.verdict is Verdict.IN_SYNC
    (remark,) = plan.remarks
    assert remark.text == (
        "whether another group stops mail at the machines behind this one isn't known: access to "
        "Microsoft.Network/networkInterfaces/read was denied (AuthorizationFailed). Allow "
        "Microsoft.Network/networkInterfaces/read; the role in providers/azure/permissions/watch.json "
        "holds all that is needed"
    )


def test_a_scale_sets_interfaces_are_told_of(sandbox: Sandbox) -> None:
    """Interfaces that hang on a group and aren't listed are said to be unknown."""
    hang(sandbox, "mx1")
    scale_set = SUBNET.partition("/providers/")[0] + "/providers/Microsoft.Compute"
    lost = f"{scale_set}/virtualMachineScaleSets/s/virtualMachines/0/networkInterfaces/n"
    sandbox.seed_nsg("set", [RIGHT], tags={"cloudsync": "smtp"}, interfaces=[lost])
    plan = look(Provider(), block(sandbox))[f"azure:{SUBSCRIPTION}/mail/set"]
    assert plan.verdict is Verdict.IN_SYNC
    assert "1 of the 1 interfaces with this group weren't listed" in plan.remarks[0].text


def test_both_groups_as_targets_come_right(sandbox: Sandbox) -> None:
    """Where both are targets each gets the list, and a close look at both finds them in sync."""
    hang(sandbox, "mx1")
    sandbox.retag("own", {"cloudsync": "smtp"})
    provider, scope = Provider(), block(sandbox, mode="add")
    plans = look(provider, scope)
    assert {one.verdict for one in plans.values()} == {Verdict.MISSING}
    for plan in plans.values():
        for step in plan.steps:
            assert provider.apply(step).kind == "done"
    after = look(provider, scope, *plans)
    assert {one.verdict for one in after.values()} == {Verdict.IN_SYNC}
