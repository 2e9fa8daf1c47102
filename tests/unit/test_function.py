"""A pass as a function makes it: its configuration, its time, its one result; no platform, no cloud."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cloudsync import docket, function
from cloudsync.errors import Exit, UsageError
from cloudsync.function import PassFailed, answer, bounded, configuration, outcome, seconds
from cloudsync.job import Job
from cloudsync.worker.passes import Passed
from tests.unit.test_reconcile import ONE, OPEN
from tests.unit.test_worker import ENFORCE, Shift

TEXT = """\
name: mail
list: {source: list.txt, format: cidr}
state: memory://
targets: [{provider: memory, mode: watch}]
"""


@pytest.mark.parametrize(
    ("limit", "remaining", "spent", "ours"),
    [
        (None, None, 3.0, None),
        (60.0, None, 3.0, 60.0),
        (None, 900.0, 0.0, 880.0),
        (None, 900.0, 5.0, 875.0),
        (60.0, 900.0, 5.0, 60.0),
        (60.0, 30.0, 0.0, 15.0),
        (None, 10.0, 20.0, 0.0),
    ],
)
def test_a_pass_ends_before_the_platform_ends_it(
    limit: float | None, remaining: float | None, spent: float, ours: float | None
) -> None:
    """Twenty seconds are kept in reserve, or half of what there is; a shorter deadline stands."""
    assert bounded(limit, remaining, spent=spent) == ours


def test_the_time_is_told_by_a_variable_where_the_platform_tells_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seconds less those that are gone; what is no number of seconds is refused."""
    monkeypatch.setattr("cloudsync.function.time.monotonic", lambda: 103.0)
    assert seconds({}, 100.0) is None
    assert seconds({"CLOUDSYNC_TIMEOUT": "540"}, 100.0) == 537.0
    assert seconds({"CLOUDSYNC_TIMEOUT": "2"}, 100.0) == 0.0
    with pytest.raises(UsageError) as refused:
        seconds({"CLOUDSYNC_TIMEOUT": "9m"}, 100.0)
    assert str(refused.value) == (
        "CLOUDSYNC_TIMEOUT: '9m' is no number of seconds. Nothing was changed. Write 540."
    )


def test_the_configuration_is_a_variable_or_a_file(tmp_path: Path) -> None:
    """A file of the bundle by default, another by name, or the text itself, which comes first."""
    (tmp_path / "cloudsync.yaml").write_text(TEXT, "utf-8")
    (tmp_path / "other.yaml").write_text(TEXT.replace("mail", "other"), "utf-8")
    assert configuration(tmp_path, {}).name == "mail"
    assert configuration(tmp_path, {"CLOUDSYNC_CONFIG": "other.yaml"}).name == "other"
    said = {"CLOUDSYNC_CONFIG": "other.yaml", "CLOUDSYNC_CONFIG_TEXT": TEXT.replace("mail", "mine")}
    mine = configuration(tmp_path, said)
    assert (mine.name, mine.source) == ("mine", str(tmp_path / "list.txt"))


OBJECTS = {
    "s3://": "CLOUDSYNC_CONFIG: s3:// names no object. Nothing was changed. Write s3://BUCKET/KEY.",
    "ftp://one/two": (
        "CLOUDSYNC_CONFIG: 'ftp' names no bucket. Nothing was changed. "
        "Known are s3://, az://, gs://."
    ),
    "s3://me@one/two": (
        "CLOUDSYNC_CONFIG: s3 is written s3://NAME/PREFIX, without a user and without options. "
        "Nothing was changed. Who asks, and where, is said by the cloud's own variables."
    ),
}


@pytest.mark.parametrize(("url", "message"), OBJECTS.items())
def test_an_object_that_is_none_is_refused(url: str, message: str, tmp_path: Path) -> None:
    """Before anything is asked."""
    with pytest.raises(UsageError) as refused:
        configuration(tmp_path, {"CLOUDSYNC_CONFIG": url})
    assert str(refused.value) == message


def test_a_state_on_a_functions_disk_is_refused(tmp_path: Path) -> None:
    """It would be lost after each pass, and with it what waits and what is leaving."""
    said = {"CLOUDSYNC_CONFIG_TEXT": TEXT.replace("memory://", "sqlite:///cloudsync.db")}
    with pytest.raises(UsageError, match=r"state: a function's disk is gone after it"):
        configuration(tmp_path, said)


def test_what_waits_for_a_person_is_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first enforce is held: the platform gets an answer, which says how it is let through."""
    shift = Shift({"one": (OPEN,)}, (ENFORCE,))
    passes: list[Job] = []

    def one_pass(job: Job, *, sweep: bool) -> Passed:
        assert not sweep
        passes.append(job)
        return shift.one_pass()

    monkeypatch.setattr(function, "one_pass", one_pass)
    result = answer(100.0, tmp_path, {"CLOUDSYNC_CONFIG_TEXT": TEXT})
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert json.loads(printed) == result
    (job,) = passes
    assert not job.attended
    assert job.limit
    assert 79 < job.limit <= 80
    (hold,) = docket.holds(shift.job)
    assert (result["exit"], result["targets"], result["waits"]) == (
        Exit.HELD, {"open": 1}, [f"cloudsync {hold.command}"],
    )  # fmt: skip
    assert result["look_at"] == [{"target": ONE, "verdict": "open", "notes": ["held"], "why": ""}]


def test_a_failure_is_printed_and_then_raised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads the log has the result though the platform only counts an exception."""
    with pytest.raises(PassFailed) as failed:
        answer(None, tmp_path, {})
    result = json.loads(capsys.readouterr().out)
    assert json.loads(str(failed.value)) == result
    result.pop("seconds")
    result.pop("version")
    assert result == {
        "schema": "cloudsync/pass/1",
        "exit": 1,
        "means": "error in use or configuration",
        "errors": [
            f"{tmp_path}/cloudsync.yaml: there is no such file. Nothing was changed. Write one with cloudsync init, or name one with -c FILE."
        ],
    }


def test_a_mistake_of_our_own_is_one_line_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is, what it was, and no control character of whoever caused it."""

    def broken(*_: object) -> None:
        raise RuntimeError("a\x1b[2Jb")

    monkeypatch.setattr(function, "configuration", broken)
    (error,) = outcome(None, tmp_path, {})["errors"]
    assert "a mistake of its own, RuntimeError in test_function.py:" in error
    assert "a\\x1b[2Jb. What was done before is kept. Report this line." in error
