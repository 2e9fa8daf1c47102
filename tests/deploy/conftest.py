"""Each platform's own runtime, and the stores that states are in, on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.state.conftest import fresh, running
from tests.terraform.conftest import mirror, pytest_collection_modifyitems, pytest_configure
from tests.tree import tree

__all__ = ["fresh", "mirror", "pytest_collection_modifyitems", "pytest_configure", "running"]


@pytest.fixture
def unpacked(tmp_path: Path) -> Callable[[str, str], Path]:
    """A function's bundle as the platform unpacks it: its entry, and a configuration."""

    def made(folder: str, config: str) -> Path:
        bundle = tmp_path / "bundle"
        shutil.copytree(tree() / "deploy" / folder, bundle)
        (bundle / "cloudsync.yaml").write_text(config, "utf-8")
        return bundle

    return made
