"""A small store of documents, each changed by compare-and-set; it knows nothing of what they mean.

State may be lost without harm, but never silently: a store that is damaged, newer than this
release, read-only or locked is an error, and never taken for an empty one.

    CloudsyncError
    └── StateError    1  the state can't be used as it is
        └── Conflict  6  another run changed the document first
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol

from cloudsync.errors import CloudsyncError, Exit, UsageError

Value = dict[str, Any]
"""What a document holds: JSON, with ``schema`` (``cloudsync.state.NAME/VERSION``) beside the rest."""

KNOWN: Final = "sqlite:///PATH and memory://"


class StateError(CloudsyncError):
    """The state can't be used as it is."""


class Conflict(StateError):
    """The document isn't at the generation that the change was made for.

    ``expected`` and ``found`` are generations; None stands for "no such document".
    """

    exit_code: ClassVar[Exit] = Exit.LEASE

    def __init__(self, where: str, key: str, expected: int | None, found: int | None) -> None:
        super().__init__(
            where,
            f"{key} is {_generation(found)}, this run read {_generation(expected)}; "
            "another run changed it meanwhile",
            done="The document was left as it is.",
            todo="Run again.",
        )
        self.key = key
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Document:
    """One document as it was read: its value, and the generation a change of it must name."""

    value: Value
    generation: int


class Store(Protocol):
    """Documents by key. Every call is one atomic step, and durable when it returns.

    Generations of a key only ever grow, over its deletion too, so that a change made for a
    document that was deleted and made anew is still a conflict.

    Raises:
        StateError: whatever is wrong with the store, from any of the calls.
    """

    def get(self, key: str) -> Document | None:
        """The document, or None where there is none."""
        ...

    def put(self, key: str, value: Value, expect: int | None) -> Document:
        """``value`` in the place of generation ``expect``; with None, only where there is none.

        Raises:
            Conflict: the document is at another generation.
            ValueError: ``value`` has no ``schema``, or isn't JSON.
        """
        ...

    def delete(self, key: str, expect: int) -> None:
        """Forget the document at generation ``expect``.

        Raises:
            Conflict: the document is at another generation, or gone.
        """
        ...

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """The keys that begin with ``prefix``, in order."""
        ...

    def close(self) -> None:
        """Let go of whatever the store holds open."""
        ...


def open_state(url: str) -> Store:
    """The store that ``url`` names, made where there is none yet.

    ``sqlite:///PATH`` is a file relative to the working directory, ``sqlite:////PATH`` an absolute
    one (SQLAlchemy's way of writing it); ``memory://`` is empty and forgotten with the process.

    Raises:
        UsageError: ``url`` names no store that this release knows.
        StateError: the store is there, and can't be used as it is.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "memory" and not rest:
        return MemoryStore()
    if separator and scheme == "sqlite":
        path = rest.removeprefix("/")
        if not rest.startswith("/") or not path or "?" in path:
            # The rest may hold anything, so only what was expected is repeated.
            raise UsageError(
                "state",
                "a sqlite state is written sqlite:///PATH, without a host and without options",
                todo="Write sqlite:///cloudsync.db, or sqlite:////var/lib/cloudsync.db.",
            )
        # sqlite3 is loaded only where a file is the state: a function in a cloud has none.
        from cloudsync.database import SqliteStore  # noqa: PLC0415

        return SqliteStore.open(path)
    # Never the URL itself: it may carry a password.
    shown = repr(scheme) if separator else "a value without ://"
    raise UsageError("state", f"{shown} names no known state", todo=f"This release knows {KNOWN}.")


class MemoryStore:
    """A store that is gone with the process, for tests and for looking without a trace."""

    def __init__(self) -> None:
        # A deleted document leaves its generation behind, as None with a number.
        self._rows: dict[str, tuple[int, str | None]] = {}

    def get(self, key: str) -> Document | None:
        """See ``Store.get``."""
        generation, body = self._rows.get(key, (0, None))
        return None if body is None else Document(json.loads(body), generation)

    def put(self, key: str, value: Value, expect: int | None) -> Document:
        """See ``Store.put``."""
        _, body = written(value)
        generation = self._next(key, expect)
        self._rows[key] = generation, body
        return Document(json.loads(body), generation)

    def delete(self, key: str, expect: int) -> None:
        """See ``Store.delete``."""
        self._rows[key] = self._next(key, expect), None

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """See ``Store.keys``."""
        rows = self._rows.items()
        return tuple(
            sorted(key for key, row in rows if row[1] is not None and key.startswith(prefix))
        )

    def close(self) -> None:
        """See ``Store.close``."""

    def _next(self, key: str, expect: int | None) -> int:
        generation, body = self._rows.get(key, (0, None))
        found = None if body is None else generation
        if found != expect:
            raise Conflict("memory://", key, expect, found)
        return generation + 1


def written(value: Value) -> tuple[str, str]:
    """The schema of ``value``, and its one spelling as JSON.

    Raises:
        ValueError: ``value`` has no ``schema``, or isn't JSON.
    """
    schema = value.get("schema")
    if not isinstance(schema, str) or not schema:
        raise ValueError("a document needs a schema")
    return schema, json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))


def _generation(number: int | None) -> str:
    return "not there" if number is None else f"at generation {number}"
