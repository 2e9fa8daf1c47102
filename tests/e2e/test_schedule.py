"""The worker as a process of its own, over the wire: it works by the clock, and ends when it is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from cloudsync import records
from cloudsync.cli.job import opened, read_config
from cloudsync.records.punctual import PUNCTUAL, PUNCTUAL_KEY
from tests.alert.test_delivery import receiver
from tests.e2e.collector import collecting
from tests.e2e.world import LIST, REGION, World, block, ids, tcp

OFTEN = "schedule: {fetch: 3s, sweep: 1s, jitter: 0s}"
SELDOM = "schedule: {fetch: 1h, sweep: 5m, jitter: 0s}"


class Worker:
    """A running ``cloudsync run``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []

    def until(self, event: str, wanted: Callable[[dict[str, Any]], object] = lambda _: True) -> Any:
        """Read the log as far as a line of this event; gives it."""
        assert self.process.stderr
        for line in self.process.stderr:
            said = json.loads(line)
            self.lines.append(said)
            if said["event"] == event and wanted(said):
                return said
        pytest.fail(f"the log ended without {event}: {self.events}")

    def tell(self, what: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(what)

    def ended(self) -> int:
        """Read the log to its end; gives the exit code."""
        _, rest = self.process.communicate(timeout=60)
        self.lines += [json.loads(line) for line in rest.splitlines()]
        return self.process.returncode

    @property
    def events(self) -> list[str]:
        """What was read of the log, by its events."""
        return [line["event"] for line in self.lines]


@contextmanager
def working(world: World, *argv: str) -> Generator[Worker]:
    """A worker in the world's folder, until the test is over."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cloudsync", "run", *argv],
        cwd=world.folder, env={**os.environ}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Worker(process)
    finally:
        process.kill()
        process.communicate()


def test_it_works_by_the_clock_and_puts_right_what_somebody_changed(world: World) -> None:
    """A fetch at the start, sweeps after it, drift mended by the next one; then SIGTERM ends it well."""
    group = world.group("mail")
    world.config(more=OFTEN)
    world.accepted()
    with working(world) as worker:
        first = worker.until("run_ended")
        assert (first["kind"], first["exit"], first["verdicts"]) == ("fetch", 0, {"in_sync": 1})
        assert world.networks(group) == sorted(LIST)
        worker.until("run_ended", lambda line: line["kind"] == "sweep")
        world.sandbox.uproot(REGION, group, tcp(LIST[0]))
        worker.until("run_ended", lambda line: line["steps_made"])
        assert world.networks(group) == sorted(LIST)
        worker.tell(signal.SIGTERM)
        assert worker.ended() == 0
    assert worker.events[:2] == ["worker_started", "run_begun"]
    assert worker.events[-1] == "worker_stopped"
    with opened(read_config(world.folder / "cloudsync.yaml")) as job:
        kept = records.load(job.store, PUNCTUAL_KEY, PUNCTUAL)
    assert kept
    assert kept.value["fetch"].begun >= 1
    assert kept.value["sweep"].exits[0] >= 1
    runs = {line["run"] for line in worker.lines if line["event"] == "run_begun"}
    assert len(runs) == worker.events.count("run_begun")


def test_sigterm_between_two_calls_finishes_the_first_and_begins_no_second(world: World) -> None:
    """The call under way is answered and counted; a second signal cuts nothing short; the next run goes on."""
    groups = [world.group("one"), world.group("two")]
    world.config(more=SELDOM)
    world.accepted()
    with working(world) as worker:

        def told(call: Any) -> None:
            if call.mutating:
                worker.tell(signal.SIGTERM)
                time.sleep(0.5)
                worker.tell(signal.SIGINT)
                time.sleep(0.5)

        world.sandbox.after_call(told)
        assert worker.ended() == 0
        world.sandbox.after_call(None)
    assert world.mutations == ["AuthorizeSecurityGroupIngress"]
    assert sorted(len(world.networks(group)) for group in groups) == [0, len(LIST)]
    assert worker.events == [
        "worker_started", "run_begun", "step_begun", "stopping", "stopping", "step_ended",
        "run_stopped", "run_ended",
        "worker_stopped",
    ]  # fmt: skip
    by_event = {line["event"]: line for line in worker.lines}
    assert by_event["run_stopped"]["text"] == (
        "the call under way was finished; 1 made, 1 not begun. The next run goes on"
    )
    assert by_event["worker_stopped"]["text"] == (
        "SIGTERM: finished: 1 run under way, mail. The next run goes on"
    )
    after = world.run("run", "--once")
    assert after.code == 0, after
    assert [world.networks(group) for group in groups] == [sorted(LIST), sorted(LIST)]


def test_a_call_without_an_answer_holds_up_no_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the grace it ends, says what isn't known, with exit code 3; the next run looks first.

    Of its trace, what ended is handed over.
    """
    world.group("mail")
    world.config(more=SELDOM)
    world.accepted()
    world.sandbox.faults.latency(20, "AuthorizeSecurityGroupIngress", times=1)
    with collecting() as collector, monkeypatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        with working(world, "--grace", "1") as worker:
            begun = worker.until("step_begun")
            worker.tell(signal.SIGTERM)
            assert worker.ended() == 3
        handed_over = {"look", "observe", "plan"} <= {one.name for one in collector.spans}
        assert handed_over or "traces" in worker.events  # a machine may be too slow for that second
        assert {one.trace for one in collector.spans} <= {begun["trace"]}
    assert worker.lines[-1]["text"] == (
        "SIGTERM: after 1 s a call of mail has no answer. Whether it was done isn't known; either "
        "is one of the states that were proved. The next run looks first"
    )


def test_a_tenant_that_hangs_and_one_that_is_wrong_stop_no_other(world: World) -> None:
    """Three files: one hangs in its cloud, one can't be read until it is mended, one is kept right."""
    first = world.group("first")
    world.config(block("add", select=ids(first)), name="well", file="well.yaml",
                 more=f"state: sqlite:///well.db\n{OFTEN}")  # fmt: skip
    world.offer(*LIST)
    assert world.run("list", "accept", "--yes", "-c", "well.yaml").code == 0
    stuck = "regions: [eu-west-1]\nmode: watch\nselect: {tags: {cloudsync: smtp}}"
    world.config(stuck, name="stuck", file="stuck.yaml", more=f"state: sqlite:///stuck.db\n{OFTEN}")
    assert world.run("list", "accept", "--yes", "-c", "stuck.yaml").code == 0
    world.sandbox.faults.latency(60, "DescribeSecurityGroups", region="eu-west-1")
    wrong = world.folder / "wrong.yaml"
    wrong.write_text("name: wrong\n", encoding="utf-8")
    with working(world, "--grace", "1", "-c", "wrong.yaml", "stuck.yaml", "well.yaml") as worker:
        worker.until("run_failed", lambda line: line["tenant"] == "wrong.yaml")
        ended = [worker.until("run_ended", lambda line: line["tenant"] == "well") for _ in range(3)]
        assert ended[-1]["verdicts"] == {"in_sync": 1}
        worker.tell(signal.SIGINT)
        assert worker.ended() == 3
    assert "a call of stuck has no answer" in worker.lines[-1]["text"]
    assert world.networks(first) == sorted(LIST)


def test_files_that_are_all_wrong_start_no_worker(world: World) -> None:
    """A misspelt path is found at the start, not in the morning."""
    with working(world, "-c", "nowhere.yaml") as worker:
        assert worker.ended() == 1
    assert [line["text"] for line in worker.lines] == [
        ("nowhere.yaml: there is no such file. Nothing was changed. "
         "Write one with cloudsync init, or name one with -c FILE.")
    ]  # fmt: skip


def test_one_run_logs_where_it_is_asked_to_and_pings_as_the_schedule_does(world: World) -> None:
    """The report on stdout, the log in place of words on stderr; a ping that fails fails no run."""
    world.group("mail")
    world.config(more="ping: {url_env: CLOUDSYNC_NOBODY}")
    world.accepted()
    ran = world.run("run", "--once", "--log-format", "json")
    assert ran.code == 0, ran
    assert "Now: 1 target: 1 in sync" in ran.out
    assert [json.loads(line)["event"] for line in ran.err.splitlines()] == [
        "run_begun", "ping_failed", "step_begun", "step_ended", "ping_failed", "run_ended",
    ]  # fmt: skip
    again = world.run("run", "--once")
    missed = "ping: the {} ping was not delivered: the environment has no CLOUDSYNC_NOBODY."
    assert again.code == 0
    assert [line.partition(" The run")[0] for line in again.err.splitlines()] == [
        missed.format("start"), missed.format("success"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("sweep: 0s", "sweep: a sweep every 0s never ends. Nothing was changed. Write 1s or more."),
        ("{fetch: 1m}", "fetch: 1m is shorter than sweep: 5m, and fetching sweeps too."),
    ],
)
def test_a_schedule_that_cant_be_kept_is_refused(world: World, schedule: str, message: str) -> None:
    """Before anything is begun."""
    text = schedule if schedule.startswith("{") else f"{{{schedule}}}"
    world.config(more=f"schedule: {text}")
    ran = world.run("plan")
    assert ran.code == 1
    assert message in ran.err


def test_a_state_that_can_not_be_used_is_heard_of_past_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the second pass in vain until a channel took it, from the start on; also where the file is no
    configuration any more; by the channels that it had last; and that it is over.
    """

    def heard(worker: Worker) -> list[str]:
        return [event for event in worker.events if event in {"run_failed", "undelivered"}]

    world.group("mail")
    (world.folder / "kept").mkdir()
    with receiver() as hook, receiver() as night:
        monkeypatch.setenv("HOOK", f"json://127.0.0.1:{hook.port}/s3cret")
        monkeypatch.setenv("NIGHT", f"json://127.0.0.1:{night.port}/s3cret")
        path = world.config(
            more=f"{OFTEN}\nstate: sqlite:///kept/mail.db\n"
            "alerts: {channels: [{name: hook, url_env: HOOK, severities: [page]}]}"
        )
        world.accepted()
        (world.folder / "kept").rename(world.folder / "gone")
        (world.folder / "kept").write_text("no folder", encoding="utf-8")
        hook.status = 500
        with working(world) as worker:
            for _ in range(2):
                worker.until("run_failed")
            assert heard(worker) == ["run_failed", "undelivered", "run_failed"]
            hook.status = 200
            for _ in range(10):
                worker.until("run_failed")
                if heard(worker)[-2] == "run_failed":  # nothing was undelivered before it
                    break
            (world.folder / "kept").unlink()
            (world.folder / "gone").rename(world.folder / "kept")
            good = path.read_text("utf-8").replace("HOOK", "NIGHT")
            path.write_text(good, encoding="utf-8")
            for _ in range(2):  # the first may have read the file as it was
                worker.until("run_ended", lambda line: line["exit"] == 0)
            path.write_text("name: [", encoding="utf-8")
            for _ in range(3):
                worker.until("run_failed")
            path.write_text(good, encoding="utf-8")
            worker.until("run_ended", lambda line: line["exit"] == 0)
    what = "cloudsync can't do its work at mail: nothing is watched or mended."
    wrong, over = f"[page] mail: {what}", f"[page] mail: Over: {what}"
    *before, last, now_wrong, now_over = [one["title"] for one in (*hook.bodies, *night.bodies)]
    assert ({*before}, last, now_wrong, now_over) == ({wrong}, over, wrong, over)
    assert [one["title"] for one in night.bodies[-2:]] == [wrong, over]
    assert "s3cret" not in json.dumps(worker.lines)
