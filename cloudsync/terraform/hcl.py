"""Values as Terraform's language writes them, the way ``terraform fmt`` would; pure.

What somebody else wrote comes out as text: ``${`` and ``%{`` are doubled, so that Terraform reads
no expression in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cloudsync.immutable import immutable


@immutable
class Expression:
    """Text that Terraform is to evaluate."""

    text: str


def block(head: str, arguments: Mapping[str, Any]) -> list[str]:
    """The lines of a block; a mapping among its arguments is a block in it.

    What is None, or an empty list, is left out.
    """
    given = {key: value for key, value in arguments.items() if value not in (None, [], ())}
    plain = {key: value for key, value in given.items() if not _inner(value)}
    width = max((len(key) for key in plain), default=0)
    lines = [f"  {key:<{width}} = {written(value)}" for key, value in plain.items()]
    for key, value in given.items():
        if _inner(value):
            lines += [
                *([""] if lines else []),
                *(f"  {one}" if one else "" for one in block(key, value)),
            ]
    return [f"{head} {{", *lines, "}"] if lines else [f"{head} {{}}"]


def _inner(value: Any) -> bool:
    return isinstance(value, Mapping) and not isinstance(value, Keyed)


class Keyed(dict[str, Any]):
    """A mapping that is an argument's value, and no block."""


def written(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, Keyed):
        return (
            "{ " + ", ".join(f"{text(key)} = {written(one)}" for key, one in value.items()) + " }"
        )
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Iterable):
        several: Iterable[Any] = value  # pyright: ignore[reportUnknownVariableType] - of anything
        return f"[{', '.join(map(written, several))}]"
    return str(value)


def text(value: str) -> str:
    """A string, in which nothing is evaluated."""
    quoted = json.dumps(value, ensure_ascii=False)
    return quoted.replace("${", "$${").replace("%{", "%%{")
