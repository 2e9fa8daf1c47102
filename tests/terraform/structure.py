"""Terraform's text as blocks and arguments, and what a recorded schema says against them.

The grammar is tree-sitter's. Where Terraform itself is missing, this is what judges the modules:
each argument there is, each that must be given, and each type that shows without evaluating.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser

_PARSER: Final = Parser(Language(tree_sitter_hcl.language()))
META: Final = frozenset({"count", "for_each", "depends_on", "provider", "lifecycle"})
"""What every resource takes, whatever its provider says."""
_WRAPPERS: Final = frozenset({"expression", "literal_value", "collection_value"})
_ATTRIBUTE: Final = re.compile(
    r"(\w+)\s*=\s*(?:optional\((\w+(?:\([^()]*\))?)|(\w+(?:\([^()]*\))?))"
)
_SAME: Final = {"list": "many", "set": "many", "tuple": "many", "map": "keyed", "object": "keyed"}


@dataclass(frozen=True)
class Block:
    """One block: ``resource "a" "b" {…}`` has type resource and labels a, b.

    ``arguments`` are expressions by name; ``blocks`` what stands within it, in order, a ``dynamic``
    one as the block that it makes.
    """

    type: str
    labels: tuple[str, ...]
    arguments: dict[str, Node] = field(default_factory=dict[str, Node])
    blocks: tuple[Block, ...] = ()
    dynamic: bool = False

    def text(self, argument: str) -> str:
        """An argument as it is written."""
        return text_of(self.arguments[argument])

    def said(self, argument: str) -> str:
        """A plain string, without its quotes."""
        return self.text(argument).removeprefix('"').removesuffix('"').replace('\\"', '"')


def text_of(node: Node) -> str:
    """What is written there."""
    return (node.text or b"").decode()


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a file.

    Raises:
        ValueError: it isn't HCL.
    """
    tree = _PARSER.parse(text.encode())
    if tree.root_node.has_error:
        raise ValueError("it isn't HCL")
    return tuple(one for body in tree.root_node.named_children for one in _blocks(body))


def _blocks(body: Node) -> Iterator[Block]:
    for node in body.named_children:
        if node.type == "block":
            yield _block(node)


def _block(node: Node) -> Block:
    first, *rest = node.named_children
    labels = tuple(text_of(one).strip('"') for one in rest if one.type == "string_lit")
    body = next((one for one in rest if one.type == "body"), None)
    type_ = text_of(first)
    if body is None:
        return Block(type_, labels)
    if type_ == "dynamic":
        (content,) = (one for one in _blocks(body) if one.type == "content")
        return Block(labels[0], (), content.arguments, content.blocks, dynamic=True)
    arguments = {
        text_of(one.named_children[0]): one.named_children[1]
        for one in body.named_children
        if one.type == "attribute"
    }
    return Block(type_, labels, arguments, tuple(_blocks(body)))


def faults(block: Block, schema: dict[str, Any], variables: dict[str, str]) -> Iterator[str]:
    """What ``schema`` has against a block: a phrase each. ``variables`` are types by input."""
    where = ".".join((block.type, *block.labels))
    given = set(block.arguments) - META
    taken = {name: said for name, said in schema.items() if isinstance(said, str)}
    for name in sorted(given - set(taken)):
        yield f"{where}: there is no argument {name}"
    for name in sorted(given & set(taken)):
        type_, mark = taken[name].rstrip("!?="), taken[name].lstrip("abcdefghijklmnopqrstuvwxyz()")
        if not set(mark) & {"!", "?"}:
            yield f"{where}: {name} can't be given"
        for what in misfits(name, block.arguments[name], type_, variables):
            yield f"{where}: {what}"
    for name in sorted(one for one, said in taken.items() if "!" in said and one not in given):
        yield f"{where}: {name} must be given"
    yield from _inside(where, block.blocks, schema, variables)


def _inside(
    where: str, inner: Iterable[Block], schema: dict[str, Any], variables: dict[str, str]
) -> Iterator[str]:
    counts: dict[str, int] = {}
    many: set[str] = set()
    for one in inner:
        if one.type in META:
            continue
        if isinstance(schema.get(one.type, ""), str):
            yield f"{where}: there is no block {one.type}"
            continue
        counts[one.type] = counts.get(one.type, 0) + 1
        many |= {one.type} if one.dynamic else set()
        yield from (f"{where}: {what}" for what in faults(one, schema[one.type][3], variables))
    for name, said in schema.items():
        if not isinstance(said, str) and name not in many:
            _, least, most, _ = said
            if counts.get(name, 0) < least or (most and counts.get(name, 0) > most):
                yield f"{where}: {counts.get(name, 0)} blocks {name}, of {least} to {most}"


def misfits(name: str, node: Node, type_: str, variables: dict[str, str]) -> Iterator[str]:
    """Where an expression shows, without being evaluated, that it isn't of a type: a phrase each.

    It looks into tuples and objects that are written out; what a reference or a call gives isn't known.
    """
    wrong = [kind for kind in _kinds(node, variables) if not _fits(kind, type_)]
    yield from (f"{name} takes {' '.join(type_.split())}, not {kind}" for kind in wrong)
    if wrong:
        return
    inner, (outer, of) = _bare(node), _outer(type_)
    if inner.type == "tuple" and of:
        each = [one for one in inner.named_children if one.type == "expression"]
        for number, one in enumerate(each):
            yield from misfits(f"{name}[{number}]", one, of, variables)
    if inner.type == "object" and of:
        attributes = {one[1]: one[2] or one[3] for one in _ATTRIBUTE.finditer(of)}
        for elem in (one for one in inner.named_children if one.type == "object_elem"):
            key, value = text_of(elem.named_children[0]).strip('"'), elem.named_children[1]
            if outer == "object" and key not in attributes:
                yield f"{name} has no {key}"
            else:
                type_ = attributes[key] if outer == "object" else of
                yield from misfits(f"{name}.{key}", value, type_, variables)


def _bare(node: Node) -> Node:
    while node.type in _WRAPPERS and len(node.named_children) == 1:
        node = node.named_children[0]
    return node


def _kinds(node: Node, variables: dict[str, str]) -> Iterator[str]:
    """The types that an expression shows without being evaluated; none where it must be."""
    while node.type in _WRAPPERS and node.named_children:
        if len(node.named_children) > 1:  # a path: var.x alone is known
            said = text_of(node)
            if said.startswith("var.") and said[4:] in variables:
                yield variables[said[4:]]
            return
        node = node.named_children[0]
    if node.type == "conditional":
        for branch in node.named_children[1:]:
            yield from _kinds(branch, variables)
    elif node.type in {"string_lit", "template_expr"}:
        yield "string"
    elif node.type == "numeric_lit":
        yield "number"
    elif node.type == "bool_lit":
        yield "bool"
    elif node.type in {"tuple", "object"}:
        yield node.type


def _fits(kind: str, type_: str) -> bool:
    """Whether Terraform converts the one to the other without loss."""
    (have, of), (want, _) = (_outer(one) for one in (kind, type_))
    if want in _SAME or have in _SAME:
        return _SAME.get(have) == _SAME.get(want) and (of in {"", "string"} or of in type_)
    same = want in {"any", have} or have == "any"
    return same or (want == "string" and have in {"number", "bool"})


def _outer(said: str) -> tuple[str, str]:
    of = re.fullmatch(r"(\w+)\((.*)\)", said, re.DOTALL)
    return (of[1], of[2]) if of else (said, "")
