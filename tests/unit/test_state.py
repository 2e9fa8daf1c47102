from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.database import APPLICATION, SqliteStore
from cloudsync.errors import Exit, UsageError
from cloudsync.state import Conflict, Document, MemoryStore, StateError, Store, open_state

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


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, path: str) -> Iterator[Store]:
    """Each store there is: one suite for all."""
    opened = open_state("memory://" if request.param == "memory" else f"sqlite:///{path}")
    yield opened
    opened.close()


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


# -------------------------------------------------------------------------- what every store does


def test_a_document_comes_back_as_it_was_put(store: Store) -> None:
    """What was put is read with its generation, and what was never put is None."""
    assert store.get("list") is None
    assert store.put("list", value(), None) == Document(value(), 1)
    assert store.get("list") == Document(value(), 1)


def test_each_change_names_the_generation_it_was_made_for(store: Store) -> None:
    """A change for the generation that is there is made, and the generation grows."""
    store.put("list", value(), None)
    assert store.put("list", value(2), 1) == Document(value(2), 2)
    assert store.get("list") == Document(value(2), 2)


def test_a_change_of_what_moved_is_a_conflict(store: Store) -> None:
    """A change for an older generation changes nothing, and says what it met."""
    store.put("list", value(), None)
    store.put("list", value(2), 1)
    with pytest.raises(Conflict) as caught:
        store.put("list", value(3), 1)
    error = caught.value
    assert (error.key, error.expected, error.found) == ("list", 1, 2)
    assert error.exit_code is Exit.LEASE
    assert str(error) == (
        f"{error.where}: list is at generation 2, this run read at generation 1; another run "
        "changed it meanwhile. The document was left as it is. Run again."
    )
    assert store.get("list") == Document(value(2), 2)


def test_what_is_there_is_not_created_again(store: Store) -> None:
    """Creation is for keys without a document."""
    store.put("list", value(), None)
    with pytest.raises(Conflict) as caught:
        store.put("list", value(2), None)
    assert (caught.value.expected, caught.value.found) == (None, 1)
    assert store.get("list") == Document(value(), 1)


def test_what_is_not_there_is_not_changed(store: Store) -> None:
    """A change of a document that isn't there is a conflict, and makes none."""
    with pytest.raises(Conflict) as caught:
        store.put("list", value(), 1)
    assert str(caught.value) == (
        f"{caught.value.where}: list is not there, this run read at generation 1; another run "
        "changed it meanwhile. The document was left as it is. Run again."
    )
    assert store.get("list") is None


def test_a_deleted_document_is_gone_and_its_generations_are_not_used_again(store: Store) -> None:
    """A change made before a deletion and a new creation meets a conflict, not the new document."""
    store.put("list", value(), None)
    store.delete("list", 1)
    assert store.get("list") is None
    assert store.keys() == ()
    assert store.put("list", value(2), None) == Document(value(2), 3)
    with pytest.raises(Conflict) as caught:
        store.put("list", value(3), 1)
    assert caught.value.found == 3


def test_only_the_generation_that_was_read_is_deleted(store: Store) -> None:
    """Deleting what moved, or what isn't there, is a conflict."""
    store.put("list", value(), None)
    store.put("list", value(2), 1)
    for key, generation, found in (("list", 1, 2), ("other", 1, None)):
        with pytest.raises(Conflict) as caught:
            store.delete(key, generation)
        assert caught.value.found == found
    assert store.get("list") == Document(value(2), 2)


def test_keys_are_listed_by_prefix_in_order(store: Store) -> None:
    """A prefix is taken literally, and keys come sorted."""
    for key in ("runs/b", "runs/a", "list", "Runs/c", "run%", "runs"):
        store.put(key, value(), None)
    assert store.keys("runs/") == ("runs/a", "runs/b")
    assert store.keys("run%") == ("run%",)
    assert store.keys() == ("Runs/c", "list", "run%", "runs", "runs/a", "runs/b")


