"""How the live kit talks: over HTTPS with the person's own identity, or to a sandbox in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import urllib3
from azure.identity import DefaultAzureCredential

from cloudsync_azure.sandbox import Sandbox
from tests.live.azure import Heard, Line


def azure_sandbox() -> Line:
    """A sandbox without a server, with nothing in it."""
    sandbox = Sandbox(clock=lambda: 0.0)

    def line(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Heard:
        said = {"Authorization": "Bearer anybody", **headers}
        reply = sandbox.respond(method, path, said, body)
        assert reply is not None, "nothing was ordered to go wrong"
        return Heard(reply.status, dict(reply.headers), reply.body)

    return line


def azure(token: Callable[[], str], base: str = "https://management.azure.com") -> Line:
    """The real thing; ``token`` gives a bearer token that is good for the next call."""
    pool = urllib3.PoolManager(retries=False, timeout=60)

    def line(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Heard:
        said = {"Authorization": f"Bearer {token()}", **headers}
        answer = pool.request(method, base + path, body=body or None, headers=said)
        return Heard(answer.status, dict(answer.headers), answer.data)

    return line


def azure_token() -> Callable[[], str]:
    """Tokens of whoever is signed in here (`az login`, a workload's or a managed identity).

    Nobody is asked for one before the first call.
    """

    @cache
    def credential() -> DefaultAzureCredential:
        return DefaultAzureCredential()

    return lambda: credential().get_token("https://management.azure.com/.default").token
