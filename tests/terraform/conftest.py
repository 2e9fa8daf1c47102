"""Which tests of Terraform a run takes: starting its providers costs seconds each time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.terraform.here import stand_ins


def pytest_configure(config: pytest.Config) -> None:
    """Say what the mark means."""
    config.addinivalue_line("markers", "long: only `make terraform` takes it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is long, unless everything is asked for."""
    if os.environ.get("TERRAFORM") != "all":
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def tofus_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where OpenTofu finds it."""
    return stand_ins(tmp_path_factory.mktemp("mirror"), "tofu")


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Terraform finds what stands in for its providers."""
    return stand_ins(tmp_path_factory.mktemp("mirror"))
