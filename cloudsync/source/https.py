"""One GET over https that trusts nobody: one host, vetted addresses, bounded size and time.

It follows no redirect, not even on the same host: the address that somebody wrote down and looked
at is the one that is read, and a page that moved is news for a person. It uses no proxy, no
netrc and no cookie.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from http.client import HTTPException
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final, Self

from cloudsync.errors import SourceRefused
from cloudsync.immutable import immutable
from cloudsync.source.body import body_of
from cloudsync.source.codes import refusal
from cloudsync.source.special import special_use
from cloudsync.source.url import Url

if TYPE_CHECKING:
    from urllib3.connection import HTTPSConnection
    from urllib3.response import BaseHTTPResponse

# The platform's own server on every Azure machine: a public address that is anything but.
_METADATA: Final = frozenset({"168.63.129.16"})
_MAX_ADDRESSES: Final = 4
_CONNECT_SECONDS: Final = 10.0


@immutable
class Limits:
    """Seconds from the look-up of the name to the last byte, and bytes once decompressed."""

    seconds: float
    max_bytes: int


@immutable
class Answer:
    """A whole body, decompressed, and the headers that go with it."""

    body: bytes
    content_type: str | None
    etag: str | None
    last_modified: str | None


def addresses_of(host: str, port: int) -> Sequence[str]:
    """The addresses of ``host``, as the system resolves it, each once.

    Raises:
        OSError: it doesn't resolve.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether ``address`` is neither special-use space nor a cloud's own server."""
    bare = ip_address(address.partition("%")[0])
    return special_use(ip_network(bare)) is None and str(bare) not in _METADATA


def get(
    url: Url,
    headers: Mapping[str, str],
    limits: Limits,
    *,
    trust: ssl.SSLContext | None,
    resolve: Callable[[str, int], Sequence[str]],
    reach: Callable[[str], bool],
) -> Answer | None:
    """The answer to a GET of ``url``, or None where the server says 304.

    Raises:
        SourceRefused: ``E_UNREACHABLE``, ``E_PRIVATE``, ``E_TLS``, ``E_TIMEOUT``, ``E_REDIRECT``,
            ``E_STATUS``, ``E_LENGTH``, ``E_TOO_LARGE`` or ``E_COMPRESSION``.
    """
    ends = time.monotonic() + limits.seconds
    addresses = _resolved(url, resolve, limits)
    # All of them, not the first that fits: a name that answers both ways is being turned on us.
    closed = [address for address in addresses if not reach(address)]
    if closed:
        what = f"{url.host} is {closed[0]}, which isn't a public address"
        raise refusal(url.text, "E_PRIVATE", what)
    context = trust or ssl.create_default_context()
    reason = "the name has no address"
    for address in addresses[:_MAX_ADDRESSES]:
        left = ends - time.monotonic()
        if left <= 0:
            break
        try:
            connection = _connected(url, address, context, min(left, _CONNECT_SECONDS))
        except ssl.SSLError as error:
            raise refusal(url.text, "E_TLS", _said(error)) from None
        except OSError as error:
            reason = f"no connection to {address} port {url.port} ({_said(error)})"
            continue
        with closing(connection), _Watch(connection.sock, ends - time.monotonic()) as watch:
            try:
                return _exchange(connection, url, headers, limits)
            except SourceRefused:
                # A socket that the watch has shut looks like a short answer.
                if watch.rang:
                    raise _late(url, limits) from None
                raise
    if time.monotonic() >= ends:
        raise _late(url, limits)
    raise refusal(url.text, "E_UNREACHABLE", reason)


def _resolved(
    url: Url, resolve: Callable[[str, int], Sequence[str]], limits: Limits
) -> Sequence[str]:
    """The addresses of the host; the system's resolver has no timeout, so a thread is left to it."""
    answers: queue.SimpleQueue[Sequence[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(url.host, url.port))
        except OSError as error:
            answers.put(error)
        except UnicodeError:
            answers.put(OSError(0, "no host's name has such labels"))

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=limits.seconds)
    except queue.Empty:
        raise _late(url, limits) from None
    if isinstance(answer, OSError):
        what = f"{url.host} doesn't resolve ({_said(answer)})"
        raise refusal(url.text, "E_UNREACHABLE", what)
    return answer


def _connected(url: Url, address: str, context: ssl.SSLContext, seconds: float) -> HTTPSConnection:
    """A connection to ``address`` whose certificate is the host's, within ``seconds``.

    Raises:
        ssl.SSLError: the server can't prove that it is the host.
        OSError: no connection.
    """
    # Late: a start with --help has no use for it.
    from urllib3.connection import HTTPSConnection  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    # The name isn't looked up again, which could lead elsewhere than what was vetted; it is what
    # the server is asked for and what its certificate must say. Half for TCP, half for TLS.
    connection = HTTPSConnection(
        address, url.port, timeout=seconds / 2, server_hostname=url.host, ssl_context=context
    )
    try:
        connection.connect()
    except HTTPError as error:
        connection.close()
        raise OSError(0, _said(error.__cause__ or error)) from error
    except BaseException:
        connection.close()
        raise
    return connection


class _Watch:
    """Shuts a socket when its time is up: a server that drips bytes never trips a read's timeout."""

    def __init__(self, watched: socket.socket, seconds: float) -> None:
        self.rang = False
        self._socket = watched
        self._timer = threading.Timer(max(seconds, 0), self._ring)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _ring(self) -> None:
        self.rang = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def _exchange(
    connection: HTTPSConnection, url: Url, headers: Mapping[str, str], limits: Limits
) -> Answer | None:
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    asked = {
        "Host": url.authority,
        "User-Agent": "cloudsync",
        "Accept": "text/plain, text/html;q=0.9, */*;q=0.1",
        "Accept-Encoding": "gzip",
        "Connection": "close",
        **headers,
    }
    # The watch ends what takes too long in all; this ends what says nothing at all.
    connection.timeout = limits.seconds
    try:
        connection.request(
            "GET",
            url.path,
            headers=asked,
            preload_content=False,
            decode_content=False,
            enforce_content_length=False,  # counted below, where both numbers can be said
        )
        # Closed by itself: an answer that ends with its connection keeps the socket for itself.
        with closing(connection.getresponse()) as response:
            if response.status == 304:
                return None
            _refuse_status(response, url)
            body = body_of(response, url, limits.max_bytes)
    except TimeoutError:
        raise _late(url, limits) from None
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        what = f"the answer broke off or is no HTTP ({_said(error)})"
        raise refusal(url.text, "E_UNREACHABLE", what) from None
    return Answer(
        body,
        response.headers.get("Content-Type"),
        response.headers.get("ETag"),
        response.headers.get("Last-Modified"),
    )


def _refuse_status(response: BaseHTTPResponse, url: Url) -> None:
    if 300 <= response.status < 400:
        place = response.headers.get("Location", "")[:200]
        what = f"status {response.status} points to {place!a}"
        raise refusal(url.text, "E_REDIRECT", what)
    if response.status != 200:
        raise refusal(url.text, "E_STATUS", f"status {response.status}")


def _late(url: Url, limits: Limits) -> SourceRefused:
    return refusal(url.text, "E_TIMEOUT", f"no whole answer within {limits.seconds:g} seconds")


def _said(error: BaseException) -> str:
    """What an error says in one line, without an object's address or a C file's line number."""
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS failed").lower().replace("_", " ")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
