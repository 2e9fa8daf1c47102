from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.needs import need
from tests.tree import tree

# Each is put together here, so that this file doesn't hold what it looks for.
REGISTRIES = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "deb." + "debian.org"]
WORKPLACES = [
    r"(?<![\w.])/wo" + r"rk/",
    "/tmp/ba" + "sh_jobs",
    "/tmp/br" + "iefs",
    r"\.lib" + "rary/",
]
UNFINISHED = [r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bXX" + r"X\b"]


@cache
def texts() -> dict[str, str]:
    """Every text file of the tree, tracked or new, by its path from the root."""
    git = need("git", "the files of the tree are asked of it")
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=tree(), check=True, capture_output=True, text=True).stdout
    found: dict[str, str] = {}
    for name in filter(None, listed.split("\0")):
        path = tree() / name
        if path.is_file():
            content = path.read_bytes()
            if b"\0" not in content:
                found[name] = content.decode("utf-8")
    return found


@cache
def project() -> dict[str, Any]:
    """pyproject.toml, as it stands in the tree."""
    return tomllib.loads((tree() / "pyproject.toml").read_text("utf-8"))


def places(patterns: list[str]) -> list[str]:
    """Where one of the patterns stands, as FILE:LINE: TEXT."""
    pattern = re.compile("|".join(patterns))
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts().items()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("patterns", [REGISTRIES, WORKPLACES, UNFINISHED])
def test_no_file_says_what_belongs_elsewhere(patterns: list[str]) -> None:
    """No registry's host, no path of the machine it was written on, nothing left unfinished."""
    assert places(patterns) == []


def test_the_search_finds_what_it_looks_for() -> None:
    """The check above can fail: this very line is found."""
    assert len(places(["this very line is " + "found"])) == 1


def test_a_lock_names_no_address() -> None:
    """A lock file holds names, versions and hashes, so it works with whatever index is at hand."""
    locks = {name: text for name, text in texts().items() if name.startswith("requirements/")}
    assert sorted(locks) == [f"requirements/{name}.txt" for name in ("build", "dev", "run", "test")]
    assert {name for name, text in locks.items() if "://" in text or "--index" in text} == set()


def locked(name: str) -> dict[str, set[Version]]:
    """The versions that a lock file pins, by canonical name."""
    pins: dict[str, set[Version]] = {}
    for pin in re.findall(
        r"^([\w.-]+)==([\w.+!]+)", texts()[f"requirements/{name}.txt"], re.MULTILINE
    ):
        pins.setdefault(canonicalize_name(pin[0]), set()).add(Version(pin[1]))
    return pins


@pytest.mark.parametrize(
    ("lock", "extras", "groups"),
    [
        ("run", ["all"], []),
        ("test", ["all", "sandbox"], ["test"]),
        ("dev", ["all"], ["test", "lint"]),
    ],
)
def test_the_locks_are_of_this_pyproject(lock: str, extras: list[str], groups: list[str]) -> None:
    """A dependency that was added or raised is in the lock: `make lock` was run."""
    stated = list(project()["project"]["dependencies"])
    stated += [r for extra in extras for r in project()["project"]["optional-dependencies"][extra]]
    stated += [r for group in groups for r in project()["dependency-groups"][group]]
    pins = locked(lock)
    wrong = [
        requirement
        for requirement in stated
        for name, specifier in [(Requirement(requirement).name, Requirement(requirement).specifier)]
        if not any(version in specifier for version in pins.get(canonicalize_name(name), set()))
    ]
    assert wrong == []


def test_the_extra_all_is_every_clouds_extra() -> None:
    """`all` is spelt out, since the distribution must never be asked of an index by its own name."""
    extras = project()["project"]["optional-dependencies"]
    clouds = {r for name, extra in extras.items() if name not in {"all", "sandbox"} for r in extra}
    assert set(extras["all"]) == clouds


def test_the_core_is_one_list() -> None:
    """What is covered to the last branch is what may do no input or output."""
    patterns = [
        pattern.removeprefix("*/") for pattern in project()["tool"]["coverage"]["report"]["include"]
    ]
    assert [pattern for pattern in patterns if not any(tree().glob(pattern))] == []
    covered = {
        pattern.removesuffix(".py").removesuffix("/*").replace("/", ".") for pattern in patterns
    }
    contract = project()["tool"]["importlinter"]["contracts"][0]
    assert contract["name"] == "The core does no input or output and knows no cloud"
    assert set(contract["source_modules"]) == covered


def test_the_oracle_leans_on_nobody() -> None:
    """The oracle imports the standard library alone: a shared mistake would prove nothing."""
    foreign: list[str] = []
    for path in sorted(tree().glob("tests/**/*oracle*.py")):
        if path.name.startswith("test_"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = ["." * node.level + (node.module or "")]
            foreign += [
                f"{path.name}: {name}"
                for name in names
                if name.split(".")[0] not in sys.stdlib_module_names
            ]
    assert foreign == []


def test_each_rule_that_is_off_says_why() -> None:
    """A lint rule is ignored for a reason that stands beside it."""
    text = (tree() / "pyproject.toml").read_text("utf-8")
    entries = re.findall(r'^  "[A-Z]+[0-9]*",.*$', text, re.MULTILINE)
    assert entries
    assert [entry for entry in entries if "  # " not in re.sub(r" +#", "  #", entry)] == []


def test_the_licence_is_apaches() -> None:
    """The licence file and the metadata say the same."""
    assert project()["project"]["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in texts()["LICENSE"]


def test_the_scripts_can_be_started() -> None:
    """Whoever clones the tree can run what stands in .ci."""
    scripts = [path for path in Path(tree() / ".ci").iterdir() if path.is_file()]
    assert [path.name for path in scripts if not path.stat().st_mode & 0o100] == []
