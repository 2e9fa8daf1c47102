"""All modules by the real Terraform, with providers that take what the real ones take."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.here import MODULES, NAMES, Root

ACCEPTED = {"name": "mail", "accept_bundled": "2009-09-18"}
CALLS: dict[str, dict[str, Any]] = {
    "aws": {"source": "./modules/aws", "security_group_id": "sg-1"},
    "azure": {
        "source": "./modules/azure",
        "resource_group_name": "mail",
        "network_security_group_name": "smtp",
        "deny": "Internet",
    },
    "gcp": {"source": "./modules/gcp", "network": "default", "target_tags": ["smtp"], "deny": True},
    "policy": {"source": "./modules/gcp", "firewall_policy": "mail", "deny": True},
}


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """The modules in a folder of their own, for Terraform leaves its own beside them."""
    copy = tmp_path / "modules"
    shutil.copytree(MODULES, copy, ignore=shutil.ignore_patterns(".terraform*"))
    return copy


LONG = [pytest.param(one, marks=pytest.mark.long) if one == "aws" else one for one in NAMES]


@pytest.mark.parametrize("name", LONG)
def test_the_modules_own_tests_pass(name: str, modules: Path, mirror: Path) -> None:
    """``terraform test``: what is made, and what is refused before anything is."""
    root = Root(modules / name)
    root.init(mirror=mirror)
    said = root.call("test")
    assert "Success!" in said, said
    runs = (modules / name / "tests" / "main.tftest.hcl").read_text("utf-8").count('\nrun "')
    assert f"{runs} passed, 0 failed." in said


@pytest.mark.long
def test_one_root_for_all_clouds_and_a_changed_list_is_all_that_changes(
    modules: Path, mirror: Path
) -> None:
    """Applied, a second plan is empty; a list in another order too; one address is one change."""
    root = Root(modules.parent)
    calls = {name: {**ACCEPTED, **call} for name, call in CALLS.items()}
    root.write({"provider": {"azurerm": {"features": {}}}, "module": calls})
    root.init(mirror=mirror)
    root.call("apply", "-input=false", "-auto-approve")
    path = modules / "allow-list" / "list.json"
    listed = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**listed, "entries": listed["entries"][::-1]}), "utf-8")
    assert root.changes() == {}
    went, *stay = listed["entries"]
    came = {**went, "network": "198.51.100.7/32"}
    path.write_text(json.dumps({**listed, "entries": [*stay, came]}), "utf-8")
    rule = "module.aws.aws_vpc_security_group_ingress_rule.network"
    assert root.changes() == {
        f'{rule}["{went["network"]} 25"]': "delete",
        f'{rule}["198.51.100.7/32 25"]': "create",
        'module.azure.azurerm_network_security_rule.allow["ipv4"]': "update",
        'module.gcp.google_compute_firewall.allow["ipv4-1"]': "update",
        'module.policy.google_compute_network_firewall_policy_rule.allow["ipv4-1"]': "update",
    }
