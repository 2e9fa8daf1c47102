"""Publishing to a repository over https with a token, as forges have it, on loopback."""

from __future__ import annotations

import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import trustme
from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import make_wsgi_chain

from tests.e2e.conftest import world as world  # noqa: PLC0414 - the fixture
from tests.e2e.world import LIST, World, block

TOKEN = "glpat-Zx81-not-told"
VARIABLE = "FORGE_LOGIN"  # a name that doesn't say that a secret stands there
NEW = "69.20.58.240/32"


@dataclass
class Forge:
    """A repository behind TLS that lets in one user with one token; ``seen`` are the logins that came."""

    url: str
    bare: Repo
    seen: list[str] = field(default_factory=list[str])
    reads_only: bool = False
    echoes: bool = False

    @property
    def refs(self) -> list[str]:
        """What stands in the repository."""
        return sorted(name.decode() for name in self.bare.get_refs() if name != b"HEAD")


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its base calls it so
        """Nothing."""


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], int]]:
    """Serves a WSGI program over TLS, whose authority this process trusts; gives its port."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with ExitStack() as open_ones:

        def serve(program: Any) -> int:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            issued: Any = authority.issue_cert("127.0.0.1", "localhost")
            issued.configure_cert(context)
            server = make_server("127.0.0.1", 0, program, handler_class=_Quiet)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            open_ones.callback(server.server_close)
            open_ones.callback(server.shutdown)
            return int(server.server_port)

        yield serve


@pytest.fixture
def forge(serving: Callable[[Any], int], tmp_path: Path) -> Iterator[Forge]:
    """An empty repository behind it."""
    with Repo.init_bare(str(tmp_path / "modules.git"), mkdir=True) as bare:
        found = Forge("", bare)
        known: Any = {"/modules.git": bare}
        chain: Any = make_wsgi_chain(DictBackend(known))

        def guarded(environ: dict[str, Any], start: Any) -> Any:
            login = environ.get("HTTP_AUTHORIZATION", "")
            found.seen.append(login)
            if login != f"Basic {b64encode(f'oauth2:{TOKEN}'.encode()).decode()}":
                start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="forge"')])
                return [b""]
            if found.reads_only and "receive-pack" in str(environ):
                start("403 Forbidden", [])
                return [b""]
            if found.echoes:
                kind = "application/x-git-upload-pack-advertisement"
                start("200 OK", [("Content-Type", kind)])
                said = f"ERR not with {TOKEN}, {login}".encode()
                return [b"001e# service=git-upload-pack\n0000", b"%04x" % (len(said) + 4) + said]
            return chain(environ, start)

        found.url = f"https://localhost:{serving(guarded)}/modules.git"
        yield found


def configured(
    world: World, url: str, more: str = f"    user: oauth2\n    token_env: {VARIABLE}\n"
) -> None:
    """A list in force, and the repository to publish it to."""
    world.config(block("watch"), more=f"terraform:\n  git:\n    url: {url}\n{more}")
    world.accepted()


def everything(world: World) -> bytes:
    """Every byte that lies in the working folder: configuration, state, what was written."""
    return b"".join(path.read_bytes() for path in world.folder.rglob("*") if path.is_file())


def test_a_token_opens_the_repository_and_is_written_nowhere(
    world: World, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two releases, one by the worker; the token is in no answer, no log, no state, no commit."""
    monkeypatch.setenv(VARIABLE, TOKEN)
    configured(world, forge.url)
    first = world.run("terraform", "publish", "--out", "pr.md")
    assert first.code == 0, first
    world.accepted(*LIST, NEW)
    world.group("mail")
    second = world.run("run", "--once")
    assert second.code == 0, second
    assert forge.refs == ["refs/heads/main", "refs/tags/v1.0.0", "refs/tags/v1.0.1"]
    encoded = b64encode(f"oauth2:{TOKEN}".encode()).decode()
    assert TOKEN not in f"{first}{second}"
    assert encoded not in f"{first}{second}"
    kept = everything(world) + b"".join(
        forge.bare.object_store[one].as_raw_string() for one in forge.bare.object_store
    )
    assert TOKEN.encode() not in kept
    assert encoded.encode() not in kept


@pytest.mark.parametrize("value", ["glpat-another-one", None])
def test_a_wrong_token_or_none_is_an_error_that_says_what_to_set(
    world: World, forge: Forge, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """Nothing is pushed, the token isn't shown, and the message names the variable."""
    if value:
        monkeypatch.setenv(VARIABLE, value)
    configured(world, forge.url, *(() if value else ("",)))
    refused = world.run("terraform", "publish")
    said = (
        f"the server doesn't let in the token in {VARIABLE} (HTTP 401). Nothing was published. Set "
        f"{VARIABLE} to a token that may read and push there."
        if value
        else "the server doesn't let in whoever has no token (HTTP 401). Nothing was published. Name "
        "the variable that holds a token: terraform.git.token_env."
    )
    assert (refused.code, refused.out) == (1, "")
    assert f"{forge.url}: can't be read: {said}" in refused.err
    assert "glpat" not in refused.err
    assert forge.refs == []


def test_a_token_that_may_only_read_is_told_so(
    world: World, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The push is refused by the server, in its number, and the repository stays as it was."""
    monkeypatch.setenv(VARIABLE, TOKEN)
    configured(world, forge.url)
    forge.reads_only = True
    refused = world.run("terraform", "publish")
    assert (refused.code, forge.refs) == (1, [])
    assert f"{forge.url}: can't be pushed to: " in refused.err
    assert "403" in refused.err
    assert TOKEN not in refused.err


def test_a_server_that_says_the_token_back_is_not_quoted(
    world: World, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error is shown, and the token in it is hidden, whatever the variable is called."""
    monkeypatch.setenv(VARIABLE, TOKEN)
    configured(world, forge.url)
    forge.echoes = True
    refused = world.run("terraform", "publish")
    assert (refused.code, forge.refs) == (1, [])
    assert "not with [hidden], Basic [hidden]. " in refused.err
    assert TOKEN not in refused.err


def test_an_unset_variable_and_a_strange_authority_end_it_before_the_token_leaves(
    world: World, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the variable nobody is asked; to a server whose certificate isn't trusted nothing is said."""
    configured(world, forge.url)
    unset = world.run("terraform", "publish")
    assert f"terraform.git.token_env: {VARIABLE} isn't set. Nothing was published." in unset.err
    monkeypatch.setenv(VARIABLE, TOKEN)
    monkeypatch.delenv("SSL_CERT_FILE")
    strange = world.run("terraform", "publish")
    assert (unset.code, strange.code, forge.seen) == (1, 1, [])
    assert "CERTIFICATE_VERIFY_FAILED" in strange.err
    assert TOKEN not in strange.err


def test_a_token_does_not_follow_to_another_server(
    world: World,
    forge: Forge,
    serving: Callable[[Any], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A repository that moved to another host is asked without the login that was given to the first."""
    monkeypatch.setenv(VARIABLE, TOKEN)

    def moved(environ: dict[str, Any], start: Any) -> Any:
        where = f"{forge.url}{environ['PATH_INFO'].removeprefix('/modules.git')}?{environ['QUERY_STRING']}"
        start("302 Found", [("Location", where)])
        return [b""]

    configured(world, f"https://localhost:{serving(moved)}/modules.git")
    refused = world.run("terraform", "publish")
    assert (refused.code, set(forge.seen)) == (1, {""})
