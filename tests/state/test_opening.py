from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cloudsync.errors import UsageError
from cloudsync.state import Document, open_state
from tests.state.test_stores import value

KNOWN = (
    "This release knows sqlite:///PATH, postgresql://HOST/DATABASE, s3://BUCKET/PREFIX, "
    "az://CONTAINER/PREFIX, gs://BUCKET/PREFIX and memory://."
)


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
    with closing(open_state(f"sqlite:///{path}")) as store:
        store.put("list", value(), None)
    with closing(open_state(f"sqlite:///{path}")) as store:
        assert store.get("list") == Document(value(), 1)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "postgresql://me:secret@db/state",
            (
                "state: the URL holds a user or a password. Nothing was changed. "
                "Take it out, and set PGUSER and PGPASSWORD or PGPASSFILE."
            ),
        ),
        (
            "cloudsync.db",
            (f"state: a value without :// names no known state. Nothing was changed. {KNOWN}"),
        ),
        (
            "memory://name",
            (f"state: 'memory' names no known state. Nothing was changed. {KNOWN}"),
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
