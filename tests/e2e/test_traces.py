"""A run as a trace, at a real collector on loopback; and the same run where that is down, slow or deaf."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest

from cloudsync import otlp
from tests.e2e.collector import Collector, collecting
from tests.e2e.world import LIST, SCOPE, WORLD4, WORLD6, World, block, tcp
from tests.unit.test_documents import first_column

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


PATIENT = "from cloudsync import otlp\notlp.SECONDS = 60.0\n"
"""However slow the machine is."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that answers, for which is waited."""
    monkeypatch.setattr(otlp, "SECONDS", 60.0)
    with collecting() as found:
        yield found


def test_a_run_is_one_trace_of_what_it_did(world: World, collector: Collector) -> None:
    """A process of its own: each stage, each letter and each answer of the cloud is in its place,
    under the run's own name, and the log says which trace it is.
    """
    group = world.group("open", *tcp(WORLD4, WORLD6))
    world.config(more="alerts: {channels: [{name: team, url_env: TEAM}]}")
    world.accepted()
    also = {
        ENDPOINT: collector.url,
        "TEAM": f"json://127.0.0.1:{collector.port}/letter",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test,service.version=ours",
    }
    ran = world.start("run", "--once", "--log-format", "json", also=also, code=PATIENT)
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert ran.code == 0, ran
    assert collector.others == ["/letter"]
    ((trace, run),) = {(one["trace"], one["run"]) for one in lines}
    assert {one.trace for one in collector.spans} == {trace}
    stages = {pair for pair in collector.parents() if not pair[0][0].isupper()}
    assert stages == {
        ("run", ""), ("look", "run"), ("fetch", "look"), ("vet", "look"), ("observe", "look"),
        ("plan", "observe"), ("change", "run"), ("apply", "change"), ("verify", "change"),
        ("preflight", "run"), ("report", "run"), ("deliver", "report"),
    }  # fmt: skip
    documented = first_column("docs/traces.md", "## The spans\n")
    assert {name for name, _ in stages} == set(documented)
    (whole,) = collector.named("run")
    assert whole.failed is None
    assert whole.said == {
        "cloudsync.tenant": "mail", "cloudsync.run": run, "cloudsync.kind": "fetch",
        "cloudsync.exit": 0, "cloudsync.stopped": False, "cloudsync.steps.made": 1,
        "cloudsync.steps.left": 0, "cloudsync.targets.open": 1,
    }  # fmt: skip
    keys = ("service.name", "service.version", "deployment.environment.name")
    assert [whole.resource[key] for key in keys] == ["cloudsync", "ours", "test"]
    (apply,) = collector.named("apply")
    assert apply.said == {"cloudsync.targets": [f"{SCOPE}/{group}"], "cloudsync.verb": "add"}
    (asked,) = collector.named("AuthorizeSecurityGroupIngress")
    assert (asked.client, asked.within, asked.failed) == (True, apply.id, None)
    assert 0 < asked.nanoseconds <= apply.nanoseconds
    assert asked.said == {
        "rpc.system.name": "aws-api", "rpc.method": "AuthorizeSecurityGroupIngress",
        "rpc.response.status_code": "ok", "cloud.provider": "aws", "cloudsync.throttled": False,
    }  # fmt: skip


def down(collector: Collector) -> str:
    """Nobody listens there."""
    del collector
    return "http://127.0.0.1:9"


def slow(collector: Collector) -> str:
    """It takes what it is sent, and doesn't answer."""
    collector.free.clear()
    return collector.url


def deaf(collector: Collector) -> str:
    """It refuses what it is sent."""
    collector.status = 400
    return collector.url


LATE = "within 0.2 s"
TAKING: dict[Callable[[Collector], str], str] = {
    down: LATE,
    slow: LATE,
    deaf: "and are lost: N spans",
}


