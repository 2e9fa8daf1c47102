from __future__ import annotations

import gzip
import os
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from cloudsync.errors import SourceRefused, UsageError
from cloudsync.source import bundled
from cloudsync.source.codes import REFUSALS
from cloudsync.source.fetch import Fetched, NotModified, Validators, fetch
from cloudsync.source.https import addresses_of, is_public

HOST = "list.example.net"
OK = b"HTTP/1.1 200 OK\r\n"


@dataclass
class Server:
    """An https server on loopback that says ``answer`` to whoever asks; it keeps what was asked."""

    port: int
    trust: ssl.SSLContext
    answer: bytes = b""
    drip: bytes = b""
    asked: list[str] = field(default_factory=list[str])
    names: list[str | None] = field(default_factory=list[str | None])
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The address of the list there."""
        return f"https://{HOST}:{self.port}/a39?x=1"

    def serve(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        """Answer one connection after the other until the listener is shut."""
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.settimeout(10)
                    self.asked.append(connection.recv(65_536).decode())
                    connection.sendall(self.answer)
                    while self.drip and not self.done.wait(0.05):
                        connection.sendall(self.drip)
            except OSError:
                plain.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority that nobody but these tests trusts."""
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[Server]:
    """A server with the certificate of HOST."""
    yield from _served(authority, HOST)


