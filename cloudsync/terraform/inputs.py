"""The inputs of a module, and whether a change to them breaks who uses it; pure.

It reads ``variables.tf`` as ``terraform fmt`` writes it, which is how ours are kept: a block opens
and closes at the line's beginning, and its own arguments stand two spaces in.
"""

from __future__ import annotations

import re
from typing import Final

from cloudsync.immutable import immutable

_BLOCK: Final = re.compile(r'^variable "([^"]+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_TYPE: Final = re.compile(r"^  type +=\s*(.*?)(?=^  [a-z]|\Z)", re.MULTILINE | re.DOTALL)
_DEFAULT: Final = re.compile(r"^  default +=", re.MULTILINE)


@immutable
class Input:
    """One input: what it takes, and whether it must be given."""

    type: str
    required: bool


def inputs(text: str) -> dict[str, Input]:
    """The inputs in a ``variables.tf``, by name."""
    found: dict[str, Input] = {}
    for name, body in _BLOCK.findall(text):
        of = _TYPE.search(body)
        found[name] = Input(" ".join(of[1].split()) if of else "any", _DEFAULT.search(body) is None)
    return found


def broken(before: str, after: str) -> tuple[str, ...]:
    """What a caller of the module before can't go on saying: a sentence's part each, in order."""
    old, new = inputs(before), inputs(after)
    said: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            said.append(f"the input {name} is gone")
        elif name not in old:
            said.extend([f"the input {name} must be given"] if new[name].required else [])
        elif old[name].type != new[name].type:
            said.append(f"the input {name} takes {new[name].type}, not {old[name].type}")
        elif new[name].required and not old[name].required:
            said.append(f"the input {name} must be given")
    return tuple(said)
