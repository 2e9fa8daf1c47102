"""The planted bugs still fit the tree; hunting them is `make bugs`."""

from __future__ import annotations

import pytest

from tests.bugs.planted import BUGS, Bug, patched
from tests.tree import tree

ALL = pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])


def test_there_are_enough_of_them() -> None:
    """There are ten or more, each with a name of its own."""
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 10


@ALL
def test_a_planted_bug_fits_the_tree(bug: Bug) -> None:
    """Each change finds its text exactly once, and what comes out is still Python."""
    for change in bug.changes:
        compile(patched(tree(), change), change.file, "exec")
