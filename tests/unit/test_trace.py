"""What a run's spans say, what they never say, and when there are none; OpenTelemetry's own SDK, no network."""

from __future__ import annotations

import atexit
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from cloudsync import otlp, trace
from cloudsync.abreast import Abreast
from cloudsync.errors import CloudsyncError, UsageError
from cloudsync.otlp import Counting, Otlp, asked, tracer, waits
from cloudsync.status.tally import called

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


class Kept:
    """A tracer of the SDK whose spans are kept here."""

    def __init__(self) -> None:
        provider = TracerProvider(shutdown_on_exit=False)
        self._exporter = InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = Otlp(provider, provider.get_tracer("test"), Counting(self._exporter))
        self.undelivered: list[CloudsyncError] = []

    @contextmanager
    def run(self) -> Generator[trace.Span]:
        """A run that is traced."""
        with trace.running(self.tracer, {}, self.undelivered.append, bool) as whole:
            yield whole

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """What ended, in that order."""
        return self._exporter.get_finished_spans()


@pytest.fixture
def kept() -> Kept:
    """Where spans go."""
    return Kept()


@pytest.mark.parametrize(
    ("environment", "by"),
    [
        ({}, None),
        ({"OTEL_SERVICE_NAME": "mail"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, None),
        (ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "x"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "OTEL_TRACES_EXPORTER"),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, None),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "True"}, None),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, next(iter(ENDPOINT))),
    ],
)
def test_traces_are_asked_for_by_opentelemetrys_own_names(
    environment: Mapping[str, str], by: str | None
) -> None:
    """And by nothing else; a run waits for nobody where they aren't."""
    assert (asked(environment), waits(environment)) == (by, 5.0 if by else 0.0)
    if by is None:
        assert tracer(environment) is None


