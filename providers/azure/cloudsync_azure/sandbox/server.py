"""HTTP/1.1 on loopback around one function, in a thread of its own; it knows nothing of Azure."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as Received
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from cloudsync_azure.sandbox.wire import Reply, Request

Respond = Callable[[Request], Reply | None]
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_PATIENCE = 10.0


class _Connection(H11Protocol):
    """Shows the application its transport, so that it can hang up instead of answering."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does this by itself only where the listener was made for TCP by name; without it
        # every answer waits 40 ms for the client's acknowledgement of its headers.
        taken: socket.socket = transport.get_extra_info("socket")
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, "transport": transport}


class _Hung(Response):
    """No answer at all: the socket is closed."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's
        self._transport.abort()
        # The server must have seen that the client is gone, or it would answer 500 in our place.
        while (await receive())["type"] != "http.disconnect":
            pass


class Loopback:
    """A server on 127.0.0.1; ``port`` 0 takes a free one."""

    def __init__(self, respond: Respond, port: int) -> None:
        self._respond = respond
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=_METHODS)])
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=_Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = Thread(
            target=self._server.run, args=([listener],), daemon=True, name="azure-sandbox"
        )
        self._listener = listener
        self._thread.start()
        until = time.monotonic() + _PATIENCE
        while not self._server.started:
            if time.monotonic() > until or not self._thread.is_alive():
                message = f"the sandbox didn't start to listen on {self.url}"
                raise RuntimeError(message)
            time.sleep(0.002)

    async def _answer(self, received: Received) -> Response:
        target = received.url.path
        if received.url.query:
            target = f"{target}?{received.url.query}"
        request = Request.read(
            received.method, target, dict(received.headers), await received.body(), self.url
        )
        reply = await run_in_threadpool(self._respond, request)
        if reply is None:
            return _Hung(received.state.transport)
        answer = Response(reply.body, reply.status)
        for name, value in reply.headers:
            answer.headers[name] = value
        return answer

    def stop(self) -> None:
        """Close every connection and wait until nothing runs any more."""
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()
