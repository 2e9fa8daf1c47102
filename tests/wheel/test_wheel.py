from __future__ import annotations

import importlib
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cloudsync
from cloudsync import registry
from tests.tree import tree

pytestmark = pytest.mark.skipif(
    "CLOUDSYNC_TREE" not in os.environ, reason="no wheel is built here: make wheel"
)


def packages(distribution: str) -> set[str]:
    """The names that a distribution puts on the import path, its metadata aside."""
    files = importlib.metadata.files(distribution) or []
    tops = {file.parts[0] for file in files if "__pycache__" not in file.parts}
    return {top for top in tops if not top.endswith(".dist-info") and top != ".."}


def test_the_sources_are_out_of_sight() -> None:
    """What is imported comes from the wheel and not from the checkout."""
    assert not Path(cloudsync.__file__).is_relative_to(tree() / "cloudsync")
    assert "site-packages" in Path(cloudsync.__file__).parts


def test_the_wheel_holds_our_packages_and_no_other_name() -> None:
    """Nothing called providers, tests or terraform lands in somebody's site-packages."""
    assert packages("cloudsync-smtp") == {
        "cloudsync",
        "cloudsync_aws",
        "cloudsync_azure",
        "cloudsync_gcp",
    }


def test_the_wheel_holds_every_file_of_the_sources() -> None:
    """A module, a marker or bundled data that the wheel lacks would only be missed in production."""
    built = {str(file) for file in importlib.metadata.files("cloudsync-smtp") or []}
    roots = [tree() / "cloudsync", *tree().glob("providers/*/cloudsync_*")]
    wanted = {
        str(path.relative_to(root.parent))
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - built == set()


def test_the_version_is_said_once() -> None:
    """The distribution's version is the package's."""
    assert importlib.metadata.version("cloudsync-smtp") == cloudsync.__version__


def test_a_provider_of_another_distribution_comes_in_by_the_same_door() -> None:
    """An entry point is all that a third party's provider needs."""
    found = registry.find("toy")
    assert found is importlib.import_module("toy_provider").Provider
    assert {"aws", "memory", "toy"} <= set(registry.installed())


def test_the_command_is_installed() -> None:
    """The console script starts and says the version."""
    command = Path(sys.executable).with_name("cloudsync")
    run = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (
        0,
        f"cloudsync {cloudsync.__version__}\n",
        "",
    )
