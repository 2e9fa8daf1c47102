"""The YAML of deploy/, read as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.tree import tree


def documents(path: Path) -> list[Any]:
    """What a file of YAML holds, as plain values."""
    read: Any = YAML(typ="safe", pure=True)
    return list(read.load_all(path.read_text("utf-8")))


def base() -> dict[str, Any]:
    """The Kubernetes base: each object by its kind and name."""
    folder = tree() / "deploy/kubernetes/base"
    (kustomization,) = documents(folder / "kustomization.yaml")
    found: dict[str, Any] = {}
    for name in kustomization["resources"]:
        for one in documents(folder / name):
            key = f"{one['kind']}/{one['metadata']['name']}"
            assert key not in found
            found[key] = one
    return found
