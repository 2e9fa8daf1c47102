"""What an app on Azure is told of itself is enough for its state and for the cloud; no key is needed."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from cloudsync.state.opening import open_bucket
from cloudsync_azure.client import identity
from tests.tree import tree

CLIENT = "00000000-0000-0000-0000-0000000000aa"


@contextmanager
def answering(body: dict[str, str] | None) -> Generator[tuple[str, list[tuple[str, str | None]]]]:
    """A server that answers so, or that nothing is there; gives its URL and what was asked."""
    asked: list[tuple[str, str | None]] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            secret = self.headers.get("X-IDENTITY-HEADER") or self.headers.get("Authorization")
            asked.append((self.path, secret))
            text = json.dumps(body).encode() if body else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()


def test_an_app_signs_in_with_the_identity_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state and the cloud each get a token of the one identity, by the platform's endpoint
    (learn.microsoft.com/azure/app-service/overview-managed-identity, REST endpoint reference).
    """
    said = (tree() / "deploy/azure-function/main.tf").read_text("utf-8")
    given = {"AZURE_CLIENT_ID": CLIENT, "AZURE_STORAGE_ACCOUNT_NAME": "mail"}
    for name, value in given.items():
        assert re.search(rf"^    {name} += ", said, re.MULTILINE)
        monkeypatch.setenv(name, value)
    token = {
        "access_token": "t",
        "expires_on": "1999999999",
        "resource": "r",
        "token_type": "Bearer",
    }
    with answering(token) as (platform, told), answering(None) as (blobs, read):
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{platform}/token")
        monkeypatch.setenv("IDENTITY_HEADER", "of the platform")
        monkeypatch.setenv("AZURE_ENDPOINT", blobs)
        monkeypatch.setenv("AZURE_ALLOW_HTTP", "true")
        assert open_bucket("az://state/cloudsync").get("list") is None
        assert identity(None, None).get_token("https://management.azure.com/.default").token == "t"
    assert read == [("/state/cloudsync/list", "Bearer t")]
    assert [secret for _, secret in told] == ["of the platform"] * 2
    assert all(f"client_id={CLIENT}" in path for path, _ in told)
