"""Made parts of a document: found between their comments, and made anew; it writes no file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from tests.documents import commands, exports, keys, modules, plan, scale, tables

MAKERS: Final[Mapping[str, Callable[[], str]]] = {
    "plan": plan.plan,
    "commands": commands.reference,
    "metrics": tables.metrics,
    "scale": scale.costs,
    "status-schema": tables.status_schema,
    "exits": tables.exits,
    "refusals": tables.refusals,
    "warnings": tables.warnings,
    "limits": tables.limits,
    **keys.makers(),
    **exports.makers(),
    **modules.makers(),
}

_PART: Final = re.compile(
    r"^(?P<open><!-- made: (?P<name>[a-z0-9-]+) -->\n).*?(?P<close>^<!-- end -->)$",
    re.DOTALL | re.MULTILINE,
)


@cache
def made(name: str) -> str:
    """One part, as the code of today gives it."""
    return MAKERS[name]()


def names(text: str) -> list[str]:
    """The made parts that a document has, in order."""
    return [part["name"] for part in _PART.finditer(text)]


def remade(text: str) -> str:
    """The document with each of its made parts made anew."""
    return _PART.sub(lambda part: f"{part['open']}{made(part['name'])}\n{part['close']}", text)
