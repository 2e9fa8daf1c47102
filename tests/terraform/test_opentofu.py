"""The modules by OpenTofu, where it is: what it says of them must be what Terraform says."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cloudsync.terraform.contents import contents, rendered
from tests.needs import need
from tests.terraform.here import MODULES, NAMES, WHY, Root
from tests.terraform.test_clouds import ACCEPTED, CALLS
from tests.terraform.test_modules import LISTED, hostile, outputs

TOFU = "tofu"


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """The modules in a folder of their own."""
    need(TOFU, WHY)
    copy = tmp_path / "modules"
    shutil.copytree(MODULES, copy, ignore=shutil.ignore_patterns(".terraform*"))
    return copy


def test_opentofu_would_write_them_the_same() -> None:
    """``tofu fmt`` would change nothing."""
    need(TOFU, WHY)
    assert Root(MODULES, TOFU).call("fmt", "-check", "-recursive") == ""


@pytest.mark.parametrize("name", NAMES)
def test_the_modules_own_tests_pass_by_opentofu(
    name: str, modules: Path, tofus_mirror: Path
) -> None:
    """``tofu test``: what is made, and what is refused before anything is."""
    root = Root(modules / name, TOFU)
    root.init(mirror=tofus_mirror)
    said = root.call("test")
    runs = (modules / name / "tests" / "main.tftest.hcl").read_text("utf-8").count('\nrun "')
    assert f"{runs} passed, 0 failed." in said


def test_hostile_labels_are_data_to_opentofu(modules: Path) -> None:
    """Nothing in a label is carried out there either."""
    entries = hostile()
    root = Root(modules / "allow-list", TOFU)
    text = rendered(contents(replace(LISTED, entries=entries)), (1, 0, 0))
    (root.folder / "list.json").write_text(text, encoding="utf-8")
    assert outputs(root)["names"] == {str(one.network): one.name for one in entries}


def test_one_root_for_all_clouds_by_opentofu(modules: Path, tofus_mirror: Path) -> None:
    """Applied, a second plan is empty, whatever the list's order."""
    root = Root(modules.parent, TOFU)
    calls = {name: {**ACCEPTED, **call} for name, call in CALLS.items()}
    root.write({"provider": {"azurerm": {"features": {}}}, "module": calls})
    root.init(mirror=tofus_mirror)
    root.call("apply", "-input=false", "-auto-approve")
    path = modules / "allow-list" / "list.json"
    listed = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**listed, "entries": listed["entries"][::-1]}), "utf-8")
    assert root.changes() == {}
