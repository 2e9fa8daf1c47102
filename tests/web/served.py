"""The page on a socket of this machine, and a client that does only what it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3
import uvicorn

from cloudsync.web.app import application
from cloudsync.web.server import bound
from cloudsync.web.site import Site


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer."""

    code: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class Web:
    """A client of the page at ``origin``; it follows nothing and remembers nothing."""

    origin: str
    pool: urllib3.PoolManager

    def get(self, path: str, **headers: str) -> Answer:
        """GET; an underscore in a header's name is a hyphen."""
        return self.send("GET", path, {}, **headers)

    def send(self, verb: str, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        """Any request, with a form as a browser encodes it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        more: dict[str, Any] = (
            {"fields": dict(form), "encode_multipart": False} if verb == "POST" else {}
        )
        answer = self.pool.request(
            verb, f"{self.origin}{path}", headers=named, redirect=False, retries=False, **more
        )
        return Answer(answer.status, answer.headers, answer.data.decode())


@contextmanager
def served(site: Site) -> Generator[Web]:
    """``site`` for as long as the block runs."""
    listening = bound("127.0.0.1:0")
    settings = uvicorn.Config(application(site), log_level="warning", lifespan="off")
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    port = listening.getsockname()[1]
    with urllib3.PoolManager() as pool:
        yield Web(f"http://127.0.0.1:{port}", pool)
        pool.clear()
    server.should_exit = True
    thread.join(10)
    listening.close()
