"""Azure's clients with a wire that ends in a sandbox of this process: no socket, no thread."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from cloudsync_azure.client import Clients
from cloudsync_azure.sandbox import Sandbox

ENDPOINT: Final = "http://127.0.0.1"
"""Where the clients believe the API to be, and where its answers lead to; nobody is asked there."""


class Wire(HTTPAdapter):
    """Every request goes to one sandbox, the newest that it leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.sandbox: Sandbox | None = None

    def clients(self) -> Clients:
        """Clients of the product, made as it makes them, on this wire."""
        return _Wired(self)

    def send(self, request: Any, *_more: Any, **_other: Any) -> requests.Response:
        """One request's answer; a lost one is the error that a closed socket would be."""
        assert self.sandbox is not None
        parts = urlsplit(str(request.url))
        body: str | bytes = request.body or b""
        reply = self.sandbox.respond(
            request.method,
            f"{parts.path}?{parts.query}",
            {str(name): str(value) for name, value in request.headers.items()},
            body.encode() if isinstance(body, str) else body,
        )
        if reply is None:
            raise requests.ConnectionError("the socket was closed without an answer")
        raw = HTTPResponse(
            BytesIO(reply.body), dict(reply.headers), reply.status, preload_content=False
        )
        return self.build_response(request, raw)


class _Wired(Clients):
    """The product's clients, each with its session's requests on the wire."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount(ENDPOINT, wire)

    def _options(self, endpoint: str | None) -> dict[str, Any]:
        transport = RequestsTransport(session=self._session, session_owner=False)
        return {**super()._options(endpoint), "transport": transport}
