"""Runs a module's tests against one mutant of it, in a process of its own."""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from types import CodeType, ModuleType
from typing import Final, Literal

Fate = Literal["killed", "survived", "endless"]

SECONDS: Final = 120
"""What the tests of one module may take; a mutant that makes them take longer is found out."""


def tried(module: str, tree: ast.Module, tests: Sequence[str]) -> Fate:
    """What becomes of the mutant ``tree`` of ``module`` when ``tests`` are run against it."""
    code = compile(tree, f"{module} (mutant)", "exec")
    # What Hypothesis keeps of one mutant's failures would be tried, and told of, with the next.
    with tempfile.TemporaryDirectory(prefix="mutant-") as home:
        child = os.fork()
        if not child:
            os._exit(_verdict(module, code, tests, home))
        _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "endless"
    return "survived" if os.WEXITSTATUS(status) == 0 else "killed"


def _verdict(module: str, code: CodeType, tests: Sequence[str], home: str) -> int:
    """The exit code of pytest, in the child."""
    signal.alarm(SECONDS)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    sys.meta_path.insert(0, _Finder(module, code))
    import pytest
    from hypothesis.configuration import set_hypothesis_home_dir

    set_hypothesis_home_dir(home)
    # The first failure is enough, and nothing that was shrunk before is worth finding again.
    said = [
        "-x",
        "-q",
        "--assert=plain",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--no-header",
        *tests,
    ]
    return int(pytest.main(said))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the mutant in the place of the module."""

    def __init__(self, module: str, code: CodeType) -> None:
        self._module = module
        self._code = code

    def find_spec(
        self, name: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The mutant, where its module is asked for."""
        del path, target
        return importlib.machinery.ModuleSpec(name, self) if name == self._module else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant as the module."""
        exec(self._code, module.__dict__)
