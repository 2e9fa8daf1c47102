"""The document store in a bucket: one object a document, each written only on a condition.

``PREFIX/cloudsync.json`` says that the rest is ours and how it is laid out. A deleted document
leaves a *grave* behind, since generations grow over a deletion: an object of exactly ``GRAVE``
bytes, which no document has, so that a listing tells the two apart without reading either.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from secrets import token_hex
from typing import Any, Final, Protocol
from urllib.parse import quote, unquote

from cloudsync.immutable import immutable
from cloudsync.state.store import (
    RESTORE,
    UNSURE,
    VERSION,
    Conflict,
    Document,
    StateError,
    Value,
    checksum,
    differs,
    newer,
    written,
)

GRAVE: Final = 512
MARKER: Final = "cloudsync.json"
DOCUMENTS: Final = "documents"
_END: Final = ".json"


class Raced(Exception):
    """The condition of a write didn't hold."""


class Unanswered(Exception):
    """What became of a call isn't known, or it was refused; the text is for a person."""

    def __init__(self, what: str, todo: str, *, unsure: bool = False) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo
        self.unsure = unsure


@immutable
class Blob:
    """An object as it was read: its bytes, and what a conditional write of it must name."""

    body: bytes
    token: Any


class Bucket(Protocol):
    """Objects by path, below a prefix of its own. Each write says what it expects to find.

    Raises:
        Unanswered: the call was refused or lost.
    """

    where: str
    """As it prints: ``s3://BUCKET/PREFIX``."""

    def get(self, path: str) -> Blob | None:
        """The object, or None where there is none."""
        ...

    def put(self, path: str, body: bytes, token: Any) -> None:
        """Write in the place of what ``token`` was read of; with None, only where nothing is.

        Raises:
            Raced: something else is there.
        """
        ...

    def list(self, folder: str) -> list[tuple[str, int]]:
        """Path and size in bytes of every object below ``folder``."""
        ...

    def delete(self, path: str) -> None:
        """Delete the object, which may be gone already."""
        ...

    def close(self) -> None:
        """Let go of whatever is held open."""
        ...


