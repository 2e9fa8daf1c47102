"""Terraform as it is on this machine: its program, its aws provider, and a root module to run."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.needs import missing, need
from tests.tree import tree

WHY: Final = "it judges the modules"
MODULES: Final = tree() / "terraform" / "modules"
NAMES: Final = ("allow-list", "aws", "azure", "gcp")
# The first is where Terraform itself looks; a machine may name another.
_MIRRORS: Final = (
    os.environ.get("TF_PLUGIN_MIRROR", ""), "/usr/local/share/terraform/plugins", "/opt/tf-plugins",
)  # fmt: skip


def mirror() -> Path:
    """Where the aws provider lies, or the end of the test."""
    found = (Path(one) for one in _MIRRORS if one)
    have = next((one for one in found if any(one.glob("**/terraform-provider-aws*"))), None)
    return have or missing("terraform", f"its aws provider can't be had, and {WHY}")


@dataclass(frozen=True)
class Root:
    """A root module in a folder of its own."""

    folder: Path

    def call(self, *argv: str, code: int | None = 0) -> str:
        """What ``terraform ARGV`` says; with None, whatever its exit code."""
        done = subprocess.run(
            [need("terraform", WHY), *argv],
            cwd=self.folder,
            env={
                **{key: value for key, value in os.environ.items() if key != "TF_CLI_CONFIG_FILE"},
                "CHECKPOINT_DISABLE": "1",
                "TF_IN_AUTOMATION": "1",
                "TF_CLI_ARGS": "-no-color",
            },
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
        """Install its modules and providers, from this machine alone."""
        self.call("init", "-input=false", f"-plugin-dir={mirror()}", *argv)

    def changes(self) -> dict[str, list[str]]:
        """What a plan would do to each resource, those that stay left out."""
        self.call("plan", "-input=false", "-out=plan")
        shown = json.loads(self.call("show", "-json", "plan"))
        return {
            one["address"]: one["change"]["actions"]
            for one in shown.get("resource_changes", ())
            if one["change"]["actions"] != ["no-op"]
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
