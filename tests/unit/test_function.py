"""A pass as a function makes it: its configuration, its time, its one result; no platform, no cloud."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloudsync import docket, function, log, records
from cloudsync.environment import configuration, seconds
from cloudsync.errors import Exit, LeaseError, UsageError
from cloudsync.function import PassFailed, answer, bounded, outcome, telling
from cloudsync.holds import Hold
from cloudsync.job import Job
from cloudsync.state import StateError
from cloudsync.status import logbook
from cloudsync.status.document import OVERVIEW
from cloudsync.status.overview import Overview
from cloudsync.worker import unattended
from cloudsync.worker.passes import Passed
from cloudsync.worker.ping import Sign
from tests.unit.test_reconcile import ONE, OPEN
from tests.unit.test_worker import ENFORCE, Shift

TEXT = """\
name: mail
list: {source: list.txt, format: cidr}
state: memory://
targets: [{provider: memory, mode: watch}]
"""
PINGING = f"{TEXT}ping: {{url_env: MONITOR}}\n"


@dataclass
class Called:
    """What a function's call did: the jobs it ran, and what it told the monitor."""

    shift: Shift
    jobs: list[Job] = field(default_factory=list[Job])
    pings: list[tuple[Sign, str]] = field(default_factory=list[tuple[Sign, str]])

    def one_pass(self, job: Job, *, sweep: bool, beside: object) -> Passed:
        """A pass over the shift's targets."""
        del beside
        assert sweep == bool(job.only)
        self.jobs.append(job)
        passed = self.shift.one_pass()
        # The shift keeps its state somewhere else.
        docket.keep_holds(job, docket.holds(self.shift.job))
        return passed

    def ping(self, variable: str | None, sign: Sign, run: str, body: str = "") -> None:
        """Told, where somebody is to be."""
        del run
        if variable:
            self.pings.append((sign, body))


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Called:
    """A target that is open to the world and waits for its first enforce."""
    found = Called(Shift({"one": (OPEN,)}, (ENFORCE,)))
    monkeypatch.setattr(unattended, "one_pass", found.one_pass)
    monkeypatch.setattr(unattended, "ping", found.ping)
    return found


@pytest.mark.parametrize(
    ("limit", "remaining", "spent", "after", "ours"),
    [
        (None, None, 3.0, 0.0, None),
        (60.0, None, 3.0, 0.0, 60.0),
        (None, 900.0, 0.0, 0.0, 880.0),
        (None, 900.0, 5.0, 0.0, 875.0),
        (None, 900.0, 5.0, 18.0, 857.0),
        (60.0, 900.0, 5.0, 18.0, 60.0),
        (60.0, 30.0, 0.0, 0.0, 15.0),
        (60.0, 30.0, 0.0, 18.0, 15.0),
        (None, 10.0, 20.0, 0.0, 0.0),
    ],
)
def test_a_pass_ends_before_the_platform_ends_it(
    limit: float | None, remaining: float | None, spent: float, after: float, ours: float | None
) -> None:
    """Twenty seconds and what comes after are kept in reserve, or half; a shorter deadline stands."""
    assert bounded(limit, remaining, spent=spent, after=after) == ours


def test_time_is_kept_for_whoever_is_to_hear_of_a_pass(tmp_path: Path) -> None:
    """A monitor and a gateway that are both down don't cost the result."""
    quiet = configuration(tmp_path, {"CLOUDSYNC_CONFIG_TEXT": TEXT})
    pinging = configuration(tmp_path, {"CLOUDSYNC_CONFIG_TEXT": PINGING})
    gateway = {"CLOUDSYNC_PUSHGATEWAY": "http://127.0.0.1:9"}
    traces = {**gateway, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    found = [telling(quiet, {})]
    found += [telling(pinging, said) for said in ({}, gateway, traces)]
    assert found == [0.0, 8.0, 18.0, 23.0]


def test_the_time_is_told_by_a_variable_where_the_platform_tells_none() -> None:
    """In seconds; what is no number of them is refused."""
    assert seconds({}) is None
    assert seconds({"CLOUDSYNC_TIMEOUT": "540"}) == 540.0
    with pytest.raises(UsageError) as refused:
        seconds({"CLOUDSYNC_TIMEOUT": "9m"})
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
    tmp_path: Path, capsys: pytest.CaptureFixture[str], called: Called
) -> None:
    """A first enforce is held: the platform gets an answer, which says how it is let through."""
    result = answer(100.0, tmp_path, {"CLOUDSYNC_CONFIG_TEXT": TEXT})
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert json.loads(printed) == result
    (job,) = called.jobs
    assert not job.attended
    assert job.limit
    assert 79 < job.limit <= 80
    (hold,) = docket.holds(called.shift.job)
    assert (result["exit"], result["targets"], result["waits"], result["errors"]) == (
        Exit.HELD, {"open": 1}, [f"cloudsync approve {hold.digest} --by NAME --reason TEXT"], [],
    )  # fmt: skip
    assert result["look_at"] == [{"target": ONE, "verdict": "open", "notes": ["held"], "why": ""}]


def test_what_waits_is_in_each_result_and_not_only_when_somebody_is_told(
    tmp_path: Path, called: Called
) -> None:
    """Whoever reads the line of the last pass alone finds what lets it through."""
    first, second = (answer(100.0, tmp_path, {"CLOUDSYNC_CONFIG_TEXT": TEXT}) for _ in "12")
    (hold,) = docket.holds(called.shift.job)
    assert [first["waits"], second["waits"]] == [[hold.command]] * 2


