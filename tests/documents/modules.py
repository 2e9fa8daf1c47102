"""The inputs and outputs of the Terraform modules as tables, from the modules themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.terraform.structure import Block, blocks
from tests.tree import tree

NAMES = ("allow-list", "aws", "azure", "gcp")


def makers() -> dict[str, Callable[[], str]]:
    """A table of inputs and one of outputs for each module."""
    return {
        f"{what}-{name}": partial(make, name)
        for name in NAMES
        for what, make in (("inputs", inputs), ("outputs", outputs))
    }


def inputs(name: str) -> str:
    """Every input of a module: its type, what it is where it is left out, and what it says."""
    rows = [
        f"| `{one.labels[0]}` | `{_line(one, 'type')}` | {_default(one)} | {one.said('description')} |"
        for one in _blocks(name, "variables.tf")
    ]
    return "\n".join(["| input | type | left out | is |", "|---|---|---|---|", *rows])


def outputs(name: str) -> str:
    """Every output of a module."""
    rows = [
        f"| `{one.labels[0]}` | {one.said('description')} |" for one in _blocks(name, "outputs.tf")
    ]
    return "\n".join(["| output | is |", "|---|---|", *rows])


def _blocks(name: str, file: str) -> tuple[Block, ...]:
    return blocks((tree() / "terraform" / "modules" / name / file).read_text("utf-8"))


def _default(one: Block) -> str:
    return f"`{_line(one, 'default')}`" if "default" in one.arguments else "required"


def _line(one: Block, argument: str) -> str:
    return " ".join(one.text(argument).split())
