"""The plan in the README: the real command, over the wire, against a small seeded sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cloudsync_aws.sandbox import Sandbox

CONFIGURATION = """\
name: mail-prod
list: {source: bundled, format: article39}
targets:
  - provider: aws
    regions: [us-east-1]
    select: {tags: {mail: edge}}
    mode: enforce
    path: direct
    internal: keep
    accept_risk: {by: A. Postmaster, reason: no backup MX is left, until: never}
  - provider: aws
    regions: [us-east-1]
    select: {tags: {mail: old}}
    mode: add
"""
HALF = (
    "69.20.58.226/32", "69.20.68.133/32", "207.97.224.142/32", "207.97.229.125/32",
    "207.97.230.34/32", "207.97.230.54/32", "207.97.242.51/32", "92.52.89.74/32",
)  # fmt: skip


def plan() -> str:
    """``cloudsync plan`` as it prints, of one group open to the world and one that lacks half.

    Raises:
        RuntimeError: the command didn't end as it should.
    """
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        sandbox.seed_group(
            region="us-east-1",
            name="edge",
            tags={"mail": "edge"},
            permissions=[_tcp(25, "0.0.0.0/0"), _tcp(443, "0.0.0.0/0")],
        )
        sandbox.seed_group(
            region="us-east-1",
            name="old",
            tags={"mail": "old"},
            permissions=[
                _tcp(25, *HALF),
                _tcp(25, "203.0.113.0/24", text="partner, until spring"),
                _tcp(587, "0.0.0.0/0"),
            ],
        )
        (Path(folder) / "cloudsync.yaml").write_text(CONFIGURATION, "utf-8")
        run = subprocess.run(
            [sys.executable, "-m", "cloudsync", "plan"],
            cwd=folder,
            env={**_environment(), **sandbox.environment()},
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode or run.stderr:
        raise RuntimeError(f"cloudsync plan ended with {run.returncode}: {run.stderr}")
    return f"```text\n$ cloudsync plan\n{run.stdout.rstrip()}\n```"


def _environment() -> dict[str, str]:
    """This process' environment without any road to a real account."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**mine, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def _tcp(port: int, *networks: str, text: str = "") -> dict[str, Any]:
    described = {"Description": text} if text else {}
    return {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "IpRanges": [{"CidrIp": network, **described} for network in networks],
    }
