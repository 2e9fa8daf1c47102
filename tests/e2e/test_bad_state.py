from __future__ import annotations

import functools
import sqlite3
from pathlib import Path

import pytest

from cloudsync.state import sqlite
from tests.e2e.world import (
    LIST,
    Clock,
    World,
    refused,
)

RESTORE = (
    "Nothing was changed. Restore it from a backup, or move it away: without state the own rules "
    "in the clouds are the list to compare with."
)


def test_damaged_state(ready: World) -> None:
    """A state that isn't what was written is never taken for an empty one."""
    place = ready.folder / "cloudsync.db"
    place.write_bytes(b"not a database, but long enough to be looked at as one by its header" * 9)
    refused(
        ready,
        ready.run("apply", "--yes"),
        1,
        f"{place}: the file isn't a database (file is not a database). {RESTORE}",
    )
    place.write_bytes(b"")
    refused(
        ready, ready.run("apply", "--yes"), 1, f"{place}: the database is empty, 0 bytes. {RESTORE}"
    )


def test_state_of_a_newer_release(ready: World) -> None:
    """A state that a newer release wrote isn't touched by an older one."""
    place = ready.folder / "cloudsync.db"
    connection = sqlite3.connect(place)
    connection.execute("pragma user_version = 9")
    connection.close()
    refused(
        ready,
        ready.run("apply", "--yes"),
        1,
        f"{place}: its schema is version 9, this release knows 1. Nothing was changed. Use the "
        "release that wrote it, or a newer one.",
    )


@pytest.mark.parametrize("more", [(), ("69.20.58.235",)])
def test_read_only_state(
    ready: World, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    """A state that can't be written stops the run before the first call that changes anything."""

    def read_only(path: str, busy: float) -> sqlite3.Connection:
        # Root may write whatever the mode says, so that the mode alone would test nothing there.
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=busy, isolation_level=None)

    monkeypatch.setattr(sqlite, "_connect", read_only)
    ready.offer(*LIST, *more)
    refused(
        ready,
        ready.run("apply", "--yes"),
        1,
        f"{ready.folder}/cloudsync.db: the database can't be written (attempt to write a readonly "
        "database). Nothing was changed. Allow this user to write to it and its folder.",
    )


def test_state_that_another_process_holds(
    ready: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state that is locked when a run ends loses no report of what the run did.

    Nor can the run let go of its lease then; the lease ends by itself.
    """
    place = str(ready.folder / "cloudsync.db")
    impatient = functools.partial(sqlite.SqliteStore.open, busy=0.1)
    monkeypatch.setattr(sqlite.SqliteStore, "open", impatient)
    other = sqlite3.connect(place, isolation_level=None, check_same_thread=False)

    def hold(call: object) -> None:
        if getattr(call, "mutating", False):
            other.execute("begin immediate")

    ready.sandbox.after_call(hold)
    try:
        ran = ready.run("apply", "--yes")
    finally:
        other.close()
    assert (ran.code, ran.err) == (
        1,
        (
            f"{place}: another process holds the database (database is locked). What was done in the "
            "clouds is kept, and is in the report. Wait for it to end, or stop it.\n"
        ),
    )
    assert ran.out.startswith("1 of 1 step done.\n")
    ready.sandbox.after_call(None)
    assert ready.run("apply", "--yes").code == 6
    clock.pass_(minutes=6)
    assert ready.run("apply", "--yes").code == 0
    assert ready.mutations == ["AuthorizeSecurityGroupIngress"]


def test_state_in_a_folder_that_isnt_there(ready: World) -> None:
    """A state whose folder is missing is said to be so: no folder is made by a misspelling."""
    ready.config(more="state: sqlite:///stat/cloudsync.db")
    refused(
        ready,
        ready.run("apply", "--yes"),
        1,
        f"{ready.folder}/stat/cloudsync.db: the folder {ready.folder}/stat isn't there. Nothing "
        "was changed. Make it, or correct state:.",
    )


SAVE = "Save one with cloudsync plan --format json --out FILE."


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("", "it is no saved plan"),
        ("[1]", "it is no saved plan"),
        ("{}", "it is no saved plan"),
        ("\xff", "it is no saved plan"),
        ('{"schema": "cloudsync.list/1"}', "it is a cloudsync.list/1, not a cloudsync.plan/1"),
        (None, "can't be read: No such file or directory"),
    ],
)
def test_a_file_that_is_no_saved_plan(ready: World, body: str | None, what: str) -> None:
    """What isn't a saved plan is never applied, and nothing is applied in its place."""
    if body is not None:
        Path("plan.json").write_bytes(body.encode("latin-1"))
    refused(
        ready,
        ready.run("apply", "plan.json"),
        1,
        f"plan.json: {what}. Nothing was changed. {SAVE}",
    )
