"""Terraform of the functions: judged by Terraform itself where it is, and by what it has to say."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

import pytest

from cloudsync import environment
from cloudsync_aws import events as aws_events
from cloudsync_azure import events as azure_events
from cloudsync_gcp import events as gcp_events
from tests import needs
from tests.deploy.folders import (
    AWS,
    AZURE,
    CLOUDS,
    FUNCTIONS,
    GCP,
    PROVIDERS,
    each_folder,
    each_function,
    resources,
    text,
)
from tests.terraform.here import Root, schemas
from tests.terraform.structure import blocks, faults
from tests.tree import tree


def copied(name: str, folder: Path, request: pytest.FixtureRequest) -> Root:
    """A folder of deploy/ with nothing beside it, made ready; the real provider where it is here."""
    root = Root(folder / "copied")
    shutil.copytree(
        tree() / "deploy" / name, root.folder, ignore=shutil.ignore_patterns(".terraform*", "*.py")
    )
    if CLOUDS[name] == "aws":
        mirror = needs.terraform("Terraform itself judges what is deployed")[1]
    else:
        mirror = request.getfixturevalue("mirror")
    root.init("-backend=false", mirror=mirror)
    return root


@each_function
def test_terraform_takes_the_folder_alone(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Copied without anything beside it, each is valid to its provider's schema, and formatted."""
    root = copied(name, tmp_path, request)
    assert "The configuration is valid" in root.call("validate")
    root.call("fmt", "-check", "-diff", "-recursive")


