from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cloudsync.errors import Exit
from cloudsync.state import Conflict, Document, StateError
from cloudsync.state.sqlite import APPLICATION, SqliteStore

RESTORE = (
    "Nothing was changed. Restore it from a backup, or move it away: without state the own rules "
    "in the clouds are the list to compare with."
)


def value(number: int = 1) -> dict[str, Any]:
    """A document's value."""
    return {"schema": "cloudsync.state.test/1", "number": number}


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where the tests' database is."""
    return str(tmp_path / "state.db")


def make(path: str) -> None:
    """A sound database with one document in it."""
    with closing(SqliteStore.open(path)) as store:
        store.put("list", value(), None)


def alter(path: str, *statements: str) -> None:
    """Change the database behind the store's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def inside(store: SqliteStore) -> sqlite3.Connection:
    """The store's own connection, to put it into a state that no other way leads to."""
    connection: sqlite3.Connection = vars(store)["_connection"]
    return connection


def refusal(path: str) -> str:
    """The whole message that opening the database gives."""
    with pytest.raises(StateError) as caught:
        SqliteStore.open(path, busy=0.01)
    assert caught.value.exit_code is Exit.ERROR
    return str(caught.value)


# ------------------------------------------------------------------------------------ one file


def test_documents_outlive_the_process(path: str) -> None:
    """What was put is there when the file is opened again, and only its owner reads the file."""
    make(path)
    with closing(SqliteStore.open(path)) as store:
        assert store.get("list") == Document(value(), 1)
    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert [one.name for one in Path(path).parent.iterdir()] == ["state.db"]


def test_the_file_is_durable_and_ours(path: str) -> None:
    """Write-ahead log, synchronous FULL, and our mark in the header."""
    with closing(SqliteStore.open(path)) as store:
        pragmas = ("journal_mode", "synchronous", "application_id", "user_version")
        read = [inside(store).execute(f"pragma {name}").fetchone()[0] for name in pragmas]
    assert read == ["wal", 2, APPLICATION, 1]


def test_two_runs_on_one_file_meet_in_a_conflict(path: str) -> None:
    """Of two stores that change the same generation, one wins and one is told."""
    with closing(SqliteStore.open(path)) as one, closing(SqliteStore.open(path)) as two:
        one.put("list", value(), None)
        two.put("list", value(2), 1)
        with pytest.raises(Conflict) as caught:
            one.put("list", value(3), 1)
        assert caught.value.found == 2
        assert one.get("list") == Document(value(2), 2)


