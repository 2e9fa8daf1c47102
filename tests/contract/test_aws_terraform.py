"""An independent judge: Terraform's aws provider reads what was written, and plans nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudsync.model import Mode
from cloudsync_aws.sandbox import Sandbox
from tests import needs
from tests.contract.ec2 import REGION
from tests.contract.ec2_lists import JudgedLists
from tests.contract.test_every_provider import want

WHY = "its aws provider is to read back what was written"
LISTED = ("69.20.58.226/32", "69.20.58.234/32", "199.187.164.0/24")


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgedLists]:
    """A list that two groups refer to."""
    with Sandbox() as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        yield JudgedLists(sandbox, {"0.0.0.0/0": "all"}, room=1)


def document(judged: JudgedLists) -> dict[str, Any]:
    """The list as a person would write it down who expects what was asked for."""
    url = judged.sandbox.url
    size = judged.sandbox.list_size(REGION, judged.ids[0])
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {
            "aws": {
                "region": REGION,
                "skip_credentials_validation": True,
                "skip_requesting_account_id": True,
                "skip_metadata_api_check": True,
                "skip_region_validation": True,
                "endpoints": [{"ec2": url, "sts": url}],
            }
        },
        "resource": {
            "aws_ec2_managed_prefix_list": {
                "mail": {
                    "name": "mail IPv4",
                    "address_family": "IPv4",
                    "max_entries": size,
                    "entry": [
                        {"cidr": cidr, "description": "cloudsync/ours list"} for cidr in LISTED
                    ],
                }
            }
        },
    }


def test_terraform_plans_nothing(judged: JudgedLists, tmp_path: Path) -> None:
    """What a run leaves in a list is what Terraform's aws provider reads, entry by entry."""
    terraform, providers, environment = needs.terraform(WHY)
    run = judged.run(want(Mode.ENFORCE, *LISTED, internal="close"))
    assert run.finished
    (tmp_path / "main.tf.json").write_text(json.dumps(document(judged)), encoding="utf-8")

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [terraform, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=False, timeout=240,
        )  # fmt: skip

    for arguments in (
        ("init", "-input=false", "-no-color", f"-plugin-dir={providers}"),
        ("import", "-no-color", "aws_ec2_managed_prefix_list.mail", judged.ids[0]),
    ):
        done = call(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    plan = call("plan", "-no-color", "-input=false", "-detailed-exitcode")
    assert plan.returncode == 0, plan.stdout + plan.stderr
