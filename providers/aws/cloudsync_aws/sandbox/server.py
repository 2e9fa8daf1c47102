"""HTTP/1.1 on loopback around one function; it knows nothing of AWS."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from threading import Lock, Thread
from typing import Any
from urllib.parse import unquote

from cloudsync_aws.sandbox.wire import Reply

Respond = Callable[[bytes, dict[str, Any]], Reply | None]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def _owner(self) -> _Server:
        assert isinstance(self.server, _Server)
        return self.server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self._owner.respond(body, self._environ())
        if reply is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response_only(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815 - http.server's

    def _environ(self) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        host, port = self._owner.address
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
        }
        for name, value in self.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        return environ

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's
        """Say nothing: the sandbox keeps its own log of calls."""


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], respond: Respond) -> None:
        super().__init__(address, _Handler)
        self.respond = respond
        self._open: set[socket.socket] = set()
        self._lock = Lock()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()[:2]
        return str(host), int(port)

    def finish_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away, or a connection that was closed on purpose."""

    def hang_up(self) -> None:
        """Close what clients keep open, so that no thread waits for their next request."""
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class Loopback:
    """A server on 127.0.0.1, in threads of its own."""

    def __init__(self, respond: Respond, port: int) -> None:
        self._server = _Server(("127.0.0.1", port), respond)
        self.url = "http://{}:{}".format(*self._server.address)
        self._thread = Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            daemon=True,
            name="aws-sandbox",
        )
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and wait until nothing runs any more."""
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()
