"""Whatever the sandbox doesn't hold itself, asked of moto's server in this process.

moto keeps its state for the whole process, by account: each sandbox shows it other account ids,
so that two sandboxes stay apart. moto is imported at the first such request (it takes seconds).
"""

from __future__ import annotations

import importlib
import itertools
import re
from collections.abc import Callable, Iterable
from functools import cache
from io import BytesIO
from threading import Lock
from typing import Any

from cloudsync_aws.sandbox.wire import Reply

Wsgi = Callable[..., Iterable[bytes]]

_numbers = itertools.count(1)
_importing = Lock()


@cache
def _app() -> Wsgi:
    # Late and by name: it takes seconds, and moto's server has no types.
    server: Any = importlib.import_module("moto.moto_server.werkzeug_app")
    app: Wsgi = server.DomainDispatcherApplication(server.create_backend_app)
    return app


class Rest:
    """The services and actions that moto answers."""

    def __init__(self) -> None:
        self._number = next(_numbers)
        self._masks: dict[bytes, bytes] = {}

    def ask(self, environ: dict[str, Any], body: bytes, account: str) -> Reply:
        """What moto answers to one request of one account."""
        testing: Any = importlib.import_module("werkzeug.test")
        with _importing:
            app = _app()
            mask = self._masks.setdefault(
                account.encode(), b"9%05d%06d" % (self._number, len(self._masks))
            )
            hidden = dict(self._masks)
        shown = {masked: known for known, masked in hidden.items()}
        body = _swap(body, hidden)
        environ |= {
            "wsgi.input": BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_MOTO_ACCOUNT_ID": mask.decode(),
        }
        try:
            chunks, status, headers = testing.run_wsgi_app(app, environ, buffered=True)
        except Exception as error:  # noqa: BLE001 - moto raises through its server what it lacks
            return Reply(501, str(error).encode(), "text/plain")
        kind = str(headers.get("Content-Type", "text/xml"))
        return Reply(int(str(status).split()[0]), _swap(b"".join(chunks), shown), kind)


def _swap(text: bytes, names: dict[bytes, bytes]) -> bytes:
    """The text with account ids exchanged, whole ones only."""
    return re.sub(rb"(?<!\d)\d{12}(?!\d)", lambda found: names.get(found[0], found[0]), text)
