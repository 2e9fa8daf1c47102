"""What each key of a block means: the docstring below its field, which is said nowhere else."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache

from cloudsync.config.settings import Settings, keys


def meanings(block: type[Settings]) -> dict[str, str]:
    """What each key of ``block`` means, by the key, in the order of the fields."""
    said: dict[str, str] = {}
    for one in reversed(block.__mro__):
        if issubclass(one, Settings):
            said |= _below_fields(one)  # type: ignore[arg-type]  # a class is hashable
    return {key: said.get(name, "") for key, name in keys(block).items()}


@cache
def _below_fields(block: type[Settings]) -> dict[str, str]:
    """The docstrings below the fields that ``block`` itself states, by the field's name."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(block))).body[0]
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for stated, below in zip(tree.body, tree.body[1:], strict=False):
        match stated, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
            case _:
                pass
    return found
