"""The document store in one table of a PostgreSQL database, by SQLAlchemy Core.

A change takes an advisory lock of its key for the length of its transaction, so that nothing comes
between what it read and what it writes, not even where there is no row yet to lock. The table holds
one row for itself, which says how it is laid out: a table without it was emptied behind our back.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from psycopg import errors as pg
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Engine,
    MetaData,
    Table,
    Text,
    create_engine,
    delete,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

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

TABLE: Final = "cloudsync_document"
CONNECT_SECONDS: Final = 10
LOCK_SECONDS: Final = 5
SILENCE_SECONDS: Final = 30
"""How long a server that has fallen silent is waited for."""

_ITSELF: Final = ""
_LAYOUT: Final = "cloudsync.store"
# By class, the narrower ones first (postgresql.org/docs/current/errcodes-appendix.html).
_ADVICE: Final[tuple[tuple[type[psycopg.Error], str, str], ...]] = (
    (pg.ReadOnlySqlTransaction, "the database can't be written", "Name its primary in state:."),
    (
        pg.InsufficientPrivilege,
        "the database can't be read or written",
        "Allow this user to select, insert and update, and to create the table once.",
    ),
    (pg.LockNotAvailable, "another process holds the document", "Wait for it to end, or stop it."),
    (pg.DiskFull, "the disk is full", "Make room, and run again."),
    (
        pg.UndefinedTable,
        "the table is gone",
        RESTORE,
    ),
    (pg.DataCorrupted, "the database is damaged", RESTORE),
    (pg.IndexCorrupted, "the database is damaged", RESTORE),
    (
        pg.OperationalError,
        "the database can't be reached",
        "See that it runs, and that this machine and user may connect; then run again.",
    ),
)


class PostgresStore:
    """A ``Store`` in a PostgreSQL database; each call takes a connection of the pool."""

    def __init__(self, where: str, engine: Engine, table: Table) -> None:
        self._where = where
        self._engine = engine
        self._table = table

    @classmethod
    def open(cls, host: str, database: str, options: Mapping[str, str]) -> PostgresStore:
        """The store in ``database``; ``options`` are libpq's, and ``schema``.

        Raises:
            StateError: it can't be reached, read or written, is damaged, or of another release.
        """
        more = dict(options)
        schema = more.pop("schema", None)
        name, _, port = host.rpartition(":") if ":" in host else (host, "", "")
        url = URL.create(
            "postgresql+psycopg", host=name or None, port=int(port) if port else None,
            database=database,
        )  # fmt: skip
        arguments: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": SILENCE_SECONDS * 1000,
            "application_name": "cloudsync",
            **more,
        }
        engine = create_engine(
            url, connect_args=arguments, pool_size=2, hide_parameters=True, pool_pre_ping=True
        )
        event.listen(engine, "connect", _settled)
        table = Table(
            TABLE,
            MetaData(schema=schema),
            Column("key", Text(collation="C"), primary_key=True),
            Column("generation", BigInteger, nullable=False),
            Column("schema", Text),
            Column("checksum", Text, nullable=False),
            Column("body", Text),
            Column("written_at", DateTime(timezone=True), nullable=False),
        )
        store = cls(f"postgresql://{host}/{database}", engine, table)
        try:
            store.check()
        except BaseException:
            engine.dispose()
            raise
        return store

    def get(self, key: str) -> Document | None:
        """See ``Store.get``."""
        with self._translated(), self._engine.connect() as connection:
            return self._read(connection, key)[1]

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
        table = self._table.c
        query = select(table.key).where(
            table.key != _ITSELF,
            table.body.is_not(None),
            table.key.startswith(prefix, autoescape=True),
        )
        with self._translated(), self._engine.connect() as connection:
            return tuple(sorted(connection.scalars(query)))

    def clear(self, prefix: str) -> None:
        """See ``Store.clear``."""
        table = self._table.c
        behind = delete(self._table).where(
            table.key != _ITSELF,
            table.body.is_(None),
            table.key.startswith(prefix, autoescape=True),
        )
        try:
            with self._translated(), self._engine.connect() as connection:
                connection.execute(behind)
                connection.commit()
        except StateError as error:
            if not isinstance(getattr(error.__cause__, "orig", None), pg.InsufficientPrivilege):
                raise

    def close(self) -> None:
        """See ``Store.close``."""
        self._engine.dispose()

    def _read(self, connection: Connection, key: str) -> tuple[int, Document | None]:
        """The generation of the row (0 without one) and the document in it, if there is one."""
        table = self._table.c
        query = select(table.generation, table.schema, table.checksum, table.body)
        row = connection.execute(query.where(table.key == key)).one_or_none()
        if row is None:
            return 0, None
        generation, schema, kept, body = row
        if kept != checksum(key, generation, schema, body):
            raise differs(self._where, key, generation)
        return generation, None if body is None else Document(json.loads(body), generation)

    def _write(self, key: str, schema: str | None, body: str | None, expect: int | None) -> int:
        with self._translated() as failure, self._engine.connect() as connection:
            _lock(connection, f"{self._table.fullname}/{key}")
            last, document = self._read(connection, key)
            found = document.generation if document else None
            if found != expect:
                raise Conflict(self._where, key, expect, found)
            self._put_row(connection, key, last + 1, schema, body)
            failure["done"] = UNSURE
            connection.commit()
        return last + 1

    def _put_row(
        self,
        connection: Connection,
        key: str,
        generation: int,
        schema: str | None,
        body: str | None,
    ) -> None:
        row = {
            "generation": generation,
            "schema": schema,
            "checksum": checksum(key, generation, schema, body),
            "body": body,
            "written_at": datetime.now(UTC),
        }
        statement = insert(self._table).values(key=key, **row)
        connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))

    def check(self) -> None:
        """Make the table where there is none; refuse one that isn't as this release laid it out.

        Raises:
            StateError: as ``open``.
        """
        with self._translated(), self._engine.connect() as connection:
            if inspect(connection).has_table(self._table.name, schema=self._table.schema):
                self._check_layout(connection)
                return
            # Two runs may begin at once: the second finds the table that the first made.
            _lock(connection, self._table.fullname)
            if inspect(connection).has_table(self._table.name, schema=self._table.schema):
                self._check_layout(connection)
                return
            self._table.create(connection)
            self._put_row(connection, _ITSELF, VERSION, _LAYOUT, "{}")
            connection.commit()

    def _check_layout(self, connection: Connection) -> None:
        generation, itself = self._read(connection, _ITSELF)
        if itself is None:
            what = f"the table {self._table.fullname} lacks its first row, so it isn't whole"
            raise StateError(self._where, what, todo=RESTORE)
        if generation != VERSION:
            raise newer(self._where, generation)

    @contextmanager
    def _translated(self) -> Generator[dict[str, str]]:
        """SQLAlchemy's errors as ours; what stands under ``done`` says what a write came to."""
        told: dict[str, str] = {}
        try:
            yield told
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            known = (advice for kind, *advice in _ADVICE if isinstance(cause, kind))
            what, todo = next(known, ("the database gave an error", RESTORE))
            raise StateError(self._where, f"{what} ({_line(cause)})", todo=todo, **told) from error


def _settled(connection: psycopg.Connection, _record: object) -> None:
    """Bound how long a connection waits for another's transaction, once it is made."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, false)", [f"{LOCK_SECONDS}s"])
    connection.commit()


def _lock(connection: Connection, name: str) -> None:
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, text("0")))))


def _line(cause: BaseException | None) -> str:
    """What the driver says, on one line; it never says a password."""
    said = " ".join(str(cause).split())
    return said or type(cause).__name__
