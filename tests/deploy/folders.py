"""The folders of deploy/ that are made with Terraform, and what stands in them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.terraform.structure import Block, blocks
from tests.tree import tree

FUNCTIONS: Final = {"aws-lambda": "aws", "azure-function": "azure", "gcp-function": "gcp"}
CLOUDS: Final = {**FUNCTIONS, **{f"onboarding/{cloud}": cloud for cloud in ("aws", "azure", "gcp")}}
"""The folders of deploy/ that are made with Terraform, and the cloud of each."""
PROVIDERS: Final = {"aws": "aws", "azure": "azurerm", "gcp": "google"}
AWS: Final = tree() / "deploy/aws-lambda"
AZURE: Final = tree() / "deploy/azure-function"
GCP: Final = tree() / "deploy/gcp-function"
each_folder = pytest.mark.parametrize("name", CLOUDS)
each_function = pytest.mark.parametrize("name", FUNCTIONS)


def text(folder: Path) -> str:
    """All of a folder's Terraform."""
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.tf")))


def resources(folder: Path) -> dict[str, Block]:
    """The resources of a folder, by type and name."""
    return {".".join(one.labels): one for one in blocks(text(folder)) if one.type == "resource"}
