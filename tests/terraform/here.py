"""Terraform as it is on this machine: its program, its aws provider, and a root module to run."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.needs import alone, need, terraform
from tests.tree import tree

WHY: Final = "it judges the modules"
MODULES: Final = tree() / "terraform" / "modules"
NAMES: Final = ("allow-list", "aws", "azure", "gcp")
ALONE: Final = alone()


@dataclass(frozen=True)
class Root:
    """A root module in a folder of its own."""

    folder: Path

    def call(self, *argv: str, code: int | None = 0) -> str:
        """What ``terraform ARGV`` says; with None, whatever its exit code."""
        done = subprocess.run(
            [need("terraform", WHY), *argv],
            cwd=self.folder,
            env={**ALONE, "TF_CLI_ARGS": "-no-color"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = done.stdout + done.stderr
        assert code is None or done.returncode == code, said
        return said

    def write(self, document: dict[str, Any]) -> None:
        """Its configuration; strings in it are templates, so nobody else's may stand here."""
        (self.folder / "main.tf.json").write_text(json.dumps(document), encoding="utf-8")

    def init(self, *argv: str) -> None:
        """Install its modules and the aws provider, from this machine alone."""
        _, mirror, _ = terraform(WHY)
        self.call("init", "-input=false", f"-plugin-dir={mirror}", *argv)

    def changes(self, *argv: str) -> dict[str, str]:
        """What a plan would do to each resource, those that stay left out.

        It is read from what the plan says while it is made: to show a saved one, Terraform would
        start the provider again, which is what takes the time.
        """
        said = [
            json.loads(line)
            for line in self.call("plan", "-input=false", "-json", *argv).splitlines()
        ]
        return {
            one["change"]["resource"]["addr"]: one["change"]["action"]
            for one in said
            if one["type"] == "planned_change"
        }


def aws(url: str, region: str) -> dict[str, Any]:
    """The aws provider's configuration for a sandbox."""
    return {
        "region": region,
        "access_key": "a",
        "secret_key": "b",
        "skip_credentials_validation": True,
        "skip_requesting_account_id": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
        "endpoints": [{"ec2": url, "sts": url}],
    }
