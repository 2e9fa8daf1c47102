"""``python -m tests.mutants [MODULE…] [--every N]``: changes the core and sees its tests fail.

It prints every change that no test noticed. What is in docs/mutants.md is known, with its reason.
"""

from __future__ import annotations

import argparse
import ast
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

from tests.mutants.mutations import mutants
from tests.mutants.trial import Fate, tried
from tests.tree import tree

TESTS: Final[Mapping[str, Sequence[str]]] = {
    "addresses": ("tests/unit/test_addresses.py", "tests/unit/test_edges.py"),
    "exposure": ("tests/unit/test_exposure.py", "tests/unit/test_reach.py"),
    "vetting.compared": ("tests/unit/test_guard.py", "tests/unit/test_edges.py"),
    "vetting.guard": ("tests/unit/test_guard.py", "tests/unit/test_edges.py"),
    "vetting.limits": ("tests/unit/test_guard.py", "tests/unit/test_edges.py"),
    "plan": ("tests/unit/test_plan.py",),
    "prove": (
        "tests/unit/test_prove.py",
        "tests/unit/test_edges.py",
        "tests/contract/test_cases.py",
    ),
    "place": (
        "tests/unit/test_place.py",
        "tests/unit/test_place_edges.py",
        "tests/contract/test_cases.py",
    ),
}
# Beyond what was asked for: what the others rest on.
MORE: Final[Mapping[str, Sequence[str]]] = {
    "closing": ("tests/unit/test_closing.py",),
    "conditions.turn": ("tests/unit/conditions/test_turn.py",),
    "engine": ("tests/unit/test_engine.py",),
    "holds": ("tests/unit/test_holds.py",),
    "moves": ("tests/unit/test_moves.py", "tests/unit/test_place.py"),
    "numbering": ("tests/unit/test_numbering.py", "tests/unit/test_place.py"),
    "vetting.vet": ("tests/unit/test_vet.py",),
    "wants": ("tests/unit/test_wants.py",),
}


def main() -> int:
    """Try the mutants of the modules that are named, or of all."""
    asked = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    asked.add_argument("modules", nargs="*", choices=[*TESTS, *MORE, []], default=list(TESTS))
    asked.add_argument("--every", type=int, default=1, help="only each Nth, for a sample")
    said = asked.parse_args()
    _warm()
    for name in said.modules or TESTS:
        _try_all(name, said.every)
    return 0


def _try_all(name: str, every: int) -> None:
    began = time.monotonic()
    fates: Counter[Fate] = Counter()
    source = (tree() / "cloudsync" / f"{name.replace('.', '/')}.py").read_text()
    tests = {**TESTS, **MORE}[name]
    if tried(f"cloudsync.{name}", ast.parse(source), tests) != "survived":
        sys.stdout.write(f"{name}: its tests fail already, so they would kill anything\n")
        return
    for mutant in list(mutants(source))[::every]:
        fate = tried(f"cloudsync.{name}", mutant.tree, tests)
        fates[fate] += 1
        if fate == "survived":
            sys.stdout.write(f"{name} {mutant}\n")
            sys.stdout.flush()
    total = sum(fates.values())
    killed = total - fates["survived"]
    sys.stdout.write(
        f"{name}: {killed} of {total} killed ({killed / max(total, 1):.1%}), "
        f"{time.monotonic() - began:.0f} s\n"
    )
    sys.stdout.flush()


def _warm() -> None:
    """Load once what every child needs and no mutant is part of."""
    for name in ("hypothesis.strategies", "pydantic", "pytest"):
        import_module(name)
    assert not any(name.partition(".")[0] == "cloudsync" for name in sys.modules)


if __name__ == "__main__":
    sys.exit(main())
