"""What holds for every answer: the host that was asked, who asks, the headers; it knows no page."""

from __future__ import annotations

import time
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloudsync.web.doors import COOKIE
from cloudsync.web.site import Site

# Nothing is loaded from elsewhere and nothing runs: a label that slipped through as markup could
# do neither, nor could it send a form away.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # Not no-referrer: with it a browser says "Origin: null" of the page's own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
PROBED: Final = frozenset({"/healthz", "/readyz"})
"""What orchestrators ask by whatever name they have for the machine; by a name that isn't served it
says nothing of anybody."""


class Guardrail:
    """Refuses what was meant for another host, says who asks, and sets the headers of every answer."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if scope["path"] not in PROBED and not self._site.answers_to(host):
            refused = PlainTextResponse(
                "This host isn't served here. Start cloudsync serve with --host NAME.\n", 421
            )
            await refused(scope, receive, _with_headers(send))
            return
        doors = self._site.doors
        carried = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        person = doors.who(headers, carried, time.time())
        state: dict[str, Any] = scope.setdefault("state", {})
        state |= {"person": person, "doors": doors}
        await self._app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending
