from __future__ import annotations

import functools
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
import trustme

from cloudsync.source.fetch import fetch
from cloudsync.vetting import intake
from tests.e2e.world import (
    LIST,
    WORLD4,
    Ran,
    World,
    refused,
    tcp,
)


def test_a_directory_as_source(ready: World) -> None:
    """A directory in the place of the list is an error in use, whatever the command."""
    place = ready.folder / "list.txt"
    place.unlink()
    place.mkdir()
    message = (
        f"{place}: this is a directory. Nothing was changed. Name the file that holds the list."
    )
    for command in ("apply --yes", "plan", "drift", "list", "list accept --yes"):
        refused(ready, ready.run(*command.split()), 1, message)
    refused(ready, ready.run("list", "--source", "list.txt"), 1,
            message.replace(str(place), "list.txt"))  # fmt: skip


SOURCES = {
    "an empty source": (
        b"",
        ": E_EMPTY: 0 bytes. The list in force is unchanged. Check what the source points at.",
    ),
    "comments only": (
        b"# nothing yet\n\n",
        (
            ": E_EMPTY: comments and blank lines only, 0 networks. The list in force is unchanged. "
            "Check what the source points at."
        ),
    ),
    "an internal network": (
        b"69.20.58.226\n10.0.0.0/8\n",
        (
            ":2: E_NOT_GLOBAL: 10.0.0.0/8 lies in 10.0.0.0/8, private use. The list in force is "
            "unchanged. Correct the line, or wait until the publisher does; no line is ever skipped."
        ),
    ),
    "everybody": (
        b"69.20.58.226\n0.0.0.0/0\n",
        (
            ":2: E_TOO_WIDE: 0.0.0.0/0 is wider than /20. The list in force is "
            "unchanged. Correct the line, or wait until the publisher does; no line is ever skipped."
        ),
    ),
    "no address": (
        b"69.20.58.226\nmail.example.com\n",
        (
            ":2: E_ADDR: 'mail.example.com' is no address. The list in force is unchanged. Correct "
            "the line, or wait until the publisher does; no line is ever skipped."
        ),
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_refused_source_leaves_the_list_in_force(ready: World, case: str) -> None:
    """A source that can't be used ends with 5; the run goes on with the list in force."""
    first = ready.run("apply", "--yes")
    assert (first.code, first.err) == (0, "")
    ready.forget()
    body, message = SOURCES[case]
    place = ready.folder / "list.txt"
    place.write_bytes(body)
    ran = ready.run("apply", "--yes")
    assert (ran.code, ran.err) == (5, f"{place}{message}\n")
    assert ready.mutations == []
    assert ready.run("list").code == 5
    place.write_text("".join(f"{one}\n" for one in LIST), encoding="utf-8")
    assert ready.run("apply", "--yes").code == 0
    assert ready.mutations == []


def test_a_refused_source_and_no_list_in_force(world: World) -> None:
    """Without a list in force a refused source leaves nothing to go on with, and no report."""
    group = world.group("open", *tcp(WORLD4))
    world.config()
    place = world.offer()
    refused(
        world,
        world.run("apply", "--yes"),
        5,
        f"{place}: E_EMPTY: 0 bytes. The list in force is unchanged. Check what the source points "
        "at.",
    )
    assert world.networks(group) == [WORLD4]


def test_a_source_that_isnt_there(ready: World) -> None:
    """A source out of reach ends with 5, and the run goes on with the list in force."""
    place = ready.folder / "list.txt"
    place.unlink()
    ran = ready.run("apply", "--yes")
    assert (ran.code, ran.err) == (
        5,
        (
            f"{place}: E_UNREACHABLE: No such file or directory. The list in force is unchanged. "
            "Check the name, the path and the way there.\n"
        ),
    )
    assert ready.mutations == ["AuthorizeSecurityGroupIngress"]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a page on a real https server, which says that it has moved."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("list.example.net").configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    trust = ssl.create_default_context()
    authority.configure_trust(trust)  # pyright: ignore[reportUnknownMemberType]
    moved = b"HTTP/1.1 302 Found\r\nLocation: https://evil.example.org/a39\r\n\r\n"

    def answer(listener: socket.socket) -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with context.wrap_socket(plain, server_side=True) as connection:
                connection.recv(65_536)
                connection.sendall(moved)

    # The one thing that is put in by hand: that the host is this machine, and may be.
    here = functools.partial(
        fetch, trust=trust, resolve=lambda _host, _port: ["127.0.0.1"], reach=lambda _address: True
    )
    monkeypatch.setattr(intake, "fetch", here)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,), daemon=True)
        thread.start()
        yield f"https://list.example.net:{listener.getsockname()[1]}/a39"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_a_host_that_redirects(ready: World, elsewhere: str) -> None:
    """A page that moved is news for a person: nobody follows it, and the list in force goes on."""
    ready.run("apply", "--yes")
    ready.forget()
    ready.config(source=elsewhere)
    message = (
        f"{elsewhere}: E_REDIRECT: status 302 points to 'https://evil.example.org/a39'. The list in force "
        "is unchanged. Open the new address, and if it is right, set it as source.\n"
    )
    ran = ready.run("apply", "--yes")
    assert (ran.code, ran.err) == (5, message)
    assert ready.mutations == []
    assert ready.run("list") == Ran(5, "", message)


def test_a_list_that_shrank(ready: World) -> None:
    """A list that lost entries beyond the limits is held, and every one of them still gets in."""
    ready.run("apply", "--yes")
    (group,) = ready.guarded
    before = ready.networks(group)
    ready.forget()
    place = ready.offer(*LIST[:7])
    ran = ready.run("apply", "--yes")
    assert (ran.code, ran.err) == (
        4,
        (
            f"{place}: the list is held: 8 entries are gone, 15 in force (53.4%); the limits are 8 "
            "and 20%: 69.20.58.234/32, 69.20.60.122/32, 72.32.252.16/32, 72.32.252.97/32 and 4 more; "
            "8 IPv4 addresses are gone, 15 in force (53.4%); the limits are 1,024 and 20%. The list "
            "in force is unchanged. Look at it with cloudsync list, and let it through with cloudsync "
            "list accept.\n"
        ),
    )
    assert ready.mutations == []
    assert ready.networks(group) == before
