"""Lets the simulator loose on copies of the tree that each have one planted bug."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bugs.planted import Bug, patched
from tests.tree import tree

_COPIED: Final = ("cloudsync", "providers", "tests")


@dataclass(frozen=True, slots=True)
class Catch:
    """How a hunt ended: after how long, how many schedules, and by which fault; None if it got away."""

    bug: Bug
    seconds: float
    schedules: int
    fault: str | None

    def __str__(self) -> str:
        what = self.fault or "NOT CAUGHT"
        return (
            f"{self.bug.name} ({self.bug.world}): {self.seconds:.1f} s, "
            f"{self.schedules:,} schedules: {what}"
        )


def _roots(copy: Path) -> list[Path]:
    """Where Python is to look for packages: the core, and each provider."""
    return [copy, *sorted((copy / "providers").iterdir())]


def hunt(bug: Bug, seed: int, schedules: int) -> Catch:
    """Play schedules on a copy of the tree that has ``bug``, until one fails.

    Raises:
        RuntimeError: the copy doesn't run at all, which catches nothing.
        ValueError: the patch doesn't fit the tree any more.
    """
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy = Path(folder)
        for name in _COPIED:
            shutil.copytree(
                tree() / name, copy / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        for change in bug.changes:
            (copy / change.file).write_text(patched(copy, change))
        began = time.monotonic()
        run = subprocess.run(
            [
                sys.executable, "-m", "tests.simulator", "--world", bug.world,
                "--seed", str(seed), "--schedules", str(schedules),
            ],
            cwd=copy,
            # Ahead of the installed tree, so that what runs is the copy.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, _roots(copy)))},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        seconds = time.monotonic() - began
    played = re.search(r"([\d,]+) of [\d,]+ schedules", run.stdout)
    if played is None:
        raise RuntimeError(f"{bug.name}: the copy doesn't run:\n{run.stderr[-2000:]}")
    fault = re.search(r"FAULT (.*)", run.stdout)
    return Catch(bug, seconds, int(played[1].replace(",", "")), fault[1][:160] if fault else None)
