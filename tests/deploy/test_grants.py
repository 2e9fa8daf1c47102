"""Who may do what: no permission is given that the folder doesn't say, and nobody has a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.deploy.folders import (
    AWS,
    CLOUDS,
    PROVIDERS,
    each_folder,
    resources,
    text,
)
from tests.deploy.manifests import documents
from tests.terraform.structure import Block, blocks
from tests.tree import tree


@each_folder
def test_permissions_are_the_providers_own(name: str) -> None:
    """The folder can be copied alone, and what it says that an identity may do is said once."""
    folder = tree() / "deploy" / name
    copies = {*(folder / "permissions").glob("*"), *folder.glob("member-role.yaml")}
    assert copies
    for path in copies:
        (theirs,) = (tree() / "providers" / CLOUDS[name] / "permissions").rglob(path.name)
        assert path.read_bytes() == theirs.read_bytes(), f"cp {theirs} {path}"


LOOKS: Final = re.compile(
    r"\w+:(Describe|Get|List)\w+|[\w.]+\.(get\w*|list|search\w+)|[\w.]+(/\w+)+/read"
)


@pytest.mark.parametrize("cloud", PROVIDERS)
def test_who_watches_can_change_nothing(cloud: str) -> None:
    """Whatever the file for watching allows only looks; the one for writing does more."""

    def actions(kind: str) -> list[str]:
        (path,) = (tree() / "providers" / cloud / "permissions").glob(f"{kind}.*")
        (said,) = documents(path)
        if cloud == "aws":
            return [one for of in said["Statement"] for one in of["Action"]]
        found: list[str] = said["Actions" if cloud == "azure" else "includedPermissions"]
        return found

    assert [one for one in actions("watch") if not LOOKS.fullmatch(one)] == []
    assert [one for one in actions("write") if not LOOKS.fullmatch(one)] != []


@each_folder
def test_nobody_has_a_key(name: str) -> None:
    """No key of an account is made, no secret has a value here, and none comes as a variable."""
    said = text(tree() / "deploy" / name)
    assert not re.search(r"access_key\"|service_account_key|secret_version\"|sensitive\s*=", said)
    assert not [kind for kind in resources(tree() / "deploy" / name) if "password" in kind]


@pytest.mark.parametrize(
    ("change", "files"),
    [
        ("nothing", {"watch.json"}),
        ("security-groups", {"watch.json", "write.json"}),
        ("prefix-lists", {"watch.json", "prefix-list.json"}),
    ],
)
def test_the_role_is_what_permissions_says(change: str, files: set[str]) -> None:
    """No policy of a cloud is written here: the files beside the provider are the only ones."""
    said = text(AWS)
    chosen = re.search(r"chosen = merge\((.*?)\n  \)", said, re.DOTALL)
    assert chosen
    always = set(re.findall(r'^\s+\{ [\w-]+ = "([\w-]+\.json)" \},$', chosen[1], re.MULTILINE))
    more = dict(re.findall(r'var\.change == "([\w-]+)" \? \{ [\w-]+ = "([\w.-]+)" \}', chosen[1]))
    assert (always | {more[change]} if change in more else always) == files
    assert all((AWS / "permissions" / name).is_file() for name in files)
    assert "ec2:" not in said


@pytest.mark.parametrize("name", [one for one, cloud in CLOUDS.items() if cloud != "aws"])
def test_nothing_to_change_is_the_file_for_watching(name: str) -> None:
    """Where there is no Terraform too: the default chooses it, and no permission is written here."""
    said = text(tree() / "deploy" / name)
    (change,) = (
        one for one in blocks(said) if one.type == "variable" and one.labels == ("change",)
    )
    assert change.said("default") == "nothing"
    assert re.findall(r'var\.change == "nothing" \? (\S+) : (\S+?)[}\s]', said) == [
        ('"watch"', '"write"')
    ]
    given = re.findall(r"^\s+(?:permissions|actions) += (.*)$", said, re.MULTILINE)
    assert [one.removeprefix("setsubtract(").split(".")[:2] for one in given] == [["local", "read"]]


APP = "azurerm_user_assigned_identity.function.principal_id"
HERE = "google_service_account.{}.member"
GRANTS: Final = {
    "aws-lambda": {
        "function.WriteItsLog": 'logs:CreateLogStream logs:PutLogEvents on [for group in concat([aws_cloudwatch_log_group.function], aws_cloudwatch_log_group.change) : "${group.arn}:*"]',
        # No bucket is made, opened or deleted.
        "function.KeepItsState": 's3:GetObject s3:PutObject s3:DeleteObject on ["${aws_s3_bucket.state.arn}/*"]',
        "function.FindItsState": "s3:ListBucket on [aws_s3_bucket.state.arn]",
        "function.TellOfAFailure": "sns:Publish on [aws_sns_topic.failures.arn]",
        "function.statement.value.sid": "statement.value.action on statement.value.arns",
        "function.TakeTheRolesOfOtherAccounts": "sts:AssumeRole on var.member_roles",
        # Anybody of the organization's accounts, as the condition on it says.
        "bus.SendWhatChanged": "events:PutEvents on [for bus in aws_cloudwatch_event_bus.fleet : bus.arn]",
        "scheduler.StartPasses": "lambda:InvokeFunction on [aws_lambda_function.sweep.arn]",
        "scheduler.KeepWhatIsLost": "sqs:SendMessage on [aws_sqs_queue.lost.arn]",
    },
    "azure-function": {
        "cloud": f"{APP}: azurerm_role_definition.cloud[0].role_definition_resource_id on each.value of toset(local.scopes)",
        "state": f"{APP}: Storage Blob Data Owner on azurerm_storage_account.state.id",
        "telemetry": f"{APP}: Monitoring Metrics Publisher on azurerm_application_insights.here.id",
        "secrets": f"{APP}: Key Vault Secrets User on ${{each.value.vault_id}}/secrets/${{each.value.secret}} of var.secrets",
        "deployer": "data.azurerm_client_config.here.object_id: Storage Blob Data Contributor on azurerm_storage_container.bundle.id",
    },
    "gcp-function": {
        "project.cloud": f"{HERE.format('function')}: google_project_iam_custom_role.cloud[each.value].id on each.value of var.projects",
        "storage_bucket.state": f"{HERE.format('function')}: roles/storage.objectUser on google_storage_bucket.state.name",
        "secret_manager_secret.function": f"{HERE.format('function')}: roles/secretmanager.secretAccessor on each.value of toset([for one in var.secrets : one.secret])",
        "project.builder": f"{HERE.format('builder')}: roles/cloudbuild.builds.builder on var.project",
        "cloud_run_service.sweep": f"{HERE.format('caller')}: roles/run.invoker on google_cloudfunctions2_function.sweep.name",
        "cloud_run_service.change": f"{HERE.format('caller')}: roles/run.invoker on google_cloudfunctions2_function.change[0].name",
        "pubsub_topic.sink": "each.value: roles/pubsub.publisher on google_pubsub_topic.change[0].name of local.writers",
    },
    "onboarding/aws": {},
    "onboarding/azure": {
        "cloudsync": "var.principal_id: azurerm_role_definition.cloudsync.role_definition_resource_id on local.scope",
    },
    "onboarding/gcp": {
        "organization.cloudsync": "var.member: google_organization_iam_custom_role.cloudsync.name on var.organization",
        "folder.cloudsync": "var.member: google_organization_iam_custom_role.cloudsync.name on folders/${var.folder}",
    },
}  # fmt: skip
"""Everything that Terraform lets somebody do: who, what, and on what. What may be done in the cloud
is in the files of permissions/ besides.
"""


def granted(name: str) -> Iterator[tuple[str, str]]:
    """What the folder's Terraform gives, by name."""
    found = blocks(text(tree() / "deploy" / name))

    def said(one: Block, *keys: str) -> str:
        return next(one.said(key) for key in keys if key in one.arguments)

    for one in found:
        kind, label = (*one.labels, "", "")[:2]
        each = f" of {one.text('for_each')}" if "for_each" in one.arguments else ""
        if kind == "azurerm_role_assignment":
            role = said(one, "role_definition_name", "role_definition_id")
            yield label, f"{one.text('principal_id')}: {role} on {one.said('scope')}{each}"
        elif "_iam_" in kind and kind.startswith("google_") and "custom_role" not in kind:
            on = said(one, "bucket", "service", "topic", "secret_id", "folder", "org_id", "project")
            by = f"{kind.removeprefix('google_').removesuffix('_iam_member')}.{label}"
            yield by, f"{one.text('member')}: {one.said('role')} on {on}{each}"
        elif kind == "aws_iam_policy_document" and not label.endswith("_may"):
            for part in (part for part in one.blocks if part.type == "statement"):
                actions = re.sub(r'[\["\],]', "", part.text("actions"))
                yield f"{label}.{part.said('sid')}", f"{actions} on {part.text('resources')}"


@each_folder
def test_nothing_is_given_but_this(name: str) -> None:
    """Who may do what, on what: nobody else may start a pass, and none reads what it needn't."""
    given = list(granted(name))
    assert len(given) == len(GRANTS[name])
    assert dict(given) == GRANTS[name]
