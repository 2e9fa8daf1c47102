"""The worker's log: what stands in a line, what never does, and who may not be stopped by it."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloudsync import log
from cloudsync.abreast import Abreast
from cloudsync.errors import Exit
from cloudsync.secret import hidden, known

KEY = "wJalrXUtnFEMI/K7MDENG"


@dataclass
class Log:
    """A log that is read."""

    out: io.StringIO

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Each line as data."""
        return [json.loads(line) for line in self.out.getvalue().splitlines()]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """A log as JSON, in an environment with a secret."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    found = Log(io.StringIO())
    log.begin("json", found.out)
    yield found
    log.end()


def test_a_line_is_one_object_with_its_schema_first(read: Log) -> None:
    """Time in UTC, level, event, what is bound, the text and the rest, as plain data."""
    with log.bound(tenant="mail", run="1"):
        log.warning(
            "held", digest="sha256:1", text="it waits", none=None, exit=Exit.HELD, yes=True,
            at_work=("a", "b"), took=timedelta(minutes=1), since=datetime(2026, 1, 1, tzinfo=UTC),
            counts={"open": 2}, error=ValueError("no"),
        )  # fmt: skip
    log.info("after")
    first, second = read.lines
    moment = datetime.fromisoformat(first.pop("at"))
    assert moment.utcoffset() == timedelta(0)
    assert list(first.items()) == [
        ("schema", "cloudsync.log/1"), ("level", "warning"), ("event", "held"),
        ("tenant", "mail"), ("run", "1"), ("text", "it waits"), ("digest", "sha256:1"),
        ("none", None), ("exit", "4"), ("yes", True), ("at_work", ["a", "b"]), ("took", 60.0),
        ("since", "2026-01-01T00:00:00+00:00"), ("counts", {"open": 2}), ("error", "no"),
    ]  # fmt: skip
    assert "tenant" not in second


def test_threads_of_a_run_say_whose_they_are(read: Log) -> None:
    """What is bound around scopes that go side by side stands in each of their lines."""

    def work(scope: str) -> str:
        log.info("looked", scope=scope, thread=threading.current_thread().name)
        return scope

    scopes = [f"aws:{n}/x" for n in range(4)]
    with log.bound(tenant="mail", run="7"):
        assert Abreast(4)(work, scopes, lambda scope: scope) == scopes
    assert {(line["tenant"], line["run"]) for line in read.lines} == {("mail", "7")}
    assert threading.current_thread().name not in {line["thread"] for line in read.lines}


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_label_can_forge_a_line_or_repaint_the_terminal(form: str) -> None:
    """Newlines, escapes and overrides of direction are written out, in text and in fields."""
    out = io.StringIO()
    log.begin(form, out)
    evil = "a\nlevel=error \x1b[2J \x9b31m \u202e \u2028 b"
    log.warning("trouble", text=evil, subject=evil, many=[evil], below={evil: evil})
    log.end()
    assert out.getvalue().count("\n") == 1
    line = out.getvalue().rstrip("\n")
    assert line.isprintable(), line


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_stands_in_a_line(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of the environment's secrets, what was hidden, and what looks like one."""
    monkeypatch.setenv("PGPASSWORD", "correct horse")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", KEY)
    out = io.StringIO()
    log.begin(form, out)
    log.hide("https://hc.example/3f2a-uuid")
    secrets = ["correct horse", KEY, "3f2a-uuid", "hunter2", "eyJhbGciOi.eyJzdWIiOiIx.c2ln"]
    log.error(
        "run_failed",
        text=f"no: {KEY}, https://ann:hunter2@db/, https://hc.example/3f2a-uuid/start",
        headers=["Authorization: Bearer eyJhbGciOi.eyJzdWIiOiIx.c2ln"],
        error=OSError("password=correct horse"),
        password="hunter2",
        below={"token": "hunter2"},
    )
    log.end()
    for secret in secrets:
        assert secret not in out.getvalue()
    assert out.getvalue().count("[hidden]") >= 6


