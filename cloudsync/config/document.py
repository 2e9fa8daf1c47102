"""A YAML file as plain values that remember where they stand; it knows no key and opens no file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from cloudsync.errors import UsageError

Value = str | int | float | bool | list["Value"] | dict[str, "Value"]
KeyPath = tuple[str | int, ...]

MAX_CHARACTERS: Final = 1_048_576
"""Far more than thousands of targets need, and little enough to be read in seconds."""

MAX_DEPTH: Final = 16
"""The deepest key of a configuration stands at level 6; what nests further is no configuration."""

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]{1,18}(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL: Final = {
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
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


def dotted(path: KeyPath) -> str:
    """``targets[0].also_allow[1].network``: a path as a person would write it."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{printable(part)}"
    return text.removeprefix(".")


def printable(text: str, most: int = 60) -> str:
    """``text`` on one line, without control characters, and cut where it is long."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


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
    reading = _Reading(file)
    try:
        return reading.document(iter(YAML(typ="safe", pure=True).parse(text)))
    except MarkedYAMLError as error:
        raise _not_yaml(error, text, file) from error
    except (YAMLError, ValueError, LookupError) as error:
        # The parser's reader and its escapes raise these without a position.
        what = printable(str(error).partition("\n")[0] or type(error).__name__, 120)
        raise UsageError(
            file, f"isn't YAML: {what}", todo="Save it as plain UTF-8 text and try again."
        ) from error


def _not_yaml(error: MarkedYAMLError, text: str, file: str) -> UsageError:
    mark = error.problem_mark or error.context_mark
    number, column = (mark.line, mark.column) if mark is not None else (0, 0)
    rows = text.splitlines()
    row = rows[number] if number < len(rows) else ""
    where = f"{file}:{number + 1}"
    if "\t" in row[: column + 1]:
        return UsageError(
            where, "isn't YAML: a tab indents this line", todo="Indent with spaces only."
        )
    problem = printable(str(error.problem or error.context or "malformed"), 120)
    return UsageError(
        where,
        f"isn't YAML: {problem} (column {column + 1})",
        todo="Mend this line, or the one before it.",
    )


def _at(file: str, line: int, path: KeyPath) -> str:
    return ": ".join(part for part in (f"{file}:{line}", dotted(path)) if part)


@dataclass(slots=True)
class _Reading:
    """One pass over the events of a file."""

    file: str
    lines: dict[KeyPath, int] = field(default_factory=dict[KeyPath, int])
    written: dict[KeyPath, str] = field(default_factory=dict[KeyPath, str])
    left_out: set[KeyPath] = field(default_factory=set[KeyPath])
    problems: list[tuple[int, UsageError]] = field(default_factory=list[tuple[int, UsageError]])

    def document(self, events: Iterator[Event]) -> Document:
        found: Value | None = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise UsageError(
                        f"{self.file}:{event.start_mark.line + 1}",
                        "a second document begins here",
                        todo="Write one installation a file, without a line of dashes.",
                    )
                found = self._value(next(events), events, ())
        if found is None and not self.problems:
            raise UsageError(
                self.file, "is empty", todo="Run cloudsync init, which writes a first one."
            )
        if found is not None and not isinstance(found, dict):
            raise UsageError(
                _at(self.file, self.lines.get((), 1), ()),
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

    def _value(self, event: Event, events: Iterator[Event], path: KeyPath) -> Value | None:
        self.lines.setdefault(path, event.start_mark.line + 1)
        if len(path) > MAX_DEPTH:
            raise UsageError(
                _at(self.file, event.start_mark.line + 1, ()),
                f"nests deeper than {MAX_DEPTH} levels",
                todo="Look for brackets or dashes that don't belong here.",
            )
        plain = self._plain(event, path)
        if isinstance(event, MappingStartEvent):
            value: Value | None = self._mapping(events, path)
        elif isinstance(event, SequenceStartEvent):
            value = self._sequence(events, path)
        elif isinstance(event, ScalarEvent):
            value = self._scalar(event, path)
        else:
            value = None
        if not plain:
            self.left_out.add(path)
            return None
        return value

    def _plain(self, event: Event, path: KeyPath) -> bool:
        """Whether ``event`` is free of anchors, aliases and tags, which are reported here."""
        # A few nested aliases can stand for billions of values, and a tag can ask for any type:
        # a configuration has use for neither.
        if isinstance(event, AliasEvent):
            what = f"'*{printable(str(event.anchor))}' is an alias"
        elif getattr(event, "anchor", None):
            what = f"'&{printable(str(event.anchor))}' is an anchor"
        elif getattr(event, "tag", None):
            what = f"'{printable(str(event.tag))}' is a tag"
        else:
            return True
        self._report(event, path, f"{what}, and a configuration has none", "Write the value out.")
        return False

    def _mapping(self, events: Iterator[Event], path: KeyPath) -> dict[str, Value]:
        found: dict[str, Value] = {}
        first: dict[str, int] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            if not isinstance(event, ScalarEvent):
                raise UsageError(
                    _at(self.file, event.start_mark.line + 1, path),
                    "a key here isn't plain text",
                    todo="Write KEY: VALUE.",
                )
            key, line = str(event.value), event.start_mark.line + 1
            below = (*path, key)
            plain = self._plain(event, below)
            if key in first:
                self._report(
                    event,
                    below,
                    f"stands here again, and first on line {first[key]}",
                    "Keep one of the two.",
                )
                # Read to its end under a path that no key can have, and thrown away.
                so_far = len(self.problems)
                self._value(next(events), events, (*path, -line))
                del self.problems[so_far:]
                continue
            first[key] = line
            self.lines[below] = line
            value = self._value(next(events), events, below)
            if not plain:
                self.left_out.add(below)
            elif value is not None:
                found[key] = value
        return found

    def _sequence(self, events: Iterator[Event], path: KeyPath) -> list[Value]:
        found: list[Value] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            # What was left out gives its number to the next one, as it does in the values.
            below = (*path, len(found))
            self.lines[below] = event.start_mark.line + 1
            self.left_out.discard(below)
            value = self._value(event, events, below)
            if value is not None:
                found.append(value)
        return found

    def _scalar(self, event: ScalarEvent, path: KeyPath) -> Value | None:
        text = str(event.value)
        self.written[path] = text
        if event.style is not None or event.tag is not None:
            return text
        if text in _NULL:
            if path:
                self.left_out.add(path)
                self._report(
                    event, path, "nothing stands behind it", "Give a value, or leave it out."
                )
            return None
        if text in _BOOL:
            return _BOOL[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text

    def _report(self, event: Event, path: KeyPath, what: str, todo: str) -> None:
        line = event.start_mark.line + 1
        self.problems.append((line, UsageError(_at(self.file, line, path), what, todo=todo)))


def a(value: object) -> str:
    """What kind of thing ``value`` is, in a person's words."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, bool):
        return "a yes or no"
    return "a number" if isinstance(value, int | float) else "text"
