"""Whatever the sandbox doesn't hold itself, asked of moto's server in this process.

moto keeps its state for the whole process, by account: each sandbox shows it other account ids,
so that two sandboxes stay apart. moto is imported at the first such request (it takes seconds).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from cloudsync_aws.sandbox.wire import Reply

_sandboxes = itertools.count(1)
_lock = Lock()
_loaded: list[Callable[..., Iterable[bytes]]] = []


def _app() -> Callable[..., Iterable[bytes]]:
    with _lock:
        if not _loaded:
            from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - seconds, so only if asked
                DomainDispatcherApplication,
                create_backend_app,
            )

            _loaded.append(DomainDispatcherApplication(create_backend_app))
        return _loaded[0]


class Rest:
    """The services and actions that moto answers."""

    def __init__(self) -> None:
        self._number = next(_sandboxes)
        self._masks: dict[str, str] = {}

    def _mask(self, account: str) -> str:
        return self._masks.setdefault(account, f"9{self._number:05d}{len(self._masks):06d}")

    def ask(self, environ: dict[str, Any], body: bytes, account: str) -> Reply:
        """moto's answer to one request of one account."""
        from io import BytesIO  # noqa: PLC0415

        from werkzeug.test import run_wsgi_app  # noqa: PLC0415 - moto brings it

        app = _app()
        mask = self._mask(account)
        for known, masked in self._masks.items():
            body = body.replace(known.encode(), masked.encode())
        environ |= {
            "wsgi.input": BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_MOTO_ACCOUNT_ID": mask,
        }
        chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
        answer = b"".join(chunks)
        for known, masked in self._masks.items():
            answer = answer.replace(masked.encode(), known.encode())
        code = int(status.split()[0])
        kind = headers.get("Content-Type", "text/xml")
        return Reply(code, answer, kind)
