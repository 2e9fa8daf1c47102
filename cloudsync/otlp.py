"""The tracer that OpenTelemetry's SDK makes, as the environment asks for it by OpenTelemetry's own names.

``OTEL_EXPORTER_OTLP_ENDPOINT`` or ``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`` says where spans go, and
``OTEL_TRACES_EXPORTER=otlp`` that they do, to the usual place; ``none``, and ``OTEL_SDK_DISABLED``,
that they don't (opentelemetry.io, "Environment Variable Specification" and "OTLP Exporter
Configuration"). What else those documents name (headers, certificates, time, sampler, limits, the
resource) is the SDK's to read. Unlike there, nothing is sent where none of them is set.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from cloudsync import __version__
from cloudsync.errors import CloudsyncError, UsageError
from cloudsync.immutable import immutable
from cloudsync.report.words import clean, counted
from cloudsync.trace import Said, Span, Tracer

if TYPE_CHECKING:
    from opentelemetry import trace as api
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

EXPORTER: Final = "OTEL_TRACES_EXPORTER"
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
DISABLED: Final = "OTEL_SDK_DISABLED"
SECONDS: Final = 5.0
"""How long a run waits at its end, at most, until its spans are delivered."""
HURRIED: Final = 1.0
"""The same, where the process was told to end."""
_SAME: Final = "The run is as it was."
_ONE: Final = threading.Lock()


def asked(environment: Mapping[str, str]) -> str | None:
    """The variable by which the environment asks for traces; None where it doesn't.

    Raises:
        UsageError: it asks for what there isn't here.
    """
    if environment.get(DISABLED, "").strip().lower() == "true":
        return None
    said = environment.get(EXPORTER, "").strip()
    by = EXPORTER if said else next((one for one in ENDPOINTS if environment.get(one)), None)
    if by is None or said == "none":
        return None
    if said not in {"", "otlp"}:
        raise UsageError(
            EXPORTER, f"{clean(said)!r} isn't known here", done=_SAME, todo="Write otlp, or none."
        )
    for name in PROTOCOLS:
        protocol = environment.get(name) or "http/protobuf"
        if protocol != "http/protobuf":
            raise UsageError(
                name, f"{clean(protocol)!r} isn't spoken here", done=_SAME,
                todo="Write http/protobuf; a collector takes it on port 4318.",
            )  # fmt: skip
    return by


def tracer(environment: Mapping[str, str] | None = None) -> Tracer | None:
    """The process's tracer; None where nobody asks for one.

    Raises:
        UsageError: it can't be made.
    """
    said = os.environ if environment is None else environment
    by = asked(said)
    if by is None:
        return None
    try:
        with _ONE:
            return _made(frozenset((k, v) for k, v in said.items() if k.startswith("OTEL_")))
    except ImportError as error:
        raise UsageError(
            by, f"{error.name} isn't installed", done=_SAME, todo="Install cloudsync-smtp[traces]."
        ) from error
    except Exception as error:
        # The SDK reads a dozen variables; not its words, which may repeat one with a key in it.
        raise UsageError(
            by, f"no traces can be sent as the environment says: {type(error).__name__}",
            done=_SAME, todo="See what its OTEL_ variables say.",
        ) from error  # fmt: skip


def waits(environment: Mapping[str, str]) -> float:
    """How many seconds the end of a run may wait for its spans to be delivered."""
    with suppress(UsageError):
        return SECONDS if asked(environment) else 0.0
    return 0.0


def leave() -> Iterator[CloudsyncError]:
    """Hand over what ended, where the process ends with a run under way; gives what went wrong."""
    with suppress(UsageError):
        if found := tracer():
            yield from found.deliver(hurried=True)


@lru_cache(maxsize=1)
def _made(_environment: frozenset[tuple[str, str]]) -> Tracer:
    """The one tracer of an environment, whose thread lives as long as the process."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    # What it can't deliver is said once a run, in our own words; its own repeat the address.
    logging.getLogger("opentelemetry").propagate = False
    logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
    own = Resource.create({"service.name": "cloudsync", "service.version": __version__})
    provider = TracerProvider(
        # What the environment says of the resource goes before what we say.
        resource=own.merge(OTELResourceDetector().detect()),
        # At the end of the process it would wait for half a minute.
        shutdown_on_exit=False,
    )
    exporter = Counting(OTLPSpanExporter())
    provider.add_span_processor(BatchSpanProcessor(cast("SpanExporter", exporter)))
    return Otlp(provider, provider.get_tracer("cloudsync", __version__), exporter)


@dataclass
class Counting:
    """An exporter, and how many spans it couldn't deliver since that was last asked."""

    inner: SpanExporter
    _lost: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Deliver ``spans``, or count them."""
        found = self.inner.export(spans)
        if found.name != "SUCCESS":
            with self._lock:
                self._lost += len(spans)
        return found

    def shutdown(self) -> None:
        """Deliver nothing more."""
        self.inner.shutdown()

    def lost(self) -> int:
        """How many there were."""
        with self._lock:
            lost, self._lost = self._lost, 0
        return lost


@immutable
class _Part:
    """A span of the SDK."""

    inner: api.Span

    @property
    def trace(self) -> str:
        return f"{self.inner.get_span_context().trace_id:032x}"

    def say(self, attributes: Mapping[str, Said]) -> None:
        self.inner.set_attributes(attributes)

    def fail(self, kind: str, text: str = "") -> None:
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - it is loaded by now

        self.inner.set_attribute("error.type", kind)
        self.inner.set_status(Status(StatusCode.ERROR, text or None))

    def end(self, at: int | None = None) -> None:
        self.inner.end(at)


@dataclass
class Otlp:
    """As ``Tracer`` has it. Its provider is nobody else's: no library's own spans mix with ours."""

    provider: TracerProvider
    inner: api.Tracer
    exporter: Counting
    _flush: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(
        self,
        name: str,
        attributes: Mapping[str, Said],
        *,
        at: int | None = None,
        asking: bool = False,
    ) -> Span:
        """As ``Tracer`` has it."""
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 - it is loaded by now

        kind = SpanKind.CLIENT if asking else SpanKind.INTERNAL
        return _Part(self.inner.start_span(name, kind=kind, attributes=attributes, start_time=at))

    def within(self, span: Span) -> AbstractContextManager[object]:
        """As ``Tracer`` has it."""
        from opentelemetry.trace import use_span  # noqa: PLC0415 - it is loaded by now

        assert isinstance(span, _Part)
        return use_span(
            span.inner, end_on_exit=False, record_exception=False, set_status_on_exception=False
        )

    def deliver(self, *, hurried: bool = False) -> Iterator[CloudsyncError]:
        """As ``Tracer`` has it, in ``SECONDS`` at most, or ``HURRIED``.

        The SDK's own flush heeds no time that it is given (opentelemetry-python, issue 4568), so a
        thread waits for it. There is one such thread at most, however many runs end meanwhile.
        """
        with self._lock:
            if self._flush is None or not self._flush.is_alive():
                self._flush = threading.Thread(
                    target=self.provider.force_flush, name="traces", daemon=True
                )
                self._flush.start()
            flush = self._flush
        seconds = HURRIED if hurried else SECONDS
        flush.join(seconds)
        late, lost = flush.is_alive(), self.exporter.lost()
        if late or lost:
            how = f" within {seconds:g} s" if late else f" and are lost: {counted(lost, 'span')}"
            yield UsageError(
                "traces", f"they couldn't be delivered{how}", done=_SAME,
                todo="See whether the collector is up, and takes OTLP over HTTP.",
            )  # fmt: skip
