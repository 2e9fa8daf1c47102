"""Terraform as it is on this machine: its program, its aws provider, and a root module to run."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.needs import alone, missing, need, terraform
from tests.tree import tree

WHY: Final = "it judges the modules"
STAND_IN: Final = tree() / "tests" / "terraform" / "provider"
MODULES: Final = tree() / "terraform" / "modules"
NAMES: Final = ("allow-list", "aws", "azure", "gcp")


@dataclass(frozen=True)
class Root:
    """A root module in a folder of its own; ``program`` is terraform or tofu, which take the same words."""

    folder: Path
    program: str = "terraform"

    def call(self, *argv: str, code: int | None = 0) -> str:
        """What ``terraform ARGV`` says; with None, whatever its exit code."""
        done = subprocess.run(
            [need(self.program, WHY), *argv],
            cwd=self.folder,
            env={**alone(), "TF_CLI_ARGS": "-no-color"},
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

    def init(self, *argv: str, mirror: Path | None = None) -> None:
        """Install its modules and providers, from this machine alone; the real aws if not told."""
        folder = mirror or terraform(WHY)[1]
        self.call("init", "-input=false", f"-plugin-dir={folder}", *argv)

    def refusal(self, *argv: str) -> str:
        """What ``terraform ARGV`` says while it refuses, on one line and without the frame."""
        return " ".join(self.call(*argv, code=1).replace("│", " ").split())

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


def stand_ins(folder: Path, program: str = "terraform") -> Path:
    """A mirror in ``folder`` of the providers that take what the real ones take, and have no cloud.

    The end of the test where Terraform isn't here, or their environment hasn't been made.
    """
    need(program, WHY)
    python = tree() / ".terraform-provider" / "bin" / "python"
    if not python.exists():
        missing(program, f".ci/terraform hasn't made what stands in for its providers, and {WHY}")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "amd64")
    for name, known in schemas().items():
        version = known["version"]
        for registry in ("registry.terraform.io", "registry.opentofu.org"):
            place = folder / f"{registry}/hashicorp/{name}/{version}/linux_{machine}"
            place.mkdir(parents=True)
            made = place / f"terraform-provider-{name}_v{version}"
            made.write_text(
                f"#!/bin/sh\n# The library keeps a key below HOME.\nHOME={folder} exec {python} {STAND_IN / 'serve.py'} {name}\n"
            )
            made.chmod(0o755)
    return folder


def schemas() -> dict[str, Any]:
    """What each provider and its resources take, as it is recorded."""
    found: dict[str, Any] = json.loads((STAND_IN / "schemas.json").read_text("utf-8"))
    return {name: one for name, one in found.items() if name != "how"}
