"""Small changes to a module's syntax tree, one at a time; it runs none of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Final, cast

_COMPARED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_REVERSED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}
_COMPUTED: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one change: its tree, and the change as a person reads it."""

    line: int
    change: str
    tree: ast.Module

    def __str__(self) -> str:
        return f"line {self.line}: {self.change}"


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of ``source``, in the order of its lines."""
    tree = ast.parse(source)
    for index, node in enumerate(_nodes(tree)):
        for change in _changes(node):
            copy = deepcopy(tree)
            touched = _nodes(copy)[index]
            before = _text(touched)
            change(touched)
            ast.fix_missing_locations(copy)
            line = getattr(node, "lineno", 0) or getattr(getattr(node, "target", None), "lineno", 0)
            after = _text(touched)
            said = f"{before}  →  {after}" if after != before else f"{before} loses a statement"
            yield Mutant(line, said, copy)


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.comprehension):
        return f"for {ast.unparse(node.target)} in … if {[ast.unparse(one) for one in node.ifs]}"
    return ast.unparse(node).partition("\n")[0]


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """What may be changed: everything but annotations, docstrings and imports."""
    found: list[ast.AST] = []

    def walk(node: ast.AST) -> None:
        found.append(node)
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list", "slice"}:
                continue
            children = cast("list[object]", value) if isinstance(value, list) else [value]
            for child in children:
                if isinstance(child, ast.AST):
                    walk(child)

    walk(tree)
    return found


def _changes(node: ast.AST) -> Iterator[Callable[[ast.AST], None]]:
    """What can be done to one node, in place."""
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            for table in (_COMPARED, _REVERSED):
                if type(operator) in table:
                    yield _compare(at, table[type(operator)])
    elif isinstance(node, ast.BoolOp):
        yield _set("op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _COMPUTED:
        yield _set("op", _COMPUTED[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield _affirm
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield _set("value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield _set("value", node.value + 1)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield _set("ifs", [])
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield _set("value", ast.Constant(None))
    if isinstance(node, (ast.If, ast.IfExp)) and not isinstance(
        node.test, (ast.Compare, ast.BoolOp, ast.UnaryOp)
    ):
        yield _negate
    if isinstance(node, (ast.If, ast.For, ast.While, ast.FunctionDef)):
        for at, one in enumerate(node.body):
            if isinstance(one, (ast.Continue, ast.Break, ast.AugAssign)) or (
                isinstance(one, ast.Expr) and not isinstance(one.value, ast.Constant)
            ):
                yield _drop(at)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _set(name: str, value: object) -> Callable[[ast.AST], None]:
    return lambda node: setattr(node, name, value)


def _compare(at: int, operator: type[ast.cmpop]) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Compare)
        node.ops[at] = operator()

    return change


def _affirm(node: ast.AST) -> None:
    """``not x`` becomes ``not not x``."""
    assert isinstance(node, ast.UnaryOp)
    node.operand = ast.UnaryOp(ast.Not(), node.operand)


def _negate(node: ast.AST) -> None:
    assert isinstance(node, (ast.If, ast.IfExp))
    node.test = ast.UnaryOp(ast.Not(), node.test)


def _drop(at: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        assert isinstance(node, (ast.If, ast.For, ast.While, ast.FunctionDef))
        node.body[at] = ast.Pass()

    return change
