"""The page on a socket, until it is told to end; it opens no state."""

from __future__ import annotations

import socket
from collections.abc import Callable
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


def serve(site: Site, listening: socket.socket, told: Callable[[], None] = lambda: None) -> None:
    """Answer on ``listening`` until SIGTERM or Ctrl-C; ``told`` is called before the first."""
    settings = uvicorn.Config(
        application(site), log_level="warning", access_log=False, server_header=False,
        proxy_headers=False, lifespan="off", timeout_graceful_shutdown=10,
    )  # fmt: skip
    told()
    uvicorn.Server(settings).run(sockets=[listening])