def test_a_value_is_not_shared_with_who_put_it(store: Store) -> None:
    """Changing a dict after it was put or got changes no document."""
    mine = value()
    put = store.put("list", mine, None)
    mine["number"] = put.value["number"] = 99
    got = store.get("list")
    assert got is not None
    assert got == Document(value(), 1)
    got.value["number"] = 99
    assert store.get("list") == Document(value(), 1)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"number": 1}, "a document needs a schema"),
        ({"schema": ""}, "a document needs a schema"),
        ({"schema": 1}, "a document needs a schema"),
        (
            {"schema": "x/1", "n": float("nan")},
            "Out of range float values are not JSON compliant",
        ),
    ],
)
def test_what_no_reader_could_read_is_not_put(
    store: Store, bad: dict[str, Any], message: str
) -> None:
    """A value without a schema, or that isn't JSON, is refused and leaves nothing behind."""
    with pytest.raises(ValueError) as caught:
        store.put("list", bad, None)
    assert str(caught.value).partition(":")[0] == message
    assert store.get("list") is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "delete"]),
        st.sampled_from(["a", "b"]),
        st.one_of(st.none(), st.integers(1, 4)),
        st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.none()), max_size=2),
    ),
    max_size=12,
)


@given(steps=STEPS)
def test_both_stores_answer_alike(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, str, int | None, dict[str, Any]]],
) -> None:
    """Whatever the calls, memory and SQLite give the same answers and the same conflicts."""
    with closing(SqliteStore.open(str(tmp_path_factory.mktemp("s") / "state.db"))) as database:
        memory = MemoryStore()
        for what, key, expect, more in steps:
            answers: list[object] = []
            for store in (database, memory):
                try:
                    if what == "put":
                        answers.append(store.put(key, {**more, "schema": "x/1"}, expect))
                    else:
                        answers.append(store.delete(key, expect or 1))
                except Conflict as error:
                    answers.append((error.expected, error.found))
            assert answers[0] == answers[1]
            assert database.get(key) == memory.get(key)
            assert database.keys() == memory.keys()


# ------------------------------------------------------------------------------------- the URL


def test_three_slashes_are_relative_and_four_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The URL is read as SQLAlchemy writes it."""
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///here.db", f"sqlite:///{tmp_path}/there.db"):
        open_state(url).close()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["here.db", "there.db"]


def test_any_file_name_is_taken_as_it_is(tmp_path: Path) -> None:
    """A name with characters that mean something in a URI is a name."""
    path = str(tmp_path / "a b%20#c.db")
    make(path)
    with closing(open_state(f"sqlite:///{path}")) as store:
        assert store.get("list") == Document(value(), 1)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "postgresql://me:secret@db/state",
            (
                "state: 'postgresql' names no known state. Nothing was changed. "
                "This release knows sqlite:///PATH and memory://."
            ),
        ),
        (
            "cloudsync.db",
            (
                "state: a value without :// names no known state. Nothing was changed. "
                "This release knows sqlite:///PATH and memory://."
            ),
        ),
        (
            "memory://name",
            (
                "state: 'memory' names no known state. Nothing was changed. "
                "This release knows sqlite:///PATH and memory://."
            ),
        ),
        *(
            (
                url,
                (
                    "state: a sqlite state is written sqlite:///PATH, without a host and without "
                    "options. Nothing was changed. "
                    "Write sqlite:///cloudsync.db, or sqlite:////var/lib/cloudsync.db."
                ),
            )
            for url in ("sqlite://", "sqlite:///", "sqlite://host/x.db", "sqlite:///x.db?mode=ro")
        ),
    ],
)
def test_a_url_that_names_no_state_is_refused(url: str, message: str) -> None:
    """The message says what is known, and never repeats what may hold a password."""
    with pytest.raises(UsageError) as caught:
        open_state(url)
    assert str(caught.value) == message


def test_sqlite_is_loaded_only_for_a_file() -> None:
    """A program whose state is elsewhere never loads sqlite3."""
    program = "import sys, cloudsync.records, cloudsync.state as s; s.open_state('memory://'); "
    program += "print('sqlite3' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


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
