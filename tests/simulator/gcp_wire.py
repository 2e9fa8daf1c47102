"""Google's clients with a wire that ends in a sandbox of this process: no socket, no thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from cloudsync_gcp.client import Clients
from cloudsync_gcp.sandbox import Cloud

ENDPOINT: Final = "http://127.0.0.1:1"
"""Where the clients believe the API to be; nobody listens there."""


class Wire(BaseAdapter):
    """Every request goes to one cloud, the newest that it leads to."""

    def __init__(self) -> None:
        super().__init__()
        self._cloud: Cloud | None = None
        self._pause: Callable[[float], object] | None = None

    def leads_to(self, cloud: Cloud, pause: Callable[[float], object]) -> None:
        """From now on ``cloud`` is asked, and ``pause`` waits where an answer takes time."""
        self._cloud, self._pause = cloud, pause

    def clients(self) -> Clients:
        """Clients of the product, made as it makes them, on this wire."""
        return _Wired(self)

    def send(self, request: Any, *_more: Any, **_other: Any) -> requests.Response:
        """One request's answer; a lost one is the error that a closed socket would be."""
        assert self._cloud is not None
        url: str = request.url
        parts = urlsplit(url)
        body: str | bytes = request.body or b""
        reply = self._cloud.respond(
            request.method,
            f"{parts.path}?{parts.query}",
            body.encode() if isinstance(body, str) else body,
            {str(name).lower(): str(value) for name, value in request.headers.items()},
            pause=self._pause,
        )
        if reply is None:
            raise requests.ConnectionError("the socket was closed without an answer")
        answer: Any = requests.Response()
        answer.status_code = reply.status
        answer.headers["Content-Type"] = reply.content_type
        answer._content = reply.body
        answer.url, answer.request = url, request
        return answer  # type: ignore[no-any-return]

    def close(self) -> None:
        """There is nothing to close."""


class _Wired(Clients):
    """The product's clients, each with its session's requests on the wire."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def _made(self, service: str, endpoint: str | None) -> Any:
        client = super()._made(service, endpoint)
        client.transport._session.mount(ENDPOINT, self._wire)
        return client