def _served(authority: trustme.CA, name: str) -> Iterator[Server]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    trust = ssl.create_default_context()
    authority.configure_trust(trust)  # pyright: ignore[reportUnknownMemberType]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Server(listener.getsockname()[1], trust)
        context.sni_callback = lambda _socket, asked, _context: made.names.append(asked)
        thread = threading.Thread(target=made.serve, args=(listener, context), daemon=True)
        thread.start()
        yield made
        made.done.set()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def resolving(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    """A resolver that knows one answer."""

    def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


def reaching(*addresses: str) -> Callable[[str], bool]:
    """A rule that lets only ``addresses`` be connected to."""
    return addresses.__contains__


def get(server: Server, **changed: Any) -> Fetched | NotModified:
    """What the fetch brings from the server, which it may reach though it is on loopback."""
    given: dict[str, Any] = {
        "trust": server.trust,
        "resolve": resolving("127.0.0.1"),
        "reach": reaching("127.0.0.1"),
        "deadline_seconds": 5,
    }
    return fetch(server.url, **(given | changed))


def refused(ask: Callable[[], object]) -> str:
    """The whole message of the refusal."""
    with pytest.raises(SourceRefused) as caught:
        ask()
    return str(caught.value)


def message(where: str, code: str, what: str) -> str:
    """A refusal as it reads, with the advice of the table."""
    return f"{where}: {code}: {what}. The list in force is unchanged. {REFUSALS[code].todo}"


def sized(body: bytes, *headers: str) -> bytes:
    """A whole answer with its length."""
    lines = "".join(f"{header}\r\n" for header in headers)
    return OK + f"Content-Length: {len(body)}\r\n{lines}\r\n".encode() + body


def test_a_page_is_fetched_with_its_provenance(server: Server) -> None:
    """Body, type and validators come back; the host is asked for by its name, without proxies."""
    server.answer = sized(
        b"8.8.8.8\n",
        "Content-Type: text/plain; charset=utf-8",
        'ETag: "a"',
        "Last-Modified: Fri, 18 Sep 2009 00:00:00 GMT",
    )
    found = get(server)
    assert isinstance(found, Fetched)
    assert (found.body, found.source) == (b"8.8.8.8\n", server.url)
    assert found.content_type == "text/plain; charset=utf-8"
    assert found.validators == Validators('"a"', "Fri, 18 Sep 2009 00:00:00 GMT")
    assert str(found.fetched_at.tzinfo) == "UTC"
    assert server.names == [HOST]
    assert server.asked[0].split("\r\n") == [
        "GET /a39?x=1 HTTP/1.1",
        f"Host: {HOST}:{server.port}",
        "User-Agent: cloudsync",
        "Accept: text/plain, text/html;q=0.9, */*;q=0.1",
        "Accept-Encoding: gzip",
        "Connection: close",
        "",
        "",
    ]


def test_proxies_of_the_environment_are_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy in the environment could answer for the host; it isn't asked."""
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.answer = sized(b"8.8.8.8\n")
    assert isinstance(get(server), Fetched)


def test_the_validators_are_sent_and_a_304_is_honoured(server: Server) -> None:
    """What is kept is asked after, and the server's word that it stands is passed on."""
    server.answer = b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'
    found = get(server, previous=Validators('"a"', "Fri, 18 Sep 2009 00:00:00 GMT"))
    assert isinstance(found, NotModified)
    assert 'If-None-Match: "a"\r\n' in server.asked[0]
    assert "If-Modified-Since: Fri, 18 Sep 2009 00:00:00 GMT\r\n" in server.asked[0]


@pytest.mark.parametrize("previous", [None, Validators()])
def test_a_304_without_anything_kept_is_refused(
    server: Server, previous: Validators | None
) -> None:
    """Nothing was asked that 304 could be the answer to."""
    server.answer = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    assert refused(lambda: get(server, previous=previous)) == message(
        server.url, "E_NOT_MODIFIED", "status 304 to a question without validators"
    )


def test_a_packed_answer_is_unpacked(server: Server) -> None:
    """Packing as gzip is asked for and understood, in chunks too."""
    packed = gzip.compress(b"8.8.8.8\n", mtime=0)
    chunk = f"{len(packed):x}\r\n".encode() + packed + b"\r\n0\r\n\r\n"
    server.answer = OK + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" + chunk
    found = get(server)
    assert isinstance(found, Fetched)
    assert found.body == b"8.8.8.8\n"


_BOMB = gzip.compress(b"#" * 10_000_000, mtime=0)
_PACKED = gzip.compress(b"8.8.8.8\n" * 9, mtime=0)


@pytest.mark.parametrize(
    ("answer", "code", "what"),
    [
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://evil.test/\r\nContent-Length: 0\r\n\r\n",
            "E_REDIRECT",
            "status 302 points to 'https://evil.test/'",
        ),
        (
            b"HTTP/1.1 301 Moved\r\nLocation: http://list.example.net/a39\r\n\r\n",
            "E_REDIRECT",
            "status 301 points to 'http://list.example.net/a39'",
        ),
        (b"HTTP/1.1 307 Moved\r\nLocation: /b\r\n\r\n", "E_REDIRECT", "status 307 points to '/b'"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "E_STATUS", "status 404"),
        (b"HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\n8", "E_STATUS", "status 206"),
        (sized(b""), "E_EMPTY", "0 bytes"),
        (
            OK + b"Content-Length: 20\r\n\r\n8.8.8.8\n",
            "E_LENGTH",
            "the answer ended after 8 of 20 bytes",
        ),
        (OK + b"\r\n8.8.8.8\n", "E_LENGTH", "the answer doesn't say how long it is"),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n8\r\n8.8.8.8\n\r\n",
            "E_UNREACHABLE",
            "the answer broke off or is no HTTP (Response ended prematurely)",
        ),
        (
            b"220 mail.example.net ESMTP\r\n",
            "E_UNREACHABLE",
            "the answer broke off or is no HTTP (220 mail.example.net ESMTP)",
        ),
        (sized(b"8" * 262_145), "E_TOO_LARGE", "more than 262,144 bytes"),
        (sized(_BOMB, "Content-Encoding: gzip"), "E_TOO_LARGE", "more than 262,144 bytes"),
        (
            sized(_PACKED[:-9], "Content-Encoding: gzip"),
            "E_COMPRESSION",
            "the gzip ends early, or something follows it",
        ),
        (
            sized(_PACKED + _PACKED, "Content-Encoding: gzip"),
            "E_COMPRESSION",
            "the gzip ends early, or something follows it",
        ),
        (
            sized(b"8.8.8.8", "Content-Encoding: gzip"),
            "E_COMPRESSION",
            "broken gzip (Error -3 while decompressing data: incorrect header check)",
        ),
        (
            sized(b"8.8.8.8", "Content-Encoding: br"),
            "E_COMPRESSION",
            "the answer is packed as 'br', not gzip",
        ),
    ],
)
def test_an_answer_that_is_not_the_whole_page_is_refused(
    server: Server, answer: bytes, code: str, what: str
) -> None:
    """Redirects, errors, short, endless, oversized and badly packed answers give no list."""
    server.answer = answer
    assert refused(lambda: get(server)) == message(server.url, code, what)
    assert len(server.asked) == 1


