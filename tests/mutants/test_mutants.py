"""The mutators make what they say; trying the core's mutants is `make mutants`."""

from __future__ import annotations

import ast

from tests.mutants.mutations import mutants

SOURCE = '''
def within(value, *, least=0):
    """A docstring is left alone."""
    if value < least and not value:
        return None
    for one in (a for a in value if a):
        if one is least:
            continue
    return value + 1
'''


def changes(source: str) -> list[str]:
    """The mutants of a source, as a person reads them."""
    return [str(mutant) for mutant in mutants(source)]


def test_every_small_change_is_made_once() -> None:
    """Comparisons, connectives, numbers, filters, returns and statements are each changed."""
    assert changes(SOURCE) == [
        "line 2: 0  →  1",
        "line 4: value < least and (not value)  →  value < least or not value",
        "line 4: value < least  →  value <= least",
        "line 4: value < least  →  value >= least",
        "line 4: not value  →  not not value",
        "line 6: for a in … if ['a']  →  for a in … if []",
        "line 7: if one is least: loses a statement",
        "line 7: one is least  →  one is not least",
        "line 9: return value + 1  →  return None",
        "line 9: value + 1  →  value - 1",
        "line 9: 1  →  2",
    ]


def test_a_mutant_differs_from_its_source() -> None:
    """No mutant is the module itself, and each compiles."""
    for mutant in mutants(SOURCE):
        assert ast.dump(mutant.tree) != ast.dump(ast.parse(SOURCE))
        compile(mutant.tree, "mutant", "exec")
