"""Each kind of store, new and empty for each test, on a server that a session starts once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from cloudsync.state import Store, open_state
from tests.state import servers
from tests.state.servers import Server

KINDS: Final = ("memory", "sqlite", "postgresql", "s3", "az", "gs")
REMOTE: Final = KINDS[2:]

_numbers = count(1)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Callable[[str], Server]]:
    """The server of a kind of store, started when it is first asked for."""
    with ExitStack() as stack:
        known: dict[str, Server] = {}

        def server(kind: str) -> Server:
            if kind not in known:
                ways = {
                    "postgresql": servers.postgres,
                    "s3": servers.s3,
                    "az": lambda: servers.azure(tmp_path_factory.mktemp(kind)),
                    "gs": servers.gcs,
                }
                known[kind] = stack.enter_context(ways[kind]())
            return known[kind]

        yield server


@pytest.fixture
def fresh(
    running: Callable[[str], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], str]:
    """The URL of a state of that kind that nobody has used, its server found by variables."""

    def url(kind: str) -> str:
        name = f"state-{next(_numbers)}"
        if kind == "memory":
            return "memory://"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path}/{name}.db"
        server = running(kind)
        for key, value in server.environment.items():
            monkeypatch.setenv(key, value)
        if kind == "postgresql":
            servers.postgres_sql(server, "postgres", f'create database "{name}"')
            return f"postgresql://127.0.0.1:{server.port}/{name}"
        {"s3": servers.make_s3, "az": servers.make_azure, "gs": servers.make_gcs}[kind](
            server, name
        )
        return f"{kind}://{name}/mail/prod"

    return url


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, fresh: Callable[[str], str]) -> Iterator[Store]:
    """Each store there is: one suite for all."""
    opened = open_state(fresh(request.param))
    yield opened
    opened.close()
