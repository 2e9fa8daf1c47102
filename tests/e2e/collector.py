"""A collector of traces on loopback, which takes OTLP over HTTP and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue


@dataclass(frozen=True)
class Received:
    """A span as it came in: ``failed`` is None, or what its status says."""

    name: str
    trace: str
    id: str
    within: str
    client: bool
    nanoseconds: int
    failed: str | None
    said: dict[str, Any]
    resource: dict[str, Any]


@dataclass
class Collector:
    """What came in by trace and by every other path, and how it answers."""

    port: int = 0
    spans: list[Received] = field(default_factory=list[Received])
    others: list[str] = field(default_factory=list[str])
    status: int = 200
    free: threading.Event = field(default_factory=threading.Event)
    """Set: it answers. Clear: it takes a request and says nothing."""

    @property
    def url(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is to say."""
        return f"http://127.0.0.1:{self.port}"

    def parents(self) -> set[tuple[str, str]]:
        """Each span with the one that it is within, by their names."""
        names = {one.id: one.name for one in self.spans}
        return {(one.name, names.get(one.within, "")) for one in self.spans}

    def named(self, name: str) -> list[Received]:
        """The spans of a name."""
        return [one for one in self.spans if one.name == name]


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None


def _received(body: bytes) -> list[Received]:
    found: list[Received] = []
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = {one.key: _value(one.value) for one in group.resource.attributes}
        for scope in group.scope_spans:
            found += [
                Received(
                    one.name, one.trace_id.hex(), one.span_id.hex(), one.parent_span_id.hex(),
                    one.kind == one.SPAN_KIND_CLIENT,
                    one.end_time_unix_nano - one.start_time_unix_nano,
                    one.status.message if one.status.code == one.status.STATUS_CODE_ERROR else None,
                    {said.key: _value(said.value) for said in one.attributes}, resource,
                )
                for one in scope.spans
            ]  # fmt: skip
    return found


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != "/v1/traces":
                collector.others.append(self.path)
            else:
                collector.free.wait(30)
                if collector.status == 200:
                    collector.spans += _received(body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(collector.status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of whoever has gone."""


@contextmanager
def collecting() -> Generator[Collector]:
    """A collector, for as long as the block runs."""
    found = Collector()
    found.free.set()
    server = _Server(("127.0.0.1", 0), _handler(found))
    found.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield found
    finally:
        found.free.set()
        server.shutdown()
        server.server_close()