def test_a_bomb_is_not_unpacked_to_be_weighed(server: Server) -> None:
    """An answer that unpacks to 50 MB costs no more memory than the limit and its own bytes."""
    server.answer = sized(gzip.compress(b"#" * 50_000_000, mtime=0), "Content-Encoding: gzip")
    tracemalloc.start()
    try:
        said = refused(lambda: get(server))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert said == message(server.url, "E_TOO_LARGE", "more than 262,144 bytes")
    assert peak < 10_000_000


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nX: ", OK + b"Content-Length: 999\r\n\r\n"])
def test_a_server_that_drips_is_given_up_in_time(server: Server, answer: bytes) -> None:
    """One byte now and then, in headers or body, doesn't hold the run beyond the deadline."""
    server.answer, server.drip = answer, b"8"
    assert refused(lambda: get(server, deadline_seconds=0.4)) == message(
        server.url, "E_TIMEOUT", "no whole answer within 0.4 seconds"
    )


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    """A port that takes the connection and never speaks TLS ends at the deadline."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = Server(listener.getsockname()[1], ssl.create_default_context())
        what = f"no connection to 127.0.0.1 port {silent.port} (timed out)"
        assert refused(lambda: get(silent, deadline_seconds=0.4)) == message(
            silent.url, "E_UNREACHABLE", what
        )


def test_a_resolver_that_hangs_is_given_up_in_time(server: Server) -> None:
    """The system's resolver has no timeout; the deadline covers it all the same."""

    def hang(_host: str, _port: int) -> list[str]:
        server.done.wait(5)
        return []

    assert refused(lambda: get(server, resolve=hang, deadline_seconds=0.1)) == message(
        server.url, "E_TIMEOUT", "no whole answer within 0.1 seconds"
    )


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (OSError(-2, "Name or service not known"), "Name or service not known"),
        (UnicodeError("label too long"), "no host's name has such labels"),
    ],
)
def test_a_name_that_does_not_resolve_is_refused(
    server: Server, error: Exception, what: str
) -> None:
    """A host without an address is out of reach."""

    def fail(_host: str, _port: int) -> list[str]:
        raise error

    assert refused(lambda: get(server, resolve=fail)) == message(
        server.url, "E_UNREACHABLE", f"{HOST} doesn't resolve ({what})"
    )
    assert refused(lambda: get(server, resolve=resolving())) == message(
        server.url, "E_UNREACHABLE", "the name has no address"
    )


def test_an_address_that_is_not_public_is_never_connected_to(server: Server) -> None:
    """One private address among public ones refuses the name: it is being turned on us."""
    asked: list[str] = []

    def both(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["8.8.8.8", "127.0.0.1"]

    assert refused(lambda: get(server, resolve=both, reach=is_public)) == message(
        server.url, "E_PRIVATE", f"{HOST} is 127.0.0.1, which isn't a public address"
    )
    assert (asked, server.asked) == ([HOST], [])


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.100.100.200", "168.63.129.16"),
        *("0.0.0.0", "::1", "fe80::1%eth0", "fd00:ec2::254", "::ffff:127.0.0.1", "64:ff9b::7f00:1"),
    ],
)
def test_inside_and_metadata_addresses_are_not_public(address: str) -> None:
    """Private, loopback, link-local and embedded addresses, and the clouds' own servers, are inside."""
    assert not is_public(address)


def test_the_systems_resolver_is_asked_once_an_address() -> None:
    """An address as a host is itself, and public ones are public."""
    assert addresses_of("127.0.0.1", 443) == ["127.0.0.1"]
    assert is_public("8.8.8.8")
    assert is_public("2600::1")


def test_the_next_address_is_tried_where_one_is_closed(server: Server) -> None:
    """A host with a dead address is reached by its other one."""
    server.answer = sized(b"8.8.8.8\n")
    found = get(server, resolve=resolving("::1", "127.0.0.1"), reach=reaching("::1", "127.0.0.1"))
    assert isinstance(found, Fetched)


def test_a_closed_port_is_out_of_reach() -> None:
    """Where nobody listens, the reason names address and port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = Server(listener.getsockname()[1], ssl.create_default_context())
    what = f"no connection to 127.0.0.1 port {closed.port} (Connection refused)"
    assert refused(lambda: get(closed)) == message(closed.url, "E_UNREACHABLE", what)


def test_a_certificate_of_nobody_we_trust_is_refused(server: Server) -> None:
    """The system's authorities decide; a private one is none of them."""
    trust = ssl.create_default_context()
    assert refused(lambda: get(server, trust=trust)) == message(
        server.url, "E_TLS", "unable to get local issuer certificate"
    )


