"""AWS's clients with a wire that ends in a sandbox of this process: no socket, no thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError

from cloudsync_aws.client import ATTEMPTS, Clients
from cloudsync_aws.sandbox.dispatch import Dispatcher

ENDPOINT: Final = "http://127.0.0.1:1"
"""Where the clients believe the API to be; nobody listens there."""
_RETRY_SECONDS: Final = 1.0
_THROTTLED: Final = frozenset({"RequestLimitExceeded", "TooManyRequestsException"})


class Wire:
    """Every request goes to one sandbox, the newest that it leads to."""

    def __init__(self) -> None:
        self._dispatcher: Dispatcher | None = None
        self._reading: Callable[[bool], AbstractContextManager[None]] | None = None
        self._pause: Callable[[float], None] | None = None

    def leads_to(
        self,
        dispatcher: Dispatcher,
        asked: Callable[[bool], AbstractContextManager[None]],
        pause: Callable[[float], None],
    ) -> None:
        """From now on ``dispatcher`` is asked, inside ``asked(whether it changes something)``.

        ``pause`` waits before a call is tried again.
        """
        self._dispatcher, self._reading, self._pause = dispatcher, asked, pause

    def clients(self) -> Clients:
        """Clients of the product, made as it makes them, on this wire."""
        return _Wired(self)

    def send(self, request: Any, **_more: Any) -> AWSResponse:
        """One request's answer; a lost one is the error that a closed socket would be."""
        assert self._dispatcher is not None
        assert self._reading is not None
        url: str = request.url
        parts = urlsplit(url)
        body: str | bytes = request.body or b""
        raw = body.encode() if isinstance(body, str) else body
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
        }
        for name, value in request.headers.items():
            said = value.decode() if isinstance(value, bytes) else str(value)
            environ["HTTP_" + name.upper().replace("-", "_")] = said
        environ["CONTENT_TYPE"] = environ.get("HTTP_CONTENT_TYPE", "")
        with self._reading(b"Action=Modify" in raw or b"Action=Restore" in raw):
            reply = self._dispatcher.respond(raw, environ)
        if reply is None:
            raise ConnectionClosedError(endpoint_url=url)
        headers: Any = {"Content-Type": reply.content_type, **dict(reply.headers)}
        return AWSResponse(url, reply.status, headers, _Raw(reply.body))

    def again(
        self, attempts: int, response: Any = None, caught_exception: Any = None, **_more: Any
    ) -> float | None:
        """Whether a call is tried again, at once: the time of these tests is simulated.

        The SDK tries again what it doesn't know the end of, and what was too fast, until it has
        tried as often as the product says. What else it counts lasts longer than one schedule.
        """
        code = response[1].get("Error", {}).get("Code") if response else None
        if attempts >= ATTEMPTS or (caught_exception is None and code not in _THROTTLED):
            return None
        assert self._pause is not None
        self._pause(_RETRY_SECONDS)
        return 0.0


class _Raw:
    """A body as the SDK takes it from its connection."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        """All of it at once."""
        yield self._body


class _Wired(Clients):
    """The product's clients, each with its requests on the wire."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire
        self._on_wire = set[int]()

    def get(self, service: str, region: str, endpoint: str | None, *, lent: bool = False) -> Any:
        client = super().get(service, region, endpoint, lent=lent)
        if id(client) not in self._on_wire:
            self._on_wire.add(id(client))
            events, name = client.meta.events, client.meta.service_model.service_id.hyphenize()
            events.register(f"before-send.{name}", self._wire.send)
            events.unregister(f"needs-retry.{name}", unique_id=f"retry-config-{name}")
            events.register(f"needs-retry.{name}", self._wire.again)
        return client

    def _session(self, *, lent: bool) -> Any:
        session = super()._session(lent=lent)
        session.set_credentials("AKIASANDBOX", "sandbox")
        return session
