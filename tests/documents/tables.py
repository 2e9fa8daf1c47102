"""Codes and limits as tables, from the code that holds them; it adds no meaning of its own."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields

from cloudsync.errors import MEANING, Exit, first_of
from cloudsync.source.codes import REFUSALS, WARNINGS
from cloudsync.status.metrics import METRICS
from cloudsync.vetting.limits import Limits
from cloudsync.web.status import STATUS_SCHEMA
from tests.tree import tree


def exits() -> str:
    """The exit codes, and which of several is given."""
    rows = [f"| {int(code)} | {meaning} |" for code, meaning in MEANING.items()]
    table = "\n".join(["| code | means |", "|---|---|", *rows])
    return f"{table}\n\nWhere several hold, the first of {', '.join(_order())} is given."


def _order() -> Iterator[str]:
    left = set(Exit) - {Exit.DONE}
    while left:
        first = first_of(left)
        left.remove(first)
        yield str(int(first))


def metrics() -> str:
    """Every metric, with its labels and what it says."""
    rows = [
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} "
        f"| {one.meaning} |"
        for one in METRICS
    ]
    return "\n".join(["| name | type | labels | says |", "|---|---|---|---|", *rows])


def status_schema() -> str:
    """What ``/status.json`` holds, as a JSON Schema."""
    return f"```json\n{json.dumps(STATUS_SCHEMA, indent=2)}\n```"


def refusals() -> str:
    """Every code that a source is refused with, and what to do about it."""
    rows = [f"| `{code}` | {one.sentence} | {one.todo} |" for code, one in REFUSALS.items()]
    return "\n".join(["| code | means | do |", "|---|---|---|", *rows])


def warnings() -> str:
    """Every code that a list is remarked on with."""
    rows = [f"| `{code}` | {sentence} |" for code, sentence in WARNINGS.items()]
    return "\n".join(["| code | means |", "|---|---|", *rows])


def limits() -> str:
    """The guard's limits with their defaults, and the reasons that stand beside them in its source."""
    reasons = _reasons()
    rows = [
        f"| `{one.name}` | {_number(one.name, getattr(Limits(), one.name))} | {reasons[one.name]} |"
        for one in fields(Limits)
    ]
    return "\n".join(["| limit | default | because |", "|---|---|---|", *rows])


def _number(name: str, value: int) -> str:
    if name.startswith("widest"):
        return f"/{value}"
    if name.endswith("percent"):
        return f"{value}%"
    power = value.bit_length() - 1
    return f"2^{power}" if value > 1 << 40 and value == 1 << power else f"{value:,}"


def _reasons() -> dict[str, str]:
    """The comment above each limit; one that follows another without a comment shares its reason."""
    source = (tree() / "cloudsync" / "vetting" / "limits.py").read_text("utf-8")
    lines = source.splitlines()
    block = next(
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == Limits.__name__
    )
    found: dict[str, str] = {}
    words: list[str] = []
    reason = ""
    for line in lines[block.lineno : block.end_lineno]:
        if comment := re.fullmatch(r"    # (.*)", line):
            words.append(comment[1])
        elif name := re.match(r"    (\w+): int = ", line):
            if words:
                reason, words = " ".join(words), []
                found[name[1]] = reason
            else:
                found[name[1]] = "as above"
    return found
