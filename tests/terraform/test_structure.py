from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel import yaml

from tests.terraform.here import MODULES, schemas
from tests.terraform.structure import META, Block, blocks, faults, misfits

CLOUDS = {"aws": "aws", "azure": "azurerm", "gcp": "google"}
TERRAFORMS_OWN = "terraform_data"


def judged(text: str, provider: str, variables: dict[str, str]) -> Iterator[str]:
    """What the recorded schema has against the resources in ``text``."""
    known = schemas()[provider]["resources"]
    for block in blocks(text):
        if block.type == "resource" and block.labels[0] != TERRAFORMS_OWN:
            if block.labels[0] not in known:
                yield f"there is no resource {block.labels[0]}"
            else:
                yield from faults(block, known[block.labels[0]], variables)


def variables_of(name: str) -> dict[str, str]:
    """The types of a module's inputs."""
    found = blocks((MODULES / name / "variables.tf").read_text("utf-8"))
    return {block.labels[0]: block.text("type") for block in found}


def resources(name: str) -> list[Block]:
    """A module's resources, Terraform's own left out."""
    found = blocks((MODULES / name / "main.tf").read_text("utf-8"))
    return [
        one for one in found if one.type == "resource" and not one.labels[0].startswith("terraform")
    ]


@pytest.mark.parametrize(("name", "provider"), CLOUDS.items())
def test_a_module_says_what_its_provider_takes(name: str, provider: str) -> None:
    """Every argument there is, every one that must be given, every type that shows."""
    text = (MODULES / name / "main.tf").read_text("utf-8")
    assert list(judged(text, provider, variables_of(name))) == []
    assert len(resources(name)) >= 3


WRONG = (
    ("port = 25", "there is no argument port"),
    ('id_ = 1\n  priority = "high"', "priority takes number, not string"),
    ("tags {}", "there is no block tags"),
    ('source_address_prefixes = "10.0.0.0/8"', "source_address_prefixes takes set(string), not string"),
    ("source_address_prefixes = var.networks", "source_address_prefixes takes set(string), not string"),
    ("destination_port_range = true ? [25] : null", "destination_port_range takes string, not tuple"),
)  # fmt: skip


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_a_mistake_is_seen(line: str, said: str) -> None:
    """Misspelt, of the wrong type, an argument as a block: each is named."""
    text = f'resource "azurerm_network_security_rule" "it" {{\n  {line}\n}}\n'
    where = "resource.azurerm_network_security_rule.it"
    assert f"{where}: {said}" in list(judged(text, "azurerm", {"networks": "string"}))


def test_what_must_be_given_and_is_not_is_seen() -> None:
    """A required argument, a required block, and one that only the cloud may say."""
    where = "resource.google_compute_network_firewall_policy_rule.it"
    text = 'resource "google_compute_network_firewall_policy_rule" "it" {\n  kind = "x"\n}\n'
    assert list(judged(text, "google", {})) == [
        f"{where}: kind can't be given",
        f"{where}: action must be given",
        f"{where}: direction must be given",
        f"{where}: firewall_policy must be given",
        f"{where}: priority must be given",
        f"{where}: 0 blocks match, of 1 to 1",
    ]


@pytest.mark.parametrize("name", CLOUDS)
def test_nothing_is_closed_or_moved_before_the_list_stands(name: str) -> None:
    """A deny waits for the allows; what can't be changed in place is made before it is removed."""
    for block in resources(name):
        if block.labels[1] == "deny":
            assert ".allow" in block.text("depends_on")
    if name == "aws":
        made_first = [
            block.labels
            for block in resources(name)
            if any(one.arguments.keys() >= {"create_before_destroy"} for one in block.blocks)
        ]
        assert sorted(made_first) == [
            ("aws_security_group", "this"),
            ("aws_vpc_security_group_ingress_rule", "list"),
            ("aws_vpc_security_group_ingress_rule", "network"),
            ("aws_vpc_security_group_ingress_rule", "reference"),
        ]


def examples() -> list[Path]:
    """Every example's file."""
    return sorted(MODULES.parent.glob("**/examples/**/*.tf"))


def wrongs(text: str, folder: Path) -> Iterator[str]:
    """What is wrong with the calls of modules in ``text``, whose sources are seen from ``folder``."""
    found = blocks(text)
    variables = {one.labels[0]: one.text("type") for one in found if one.type == "variable"}
    for call in (one for one in found if one.type == "module"):
        name, module = call.labels[0], (folder / call.said("source")).resolve()
        declared = {
            one.labels[0]: one
            for one in blocks((module / "variables.tf").read_text("utf-8"))
            if one.type == "variable"
        }
        given = set(call.arguments) - META - {"source"}
        yield from (f"{name}: there is no input {one}" for one in sorted(given - set(declared)))
        for one, said in declared.items():
            if one not in given and "default" not in said.arguments:
                yield f"{name}: {one} must be given"
            elif one in given:
                type_ = said.text("type")
                wrong = misfits(one, call.arguments[one], type_, variables)
                yield from (f"{name}: {what}" for what in wrong)


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.parent.as_posix()[-30:])
def test_an_example_calls_the_module_as_it_is(path: Path) -> None:
    """Every input that it gives exists, every one that must be given is, and every type that shows fits."""
    text = path.read_text("utf-8")
    assert 'module "' in text
    assert list(wrongs(text, path.parent)) == []


def test_a_mistake_in_an_example_is_seen() -> None:
    """A misspelt input, one left out, and wrong types: of a value, an element, an attribute."""
    text = """
      variable "networks" {
        type = string
      }
      module "it" {
        source              = "../../modules/azure"
        name                = ["mail"]
        nsg                 = "smtp"
        ports               = [25, [587]]
        resource_group_name = "mail"
        priorities          = { ipv4 = 300, sixth = 301, deny = [4000] }
        additional_networks = var.networks
      }
    """
    assert sorted(wrongs(text, MODULES.parent / "examples" / "it")) == [
        "it: additional_networks takes set(string), not string",
        "it: name takes string, not tuple",
        "it: network_security_group_name must be given",
        "it: ports[1] takes number, not tuple",
        "it: priorities has no sixth",
        "it: priorities.deny takes number, not tuple",
        "it: there is no input nsg",
    ]


def test_the_updaters_configurations_are_what_their_programs_read() -> None:
    """Renovate's is JSON that speaks of Terraform and tags; Dependabot's names its ecosystem."""
    folder = MODULES.parent / "examples" / "updates"
    (rule,) = json.loads((folder / "renovate.json").read_text("utf-8"))["packageRules"]
    assert (rule["matchManagers"], rule["matchDatasources"]) == (["terraform"], ["git-tags"])
    loader: Any = yaml.YAML(typ="safe")
    said = loader.load((folder / "dependabot.yml").read_text("utf-8"))
    assert (said["version"], said["updates"][0]["package-ecosystem"]) == (2, "terraform")
