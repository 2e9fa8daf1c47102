"""A YAML file as plain values that remember where they stand; it knows no key and opens no file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from cloudsync.config.tokens import Token, tokens
from cloudsync.config.words import KeyPath, a, dotted
from cloudsync.errors import UsageError
from cloudsync.immutable import immutable

Value = str | int | float | bool | list["Value"] | dict[str, "Value"]

MAX_CHARACTERS: Final = 1_048_576
"""Far more than thousands of targets need, and little enough to be read in a minute."""

MAX_DEPTH: Final = 16
"""The deepest key of a configuration stands at level 6; what nests further is no configuration."""

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,39}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]{1,18}(\.[0-9]*)?)([eE][-+]?[0-9]{1,2})?")
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL: Final = {
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@immutable
class Document:
    """The values of one file, the line of each (from 1), and each scalar as it was written.

    ``problems`` are, with their lines, the faults that left the rest readable: a key that stands
    twice, an anchor, a key with nothing behind it. Their values are left out of ``data``.
    """

    file: str
    data: dict[str, Value]
    lines: Mapping[KeyPath, int]
    written: Mapping[KeyPath, str]
    left_out: frozenset[KeyPath] = frozenset()
    problems: tuple[tuple[int, UsageError], ...] = ()

    def line(self, path: KeyPath) -> int:
        """The line where ``path`` stands, or else the nearest thing that it would stand in."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: KeyPath) -> str:
        """``FILE:LINE: KEY``, the first part of a message about ``path``."""
        return _at(self.file, self.line(path), path)


def parse(text: str, file: str) -> Document:
    """The document that ``text`` is; ``file`` is only named in messages.

    Plain scalars are resolved by the YAML 1.2 core schema, so that ``no`` and dates stay text.

    Raises:
        UsageError: it is empty, too large, not YAML, not one mapping, or nests too deep.
    """
    if len(text) > MAX_CHARACTERS:
        raise UsageError(
            file,
            f"has {len(text):,} characters, the limit is {MAX_CHARACTERS:,}",
            todo="Split it: one file for each installation.",
        )
    return _Reading(file, tokens(text, file)).document()


def resolve(text: str) -> str | int | float | bool | None:
    """What a plain scalar means by the YAML 1.2 core schema, in decimal; None for null."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _at(file: str, line: int, path: KeyPath = ()) -> str:
    return ": ".join(part for part in (f"{file}:{line}", dotted(path)) if part)


@dataclass(slots=True)
class _Reading:
    """One pass over the tokens of a file."""

    file: str
    tokens: Iterator[Token]
    lines: dict[KeyPath, int] = field(default_factory=dict[KeyPath, int])
    written: dict[KeyPath, str] = field(default_factory=dict[KeyPath, str])
    left_out: set[KeyPath] = field(default_factory=set[KeyPath])
    problems: list[tuple[int, UsageError]] = field(default_factory=list[tuple[int, UsageError]])

    def document(self) -> Document:
        """The whole file."""
        first = next(self.tokens, None)
        found = None if first is None else self._value(next(self.tokens), ())
        second = next(self.tokens, None)
        if second is not None:
            raise UsageError(
                _at(self.file, second.line),
                "a second document begins here",
                todo="Write one installation a file, without a line of dashes.",
            )
        if found is None and not self.problems:
            raise UsageError(
                self.file, "is empty", todo="Run cloudsync init, which writes a first one."
            )
        if found is not None and not isinstance(found, dict):
            raise UsageError(
                _at(self.file, self.lines[()]),
                f"holds {a(found)}, not keys with values",
                todo="Begin with name:, list: and targets:.",
            )
        return Document(
            self.file,
            found or {},
            self.lines,
            self.written,
            frozenset(self.left_out),
            tuple(self.problems),
        )

    def _value(self, token: Token, path: KeyPath) -> Value | None:
        """The value that begins with ``token``; None where it is left out."""
        self.lines.setdefault(path, token.line)
        if len(path) > MAX_DEPTH:
            raise UsageError(
                _at(self.file, token.line),
                f"nests deeper than {MAX_DEPTH} levels",
                todo="Look for brackets or dashes that don't belong here.",
            )
        odd = self._is_odd(token, path)
        value: Value | None = None
        if token.kind == "mapping":
            value = self._mapping(path)
        elif token.kind == "sequence":
            value = self._sequence(path)
        elif token.kind == "scalar":
            value = self._scalar(token, path)
        if odd or value is None:
            self.left_out.add(path)
            return None
        return value

    def _mapping(self, path: KeyPath) -> dict[str, Value]:
        found: dict[str, Value] = {}
        first: dict[str, int] = {}
        for token in self.tokens:
            if token.kind == "end":
                break
            if token.kind != "scalar":
                raise UsageError(
                    _at(self.file, token.line, path),
                    "a key here isn't plain text",
                    todo="Write KEY: VALUE.",
                )
            below = (*path, token.text)
            if token.text in first:
                what = f"stands here again, and first on line {first[token.text]}"
                self._report(token, below, what, "Keep one of the two.")
                # Read to its end under a path that no key can have, and thrown away.
                so_far = len(self.problems)
                self._value(next(self.tokens), (*path, -token.line))
                del self.problems[so_far:]
                continue
            first[token.text] = token.line
            self.lines[below] = token.line
            odd = self._is_odd(token, below)
            value = self._value(next(self.tokens), below)
            if odd:
                self.left_out.add(below)
            elif value is not None:
                found[token.text] = value
        return found

    def _sequence(self, path: KeyPath) -> list[Value]:
        found: list[Value] = []
        for token in self.tokens:
            if token.kind == "end":
                break
            # What was left out gives its number to the next one, as it does in the values.
            below = (*path, len(found))
            self.lines[below] = token.line
            self.left_out.discard(below)
            value = self._value(token, below)
            if value is not None:
                found.append(value)
        return found

    def _scalar(self, token: Token, path: KeyPath) -> Value | None:
        self.written[path] = token.text
        if not token.plain:
            return token.text
        value = resolve(token.text)
        # A key whose items are all commented out would else mean its default: every region, say.
        if value is None and path:
            todo = "Give a value, or leave it out."
            self._report(token, path, "nothing stands behind it", todo)
        return value

    def _is_odd(self, token: Token, path: KeyPath) -> bool:
        # A few nested aliases can stand for billions of values, and a tag can ask for any type:
        # a configuration has use for neither.
        if token.oddity:
            what = f"{token.oddity}, and a configuration has none"
            self._report(token, path, what, "Write the value out.")
        return bool(token.oddity)

    def _report(self, token: Token, path: KeyPath, what: str, todo: str) -> None:
        # A value that isn't there is found at the next one: its key is the line to look at.
        line = token.line if token.text else self.lines.get(path, token.line)
        self.problems.append((line, UsageError(_at(self.file, line, path), what, todo=todo)))
