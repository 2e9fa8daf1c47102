"""HTTP/1.1 on loopback: an ASGI application on uvicorn, in a thread of its own.

It knows nothing of Compute Engine. An answer that is lost is a connection that is aborted, which
ASGI has no word for: the protocol keeps each client's transport, and the application ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from threading import Thread
from typing import Any, Final

import uvicorn
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from cloudsync_gcp.sandbox.cloud import Cloud
from cloudsync_gcp.sandbox.wire import Request

_STARTS_WITHIN: Final = 10.0
_transports: dict[tuple[str, int, int], asyncio.Transport] = {}


class _Protocol(H11Protocol):
    """Keeps the transport where the application finds it, by both ends' ports."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._key = _key(transport.get_extra_info("peername"), transport.get_extra_info("sockname"))
        _transports[self._key] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        _transports.pop(self._key, None)
        super().connection_lost(exc)


def _key(client: Any, server: Any) -> tuple[str, int, int]:
    return str(client[0]), int(client[1]), int(server[1])


class _Application:
    """ASGI around a cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.stopped = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        http = HttpRequest(scope, receive)
        query = scope["query_string"].decode("latin-1")
        url = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        begun = self._cloud.begin(
            Request.of(http.method, url, await http.body(), dict(http.headers))
        )
        if begun.seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopped.wait(), begun.seconds)
        reply = self._cloud.finish(begun)
        if reply is None:
            transport = _transports.get(_key(scope["client"], scope["server"]))
            if transport is not None:
                transport.abort()
            while (await receive())["type"] != "http.disconnect":
                continue
            return
        answer = Response(reply.body, reply.status, media_type=reply.content_type)
        await answer(scope, receive, send)


class _Server(uvicorn.Server):
    """Waits to be told to stop; uvicorn would look ten times a second."""

    def __init__(self, config: uvicorn.Config, stopped: asyncio.Event) -> None:
        super().__init__(config)
        self._stopped = stopped

    async def main_loop(self) -> None:
        await self._stopped.wait()


class Loopback:
    """A server on 127.0.0.1 and nowhere else."""

    def __init__(self, cloud: Cloud, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # An answer goes out in two writes: without this the second waits 40 ms for the first's
        # acknowledgement. What is accepted inherits it.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
            self._socket.listen(128)
        except (OSError, OverflowError):
            self._socket.close()
            raise
        self.url = "http://{}:{}".format(*self._socket.getsockname())
        self._application = _Application(cloud)
        self._server = _Server(
            uvicorn.Config(
                self._application,
                http=_Protocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=1,
            ),
            self._application.stopped,
        )
        self._thread = Thread(target=self._run, daemon=True, name="gcp-sandbox")
        self._thread.start()
        until = time.monotonic() + _STARTS_WITHIN
        while not self._server.started and self._thread.is_alive():
            if time.monotonic() > until:
                message = "the sandbox didn't start listening"
                raise RuntimeError(message)
            time.sleep(0.002)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """Close every connection and wait until nothing runs any more."""
        self._loop.call_soon_threadsafe(self._application.stopped.set)
        self._thread.join()
        self._socket.close()