def test_a_certificate_of_another_host_is_refused(authority: trustme.CA) -> None:
    """The certificate must be the host's, though an address is what is connected to."""
    for server in _served(authority, "other.example.net"):
        what = f"Hostname mismatch, certificate is not valid for '{HOST}'"
        assert refused(lambda server=server: get(server)) == message(server.url, "E_TLS", what)  # type: ignore[misc]
        assert server.asked == []


def test_a_server_without_tls_is_refused() -> None:
    """A port that answers in clear is not the host that was named."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        plain = Server(listener.getsockname()[1], ssl.create_default_context())

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(OK)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        assert refused(lambda: get(plain)) == message(plain.url, "E_TLS", "wrong version number")
        thread.join(5)


_WRITE = "Nothing was changed. Write it as https://HOST/PATH, in ASCII."


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "http://e.com/a39",
            f"http://e.com/a39: the scheme is http, only https is fetched. {_WRITE}",
        ),
        ("file:///etc/x", f"file:///etc/x: the scheme is file, only https is fetched. {_WRITE}"),
        (
            "https://ada:secret@e.com/x",
            (
                "https://e.com/x: a user or password stands in the URL. Nothing was changed. "
                "Take it out: no secret stands in a source."
            ),
        ),
        ("https:///x", f"https:///x: this is no URL in plain ASCII. {_WRITE}"),
        ("https://\u00e9.com/", f"https://\u00e9.com/: this is no URL in plain ASCII. {_WRITE}"),
        ("https://e.com/a b", f"https://e.com/a b: this is no URL in plain ASCII. {_WRITE}"),
        (
            "https://e.com:x/",
            f"https://e.com:x/: this is no URL (Port could not be cast to integer value as 'x'). {_WRITE}",
        ),
    ],
)
def test_a_url_that_is_none_is_a_mistake_in_use(source: str, said: str) -> None:
    """Another scheme, a secret or stray characters are refused before anything is looked up."""
    with pytest.raises(UsageError) as caught:
        fetch(source, resolve=lambda _host, _port: pytest.fail("looked up"))
    assert str(caught.value) == said


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """A file gives its bytes, and claims nothing about them."""
    path = tmp_path / "list.txt"
    path.write_bytes(b"8.8.8.8\n")
    found = fetch(str(path))
    assert isinstance(found, Fetched)
    assert (found.body, found.source) == (b"8.8.8.8\n", str(path))
    assert (found.content_type, found.validators) == (None, Validators())


def test_a_file_that_can_not_be_read_is_refused(tmp_path: Path) -> None:
    """A missing, empty or oversized file gives no list, each with its code."""
    missing, empty, large = (str(tmp_path / name) for name in ("missing", "empty", "large"))
    Path(empty).touch()
    Path(large).write_bytes(b"#" * 262_145)
    assert refused(lambda: fetch(missing)) == message(
        missing, "E_UNREACHABLE", "No such file or directory"
    )
    assert refused(lambda: fetch(empty)) == message(empty, "E_EMPTY", "0 bytes")
    assert refused(lambda: fetch(large)) == message(large, "E_TOO_LARGE", "more than 262,144 bytes")


def test_what_is_no_file_is_a_mistake_in_use(tmp_path: Path) -> None:
    """A directory, a pipe that nobody writes to, and a NUL in a path are refused at once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    advice = "Nothing was changed. Name the file that holds the list."
    for path, said in (
        (str(tmp_path), f"{tmp_path}: this is a directory. {advice}"),
        (str(pipe), f"{pipe}: this is no regular file. {advice}"),
        ("a\0b", f"'a\\x00b': a path can't hold a NUL. {advice}"),
    ):
        with pytest.raises(UsageError) as caught:
            fetch(path)
        assert str(caught.value) == said


def test_the_bundled_list_needs_no_fetch() -> None:
    """The source called bundled is at hand."""
    found = fetch("bundled")
    assert isinstance(found, Fetched)
    assert (found.source, found.body) == ("bundled", bundled.body())
