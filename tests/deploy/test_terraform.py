"""Terraform of the functions: judged by Terraform itself where it is, and by what it has to say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cloudsync import function
from cloudsync_aws import events
from tests import needs
from tests.tree import tree

AWS = tree() / "deploy/aws-lambda"
PERMISSIONS = tree() / "providers/aws/permissions"


def text(folder: Path) -> str:
    """All of a folder's Terraform."""
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.tf")))


def resources(folder: Path) -> set[str]:
    """The resources of a folder, by type and name."""
    return {
        f"{kind}.{name}"
        for kind, name in re.findall(r'^resource "(\w+)" "(\w+)" \{$', text(folder), re.MULTILINE)
    }


def test_terraform_takes_what_is_for_aws(tmp_path: Path) -> None:
    """Every argument, type and reference, by the provider's own schema; and it is formatted."""
    program, mirror, environment = needs.terraform("Terraform itself judges what is deployed")
    folder = tmp_path / "deploy/aws-lambda"
    shutil.copytree(AWS, folder, ignore=shutil.ignore_patterns(".terraform*", "*.py"))
    shutil.copytree(PERMISSIONS, tmp_path / "providers/aws/permissions")
    for words in (
        ["init", "-backend=false", f"-plugin-dir={mirror}"],
        ["validate", "-no-color"],
        ["fmt", "-check", "-diff"],
    ):
        done = subprocess.run(
            [program, *words], cwd=folder, env=environment, check=False, capture_output=True,
            text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_everything_that_is_promised_is_there() -> None:
    """A function, its schedule, its role, its state, who hears of a failure, and the alarm."""
    assert resources(AWS) >= {
        "aws_lambda_function.sweep", "aws_scheduler_schedule.sweep", "aws_iam_role.function",
        "aws_s3_bucket.state", "aws_s3_bucket_public_access_block.state",
        "aws_lambda_function_event_invoke_config.sweep", "aws_cloudwatch_metric_alarm.silent",
    }  # fmt: skip


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
    assert always | {more[change]} if change in more else always == files
    assert all((PERMISSIONS / name).is_file() for name in files)
    assert "ec2:" not in said


def test_the_function_is_started_as_it_is_written() -> None:
    """The handler is there, and the variables are those that the function reads."""
    said = text(AWS)
    handler = re.search(r'handler\s+= "(\w+)\.(\w+)"', said)
    assert handler
    entry = (AWS / f"{handler[1]}.py").read_text("utf-8")
    assert f"def {handler[2]}(" in entry
    assert f"{function.CONFIG} = " in said


def test_the_rule_lets_through_the_events_that_are_read() -> None:
    """No more, and none is missed."""
    names = re.search(r"eventName = \[(.*?)\]", text(AWS), re.DOTALL)
    assert names
    assert set(re.findall(r'"(\w+)"', names[1])) == events.NAMES


def test_silence_is_an_alarm() -> None:
    """Where there are no figures at all, nothing ran: that is what the alarm is for."""
    block = text(AWS).split('resource "aws_cloudwatch_metric_alarm" "silent" {', 1)[1]
    alarm = block.split("\n}\n", 1)[0]
    assert re.search(r'treat_missing_data\s+= "breaching"', alarm)
    assert re.search(r'comparison_operator\s+= "LessThanThreshold"', alarm)
    assert "FILL(invocations, 0) - FILL(errors, 0)" in alarm


def test_the_state_is_all_that_it_may_touch_in_storage() -> None:
    """Its objects are read, written and swept up; no bucket is made, opened or deleted."""
    actions = set(re.findall(r'"(s3:\w+)"', text(AWS)))
    assert actions == {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"}