@pytest.mark.parametrize("kind", TAKING)
def test_a_collector_that_takes_nothing_changes_no_run(
    world: World,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
    kind: Callable[[Collector], str],
) -> None:
    """The targets are put right, the exit code is that of the run, and one line says what is lost;
    the SDK's own, which repeat the address, reach nobody who keeps what libraries log.
    """
    group = world.group("mail")
    world.config(block("add"))
    world.accepted()
    monkeypatch.setattr(otlp, "SECONDS", 0.2 if TAKING[kind] == LATE else 60.0)
    monkeypatch.setenv(ENDPOINT, kind(collector))
    said_to_all: list[str] = []

    class Everything(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said_to_all.append(record.name)

    # As a platform's runtime has one. Not pytest's own: it hears also what isn't passed on.
    everything = Everything()
    logging.getLogger().addHandler(everything)
    try:
        ran = world.run("run", "--once")
    finally:
        logging.getLogger().removeHandler(everything)
    said = re.sub(r"\d+ spans", "N spans", ran.err)
    assert ran.code == 0, ran
    assert said == (
        f"traces: they couldn't be delivered {TAKING[kind]}. The run is as it was. "
        "See whether the collector is up, and takes OTLP over HTTP.\n"
    )
    assert world.networks(group) == sorted(f"{one}" for one in LIST)
    assert [one for one in said_to_all if one.startswith("opentelemetry")] == []


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "OTEL_TRACES_EXPORTER", "zipkin",
            "OTEL_TRACES_EXPORTER: 'zipkin' isn't known here. The run is as it was. Write otlp, or none.\n",
        ),
        (
            "OTEL_BSP_MAX_QUEUE_SIZE", "1",
            "OTEL_EXPORTER_OTLP_ENDPOINT: no traces can be sent as the environment says: ValueError. The run is as it was. See what its OTEL_ variables say.\n",
        ),
    ],
)  # fmt: skip
def test_what_the_environment_says_wrong_is_said_and_changes_no_run(
    world: World, collector: Collector, monkeypatch: pytest.MonkeyPatch, name: str, value: str,
    line: str,
) -> None:  # fmt: skip
    """The run goes on untraced."""
    world.group("mail")
    world.config(block("add"))
    world.accepted()
    monkeypatch.setenv(ENDPOINT, collector.url)
    monkeypatch.setenv(name, value)
    ran = world.run("run", "--once")
    assert (ran.code, ran.err, collector.spans) == (0, line, [])


def test_an_answer_that_failed_is_a_span_that_failed(
    ready: World, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the vendor's code, and so are the step that it was of, and no secret in its words."""
    monkeypatch.setenv(ENDPOINT, collector.url)
    ready.sandbox.faults.denied("AuthorizeSecurityGroupIngress")
    ran = ready.run("run", "--once")
    assert ran.code == 3, ran
    (asked,) = collector.named("AuthorizeSecurityGroupIngress")
    assert (asked.failed, asked.said["error.type"], asked.said["rpc.response.status_code"]) == (
        "", "UnauthorizedOperation", "UnauthorizedOperation",
    )  # fmt: skip
    (apply,) = collector.named("apply")
    assert apply.said["error.type"] == "denied"
    assert apply.failed
    (whole,) = collector.named("run")
    assert (whole.failed, whole.said["error.type"]) == (
        "some targets failed, were refused, are gone or couldn't be read", "failed",
    )  # fmt: skip


def test_each_try_is_a_span_of_its_own(
    ready: World, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the SDK tries again is seen, and which try was told to slow down."""
    monkeypatch.setenv(ENDPOINT, collector.url)
    ready.sandbox.faults.throttle("AuthorizeSecurityGroupIngress", times=1)
    ran = ready.run("run", "--once")
    assert ran.code == 0, ran
    tries = collector.named("AuthorizeSecurityGroupIngress")
    code = "rpc.response.status_code"
    assert [(one.said[code], one.said["cloudsync.throttled"]) for one in tries] == [
        ("RequestLimitExceeded", True), ("ok", False),
    ]  # fmt: skip
    (apply,) = collector.named("apply")
    assert {one.within for one in tries} == {apply.id}


def test_what_ended_is_handed_over_where_a_run_is_stopped(
    ready: World, collector: Collector
) -> None:
    """SIGTERM in the midst of a run: its trace is whole, and says by what it ended."""
    also = {ENDPOINT: collector.url}
    stop = (
        "import os, signal\nfrom cloudsync import reconcile\nfrom cloudsync.worker import passes\n"
    )
    stop += "passes.reconcile = lambda *_: os.kill(os.getpid(), signal.SIGTERM)"
    ran = ready.start("run", "--once", also=also, code=PATIENT + stop)
    assert ran.code == 1, ran
    assert "it was stopped by SIGTERM" in ran.err
    (whole,) = collector.named("run")
    assert whole.said["error.type"] == "Terminated"
    assert ("change", "run") in collector.parents()


def test_a_share_of_a_run_is_a_trace_with_the_runs_name(
    ready: World, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a shard looked at and did is in it, and whose share it was."""
    monkeypatch.setenv(ENDPOINT, collector.url)
    ran = ready.run("run", "--once", "--shard", "1/1", "--run", "r1")
    assert ran.code == 0, ran
    share = next(one for one in collector.named("run") if "cloudsync.shard" in one.said)
    assert share.said == {
        "cloudsync.tenant": "mail", "cloudsync.run": "r1", "cloudsync.shard": "shard 1 of 1",
    }  # fmt: skip
    mine = {one.name for one in collector.spans if one.trace == share.trace}
    assert {"observe", "plan", "apply", "verify", "AuthorizeSecurityGroupIngress"} <= mine
