"""How a typed value becomes a document and comes back, exactly; it opens no store.

What was written by a newer release, or isn't what was written, is an error that names the document,
never a default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from cloudsync.immutable import immutable
from cloudsync.state import StateError, Store, Value

T = TypeVar("T")


@immutable
class Kind(Generic[T]):
    """One type of document: its name and version, and the way there and back.

    ``oldest`` is the oldest version that ``from_value`` still reads, where that is an older one.
    """

    name: str
    version: int
    to_value: Callable[[T], Value]
    from_value: Callable[[Value], T]
    oldest: int | None = None

    @property
    def schema(self) -> str:
        """``cloudsync.state.NAME/VERSION``, as it stands in the document."""
        return f"cloudsync.state.{self.name}/{self.version}"

    @property
    def _read(self) -> frozenset[str]:
        oldest = self.version if self.oldest is None else self.oldest
        return frozenset(
            f"cloudsync.state.{self.name}/{version}" for version in range(oldest, self.version + 1)
        )

    def encode(self, value: T) -> Value:
        """``value`` as a document.

        Raises:
            ValueError: a time in it has no time zone.
        """
        return {"schema": self.schema, **self.to_value(value)}

    def decode(self, key: str, document: Value) -> T:
        """The value that ``document`` holds; ``key`` is where it was read, for the message.

        Raises:
            StateError: it is of another kind or a newer version, or not what was written.
        """
        if document.get("schema") not in self._read:
            what = f"the document is {document.get('schema')!r}, this release knows {self.schema}"
            raise StateError(f"state {key}", what, todo="Use the release that wrote it.")
        try:
            return self.from_value(document)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            what = f"the document isn't what {self.schema} says ({type(error).__name__}: {error})"
            todo = "Restore the state from a backup, or move it away."
            raise StateError(f"state {key}", what, todo=todo) from error


@immutable
class Stored(Generic[T]):
    """A value as it was read, and the generation that a change of it must name."""

    value: T
    generation: int


def load(store: Store, key: str, kind: Kind[T]) -> Stored[T] | None:
    """The value at ``key``, or None where there is none.

    Raises:
        StateError: the store or the document can't be used as it is.
    """
    document = store.get(key)
    if document is None:
        return None
    return Stored(kind.decode(key, document.value), document.generation)


def save(store: Store, key: str, kind: Kind[T], value: T, expect: int | None) -> Stored[T]:
    """``value`` at ``key``, in the place of generation ``expect`` (None: of nothing).

    Raises:
        Conflict: the document is at another generation.
        StateError: the store can't be used as it is.
        ValueError: a time in it has no time zone.
    """
    return Stored(value, store.put(key, kind.encode(value), expect).generation)
