"""What a test needs besides Python packages; it installs nothing and never fails quietly.

On a developer's machine a missing tool is a skip that says why. With CI=true it is a failure,
since there a skip would be a promise that nobody checked. Four may be absent in CI too: Terraform
and OpenTofu, whose binaries come from no package registry; cfn-lint, which would pull in dozens of packages to
judge one template that is tried by itself as well; and a network namespace, which no package brings
where the machine forbids it, as many containers do: that it does is tried first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

EXCUSED = frozenset({"a network namespace", "cfn-lint", "terraform", "tofu"})


BESIDE = Path("/opt/cloudsync-mail-tools")
"""Where .ci/mail-tools unpacks the mail servers that can't be installed beside each other."""


def need(tool: str, reason: str, *, below: str = "") -> str:
    """The path of a program, or the end of the test: `reason` says what it is wanted for.

    The system's own directories count, whatever the path says; with ``below``, only that folder of
    what is unpacked does.
    """
    folder = str(BESIDE / below) if below else f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    path = shutil.which(tool, path=folder)
    if path is None:
        missing(tool, reason)
    return path


def terraform(reason: str) -> tuple[str, Path, dict[str, str]]:
    """Terraform, the folder of its aws provider, and an environment in which it asks nobody else.

    The end of the test where either isn't here: neither comes from a package registry.
    """
    path = need("terraform", reason)
    named = os.environ.get("TF_PLUGIN_MIRROR", "")
    # The second is where Terraform itself looks; a machine may name another.
    folders = [named, "/usr/local/share/terraform/plugins", "/opt/tf-plugins"]
    provider = "registry.terraform.io/hashicorp/aws"
    found = next((one for one in folders if one and (Path(one) / provider).is_dir()), None)
    if found is None:
        missing("terraform", f"its aws provider can't be had: {reason}")
    return path, Path(found), alone()


def alone() -> dict[str, str]:
    """An environment in which Terraform asks nobody outside this machine."""
    # A settings file that is named and isn't there would be warned of in every answer.
    kept = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    return {**kept, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}


def namespace(reason: str, *, root: bool = False) -> list[str]:
    """How a program is started in a network namespace of its own, or the end of the test.

    With ``root``, only as a true one: whoever is root in a namespace of users has no other users.
    """
    unshare = need("unshare", reason)
    ways = [[unshare, "-nm"], *([] if root else [[unshare, "-Urnm"]])]
    allowed = [
        way
        for way in ways
        if subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0
    ]
    if not allowed:
        missing("a network namespace", reason)
    return allowed[0]


def missing(tool: str, reason: str) -> NoReturn:
    """End the test, because `tool` (a program, a server, a mirror) is not here.

    Raises pytest's skip, or its failure where CI=true and the tool is not excused.
    """
    message = f"{tool} is not here: {reason}"
    if os.environ.get("CI") == "true" and tool not in EXCUSED:
        pytest.fail(
            f"{message}. With CI=true this is a failure; .ci/run installs it.", pytrace=False
        )
    pytest.skip(message)
