"""A root that takes over the worker's rules, tried with the real Terraform."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudsync_azure.sandbox import Dialect
from tests.e2e import test_azure, test_gcp
from tests.e2e.conftest import world as world  # noqa: PLC0414 - the fixture
from tests.e2e.world import LIST, REGION, World, block
from tests.terraform.here import Root, aws
from tests.terraform.structure import blocks
from tests.terraform.test_structure import judged

ALSO = (
    "also_allow:\n"
    "  - {network: 10.20.0.0/16, owner: mail team, reason: relays, until: never}\n"
    "  - {network: '2001:db8::/32', owner: mail team, reason: relays, until: never}"
)


@pytest.mark.long
def test_what_the_worker_made_is_taken_over_and_nothing_changes(world: World) -> None:
    """After the worker applied to fresh groups, the root plans imports alone, and then nothing."""
    groups = [world.group(name) for name in ("one", "two")]
    world.config(f"{block('add')}\n{ALSO}")
    world.accepted()
    assert world.run("apply", "--yes").code == 0
    wrote = world.run("terraform", "root", "team")
    rules = len(groups) * (len(LIST) + 2)
    assert (wrote.code, wrote.out.splitlines()) == (
        0,
        [
            f"team/root.tf: {rules} rules of 2 targets.",
            "Once its terraform apply is done, the configuration must say",
            "  cloudsync.yaml:6: targets[0]: managed_by: terraform",
        ],
    )
    root = Root(world.folder / "team")
    (root.folder / "providers.tf").unlink()
    root.write({"provider": {"aws": aws(world.sandbox.url, REGION)}})
    root.call("fmt", "-check", "root.tf")
    root.init()
    world.forget()
    assert set(root.changes().values()) == {"import"}
    root.call("apply", "-input=false", "-auto-approve")
    assert world.mutations == []
    assert root.changes() == {}
    world.config(f"{block('add')}\n{ALSO}\nmanaged_by: terraform")
    assert world.run("drift").code == 0
    assert world.run("apply", "--yes").code == 0
    assert world.mutations == []


def test_what_cant_be_taken_over_is_not_handed_over_with_the_rest(world: World) -> None:
    """A block that holds both is named, since managed_by would leave the other target to nobody."""
    world.config(block("add"))
    world.accepted()
    world.group("mail")
    assert world.run("apply", "--yes").code == 0
    world.group("later")
    done = world.run("terraform", "root", "team")
    assert done.code == 3
    assert done.out.splitlines()[-1] == (
        "cloudsync.yaml:6: targets[0] holds 1 target besides, named above, that nobody would keep "
        "then: give what is taken over a block of its own first."
    )


@pytest.fixture
def azure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[test_azure.World]:
    """A network security group that is open to the world."""
    yield from test_azure.world_of(Dialect(), tmp_path, monkeypatch, capsys)


gcp = test_gcp.world


def snake(said: dict[str, Any]) -> dict[str, Any]:
    """The fields of a resource of an API, called as Terraform calls them."""
    return {
        re.sub("([A-Z])", lambda one: f"_{one[1].lower()}", key): value
        for key, value in said.items()
        if value not in ([], "", None)
    }


def taken_over(
    folder: Path, known: dict[str, dict[str, Any]], mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> set[str]:
    """What a plan would do, where the imports find the ``known`` resources; it is then carried out."""
    (folder / "world.json").write_text(json.dumps(known), encoding="utf-8")
    monkeypatch.setenv("STAND_IN_WORLD", str(folder / "world.json"))
    root = Root(folder)
    root.call("fmt", "-check", "root.tf", "providers.tf")
    root.init(mirror=mirror)
    planned = root.changes()
    assert len(planned) == sum(map(len, known.values()))
    root.call("apply", "-input=false", "-auto-approve")
    assert root.changes() == {}
    return set(planned.values())


def test_a_root_says_what_the_providers_take(
    world: World, azure: test_azure.World, gcp: test_gcp.World
) -> None:
    """Every argument of every rule that is taken over, judged by what is recorded of each provider."""
    world.group("one")
    world.config(f"{block('add')}\n{ALSO}")
    world.accepted()
    assert world.run("apply", "--yes").code == 0
    assert world.run("terraform", "root", "aws").code == 0
    for other, provider in ((azure, "azurerm"), (gcp, "google")):
        other.config("enforce")
        assert other.apply().code == 0
        assert other.run("terraform", "root", provider).code == 0
    for provider in ("aws", "azurerm", "google"):
        text = Path(provider, "root.tf").read_text("utf-8")
        assert list(judged(text, provider, {})) == []
        made = [one.type for one in blocks(text)]
        assert made.count("import") >= made.count("resource") >= 3


@pytest.mark.long
def test_a_network_security_group_is_taken_over(
    azure: test_azure.World, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its allow, probe and deny are imported, each as ARM tells it, and nothing changes."""
    azure.config("enforce")
    assert azure.apply().code == 0
    assert azure.run("terraform", "root", "team").code == 0
    known: dict[str, Any] = {}
    for rule in azure.sandbox.nsg("mx")["properties"]["securityRules"]:
        if rule["properties"].get("description", "").startswith("cloudsync/"):
            read = snake(rule["properties"])
            del read["provisioning_state"]
            place = {"resource_group_name": "mail", "network_security_group_name": "mx"}
            known[rule["id"]] = {"name": rule["name"], **place, **read}
    assert len(known) >= 3
    folder = azure.folder / "team"
    found = taken_over(folder, {"azurerm_network_security_rule": known}, mirror, monkeypatch)
    assert found == {"import"}


@pytest.mark.long
def test_rules_of_a_network_are_taken_over(
    gcp: test_gcp.World, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its allows and denies are imported, each as the API tells it, and nothing changes."""
    gcp.config("enforce")
    assert gcp.apply().code == 0
    assert gcp.run("terraform", "root", "team").code == 0
    known: dict[str, Any] = {}
    for name, rule in gcp.sandbox.firewalls().items():
        if rule.get("description", "").startswith("cloudsync/"):
            read = {key: rule[key] for key in ("description", "direction", "priority")}
            read |= {
                "name": name,
                "project": "mail-prod",
                "network": "default",
                "target_tags": rule["targetTags"],
                "source_ranges": rule["sourceRanges"],
            }
            for key, block_ in (("allowed", "allow"), ("denied", "deny")):
                read[block_] = [
                    {"protocol": one["IPProtocol"].lower(), "ports": one["ports"]}
                    for one in rule.get(key, ())
                ]
            known[f"projects/mail-prod/global/firewalls/{name}"] = read
    assert len(known) >= 3
    folder = gcp.folder / "team"
    assert taken_over(folder, {"google_compute_firewall": known}, mirror, monkeypatch) == {"import"}
