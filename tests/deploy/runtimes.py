"""The platforms' runtimes: each is started as the platform starts it, and asked over the wire."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

from tests.state.servers import free_port, started


@dataclass
class RuntimeApi:
    """Lambda's runtime API: it hands out one event at a time and takes what came of it.

    Written from https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html (next, response,
    error, and the headers of an invocation).
    """

    events: Queue[tuple[Any, float]] = field(default_factory=Queue[tuple[Any, float]])
    answers: Queue[tuple[str, Any]] = field(default_factory=Queue[tuple[str, Any]])

    def ask(self, event: Any, seconds: float = 60.0) -> tuple[str, Any]:
        """Have ``event`` handled within ``seconds``; gives "response" or "error", and its body."""
        self.events.put((event, seconds))
        return self.answers.get(timeout=60)


def _handler(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            event, seconds = api.events.get()
            body = json.dumps(event).encode()
            self.send_response(200)
            self.send_header(
                "Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
            )
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + seconds) * 1000)))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()
            api.answers.put((self.path.rpartition("/")[2], json.loads(body)))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's word
            """Say nothing."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a runtime that is ended waits for its next event."""


@contextmanager
def lambda_runtime(
    bundle: Path, handler: str, environment: Mapping[str, str]
) -> Generator[RuntimeApi]:
    """The bundle under Lambda's own runtime client."""
    api = RuntimeApi()
    server = _Server(("127.0.0.1", 0), _handler(api))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told = {
        **os.environ, **environment, "LAMBDA_TASK_ROOT": str(bundle),
        "AWS_LAMBDA_FUNCTION_NAME": "cloudsync", "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "awslambdaric", handler], cwd=bundle, env=told,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield api
    finally:
        process.kill()
        process.wait(20)
        server.shutdown()
        server.server_close()


@contextmanager
def functions_framework(
    bundle: Path, target: str, environment: Mapping[str, str], kind: str = "http"
) -> Generator[int]:
    """The bundle under Google's Functions Framework; gives its port."""
    port = free_port()
    command = (
        str(Path(sys.executable).parent / "functions-framework"), "--source", str(bundle / "main.py"),
        "--target", target, "--signature-type", kind, "--host", "127.0.0.1", "--port", str(port),
    )  # fmt: skip
    with started(port, *command, cwd=bundle, env={**os.environ, **environment}):
        yield port


def post(port: int, body: Any, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The status and text of what is answered to a POST of JSON."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(
            "POST", "/", json.dumps(body),
            {"Content-Type": "application/json", **(headers or {})},
        )  # fmt: skip
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
