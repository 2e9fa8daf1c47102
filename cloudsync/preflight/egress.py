"""Whether outbound port 25 is still open from here: a connection to a named host, and no mail."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Final

from cloudsync.preflight.seen import Egress

TRIES: Final = 3
TIMEOUT: Final = 5.0
_BANNER: Final = 512


def connect(host: str, port: int = 25, *, timeout: float = TIMEOUT, tries: int = TRIES) -> Egress:
    """Connect to ``host``, read its greeting and say QUIT; raises nothing."""
    detail = ""
    for _ in range(tries):
        try:
            with socket.create_connection((host, port), timeout=timeout) as connection:
                greeting = connection.recv(_BANNER)
                with suppress(OSError):
                    connection.sendall(b"QUIT\r\n")
        except TimeoutError:
            detail = f"no answer within {timeout:g} s, {tries} times"
            continue
        except OSError as error:
            return Egress(host, port, "refused", error.strerror or str(error))
        line = greeting.split(b"\r\n")[0].decode("ascii", "replace")
        return Egress(host, port, "open" if greeting.startswith(b"220") else "no_greeting", line)
    return Egress(host, port, "silent", detail)
