from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cloudsync.errors import UsageError
from cloudsync.state import Conflict, Document, StateError, Store, open_state, sqlite
from cloudsync.state.objects import (
    GRAVE,
    MARKER,
    Blob,
    ObjectStore,
    Raced,
    Unanswered,
    key_of,
    packed,
    path_of,
)
from cloudsync.state.store import RESTORE, UNSURE
from tests.state import servers
from tests.state.servers import Server
from tests.state.test_stores import value

NOTHING = "Nothing was changed."
ADVICE = f"{NOTHING} {RESTORE}"


class Shelf:
    """A bucket in memory whose answers a test can spoil."""

    where = "s3://shelf"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.lose: str = ""

    def get(self, path: str) -> Blob | None:
        """See ``Bucket.get``."""
        body = self.objects.get(path)
        return None if body is None else Blob(body, body)

    def put(self, path: str, body: bytes, token: Any) -> None:
        """See ``Bucket.put``; ``lose`` says what befalls the answer."""
        if self.objects.get(path) != token:
            raise Raced
        if self.lose != "before":
            self.objects[path] = body
        if self.lose == "retried":
            raise Raced
        if self.lose:
            raise Unanswered("the connection ended", "Run again.", unsure=True)

    def list(self, folder: str) -> list[tuple[str, int]]:
        """See ``Bucket.list``."""
        return [(path, len(body)) for path, body in self.objects.items() if path.startswith(folder)]

    def delete(self, path: str) -> None:
        """See ``Bucket.delete``."""
        if self.lose == "denied":
            raise Unanswered("the store doesn't allow it", "Allow it.")
        self.objects.pop(path, None)

    def close(self) -> None:
        """See ``Bucket.close``."""


@pytest.fixture
def shelf() -> Shelf:
    """An empty bucket."""
    return Shelf()


def on(shelf: Shelf) -> Store:
    """The store on the shelf."""
    return ObjectStore.open_with(lambda _name, _prefix: shelf, "shelf", "")


def test_a_file_cut_at_any_byte_is_never_an_empty_state(tmp_path: Path) -> None:
    """Wherever a database is cut off, it is refused and left as it is."""
    path = tmp_path / "state.db"
    with closing(open_state(f"sqlite:///{path}")) as store:
        store.put("list", value(), None)
    whole = path.read_bytes()
    # Every byte of the row's own end, where SQLite alone would see a sound page with another key.
    for length in (*range(0, len(whole) - 200, 61), *range(len(whole) - 200, len(whole))):
        path.write_bytes(whole[:length])
        with pytest.raises(StateError) as caught:
            sqlite.SqliteStore.open(str(path))
        assert str(caught.value).startswith(f"{path}: the ")
        assert path.read_bytes() == whole[:length]


def test_an_object_cut_at_any_byte_is_never_an_empty_state(shelf: Shelf) -> None:
    """Wherever an object is cut off, it is refused, and nothing is put in its place."""
    store = on(shelf)
    store.put("list", value(), None)
    whole = shelf.objects[path_of("list")]
    for length in range(len(whole)):
        shelf.objects[path_of("list")] = whole[:length]
        calls: tuple[Callable[[], object], ...] = (
            lambda: store.get("list"),
            lambda: store.put("list", value(2), 1),
            lambda: store.put("list", value(2), None),
        )
        for call in calls:
            with pytest.raises(StateError) as caught:
                call()
            assert str(caught.value) == (
                f"s3://shelf: list isn't what was written: {length} bytes that are no document. "
                f"{ADVICE}"
            )
        assert shelf.objects[path_of("list")] == whole[:length]


@pytest.mark.parametrize("part", ["generation", "schema", "body", "checksum"])
def test_an_object_that_says_something_else_is_found(shelf: Shelf, part: str) -> None:
    """The checksum covers everything that an object says."""
    store = on(shelf)
    store.put("list", value(), None)
    found = json.loads(shelf.objects[path_of("list")])
    found[part] = 7 if part == "generation" else found[part].replace("1", "2", 1) + " "
    shelf.objects[path_of("list")] = json.dumps(found).encode()
    with pytest.raises(StateError) as caught:
        store.get("list")
    assert str(caught.value) == (
        f"s3://shelf: list, generation {found['generation']}, isn't what was written: its checksum "
        f"differs. {ADVICE}"
    )


def test_an_object_under_another_key_is_found(shelf: Shelf) -> None:
    """A document that was copied over another one isn't taken for it."""
    store = on(shelf)
    store.put("list", value(), None)
    shelf.objects[path_of("seen")] = shelf.objects[path_of("list")]
    with pytest.raises(StateError):
        store.get("seen")


def test_a_bucket_without_its_marker_is_not_new(shelf: Shelf) -> None:
    """Documents whose marker is gone are damage, and no marker is written for them."""
    on(shelf).put("list", value(), None)
    del shelf.objects[MARKER]
    with pytest.raises(StateError) as caught:
        on(shelf)
    assert str(caught.value) == (
        "s3://shelf: there are documents, and cloudsync.json, which says whose they are, is gone. "
        f"{ADVICE}"
    )
    assert MARKER not in shelf.objects


