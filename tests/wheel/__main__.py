"""Runs the tests against the built wheel; the sources never stand where an import could find them.

In an editable install the root of the checkout is on the path, so a module that the wheel lacks
is imported all the same. Here the wheel and a toy provider from a second distribution go into a
fresh environment, and the tests run in a copy of the tree from which the sources are left out.

usage: python -m tests.wheel [--python PATH] [ARGUMENT OF PYTEST ...]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE = ROOT / ".wheel"
SOURCES = ("cloudsync/*", "providers/*/cloudsync_*/*")


def main() -> int:
    """Build, install, copy, run. Returns pytest's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.wheel", allow_abbrev=False)
    parser.add_argument("--python", default=sys.executable, help="the Python to run with")
    options, pytest_arguments = parser.parse_known_args()
    environment = install(options.python, build())
    with tempfile.TemporaryDirectory(prefix="cloudsync-wheel-") as directory:
        copy = Path(directory) / "tree"
        copy_without_sources(copy)
        run = subprocess.run(
            [environment / "bin" / "python", "-m", "pytest", *pytest_arguments],
            cwd=copy,
            env=os.environ
            | {
                "CLOUDSYNC_TREE": str(ROOT),
                "COVERAGE_FILE": str(ROOT / ".coverage"),
                "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "VIRTUAL_ENV": str(environment),
            },
            check=False,
        )
    return run.returncode


def build() -> list[Path]:
    """The wheels of the project and of the toy, built with the tools that are pinned."""
    dist = MADE / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    for project in (ROOT, ROOT / "tests" / "wheel" / "toy"):
        pip(Path(sys.executable), "wheel", "--no-deps", "--no-build-isolation", "-w", dist, project)
    return sorted(dist.glob("*.whl"))


def install(python: str, wheels: list[Path]) -> Path:
    """An environment of the pinned packages and these wheels; the packages are kept between runs."""
    version = "import sys; print('%d.%d' % sys.version_info[:2])"
    name = subprocess.run([python, "-c", version], check=True, capture_output=True, text=True)
    environment = MADE / f"python{name.stdout.strip()}"
    requirements = ROOT / "requirements" / "test.txt"
    stamp = environment / ".ready"
    if not stamp.exists() or stamp.read_bytes() != requirements.read_bytes():
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run(
            [ROOT / ".ci" / "venv", environment, requirements],
            env=os.environ | {"PYTHON": python},
            check=True,
        )
        shutil.copyfile(requirements, stamp)
    pip(environment / "bin" / "python", "install", "--no-deps", "--force-reinstall", *wheels)
    return environment


def copy_without_sources(copy: Path) -> None:
    """The tree as git would see it, tracked or new, less what was built into the wheel."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not any(fnmatch(name, pattern) for pattern in SOURCES):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)


def pip(python: Path, *arguments: str | Path) -> None:
    """Run one command of pip in that Python's environment, quietly, and stop where it fails."""
    quiet = ["-qq", "--disable-pip-version-check", "--no-input"]
    subprocess.run([python, "-m", "pip", *quiet, *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main())
