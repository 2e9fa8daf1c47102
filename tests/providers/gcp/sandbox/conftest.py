"""A sandbox whose every exchange is held to Google's description, and a client without any SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cloudsync_gcp.sandbox import Call, Dialect, Reply, Sandbox
from tests.providers.gcp.sandbox.described import problems
from tests.providers.gcp.sandbox.raw import Raw

Start = Callable[..., Raw]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a sandbox in this process, without a server, and gives its client."""
    found: list[str] = []

    def watch(call: Call, reply: Reply | None) -> None:
        found.extend(problems(call, reply))

    def started(dialect: Dialect = Dialect(), quota: int = 100, token: str = "") -> Raw:  # noqa: B008
        raw = Raw(dialect, quota, token)
        raw.sandbox.after_call(watch)
        return raw

    yield started
    assert found == []


@pytest.fixture
def raw(start: Start) -> Raw:
    """A client of a sandbox with the usual dialect."""
    return start()


@pytest.fixture
def sandbox(raw: Raw) -> Sandbox:
    """The sandbox itself."""
    return raw.sandbox