def test_a_bucket_of_a_newer_release_is_left_alone(shelf: Shelf) -> None:
    """A marker or a document that a later release wrote isn't read by this one."""
    on(shelf)
    shelf.objects[MARKER] = shelf.objects[MARKER].replace(b'"cloudsync":1', b'"cloudsync":2')
    with pytest.raises(StateError) as caught:
        on(shelf)
    assert str(caught.value) == (
        "s3://shelf cloudsync.json: its schema is version 2, this release knows 1. "
        f"{NOTHING} Use the release that wrote it, or a newer one."
    )


def test_a_write_that_met_itself_is_no_conflict(shelf: Shelf) -> None:
    """A client that tried again after a lost answer wrote once, and isn't told of another run."""
    store = on(shelf)
    shelf.lose = "retried"
    assert store.put("list", value(), None) == Document(value(), 1)
    shelf.lose = ""
    assert store.get("list") == Document(value(), 1)


@pytest.mark.parametrize("lose", ["before", "after"])
def test_a_lost_answer_says_that_nobody_knows(shelf: Shelf, lose: str) -> None:
    """Where the answer to a write is lost, the message claims neither yes nor no."""
    store = on(shelf)
    shelf.lose = lose
    with pytest.raises(StateError) as caught:
        store.put("list", value(), None)
    assert not isinstance(caught.value, Conflict)
    assert str(caught.value) == f"s3://shelf: the connection ended. {UNSURE} Run again."


def test_who_may_not_delete_keeps_the_graves(shelf: Shelf) -> None:
    """They cost room alone: nothing fails, and no document is touched."""
    store = on(shelf)
    store.put("runs/a", value(), None)
    store.put("runs/b", value(), None)
    store.delete("runs/a", 1)
    before = dict(shelf.objects)
    shelf.lose = "denied"
    store.clear("runs/")
    assert shelf.objects == before
    shelf.lose = ""
    store.clear("runs/")
    assert shelf.objects.keys() == before.keys() - {path_of("runs/a")}


def test_a_grave_and_a_document_never_have_one_size(shelf: Shelf) -> None:
    """A listing tells the deleted from the rest by size alone, whatever a document's length."""
    for length in range(600):
        body = json.dumps({"schema": "x/1", "more": "x" * length})
        assert len(packed("k", 1, "x/1", body, "0" * 16)) != GRAVE
    assert len(packed("k" * 5000, 10**12, None, None, "0" * 16)) == GRAVE


@pytest.mark.parametrize("key", ["list", "a//b", "/", "", "~%=.", "../x", "é/ü", "a b"])
def test_a_path_leads_back_to_its_key(key: str) -> None:
    """Every key has a path of its own, without characters that a store would change."""
    path = path_of(key)
    assert key_of(path) == key
    assert set(path) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-=/.")
    assert "//" not in path


# ------------------------------------------------------------------------------------- the servers


@pytest.mark.parametrize("kind", ["s3", "az", "gs"])
def test_a_bucket_that_is_not_there_is_no_empty_state(
    running: Callable[[str], Server], fresh: Callable[[str], str], kind: str
) -> None:
    """A misspelt bucket is said, and not taken for a new one."""
    fresh(kind)
    with pytest.raises(StateError) as caught:
        open_state(f"{kind}://no-such-bucket/mail")
    message = str(caught.value)
    assert message.startswith(f"{kind}://no-such-bucket/mail: the bucket isn't there (")
    assert message.endswith(f"). {NOTHING} Make it, or correct state:.")


@pytest.fixture
def database(
    running: Callable[[str], Server], fresh: Callable[[str], str]
) -> tuple[str, Callable[[str], None]]:
    """A state with a document in PostgreSQL, and a way to change it behind the store's back."""
    url = fresh("postgresql")
    with closing(open_state(url)) as store:
        store.put("list", value(), None)
    name = url.rpartition("/")[2]
    return url, lambda statement: servers.postgres_sql(running("postgresql"), name, statement)


def test_an_emptied_table_is_not_a_new_state(
    database: tuple[str, Callable[[str], None]],
) -> None:
    """A table that lost all its rows is damaged."""
    url, behind = database
    behind("truncate cloudsync_document")
    with pytest.raises(StateError) as caught:
        open_state(url)
    assert str(caught.value) == (
        f"{url}: the table cloudsync_document lacks its first row, so it isn't whole. {ADVICE}"
    )


def test_a_newer_table_is_left_alone(database: tuple[str, Callable[[str], None]]) -> None:
    """A table of a later release isn't read by this one."""
    url, behind = database
    from cloudsync.state.store import checksum

    kept = checksum("", 2, "cloudsync.store", "{}")
    behind(f"update cloudsync_document set generation = 2, checksum = '{kept}' where key = ''")
    with pytest.raises(StateError) as caught:
        open_state(url)
    assert str(caught.value) == (
        f"{url}: its schema is version 2, this release knows 1. {NOTHING} "
        "Use the release that wrote it, or a newer one."
    )


