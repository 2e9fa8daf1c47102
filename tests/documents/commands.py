"""The commands with their arguments and options, as ``--help`` knows them; it runs none."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import typer

from cloudsync.cli.app import app


def commands() -> dict[str, Any]:
    """Every command by the words that call it, the program alone first."""
    return dict(_walk("cloudsync", typer.main.get_command(app)))


def _walk(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield words, command
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _walk(f"{words} {name}", inner)


def reference() -> str:
    """One section a command: how it is called, what it does, what can be said to it."""
    return "\n\n".join(_section(words, command) for words, command in commands().items())


def _section(words: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    called = " ".join([words, *(one.metavar for one in arguments)])
    lines = [f"### `{called}`", "", str(command.help)]
    told = [f"`{one.metavar.strip('[].')}`: {one.help}" for one in arguments if one.help]
    told += [_said(one) for one in options]
    if told:
        lines += ["", *(f"- {line}" for line in told)]
    return "\n".join(lines)


def _said(option: Any) -> str:
    """``--config FILE`` in every spelling, what it is, what can stand there, what does if left out."""
    behind = "" if option.is_flag else f" {option.metavar or str(option.name).rstrip('_').upper()}"
    spelt = ", ".join(f"`{one}{behind}`" for one in option.opts)
    meaning = [str(option.help)] if option.help else []
    kind = option.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        meaning.append(f"One of {', '.join(f'`{one}`' for one in kind)}.")
    if option.multiple:
        meaning.append("May be given more than once.")
    if not option.is_flag and option.default not in (None, ""):
        meaning.append(f"Left out: `{option.default}`.")
    return f"{spelt}: {' '.join(meaning)}"