def test_what_was_just_found_to_wait_is_in_the_result_though_the_state_is_gone(
    tmp_path: Path, called: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may be left without the command because a bucket stopped answering after the pass."""
    kept = docket.holds

    def gone(job: Job) -> tuple[Hold, ...]:
        if job.store is called.shift.store:
            return kept(job)
        raise StateError("bucket", "no answer")

    monkeypatch.setattr(docket, "holds", gone)
    result = answer(100.0, tmp_path, {"CLOUDSYNC_CONFIG_TEXT": TEXT})
    (hold,) = kept(called.shift.job)
    assert result["waits"] == [hold.command]


def test_a_call_tells_the_monitor_and_writes_a_log_of_the_same_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], called: Called
) -> None:
    """The result stays alone on stdout, the log goes to stderr, and one id runs through both."""
    said = {"CLOUDSYNC_CONFIG_TEXT": PINGING, "CLOUDSYNC_LOG": "json"}
    result = answer(100.0, tmp_path, said)
    assert called.pings == [("start", ""), ("success", "1 of 1 target verified: 1 open")]
    told = capsys.readouterr()
    assert json.loads(told.out) == result
    lines = [json.loads(line) for line in told.err.splitlines()]
    assert [one["event"] for one in lines] == [
        "run_begun", "step_begun", "step_ended", "held", "condition", "run_ended",
    ]  # fmt: skip
    assert {(one["tenant"], one["run"]) for one in lines} == {("mail", result["run"])}
    (job,) = called.jobs
    assert job.run == result["run"]
    assert job.limit
    assert 71 < job.limit <= 72  # the monitor may take eight seconds of the hundred
    assert not log.begun()


@dataclass
class Leased:
    """A call whose state another pass's lease is in, and when somebody last looked at every target."""

    looked: datetime | None

    def one_pass(self, job: Job, *, sweep: bool, beside: object) -> Passed:
        """Refused, as it is while another is at work."""
        del sweep, beside
        if self.looked:
            seen = Overview(self.looked, "", (), (), looked_at=self.looked)
            records.save(job.store, logbook.OVERVIEW_KEY, OVERVIEW, seen, None)
        raise LeaseError(job.config.name, "another is at work")


@pytest.mark.parametrize(("ago", "failed"), [(10, False), (59, False), (61, True), (None, True)])
def test_a_lease_is_a_failure_once_nobody_has_looked_for_an_hour(
    ago: int | None, failed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one pass dies and leaves its lease, and the next finds it, nobody looks any more."""
    at = None if ago is None else datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=ago)
    monkeypatch.setattr(unattended, "one_pass", Leased(at).one_pass)
    said = {"CLOUDSYNC_CONFIG_TEXT": TEXT}
    result = outcome(100.0, tmp_path, said)
    assert result["exit"] == Exit.LEASE
    assert result.get("unseen", "lately") == ((at and at.isoformat()) if failed else "lately")
    with pytest.raises(PassFailed) if failed else nullcontext():
        assert answer(100.0, tmp_path, said)["exit"] == Exit.LEASE


def test_a_state_that_cant_say_when_somebody_looked_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is known to have looked."""

    def gone(_store: object) -> None:
        raise StateError("bucket", "no answer")

    monkeypatch.setattr(unattended, "one_pass", Leased(None).one_pass)
    monkeypatch.setattr(function, "overview", gone)
    assert outcome(100.0, tmp_path, {"CLOUDSYNC_CONFIG_TEXT": TEXT})["unseen"] is None


def test_a_look_at_what_changed_tells_the_monitor_nothing(tmp_path: Path, called: Called) -> None:
    """It would keep the switch quiet while nobody looks at the other targets any more."""
    outcome(100.0, tmp_path, {"CLOUDSYNC_CONFIG_TEXT": PINGING}, frozenset({ONE}))
    assert [job.only for job in called.jobs] == [{ONE}]
    assert called.pings == []


def test_a_pass_that_fails_is_told_to_the_monitor_and_to_the_platform(
    tmp_path: Path, called: Called
) -> None:
    """Both get the same lines; what the run is called stands in the result too."""
    called.shift.world.unreadable = "denied"
    result = outcome(100.0, tmp_path, {"CLOUDSYNC_CONFIG_TEXT": PINGING})
    sign, body = called.pings[-1]
    assert (result["exit"], sign, body.splitlines()[0]) == (
        Exit.FAILED, "fail", "0 of 1 target verified",
    )  # fmt: skip


def test_metrics_that_cant_be_handed_over_are_said_and_fail_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: Called
) -> None:
    """The platform gets the code of the pass."""
    monkeypatch.setenv("CLOUDSYNC_METRICS_FILE", str(tmp_path / "none" / "file"))
    result = outcome(100.0, tmp_path, {"CLOUDSYNC_CONFIG_TEXT": TEXT})
    assert (result["exit"], result["targets"]) == (Exit.HELD, {"open": 1})
    (error,) = result["errors"]
    assert error.startswith("CLOUDSYNC_METRICS_FILE: the metrics can't be written: ")


def test_a_form_of_log_that_there_isnt_is_refused(tmp_path: Path, called: Called) -> None:
    """Before the pass, by its name."""
    result = outcome(100.0, tmp_path, {"CLOUDSYNC_CONFIG_TEXT": TEXT, "CLOUDSYNC_LOG": "xml"})
    assert (result["exit"], result["errors"], called.jobs) == (
        Exit.ERROR,
        ["CLOUDSYNC_LOG: 'xml' is no form of a log. Nothing was changed. Write json."],
        [],
    )


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
    assert "a\\x1b[2Jb. What was done before is kept. Run cloudsync drift" in error