def test_a_changed_row_is_found(database: tuple[str, Callable[[str], None]]) -> None:
    """A row that isn't what was written is of no use, neither to read nor to write over."""
    url, behind = database
    behind("update cloudsync_document set body = replace(body, ':1', ':2') where key = 'list'")
    with closing(open_state(url)) as store:
        calls: tuple[Callable[[], object], ...] = (
            lambda: store.get("list"),
            lambda: store.put("list", value(), 1),
        )
        for call in calls:
            with pytest.raises(StateError) as caught:
                call()
            assert str(caught.value) == (
                f"{url}: list, generation 1, isn't what was written: its checksum differs. {ADVICE}"
            )


def test_a_read_only_database_says_so(database: tuple[str, Callable[[str], None]]) -> None:
    """Reading goes on where only writing is denied."""
    url, behind = database
    name = url.rpartition("/")[2]
    behind(f'alter database "{name}" set default_transaction_read_only = on')
    with closing(open_state(url)) as store:
        assert store.get("list") == Document(value(), 1)
        with pytest.raises(StateError) as caught:
            store.put("list", value(2), 1)
    assert str(caught.value) == (
        f"{url}: the database can't be written (cannot execute INSERT in a read-only transaction). "
        f"{NOTHING} Name its primary in state:."
    )


def test_a_database_that_is_down_at_the_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody at the address is an error with the address in it, and no new state."""
    monkeypatch.setenv("PGPASSWORD", "secret")
    port = servers.free_port()
    with pytest.raises(StateError) as caught:
        open_state(f"postgresql://127.0.0.1:{port}/mail")
    message = str(caught.value)
    assert message.startswith(
        f"postgresql://127.0.0.1:{port}/mail: the database can't be reached ("
    )
    assert message.endswith(
        f"). {NOTHING} See that it runs, and that this machine and user may connect; then run again."
    )
    assert "secret" not in message


def test_who_may_not_delete_rows_keeps_what_stands_for_deleted_documents(
    database: tuple[str, Callable[[str], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Select, insert and update are enough to work with."""
    url, behind = database
    behind("create role worker login")
    behind("grant select, insert, update on cloudsync_document to worker")
    monkeypatch.setenv("PGUSER", "worker")
    try:
        with closing(open_state(url)) as store:
            store.put("runs/a", value(), None)
            store.delete("runs/a", 1)
            store.clear("runs/")
            assert store.put("runs/a", value(2), None) == Document(value(2), 3)
    finally:
        behind("drop owned by worker; drop role worker")


def test_a_connection_that_is_cut_midway_is_made_anew(
    database: tuple[str, Callable[[str], None]],
) -> None:
    """A server that restarted between two calls costs nothing."""
    url, behind = database
    with closing(open_state(url)) as store:
        assert store.get("list") == Document(value(), 1)
        behind(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert store.put("list", value(2), 1) == Document(value(2), 2)


def test_a_database_that_goes_down_midway_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is gone between two calls is an error, never a document that isn't there."""
    with servers.postgres() as server:
        monkeypatch.setenv("PGUSER", "tester")
        url = f"postgresql://127.0.0.1:{server.port}/postgres"
        store = open_state(url)
        store.put("list", value(), None)
    calls: tuple[Callable[[], object], ...] = (
        lambda: store.get("list"),
        lambda: store.put("list", value(2), 1),
        store.keys,
    )
    for call in calls:
        with pytest.raises(StateError) as caught:
            call()
        assert str(caught.value).startswith(f"{url}: the database can't be reached (")
        assert NOTHING in str(caught.value)
    store.close()


@pytest.mark.parametrize(
    ("url", "module", "extra"),
    [
        ("postgresql://db/mail", "psycopg", "postgres"),
        ("s3://bucket/mail", "obstore", "object-store"),
        ("az://bucket/mail", "obstore", "object-store"),
        ("gs://bucket/mail", "google.cloud.storage", "gs"),
    ],
)
def test_what_is_not_installed_is_advice(
    monkeypatch: pytest.MonkeyPatch, url: str, module: str, extra: str
) -> None:
    """A missing extra is named with what to install."""
    for name in ("postgres", "bucket", "gcs"):
        monkeypatch.delitem(sys.modules, f"cloudsync.state.{name}", raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError) as caught:
        open_state(url)
    scheme = url.partition("://")[0]
    assert str(caught.value) == (
        f"state: {scheme}:// needs what isn't installed here. {NOTHING} "
        f"Install cloudsync-smtp[{extra}]."
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@db/mail",
        "postgresql://db/mail?password=secret",
        "s3://me:secret@bucket/mail",
        "gs://bucket/mail?token=secret",
    ],
)
def test_no_secret_is_repeated(url: str) -> None:
    """A URL that holds a secret is refused, and the message doesn't hold it."""
    with pytest.raises(UsageError) as caught:
        open_state(url)
    assert "secret" not in str(caught.value)


def test_a_store_is_loaded_only_where_it_is_named() -> None:
    """A program whose state is a file loads no database driver and no cloud's library."""
    program = "import sys, cloudsync.state as s; s.open_state('memory://'); print(sorted("
    program += "{'psycopg', 'sqlalchemy', 'obstore', 'google.cloud.storage'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