@pytest.mark.long
@each_folder
def test_its_own_tests_pass(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """``terraform test``: who may do what in each mode, what is kept secret, what is refused."""
    root = copied(name, tmp_path, request)
    said = root.call("test")
    runs = (root.folder / "tests/main.tftest.hcl").read_text("utf-8").count('\nrun "')
    assert f"{runs} passed, 0 failed." in said, said


@each_folder
def test_it_says_what_its_provider_takes(name: str) -> None:
    """Where there is no Terraform too: every argument is one, all that must be given are, and fit."""
    folder = tree() / "deploy" / name
    known = schemas()[PROVIDERS[CLOUDS[name]]]["resources"]
    variables = {
        one.labels[0]: one.text("type") for one in blocks(text(folder)) if one.type == "variable"
    }
    wrong: list[str] = []
    for one in blocks(text(folder)):
        if one.type in {"resource", "data"}:
            kind = f"data.{one.labels[0]}" if one.type == "data" else one.labels[0]
            wrong += (
                faults(one, known[kind], variables) if kind in known else [f"no {kind} is known"]
            )
    assert wrong == []


@each_folder
def test_every_reference_is_to_something(name: str) -> None:
    """No variable, local or resource is named that isn't there, and no variable is for nothing."""
    said = re.sub(r"#.*", "", text(tree() / "deploy" / name))
    found = blocks(text(tree() / "deploy" / name))
    variables = {one.labels[0] for one in found if one.type == "variable"}
    assert set(re.findall(r"\bvar\.(\w+)", said)) == variables
    local = {key for one in found if one.type == "locals" for key in one.arguments}
    assert set(re.findall(r"\blocal\.(\w+)", said)) == local
    prefix = PROVIDERS[CLOUDS[name]]
    named = set(re.findall(rf"(?<![\w.])((?:data\.)?{prefix}_\w+\.\w+)", said))
    read = {f"data.{'.'.join(one.labels)}" for one in found if one.type == "data"}
    assert named - set(resources(tree() / "deploy" / name)) - read == set()


def test_what_a_stranger_is_told_to_type_is_taken() -> None:
    """Each folder's command gives every variable that must be given, and none that isn't there."""
    told: dict[str, set[str]] = {}
    for path in sorted((tree() / "deploy").rglob("README.md")):
        said = path.read_text("utf-8")
        for block in re.findall(r"^```sh\n(.*?)^```$", said, re.DOTALL | re.MULTILINE):
            if folder := re.search(r"\bcd deploy/(\S+) .*terraform init", block):
                told[folder[1]] = set(re.findall(r"-var '?(\w+)=", block))
        # What else it speaks of, with a value beside it.
        if path.parent.name in FUNCTIONS:
            told[path.parent.name] |= set(re.findall(r"`-var '?(\w+)=", said))
    assert set(told) == set(CLOUDS)
    for name, given in told.items():
        declared = {
            one.labels[0]: "default" not in one.arguments
            for one in blocks(text(tree() / "deploy" / name))
            if one.type == "variable"
        }
        assert given - set(declared) == set(), name
        assert {one for one, must in declared.items() if must} - given == set(), name


MUST: Final = {
    "aws-lambda": {
        "aws_lambda_function.sweep", "aws_scheduler_schedule.sweep", "aws_iam_role.function",
        "aws_s3_bucket.state", "aws_s3_bucket_public_access_block.state",
        "aws_lambda_function_event_invoke_config.sweep", "aws_cloudwatch_metric_alarm.silent",
    },
    "azure-function": {
        "azurerm_linux_function_app.here", "azurerm_user_assigned_identity.function",
        "azurerm_storage_account.state", "azurerm_role_definition.cloud",
        "azurerm_monitor_scheduled_query_rules_alert_v2.silent",
        "azurerm_eventgrid_event_subscription.change",
    },
    "gcp-function": {
        "google_cloudfunctions2_function.sweep", "google_cloud_scheduler_job.sweep",
        "google_service_account.function", "google_storage_bucket.state",
        "google_project_iam_custom_role.cloud", "google_monitoring_alert_policy.silent",
        "google_pubsub_subscription.change", "google_logging_project_sink.change",
    },
}  # fmt: skip


@each_function
def test_everything_that_is_promised_is_there(name: str) -> None:
    """A function, its schedule, who it is, its state, who hears of a failure, and of silence."""
    assert set(resources(tree() / "deploy" / name)) >= MUST[name]


def test_the_function_is_started_as_it_is_written() -> None:
    """The handler is there, and the variables are those that the function reads."""
    said = text(AWS)
    handler = re.search(r'handler\s+= "(\w+)\.(\w+)"', said)
    assert handler
    entry = (AWS / f"{handler[1]}.py").read_text("utf-8")
    assert f"def {handler[2]}(" in entry
    assert f"{environment.CONFIG} = " in said


def test_the_functions_of_google_are_started_as_they_are_written() -> None:
    """Each entry point is there, and is told its time; the other one also who it is itself."""
    entry = (GCP / "main.py").read_text("utf-8")
    points = re.findall(r'entry_point\s+= "(\w+)"', text(GCP))
    assert sorted(points) == ["change", "sweep"]
    assert all(f"\ndef {one}(" in entry for one in points)
    assert f"{{ {environment.TIMEOUT} = tostring(var.timeout) }}" in text(GCP)
    assert f"{{ {environment.ACTORS} = google_service_account.function.email }}" in text(GCP)


def test_the_rule_lets_through_the_events_that_are_read() -> None:
    """No more, and none is missed."""
    names = re.search(r"eventName = \[(.*?)\]", text(AWS), re.DOTALL)
    assert names
    assert set(re.findall(r'"(\w+)"', names[1])) == aws_events.NAMES


def test_the_sink_lets_through_the_entries_that_are_read() -> None:
    """Whatever changes who gets in, in each version of the API's name; and no read of a rule."""
    found = re.search(r'methodName=~"(.*)"$', text(GCP), re.MULTILINE)
    assert found
    names = gcp_events.RULES | gcp_events.ASSOCIATIONS
    policies = {f"{one}patchRule" for one in gcp_events.POLICIES}
    assert "\\" not in found[1]  # the query language has escapes of its own
    for name in names | policies:
        for method in (f"v1.compute.{name}", f"beta.compute.{name}", f"compute.{name}"):
            assert re.search(found[1], method), method
    assert not re.search(found[1], "v1.compute.firewalls.list")
    assert not re.search(found[1], "v1.compute.instances.start")


def test_event_grid_lets_through_the_events_that_are_read() -> None:
    """No more, and none is missed, in whatever case they come."""
    names = re.search(r"values = \[(.*?)\]", text(AZURE), re.DOTALL)
    assert names
    told = {one.lower() for one in re.findall(r'"(.+)"', names[1])}
    assert told == azure_events.GROUPS | azure_events.ASSOCIATIONS


def test_the_app_is_started_as_it_is_written() -> None:
    """Every setting that the app and the function read is given, and both functions are there."""
    entry = (AZURE / "function_app.py").read_text("utf-8")
    assert set(re.findall(r"^def (\w+)\(", entry, re.MULTILINE)) == {"change", "sweep"}
    settings = set(re.findall(r"^    (\w+) += ", text(AZURE), re.MULTILINE))
    assert (
        set(re.findall(r'"%(\w+)%"', entry)) | {environment.TIMEOUT, environment.ACTORS} <= settings
    )
    assert "/functions/change" in text(AZURE)
    assert "name == 'sweep'" in text(AZURE)


def test_silence_is_an_alarm() -> None:
    """Where there are no figures at all, nothing ran: that is what the alarm is for."""
    block = text(AWS).split('resource "aws_cloudwatch_metric_alarm" "silent" {', 1)[1]
    alarm = block.split("\n}\n", 1)[0]
    assert re.search(r'treat_missing_data\s+= "breaching"', alarm)
    assert re.search(r'comparison_operator\s+= "LessThanThreshold"', alarm)
    assert "FILL(invocations, 0) - FILL(errors, 0)" in alarm
    assert "or vector(0)) < 1" in text(GCP)
    criteria = text(AZURE).split("  criteria {", 1)[1].split("\n  }\n", 1)[0]
    assert re.search(r'operator\s+= "LessThan"\n\s+threshold\s+= 1', criteria)
    assert "success == true" in criteria
