"""The member role as Terraform and as a stack set: both say what the policy files say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from tests import needs
from tests.needs import need
from tests.providers.aws.test_permissions import FOLDER, statements

TEMPLATE: Final = FOLDER / "cloudformation" / "member-role.yaml"
MODULE: Final = FOLDER / "terraform"
PARTS: Final = {
    "Watch": ("watch", None),
    "Write": ("write", "ChangesGroups"),
    "PrefixList": ("prefix-list", "ChangesLists"),
    "AskTrail": ("trail", "AsksTrail"),
}


# PyYAML comes with moto and has no types of its own.
yaml: Any = import_module("yaml")


def _short(loader: Any, suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_scalar(node)}


# YAML with CloudFormation's short forms: ``!Ref X`` as ``{"Ref": X}``.
Loader: Any = type("Loader", (yaml.SafeLoader,), {})
Loader.add_multi_constructor("!", _short)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """The template as data."""
    text = TEMPLATE.read_text("utf-8")
    # The loader is SafeLoader and the short forms; it makes nothing else.
    found: dict[str, Any] = yaml.load(text, Loader)
    return found


def plain(value: Any) -> Any:
    """A statement with the partition written out."""
    text = json.dumps(value).replace("${AWS::Partition}", "aws")
    return json.loads(re.sub(r'\{"Sub": ("[^"]*")\}', r"\1", text))


@pytest.mark.parametrize(("part", "name", "condition"), [(a, *b) for a, b in PARTS.items()])
def test_the_stack_set_holds_the_policy_files(
    template: dict[str, Any], part: str, name: str, condition: str | None
) -> None:
    """Each policy of the role is the file's, statement by statement, and comes where it is asked for."""
    found = template["Resources"][part]
    assert found.get("Condition") == condition
    assert found["Type"] == "AWS::IAM::RolePolicy"
    assert found["Properties"]["RoleName"] == {"Ref": "Role"}
    assert found["Properties"]["PolicyName"] == f"cloudsync-{name}"
    assert plain(found["Properties"]["PolicyDocument"]["Statement"]) == statements(name)


def test_the_stack_set_trusts_one_caller_that_names_the_external_id(
    template: dict[str, Any],
) -> None:
    """Nobody takes the role without the external id, and left as it is it changes nothing."""
    assert template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LetCloudsyncIn",
                "Effect": "Allow",
                "Principal": {"AWS": {"Ref": "Trusted"}},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
            }
        ],
    }
    assert set(template["Resources"]) == {"Role", *PARTS}
    parameters = template["Parameters"]
    assert "Default" not in parameters["Trusted"]
    assert "Default" not in parameters["ExternalId"]
    assert (parameters["Change"]["Default"], parameters["Trail"]["Default"]) == ("nothing", "no")
    trusted = re.compile(parameters["Trusted"]["AllowedPattern"])
    assert trusted.fullmatch("arn:aws:iam::123456789012:role/cloudsync-worker")
    assert not trusted.fullmatch("*")
    assert not trusted.fullmatch("arn:aws:iam::123456789012:root")


def test_the_linter_of_cloudformation_has_nothing_to_say() -> None:
    """cfn-lint knows every action and resource of the service authorization reference."""
    path = need("cfn-lint", "it judges the stack set's template")
    done = subprocess.run(
        [path, str(TEMPLATE)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


WHY = "it judges the member role's module"


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module in a folder of its own, with its provider."""
    _, providers, _ = needs.terraform(WHY)
    there = tmp_path_factory.mktemp("permissions")
    shutil.copytree(FOLDER, there, dirs_exist_ok=True)
    begun = terraform(
        there / "terraform", "init", "-backend=false", "-input=false", "-no-color",
        f"-plugin-dir={providers}",
    )  # fmt: skip
    assert "successfully initialized" in begun
    return there / "terraform"


def terraform(folder: Path, *argv: str, **variables: str) -> str:
    """What Terraform says."""
    path, _, environment = needs.terraform(WHY)
    also = {f"TF_VAR_{name}": value for name, value in variables.items()}
    done = subprocess.run(
        [path, *argv], cwd=folder, env={**environment, **also},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_the_module_is_written_as_terraform_writes() -> None:
    """``terraform fmt`` would change nothing."""
    assert terraform(MODULE, "fmt", "-check", "-no-color") == ""


def test_the_module_is_valid(module: Path) -> None:
    """Terraform and its aws provider take the module as it is."""
    assert "The configuration is valid" in terraform(module, "validate", "-no-color")


def test_the_module_makes_the_policy_files(module: Path) -> None:
    """The policies of the role are the files', with another tag where one is given."""
    (module / "offline.tf").write_text(
        'provider "aws" {\n  region = "us-east-1"\n  access_key = "a"\n  secret_key = "b"\n'
        "  skip_credentials_validation = true\n  skip_requesting_account_id = true\n"
        "  skip_metadata_api_check = true\n}\n"
    )
    said = terraform(
        module, "plan", "-no-color", "-input=false", "-lock=false", "-out=plan",
        trusted="arn:aws:iam::123456789012:role/worker", external_id="x9",
        change="security-groups", trail="true", tag='{key = "a\\"b", value = "mail & more"}',
    )  # fmt: skip
    assert "Plan: 4 to add" in said, said
    found = json.loads(terraform(module, "show", "-json", "plan"))
    planned = found["planned_values"]["root_module"]["resources"]
    policies = {
        one["index"]: json.loads(one["values"]["policy"])["Statement"]
        for one in planned
        if one["type"] == "aws_iam_role_policy"
    }
    usual = json.dumps("aws:ResourceTag/cloudsync") + ': "smtp"'
    other = json.dumps('aws:ResourceTag/a"b') + ': "mail & more"'
    assert policies == {
        name: json.loads(json.dumps(statements(name)).replace(usual, other))
        for name in ("watch", "write", "trail")
    }
    (role,) = (one for one in planned if one["type"] == "aws_iam_role")
    (trust,) = json.loads(role["values"]["assume_role_policy"])["Statement"]
    assert trust == {
        "Sid": "LetCloudsyncIn",
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::123456789012:role/worker"},
        "Condition": {"StringEquals": {"sts:ExternalId": "x9"}},
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"trusted": "*", "external_id": "x", "change": "everything"},
            [
                "Give the ARN of one role or user.",
                "An external id has 2 to 1,224",
                "Say nothing, security-groups or prefix-lists.",
            ],
        ),
        (
            {"trusted": "arn:aws:iam::123456789012:root", "external_id": "two words"},
            ["Give the ARN of one role or user.", "An external id has 2 to 1,224"],
        ),
    ],
    ids=["nobody's", "too many's"],
)
def test_the_module_refuses_what_would_let_anybody_in(
    module: Path, wrong: dict[str, str], said: list[str]
) -> None:
    """A trust without a bound, and values that IAM wouldn't take, are each refused with the reason."""
    # Together, since each plan starts the provider, and Terraform names whatever is wrong.
    found = terraform(module, "plan", "-no-color", "-input=false", **wrong)
    one_line = " ".join(found.replace("│", " ").split())
    assert [one for one in said if one not in one_line] == []
    assert one_line.count("Error: Invalid value for variable") == len(said)
