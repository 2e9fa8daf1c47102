"""The document store in one SQLite file; it never makes a new file in the place of a damaged one.

Write-ahead log, ``synchronous=FULL``: a document that was put is there after a power cut. Every
row carries its schema and a checksum over all that it says, so that a flipped bit is found even
where SQLite's own pages are sound.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final
from urllib.parse import quote

from cloudsync.state.store import (
    RESTORE,
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

# In the file's header, so that another program's database is never written to ("clsy").
APPLICATION: Final = 0x636C7379
BUSY_SECONDS: Final = 5.0

# Not "without rowid": there every search that passes a document reads the whole of it, to compare
# its key, and the overview of a large fleet has megabytes (sqlite.org/withoutrowid.html, "When To
# Use WITHOUT ROWID": rows are to be small).
_TABLE: Final = """
create table document (
  key text primary key not null,
  generation integer not null,
  schema text,
  checksum text not null,
  body text,
  written_at text not null
)
"""
# By result code, of which the extended ones share the low byte (sqlite.org/rescode.html).
_ADVICE: Final = {
    sqlite3.SQLITE_BUSY: ("another process holds the database", "Wait for it to end, or stop it."),
    sqlite3.SQLITE_LOCKED: (
        "another process holds the database",
        "Wait for it to end, or stop it.",
    ),
    sqlite3.SQLITE_READONLY: (
        "the database can't be written",
        "Allow this user to write to it and its folder.",
    ),
    sqlite3.SQLITE_PERM: ("the database can't be opened", "Allow this user to read and write it."),
    sqlite3.SQLITE_CANTOPEN: (
        "the database can't be opened",
        "Allow this user to read and write it and its folder.",
    ),
    sqlite3.SQLITE_FULL: ("the disk is full", "Make room, and run again."),
    sqlite3.SQLITE_IOERR: ("the disk gave an error", "Check the disk it is on."),
    sqlite3.SQLITE_CORRUPT: ("the database is damaged", RESTORE),
    sqlite3.SQLITE_NOTADB: ("the file isn't a database", RESTORE),
}


class SqliteStore:
    """A ``Store`` in a SQLite file. One connection, which the threads of a process take in turn."""

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._lock = Lock()

    @classmethod
    def open(cls, path: str, busy: float = BUSY_SECONDS) -> SqliteStore:
        """The store in the file at ``path``, made if there is none; ``busy`` is in seconds.

        Raises:
            StateError: the file is damaged, another program's, newer than this release, locked,
                or can't be read, written or made.
        """
        _make_if_absent(path)
        with _translated(path):
            connection = _connect(path, busy)
        try:
            _check(path, connection)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection)

    def get(self, key: str) -> Document | None:
        """See ``Store.get``."""
        with self._lock, _translated(self._path):
            _, document = self._read(key)
        return document

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
        query = "select key from document where body is not null and substr(key, 1, ?) = ?"
        with self._lock, _translated(self._path):
            rows = self._connection.execute(query, (len(prefix), prefix)).fetchall()
        return tuple(sorted(str(key) for (key,) in rows))

    def clear(self, prefix: str) -> None:
        """See ``Store.clear``."""
        query = "delete from document where body is null and substr(key, 1, ?) = ?"
        with self._lock, _translated(self._path):
            self._connection.execute(query, (len(prefix), prefix))

    def close(self) -> None:
        """See ``Store.close``."""
        with self._lock, _translated(self._path):
            self._connection.close()

    def _read(self, key: str) -> tuple[int, Document | None]:
        """The generation of the row (0 without one) and the document in it, if there is one."""
        query = "select generation, schema, checksum, body from document where key = ?"
        row = self._connection.execute(query, (key,)).fetchone()
        if row is None:
            return 0, None
        generation, schema, kept, body = row
        if kept != checksum(key, generation, schema, body):
            raise differs(self._path, key, generation)
        return generation, None if body is None else Document(json.loads(body), generation)

    def _write(self, key: str, schema: str | None, body: str | None, expect: int | None) -> int:
        with self._lock, _translated(self._path):
            # The write lock is taken before the read: nothing can come between the two.
            self._connection.execute("begin immediate")
            try:
                last, document = self._read(key)
                found = document.generation if document else None
                if found != expect:
                    raise Conflict(self._path, key, expect, found)
                row = (
                    key, last + 1, schema, checksum(key, last + 1, schema, body), body,
                    datetime.now(UTC).isoformat(timespec="seconds"),
                )  # fmt: skip
                self._connection.execute("replace into document values (?, ?, ?, ?, ?, ?)", row)
                self._connection.execute("commit")
            except BaseException:
                # A failed commit may have rolled back already, and what failed is the news.
                with suppress(sqlite3.Error):
                    self._connection.execute("rollback")
                raise
        return last + 1


def _make_if_absent(path: str) -> None:
    """A whole new database, which appears at ``path`` in one step or not at all.

    A process that dies halfway, or a second one that does the same, never leaves or sees an empty
    file: so an empty file is always a damaged one.
    """
    place = Path(path)
    try:
        if place.exists():
            return
        wal = Path(f"{path}-wal")
        if wal.exists() and wal.stat().st_size:
            what = f"the database is gone, and its log {wal.name} is still there"
            raise StateError(path, what, todo=RESTORE)
        with tempfile.TemporaryDirectory(prefix=".cloudsync-", dir=place.parent) as folder:
            fresh = Path(folder) / "new.db"
            with _translated(path):
                connection = sqlite3.connect(fresh, isolation_level=None)
                try:
                    connection.execute("pragma journal_mode = wal")
                    connection.execute(f"pragma application_id = {APPLICATION}")
                    connection.execute(f"pragma user_version = {VERSION}")
                    connection.execute(_TABLE)
                finally:
                    connection.close()
            # State names targets and people; it is nobody else's to read.
            fresh.chmod(0o600)
            with suppress(FileExistsError):
                os.link(fresh, place)
    except FileNotFoundError:
        what = f"the folder {place.parent} isn't there"
        raise StateError(path, what, todo="Make it, or correct state:.") from None
    except OSError as error:
        what = f"the database can't be made: {error.strerror}"
        raise StateError(path, what, todo="Allow this user to write to its folder.") from None


def _connect(path: str, busy: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(path)}?mode=rw",
        uri=True,
        timeout=busy,
        isolation_level=None,
        check_same_thread=False,
    )


def _check(path: str, connection: sqlite3.Connection) -> None:
    size = Path(path).stat().st_size
    if not size:
        raise StateError(path, "the database is empty, 0 bytes", todo=RESTORE)
    with _translated(path):
        connection.execute("pragma synchronous = full")
        (application,) = connection.execute("pragma application_id").fetchone()
        (version,) = connection.execute("pragma user_version").fetchone()
        if application != APPLICATION:
            what = "the database is another program's"
            raise StateError(path, what, todo="Name another file in state:.")
        if version != VERSION:
            raise newer(path, version)
        (page,) = connection.execute("pragma page_size").fetchone()
        # SQLite reads a last page that was cut off as if zeros followed, and a key that was cut is
        # another key: its document would be "not there".
        if size % page:
            what = f"the database is cut off: {size} bytes are no whole pages of {page}"
            raise StateError(path, what, todo=RESTORE)
        found = [str(line) for (line,) in connection.execute("pragma quick_check(3)")]
    if found != ["ok"]:
        what = f"the database is damaged: {'; '.join(' '.join(line.split()) for line in found)}"
        raise StateError(path, what, todo=RESTORE)


@contextmanager
def _translated(path: str) -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        # Some errors never reached SQLite and have no code: a closed connection, say.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        what, todo = _ADVICE.get(code, ("the database gave an error", RESTORE))
        raise StateError(path, f"{what} ({error})", todo=todo) from error
