"""A small store of documents, each changed by compare-and-set; it knows nothing of what they mean.

State may be lost without harm, but never silently: a store that is damaged, newer than this
release, read-only or locked is an error, and never taken for an empty one.

    CloudsyncError
    └── StateError    1  the state can't be used as it is
        └── Conflict  6  another run changed the document first
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar, Final, Protocol

from cloudsync.errors import CloudsyncError, Exit
from cloudsync.immutable import immutable

Value = dict[str, Any]
"""What a document holds: JSON, with ``schema`` (``cloudsync.state.NAME/VERSION``) beside the rest."""


VERSION: Final = 1
"""How documents are laid out in a store; a store of another version is left alone."""
RESTORE: Final = (
    "Restore it from a backup, or move it away: without state the own rules in the clouds "
    "are the list to compare with."
)
UNSURE: Final = "Whether the document was written isn't known; the next run reads it."
"""What was done, where the answer to a write was lost."""


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


@immutable
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

    def clear(self, prefix: str) -> None:
        """Let go of what deleted documents leave behind, whose keys begin with ``prefix``.

        Their generations begin anew then: it is for keys that are never used again. Where that
        isn't allowed they stay, which costs room alone.
        """
        ...

    def close(self) -> None:
        """Let go of whatever the store holds open."""
        ...


def written(value: Value) -> tuple[str, str]:
    """The schema of ``value``, and its one spelling as JSON.

    Raises:
        ValueError: ``value`` has no ``schema``, or isn't JSON.
    """
    schema = value.get("schema")
    if not isinstance(schema, str) or not schema:
        raise ValueError("a document needs a schema")
    return schema, json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))


def checksum(key: str, generation: int, schema: str | None, body: str | None) -> str:
    """Over all that a stored row or object says, so that a flipped bit anywhere is found.

    A damaged row may hold bytes where text was written; that is a difference, not a failure.
    """
    text = json.dumps([key, generation, schema, body], default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def newer(where: str, found: object) -> StateError:
    """The error for a store that another release laid out."""
    what = f"its schema is version {found}, this release knows {VERSION}"
    return StateError(where, what, todo="Use the release that wrote it, or a newer one.")


def differs(where: str, key: str, generation: object) -> StateError:
    """The error for a document whose checksum isn't that of what it says."""
    what = f"{key}, generation {generation}, isn't what was written: its checksum differs"
    return StateError(where, what, todo=RESTORE)


def _generation(number: int | None) -> str:
    return "not there" if number is None else f"at generation {number}"
