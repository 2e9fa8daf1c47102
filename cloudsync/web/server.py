"""The page on a socket, until it is told to end; it opens no state."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from ipaddress import ip_address

import uvicorn

from cloudsync.errors import UsageError
from cloudsync.web.app import application
from cloudsync.web.site import Site


def bound(listen: str) -> socket.socket:
    """A socket that listens at ``ADDRESS:PORT``; port 0 takes a free one.

    Raises:
        UsageError: it isn't an address and a port, or can't be had.
    """
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        address, number = ip_address(host), int(port)
    except ValueError as error:
        raise UsageError(
            "--listen", f"{listen} isn't an address and a port", done="Nothing is served.",
            todo="Say --listen 127.0.0.1:8025.",
        ) from error  # fmt: skip
    try:
        return socket.create_server(
            (str(address), number),
            family=socket.AF_INET6 if address.version == 6 else socket.AF_INET,
        )
    except (OSError, OverflowError) as error:
        raise UsageError(
            "--listen", f"{listen} can't be had: {error}", done="Nothing is served.",
            todo="End what listens there, or name another port.",
        ) from error  # fmt: skip


class _Server(uvicorn.Server):
    """A server that has done its work when it is told to end: it doesn't pass the signal on."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Heed SIGTERM and Ctrl-C while it serves, where a signal can be heeded."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            one: signal.signal(one, self.handle_exit) for one in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def serve(site: Site, listening: socket.socket, told: Callable[[], None] = lambda: None) -> None:
    """Answer on ``listening`` until SIGTERM or Ctrl-C; ``told`` is called before the first."""
    settings = uvicorn.Config(
        application(site), log_level="warning", access_log=False, server_header=False,
        proxy_headers=False, lifespan="off", timeout_graceful_shutdown=10,
    )  # fmt: skip
    told()
    _Server(settings).run(sockets=[listening])