def test_threads_that_add_up_lose_nothing(path: str) -> None:
    """Four threads, two on a store of their own and two sharing one, make every step count."""

    def count(store: SqliteStore) -> None:
        done = 0
        while done < 10:
            read = store.get("count")
            assert read is not None
            try:
                store.put("count", value(read.value["number"] + 1), read.generation)
            except Conflict:
                continue
            done += 1

    stores = [SqliteStore.open(path) for _ in range(3)]
    stores[0].put("count", value(0), None)
    threads = [Thread(target=count, args=(store,)) for store in (*stores, stores[0])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stores[0].get("count") == Document(value(40), 41)
    for store in stores:
        store.close()


def test_two_that_make_the_file_at_once_share_it(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that came into being while ours was made is kept, and ours is thrown away."""
    make(path)
    answers = iter([False])
    real = Path.exists

    def exists(self: Path) -> bool:
        return next(answers, True) if str(self) == path else real(self)

    monkeypatch.setattr(Path, "exists", exists)
    with closing(SqliteStore.open(path)) as store:
        assert store.get("list") == Document(value(), 1)


# --------------------------------------------------------------------------- what can be wrong


def test_an_empty_file_is_not_a_new_state(path: str) -> None:
    """A file cut to nothing is damage: this program never leaves one."""
    Path(path).touch()
    assert refusal(path) == f"{path}: the database is empty, 0 bytes. {RESTORE}"
    assert Path(path).stat().st_size == 0


def test_a_file_that_is_no_database_is_refused(path: str) -> None:
    """Text where a database should be is left as it is."""
    Path(path).write_text("name: mail-prod\n" * 100)
    assert refusal(path) == f"{path}: the file isn't a database (file is not a database). {RESTORE}"
    assert Path(path).read_text() == "name: mail-prod\n" * 100


def test_a_truncated_database_is_refused(path: str) -> None:
    """A database that lost its last pages is damaged, whatever is left of it."""
    with closing(SqliteStore.open(path)) as store:
        for number in range(200):
            store.put(f"runs/{number}", value(number), None)
    whole = Path(path).read_bytes()
    Path(path).write_bytes(whole[: len(whole) // 2])
    before = Path(path).read_bytes()
    expected = f"{path}: the database is damaged (database disk image is malformed). {RESTORE}"
    assert refusal(path) == expected
    assert Path(path).read_bytes() == before


def test_overwritten_pages_are_found(path: str) -> None:
    """Pages full of rubbish behind a sound header are named at opening."""
    with closing(SqliteStore.open(path)) as store:
        for number in range(200):
            store.put(f"runs/{number}", value(number), None)
    whole = bytearray(Path(path).read_bytes())
    whole[4096:8192] = b"\xff" * 4096
    Path(path).write_bytes(whole)
    message = refusal(path)
    assert message.startswith(f"{path}: the database is damaged")
    assert message.endswith(RESTORE)
    assert "\n" not in message


@pytest.mark.parametrize(
    "change",
    [
        "body = replace(body, ':1', ':2')",
        "generation = 2",
        "schema = 'cloudsync.state.test/2'",
        "key = 'seen'",
        "checksum = ''",
        "body = null",
        "body = x'ff00'",
    ],
)
def test_a_row_that_is_not_what_was_written_is_found(path: str, change: str) -> None:
    """The checksum covers key, generation, schema and body, and no use is made of such a row."""
    make(path)
    alter(path, f"update document set {change}")
    key = "seen" if change.startswith("key") else "list"
    generation = 2 if change.startswith("generation") else 1
    expected = (
        f"{path}: {key}, generation {generation}, isn't what was written: "
        f"its checksum differs. {RESTORE}"
    )
    with closing(SqliteStore.open(path)) as store:
        calls: tuple[Callable[[], object], ...] = (
            lambda: store.get(key),
            lambda: store.put(key, value(), 1),
            lambda: store.put(key, value(), None),
            lambda: store.delete(key, 1),
        )
        for call in calls:
            with pytest.raises(StateError) as caught:
                call()
            assert str(caught.value) == expected


def test_a_newer_state_is_left_alone(path: str) -> None:
    """A database of a later release isn't read by this one."""
    make(path)
    alter(path, "pragma user_version = 2")
    assert refusal(path) == (
        f"{path}: its schema is version 2, this release knows 1. Nothing was changed. "
        "Use the release that wrote it, or a newer one."
    )


def test_another_programs_database_is_left_alone(path: str) -> None:
    """A SQLite file without our mark isn't ours to write to."""
    alter(path, "create table t (x)")
    assert refusal(path) == (
        f"{path}: the database is another program's. Nothing was changed. "
        "Name another file in state:."
    )


def test_a_locked_database_says_so(path: str) -> None:
    """A writer that doesn't end is waited for, and then named."""
    make(path)
    with (
        closing(SqliteStore.open(path, busy=0.01)) as store,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("begin immediate")
        with pytest.raises(StateError) as caught:
            store.put("list", value(2), 1)
        assert str(caught.value) == (
            f"{path}: another process holds the database (database is locked). "
            "Nothing was changed. Wait for it to end, or stop it."
        )
        assert store.get("list") == Document(value(), 1)
        other.execute("rollback")
        assert store.put("list", value(2), 1) == Document(value(2), 2)


def test_a_database_that_cannot_be_written_says_so(path: str) -> None:
    """Reading goes on where only writing is denied."""
    make(path)
    with closing(SqliteStore.open(path)) as store:
        inside(store).execute("pragma query_only = on")
        with pytest.raises(StateError) as caught:
            store.put("list", value(2), 1)
        assert str(caught.value) == (
            f"{path}: the database can't be written (attempt to write a readonly database). "
            "Nothing was changed. Allow this user to write to it and its folder."
        )
        assert store.get("list") == Document(value(), 1)


def test_a_full_disk_says_so_and_keeps_the_document(path: str) -> None:
    """A write that finds no room is undone whole."""
    make(path)
    with closing(SqliteStore.open(path)) as store:
        (pages,) = inside(store).execute("pragma page_count").fetchone()
        inside(store).execute(f"pragma max_page_count = {pages}")
        with pytest.raises(StateError) as caught:
            store.put("list", {**value(2), "more": "x" * 100_000}, 1)
        assert str(caught.value) == (
            f"{path}: the disk is full (database or disk is full). Nothing was changed. "
            "Make room, and run again."
        )
        assert store.get("list") == Document(value(), 1)


def test_a_closed_store_says_so(path: str) -> None:
    """A call after the end is an error in the usual form."""
    store = SqliteStore.open(path)
    store.close()
    with pytest.raises(StateError) as caught:
        store.get("list")
    assert str(caught.value) == (
        f"{path}: the database gave an error (Cannot operate on a closed database.). {RESTORE}"
    )


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A path into a folder that isn't there makes none."""
    assert refusal(f"{tmp_path}/none/state.db") == (
        f"{tmp_path}/none/state.db: the folder {tmp_path}/none isn't there. Nothing was changed. "
        "Make it, or correct state:."
    )


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    """A path through a file can't be made, and says why."""
    (tmp_path / "file").touch()
    assert refusal(f"{tmp_path}/file/state.db") == (
        f"{tmp_path}/file/state.db: the database can't be made: Not a directory. "
        "Nothing was changed. Allow this user to write to its folder."
    )


def test_a_directory_is_no_database(tmp_path: Path) -> None:
    """A directory where the file should be is refused."""
    assert refusal(str(tmp_path)) == (
        f"{tmp_path}: the database can't be opened (unable to open database file). "
        "Nothing was changed. Allow this user to read and write it and its folder."
    )


def test_a_log_without_its_database_is_damage(path: str) -> None:
    """Where the database was removed and its log is left, no new one takes its place."""
    Path(f"{path}-wal").write_bytes(b"x")
    assert refusal(path) == (
        f"{path}: the database is gone, and its log state.db-wal is still there. {RESTORE}"
    )
    assert not Path(path).exists()
    Path(f"{path}-wal").write_bytes(b"")
    make(path)
