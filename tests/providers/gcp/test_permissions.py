from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from cloudsync.model import Mode
from cloudsync.plan import make
from cloudsync.provider import Scope
from cloudsync_gcp.provider import Provider
from cloudsync_gcp.rights import NEEDED
from cloudsync_gcp.sandbox import Sandbox
from cloudsync_gcp.settings import GcpSettings
from cloudsync_gcp.snapshot import GcpSnapshot
from tests.contract.ec2 import Clock
from tests.contract.gcp import classic, in_policy
from tests.providers.gcp.networks import want
from tests.tree import tree

# Which permissions each call needs: the vendor's reference of each method, "IAM Permissions", and
# of Cloud Asset its page on access control. A call that changes a network's rules needs the last
# one on the network too.
NEEDS: dict[str, tuple[str, ...]] = {
    "cloudasset.searchAllResources": ("cloudasset.assets.searchAllResources",),
    "cloudresourcemanager.projects.testIamPermissions": (),
    "compute.firewalls.delete": ("compute.firewalls.delete", "compute.networks.updatePolicy"),
    "compute.firewalls.get": ("compute.firewalls.get",),
    "compute.firewalls.insert": ("compute.firewalls.create", "compute.networks.updatePolicy"),
    "compute.firewalls.list": ("compute.firewalls.list",),
    "compute.firewalls.patch": ("compute.firewalls.update", "compute.networks.updatePolicy"),
    "compute.globalOperations.wait": ("compute.globalOperations.get",),
    "compute.networkFirewallPolicies.aggregatedList": ("compute.firewallPolicies.list",),
    "compute.networkFirewallPolicies.get": ("compute.firewallPolicies.get",),
    "compute.networkFirewallPolicies.patch": ("compute.firewallPolicies.update",),
    "compute.networks.get": ("compute.networks.get",),
    "compute.networks.getEffectiveFirewalls": ("compute.networks.getEffectiveFirewalls",),
    "compute.projects.get": ("compute.projects.get",),
    "compute.projects.getXpnHost": ("compute.projects.get",),
    "compute.regionNetworkFirewallPolicies.getEffectiveFirewalls": (
        "compute.networks.getRegionEffectiveFirewalls",
    ),
}
CHANGES = {
    "compute.firewallPolicies.update", "compute.firewalls.create", "compute.firewalls.delete",
    "compute.firewalls.update", "compute.globalOperations.get", "compute.networks.updatePolicy",
}  # fmt: skip


def granted(name: str) -> set[str]:
    """What a role in the provider's folder grants."""
    text = (tree() / "providers" / "gcp" / "permissions" / name).read_text("utf-8")
    yaml: Any = YAML(typ="safe")
    role = yaml.load(text)
    return set(role["includedPermissions"])


@pytest.fixture(scope="module")
def called() -> set[str]:
    """Every call of runs that use all there is: a folder, a host, regions, each change."""
    with Sandbox(projects=()) as sandbox:
        sandbox.seed_project("host-proj")
        sandbox.seed_network("shared", project="host-proj")
        sandbox.seed_project("mail-prod", folders=("folders/7",), host="host-proj")
        on = {"network": "global/networks/default"}
        sandbox.seed_firewall({**classic("open", 1000, "0.0.0.0/0"), **on})
        sandbox.seed_policy("p", network="default")
        sandbox.seed_policy(
            "r", [in_policy("a", 5, "8.8.8.0/24")], network="default", region="europe-west1"
        )
        clock = Clock()
        provider = Provider(clock=clock, sleep=clock.sleep)
        base = {"mode": "add", "endpoint": sandbox.endpoint}
        tags = {"network": "default", "tags": ["smtp"]}
        policy = {"kind": "network-policy", "select": {"network": "default", "all": True}}
        shared = {"projects": ["mail-prod"], "select": {"network": "shared", "all": True}}
        for said in (
            {**base, "folder": "7", "select": tags}, {**base, "folder": "7", **policy},
            {**base, **shared},
        ):  # fmt: skip
            for listed in (("69.20.58.226/32", "2001:4800:10::/48"), ("69.20.58.234/32",)):
                for scope in Provider.scopes(provider, GcpSettings.model_validate(said)):
                    assert isinstance(scope, Scope)
                    for seen in provider.observe(scope):
                        if isinstance(seen, GcpSnapshot):
                            may = provider.permissions(scope, seen.targets)
                            assert {one.held for one in may} == {True}
                            wants = dict.fromkeys(seen.targets, want(Mode.ADD, *listed))
                            (plan,) = make(provider.rules, seen, wants, "d")
                            for step in plan.steps:
                                provider.apply(step)
                                provider.apply(step)  # the second meets what the first has made
        return {call.operation for call in sandbox.calls}


def test_every_call_is_in_the_table(called: set[str]) -> None:
    """The table of permissions speaks of exactly the calls that are made."""
    assert called == set(NEEDS)


def test_write_is_what_is_called(called: set[str]) -> None:
    """The role for changes grants exactly what the calls need."""
    assert granted("write.yaml") == {one for call in called for one in NEEDS[call]}


def test_what_is_asked_for_is_what_changes_need() -> None:
    """Of both kinds together, exactly the role for changes less the one for looking."""
    assert {one for kind in NEEDED.values() for one in kind} == CHANGES


def test_watch_changes_nothing(called: set[str]) -> None:
    """The role for looking grants exactly what the calls need, less the changes."""
    assert granted("watch.yaml") == granted("write.yaml") - CHANGES