def test_a_person_reads_a_line_from_left_to_right() -> None:
    """When, how bad, whose, what, in words; then the fields."""
    out = io.StringIO()
    log.begin("console", out)
    with log.bound(tenant="mail", run="1"):
        log.warning("held", text="it waits", subject="a b", digest="sha256:1", steps=2, none="")
    log.end()
    line = out.getvalue()
    assert line[19:] == (
        ' warning  mail/1  held  it waits  subject="a b"  digest=sha256:1  steps=2  none=""\n'
    )
    datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007


def test_what_a_library_warns_of_is_an_event_too(read: Log) -> None:
    """One format in one stream; what it merely mentions is left out."""
    logging.getLogger("sdk").warning("retrying %s", KEY)
    logging.getLogger("sdk").info("never mind")
    broken = {"name": "sdk", "msg": "broken %d", "args": ("format",), "levelno": logging.ERROR}
    ours = [one for one in logging.getLogger().handlers if isinstance(one, log.Libraries)]
    ours[0].handle(logging.makeLogRecord(broken))
    try:
        raise OSError(f"broken by {KEY}")
    except OSError:
        logging.getLogger("sdk").exception("it failed")
    assert [(line["level"], line["event"], line["library"], line["text"], line.get("error"))
            for line in read.lines] == [
        ("warning", "library", "sdk", "retrying [hidden]", None),
        ("error", "library", "sdk", "it failed", "OSError: broken by [hidden]"),
    ]  # fmt: skip


class Full(io.StringIO):
    """A stream on a full disk."""

    def write(self, _text: str) -> int:
        """No byte more."""
        raise OSError(28, "No space left on device")


def test_a_log_that_cant_be_written_stops_nobody() -> None:
    """A full disk and a stream that was closed lose lines and nothing else."""
    closed = io.StringIO()
    closed.close()
    for out in (Full(), closed):
        log.begin("json", out)
        log.info("run_begun")
        log.end()


def test_nothing_is_written_where_no_log_was_begun(capsys: pytest.CaptureFixture[str]) -> None:
    """A command says what it has to say by itself."""
    with log.bound(tenant="mail"):
        log.info("step")
        log.error("run_failed")
    logging.getLogger("sdk").debug("never mind")
    assert capsys.readouterr() == ("", "")
    assert not log.begun()


def test_the_environments_secrets_are_known_by_their_names() -> None:
    """Ids, paths and addresses stay readable, and so does what is too short to be one."""
    assert known(
        {
            "AWS_SECRET_ACCESS_KEY": KEY, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AZURE_FEDERATED_TOKEN_FILE": "/var/run/token", "AZURE_CLIENT_ID": "0000-1111",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/", "SMTP_PASSWORD": "abc",
            "PGPASSWORD": "correct horse",
        }
    ) == {KEY, "correct horse"}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a/b?X-Amz-Signature=00ff&x=1", "https://a/b?X-Amz-Signature=[hidden]&x=1"),
        ("https://x.blob/c?sv=1&sig=ab%2B", "https://x.blob/c?sv=1&sig=[hidden]"),
        ("Authorization: Basic dXNlcjpw", "Authorization: Basic [hidden]"),
        ("basic security of sg-0abc", "basic security of sg-0abc"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", "[hidden]"),
        ("postgresql://ann:pw@db:5432/x", "postgresql://[hidden]@db:5432/x"),
        ("aws:123456789012/eu-west-1/sg-0abc: open", "aws:123456789012/eu-west-1/sg-0abc: open"),
        ("abcdef-longer abcdef", "[hidden] [hidden]"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_and_nothing_else(text: str, shown: str) -> None:
    """The part that opens something goes; what it belongs to can still be told."""
    assert hidden(text, {"abcdef", "abcdef-longer"}) == shown


def test_calls_that_overlap_share_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    """The one that ends first doesn't silence the other; nobody who wants none begins one."""
    with log.kept(None):
        log.info("unheard")
        first, second = log.kept("json"), log.kept("json")
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        log.info("heard")
        second.__exit__(None, None, None)
        log.info("unheard")
    events = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
    assert (events, log.begun()) == (["heard"], False)
