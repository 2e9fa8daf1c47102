"""What a test needs besides Python packages; it installs nothing and never fails quietly.

On a developer's machine a missing tool is a skip that says why. With CI=true it is a failure,
since there a skip would be a promise that nobody checked. Terraform alone may be absent in CI too:
its binary comes from no package registry.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

EXCUSED = frozenset({"terraform"})


def need(tool: str, reason: str) -> str:
    """The path of a program, or the end of the test: `reason` says what it is wanted for."""
    path = shutil.which(tool)
    if path is None:
        missing(tool, reason)
    return path


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