class ObjectStore:
    """A ``Store`` in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._where = bucket.where

    @classmethod
    def open_with(cls, made: Callable[[str, str], Bucket], name: str, prefix: str) -> ObjectStore:
        """The store in the bucket that ``made`` gives for ``name`` and ``prefix``.

        Raises:
            StateError: the bucket can't be reached, read or written, what is in it isn't whole, or
                another release laid it out.
        """
        try:
            bucket = made(name, prefix)
        except Unanswered as error:
            raise StateError(name, error.what, todo=error.todo) from error
        store = cls(bucket)
        try:
            store.check()
        except BaseException:
            bucket.close()
            raise
        return store

    def get(self, key: str) -> Document | None:
        """See ``Store.get``."""
        return self._read(key)[1]

    def put(self, key: str, value: Value, expect: int | None) -> Document:
        """See ``Store.put``."""
        schema, body = written(value)
        generation = self._write(key, schema, body, expect)
        return Document(json.loads(body), generation)

    def delete(self, key: str, expect: int) -> None:
        """See ``Store.delete``."""
        self._write(key, None, None, expect)

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """See ``Store.keys``."""
        try:
            listed = self._listed(prefix)
        except Unanswered as error:
            raise self._refused(error) from error
        found = (key_of(path) for path, size in listed if size != GRAVE)
        return tuple(sorted(key for key in found if key.startswith(prefix)))

    def clear(self, prefix: str) -> None:
        """See ``Store.clear``."""
        try:
            for path in self._graves(prefix):
                self._bucket.delete(path)
        except Unanswered:
            # Whoever may not delete may work all the same, and the next run tries again.
            return

    def close(self) -> None:
        """See ``Store.close``."""
        self._bucket.close()

    def _listed(self, prefix: str) -> list[tuple[str, int]]:
        # A store lists whole segments of a path; the last one of a prefix is matched by who asks.
        folder = path_of(prefix.rpartition("/")[0]) if "/" in prefix else DOCUMENTS
        return self._bucket.list(folder.removesuffix(_END))

    def _graves(self, prefix: str) -> list[str]:
        return [
            path
            for path, size in self._listed(prefix)
            if size == GRAVE and key_of(path).startswith(prefix)
        ]

    def _read(self, key: str) -> tuple[int, Document | None, Any, str]:
        """Generation (0 without an object), document, token for a write, and who wrote it."""
        try:
            blob = self._bucket.get(path_of(key))
        except Unanswered as error:
            raise self._refused(error) from error
        if blob is None:
            return 0, None, None, ""
        found = self._unpacked(key, blob.body)
        generation, body = found["generation"], found["body"]
        document = None if body is None else Document(json.loads(body), generation)
        return generation, document, blob.token, found["writer"]

    def _unpacked(self, key: str, raw: bytes) -> dict[str, Any]:
        try:
            found: Any = json.loads(raw)
            version = found["cloudsync"]
        except (ValueError, KeyError, TypeError):
            what = f"{key} isn't what was written: {len(raw)} bytes that are no document"
            raise StateError(self._where, what, todo=RESTORE) from None
        if version != VERSION:
            raise newer(f"{self._where} {key}", version)
        said = [found.get(part) for part in ("generation", "schema", "body")]
        if found.get("checksum") != checksum(key, *said) or not isinstance(said[0], int):
            raise differs(self._where, key, said[0])
        return {"writer": "", **found}

    def _write(self, key: str, schema: str | None, body: str | None, expect: int | None) -> int:
        last, document, token, _ = self._read(key)
        found = document.generation if document else None
        if found != expect:
            raise Conflict(self._where, key, expect, found)
        writer = token_hex(8)
        raw = packed(key, last + 1, schema, body, writer)
        try:
            self._bucket.put(path_of(key), raw, token)
        except Raced:
            # A client tries again where an answer was lost, and may meet its own first write.
            generation, now, _, by = self._read(key)
            if by != writer:
                raise Conflict(self._where, key, expect, now.generation if now else None) from None
            return generation
        except Unanswered as error:
            raise self._refused(error) from error
        return last + 1

    def check(self) -> None:
        """Write the marker where there is no state yet; refuse one that isn't whole.

        Raises:
            StateError: as ``open_with``.
        """
        try:
            blob = self._bucket.get(MARKER)
            if blob is None:
                if self._bucket.list(DOCUMENTS):
                    what = f"there are documents, and {MARKER}, which says whose they are, is gone"
                    raise StateError(self._where, what, todo=RESTORE)
                try:
                    self._bucket.put(MARKER, packed(MARKER, 1, None, None, token_hex(8)), None)
                except Raced:
                    blob = self._bucket.get(MARKER)
        except Unanswered as error:
            raise self._refused(error) from error
        if blob is not None:
            self._unpacked(MARKER, blob.body)

    def _refused(self, error: Unanswered) -> StateError:
        refused = StateError(self._where, error.what, todo=error.todo)
        if error.unsure:
            refused.done = UNSURE
        return refused


def packed(key: str, generation: int, schema: str | None, body: str | None, writer: str) -> bytes:
    """A document, or with a ``body`` of None a grave, as the bytes of its object."""
    raw = json.dumps(
        {
            "cloudsync": VERSION,
            "key": key if body is not None else None,  # a key may be longer than a grave
            "generation": generation,
            "schema": schema,
            "checksum": checksum(key, generation, schema, body),
            "writer": writer,
            "body": body,
        },
        separators=(",", ":"),
    ).encode()
    if body is None:
        return raw.ljust(GRAVE)
    return raw + b" " if len(raw) == GRAVE else raw


def path_of(key: str) -> str:
    """Where the document ``key`` stands: slashes stay, anything unusual is written ``=HEX``.

    Object stores refuse or change ``.``, ``~`` and ``%`` in some places, and empty segments.
    """
    segments = [
        quote(one, safe="").replace("%", "=").replace(".", "=2E").replace("~", "=7E") or "="
        for one in key.split("/")
    ]
    return f"{DOCUMENTS}/{'/'.join(segments)}{_END}"


def key_of(path: str) -> str:
    """The key of the document at ``path``; the reverse of ``path_of``."""
    inner = path.removeprefix(f"{DOCUMENTS}/").removesuffix(_END)
    return "/".join(
        "" if one == "=" else unquote(one.replace("=", "%")) for one in inner.split("/")
    )