def test_a_protocol_that_isnt_spoken_is_refused_with_the_one_that_is() -> None:
    """Before anything is loaded; and nobody waits for it."""
    environment = {**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    with pytest.raises(UsageError) as refused:
        tracer(environment)
    assert str(refused.value) == (
        "OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' isn't spoken here. The run is as it was. "
        "Write http/protobuf; a collector takes it on port 4318."
    )
    assert waits(environment) == 0.0


def test_what_isnt_installed_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The core needs nothing of it."""
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(UsageError) as refused:
        tracer({**ENDPOINT, "OTEL_SERVICE_NAME": "as nobody else says, so that none was made"})
    assert str(refused.value).endswith(
        " isn't installed. The run is as it was. Install cloudsync-smtp[traces]."
    )


def test_nothing_is_loaded_where_nobody_asks() -> None:
    """Neither by the commands nor by the functions."""
    code = (
        "import sys, cloudsync.function, cloudsync.cli.worker, cloudsync.otlp\n"
        "assert cloudsync.otlp.tracer({}) is None\n"
        "print([one for one in sys.modules if one.startswith('opentelemetry')])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout == "[]\n"


def test_outside_of_a_run_nothing_is_traced(kept: Kept) -> None:
    """Not even where the process has a tracer, or had one a moment ago."""
    with kept.run():
        pass
    with trace.span("look") as part:
        part.say({"a": 1})
        part.fail("broken")
        called("aws", "DescribeSecurityGroups", "ok", since=trace.began())
    assert ([one.name for one in kept.spans], part.trace) == (["run"], "")
    with trace.running(None, {}, kept.undelivered.append, bool) as whole, trace.span("look"):
        assert whole.trace == ""
    assert len(kept.spans) == 1


def test_scopes_side_by_side_are_parts_of_their_run(kept: Kept) -> None:
    """Whichever thread works on them; each answer belongs to the scope that asked, from the moment
    when it was asked.
    """
    since = trace.began() - 1_000_000_000

    def work(scope: str) -> str:
        with trace.span("observe", {"cloudsync.scope": scope}):
            called("aws", scope, "ok", since=since)
        return scope

    with kept.run() as whole:
        Abreast(3)(work, ["a", "b", "c"], str)
    by_id = {one.context.span_id: one for one in kept.spans if one.context}
    within = {
        one.name: by_id[one.parent.span_id].attributes
        for one in kept.spans
        if one.parent and one.kind is SpanKind.CLIENT
    }
    assert within == {one: {"cloudsync.scope": one} for one in "abc"}
    assert {one.start_time for one in kept.spans if one.name in within} == {since}
    traces = {f"{one.context.trace_id:032x}" for one in kept.spans if one.context}
    assert traces == {whole.trace}


def test_a_span_says_no_secret_and_nothing_that_doesnt_print(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it comes from: attributes, lists, what was raised, what a cloud answered."""
    monkeypatch.setenv("TEAM_TOKEN", "hunter2hunter2")
    hostile = "\x1b[2J\ud800\u202e hunter2hunter2 https://ann:pass-word@x"
    clean = "\\x1b[2J\\ud800\\u202e [hidden] https://[hidden]@x"
    with kept.run():
        with trace.span("a", {"label": hostile, "labels": (hostile,) * 30, "api_key": "k"}) as part:
            part.say({"more": "x" * 2_000, "n": 3})
        with pytest.raises(ValueError, match="hunter2"), trace.span("b"):
            raise ValueError(hostile)
        called("aws", hostile, hostile)
    a, b, asked_, _ = kept.spans
    assert a.attributes == {
        "label": clean, "labels": (clean,) * 20, "api_key": "[hidden]", "more": "x" * 1_000, "n": 3,
    }  # fmt: skip
    assert (b.status.description, b.attributes) == (clean, {"error.type": "ValueError"})
    assert asked_.name == clean
    assert asked_.attributes is not None
    assert asked_.attributes["rpc.response.status_code"] == clean


def test_the_end_of_the_process_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK would have it wait for half a minute; what a run hands over is handed over with it."""
    left: list[str] = []

    def register(what: Callable[..., object], *_: object, **_more: object) -> object:
        left.append(what.__qualname__)
        return what

    monkeypatch.setattr(atexit, "register", register)
    made = tracer({**ENDPOINT, "OTEL_SERVICE_NAME": "another"})
    assert isinstance(made, Otlp)
    made.provider.shutdown()
    assert "TracerProvider.shutdown" not in left


def test_a_slow_collector_is_waited_for_less_where_the_process_is_to_end(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one thread at most waits on for it, however many runs end meanwhile."""
    free = threading.Event()
    flushes: list[float] = []

    def flush() -> None:
        flushes.append(0.0)
        free.wait(60)

    monkeypatch.setattr(kept.tracer.provider, "force_flush", flush)
    monkeypatch.setattr(otlp, "SECONDS", 0.02)
    monkeypatch.setattr(otlp, "HURRIED", 0.01)
    said = [str(one) for hurried in (False, True) for one in kept.tracer.deliver(hurried=hurried)]
    free.set()
    assert [one.partition(" s. ")[0] for one in said] == [
        "traces: they couldn't be delivered within 0.02",
        "traces: they couldn't be delivered within 0.01",
    ]
    assert len(flushes) == 1


def test_a_run_that_ends_by_an_exception_is_handed_over_too(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM ends a run by one; then there is little time, and what is lost is said."""
    asked_for: list[bool] = []
    lost = UsageError("traces", "they are lost")

    def deliver(*, hurried: bool = False) -> Iterator[CloudsyncError]:
        asked_for.append(hurried)
        yield lost

    monkeypatch.setattr(kept.tracer, "deliver", deliver)
    for hurried in (False, True):
        with (
            pytest.raises(KeyboardInterrupt),
            trace.running(kept.tracer, {}, kept.undelivered.append, lambda: hurried),  # noqa: B023
        ):
            raise KeyboardInterrupt
    assert [one.attributes for one in kept.spans] == [{"error.type": "KeyboardInterrupt"}] * 2
    assert (asked_for, kept.undelivered) == ([False, True], [lost, lost])
