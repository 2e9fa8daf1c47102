"""A store that is gone with the process; it touches no disk."""

from __future__ import annotations

import json
from threading import Lock

from cloudsync.state.store import Conflict, Document, Value, written


class MemoryStore:
    """A store that is gone with the process, for tests and for looking without a trace."""

    def __init__(self) -> None:
        # A deleted document leaves its generation behind, as None with a number.
        self._rows: dict[str, tuple[int, str | None]] = {}
        self._lock = Lock()

    def get(self, key: str) -> Document | None:
        """See ``Store.get``."""
        generation, body = self._rows.get(key, (0, None))
        return None if body is None else Document(json.loads(body), generation)

    def put(self, key: str, value: Value, expect: int | None) -> Document:
        """See ``Store.put``."""
        _, body = written(value)
        with self._lock:
            generation = self._next(key, expect)
            self._rows[key] = generation, body
        return Document(json.loads(body), generation)

    def delete(self, key: str, expect: int) -> None:
        """See ``Store.delete``."""
        with self._lock:
            self._rows[key] = self._next(key, expect), None

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """See ``Store.keys``."""
        rows = list(self._rows.items())
        return tuple(
            sorted(key for key, row in rows if row[1] is not None and key.startswith(prefix))
        )

    def clear(self, prefix: str) -> None:
        """See ``Store.clear``."""
        with self._lock:
            for key, (_, body) in list(self._rows.items()):
                if body is None and key.startswith(prefix):
                    del self._rows[key]

    def close(self) -> None:
        """See ``Store.close``."""

    def _next(self, key: str, expect: int | None) -> int:
        generation, body = self._rows.get(key, (0, None))
        found = None if body is None else generation
        if found != expect:
            raise Conflict("memory://", key, expect, found)
        return generation + 1
