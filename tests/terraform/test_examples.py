"""The examples as somebody would copy them: the real Terraform plans each, by what stands in for the clouds."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cloudsync.source import bundled
from tests.e2e.conftest import world as world  # noqa: PLC0414 - the fixture
from tests.e2e.world import LIST, REGION, World, block
from tests.terraform.here import MODULES, Root, aws

RULE = "aws_vpc_security_group_ingress_rule"


@pytest.fixture
def terraform(tmp_path: Path) -> Path:
    """The folder ``terraform`` of the repository, for Terraform leaves its own beside what it reads."""
    copy = tmp_path / "terraform"
    shutil.copytree(MODULES.parent, copy, ignore=shutil.ignore_patterns(".terraform*"))
    return copy


def planned(root: Root) -> dict[str, Any]:
    """The values of each resource that a plan would make, by address."""
    root.call("plan", "-input=false", "-out=plan")
    found: dict[str, Any] = {}
    waits = [json.loads(root.call("show", "-json", "plan"))["planned_values"]["root_module"]]
    while waits:
        module = waits.pop()
        waits += module.get("child_modules", ())
        found |= {one["address"]: one["values"] for one in module.get("resources", ())}
    return found


def kinds(found: dict[str, Any]) -> dict[str, int]:
    """How many resources of each type, Terraform's own left out."""
    types = Counter(
        next(part for part in address.split(".") if "_" in part and part != "allow_list")
        for address in found
    )
    return {name: number for name, number in types.items() if not name.startswith("terraform_")}


def test_every_complete_example_is_planned(terraform: Path, mirror: Path) -> None:
    """All of them at once, as modules of one root: valid, and every provider takes what stands there."""
    root = Root(terraform.parent)
    where = "./terraform/modules/{}/examples/complete"
    calls: dict[str, Any] = {
        name.replace("-", "_"): {"source": where.format(name)}
        for name in ("allow-list", "aws", "azure", "gcp")
    }
    calls["aws"] |= {"vpc_id": "vpc-0123456789abcdef0", "shared_lists": {"mail": "pl-1"}}
    root.write({"provider": {"azurerm": {"features": {}}}, "module": calls})
    root.init(mirror=mirror)
    assert "The configuration is valid" in root.call("validate")
    assert kinds(planned(root)) == {
        "aws_security_group": 1,
        "aws_ec2_managed_prefix_list": 1,
        RULE: len(LIST) + 2,
        "azurerm_network_security_rule": 3,
        "google_compute_firewall": 5,
        "google_compute_network_firewall_policy_rule": 3,
    }


@pytest.mark.long
def test_the_root_with_all_three_is_planned(terraform: Path, mirror: Path) -> None:
    """One list in three clouds, with the providers as the root itself configures them."""
    root = Root(terraform / "examples" / "all-three")
    root.init(mirror=mirror)
    found = planned(root)
    assert kinds(found) == {
        RULE: len(LIST),
        "azurerm_network_security_rule": 2,
        "google_compute_firewall": 3,
    }
    azure = found['module.azure.azurerm_network_security_rule.allow["ipv4"]']
    assert sorted(azure["source_address_prefixes"]) == sorted(LIST)
    google = found['module.gcp.google_compute_firewall.allow["ipv4-1"]']
    assert sorted(google["source_ranges"]) == sorted(LIST)


@pytest.mark.long
def test_the_example_of_aws_is_applied_and_in_sync(world: World, terraform: Path) -> None:
    """By the real provider at the sandbox: a new group, a list, and nothing left to change."""
    root = Root(terraform.parent)
    other = world.group("other")
    vpc = world.sandbox.groups(REGION)[other]["VpcId"]
    call = {"source": "./terraform/modules/aws/examples/complete", "vpc_id": vpc}
    root.write({"provider": {"aws": aws(world.sandbox.url, REGION)}, "module": {"it": call}})
    root.init()
    assert "The configuration is valid" in root.call("validate")
    root.call("apply", "-input=false", "-auto-approve")
    assert root.changes() == {}
    (made,) = (
        group for group, shape in world.sandbox.groups(REGION).items()
        if shape["GroupName"].startswith("cloudsync-mail-")
    )  # fmt: skip
    world.config(block("add").replace("tags: {cloudsync: smtp}", f"ids: [{made}]"))
    world.accepted()
    world.forget()
    assert (world.run("drift").code, world.run("apply", "--yes").code) == (0, 0)
    assert world.mutations == []


@pytest.mark.long
def test_more_than_a_rule_of_gcp_takes_stands_in_several(terraform: Path, mirror: Path) -> None:
    """5,001 networks of a family: two rules, or two numbers of a policy, and each network in one."""
    path = terraform / "modules" / "allow-list" / "list.json"
    listed = json.loads(path.read_text("utf-8"))
    networks = [f"100.{64 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}/32" for n in range(5001)]
    entries = [{"network": one, "group": "base", "name": None} for one in networks]
    path.write_text(json.dumps({**listed, "entries": entries}), "utf-8")
    root = Root(terraform.parent)
    day = str(bundled.LISTING.published)
    call = {"source": "./terraform/modules/gcp", "name": "mail", "accept_bundled": day}
    root.write({
        "module": {
            "network": {**call, "network": "default", "target_tags": ["smtp"]},
            "policy": {**call, "firewall_policy": "mail"},
        }
    })  # fmt: skip
    root.init(mirror=mirror)
    found = planned(root)
    rules = [found[f'module.network.google_compute_firewall.allow["ipv4-{n}"]'] for n in (1, 2)]
    assert [len(one["source_ranges"]) for one in rules] == [5000, 1]
    assert sorted(n for one in rules for n in one["source_ranges"]) == sorted(networks)
    policy = "module.policy.google_compute_network_firewall_policy_rule.allow"
    numbered = [found[f'{policy}["ipv4-{n}"]'] for n in (1, 2)]
    assert [len(one["match"][0]["src_ip_ranges"]) for one in numbered] == [5000, 1]
    assert len({one["priority"] for one in numbered}) == 2
