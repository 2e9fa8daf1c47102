"""Google's client against a sandbox in this process: no socket, no thread, and the caller's clock.

Every REST client of Google's goes through requests; inside ``served`` whatever it sends to the
endpoint is answered by the cloud itself. A lost answer is the error that a closed socket would be.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from cloudsync_gcp.sandbox import Cloud

_ports = count(1)


@contextmanager
def served(cloud: Cloud, pause: Callable[[float], object] | None = None) -> Generator[str]:
    """The endpoint at which ``cloud`` is asked while the block runs; nobody listens there.

    ``pause`` is told to wait where an answer takes time.
    """
    # Ports below 1024 that no test listens on; each cloud has its own.
    endpoint = f"http://127.0.0.1:{next(_ports)}"
    before: Any = HTTPAdapter.send

    def send(adapter: HTTPAdapter, request: Any, **more: Any) -> Any:
        url: str = request.url
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != endpoint:
            return before(adapter, request, **more)
        body: str | bytes = request.body or b""
        reply = cloud.respond(
            request.method,
            f"{parts.path}?{parts.query}",
            body.encode() if isinstance(body, str) else body,
            {str(name).lower(): str(value) for name, value in request.headers.items()},
            pause=pause,
        )
        if reply is None:
            raise requests.ConnectionError("the socket was closed without an answer")
        answer: Any = requests.Response()
        answer.status_code = reply.status
        answer.headers["Content-Type"] = reply.content_type
        answer._content = reply.body
        answer.url, answer.request = url, request
        return answer

    with patch.object(HTTPAdapter, "send", send):
        yield endpoint
