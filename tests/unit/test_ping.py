"""The dead man's switch, against a monitor on loopback that answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import NAMESPACE_URL, uuid5

import pytest

from cloudsync.worker import ping as pinging
from cloudsync.worker.ping import Missed, address, ping

RID = f"rid={uuid5(NAMESPACE_URL, 'run-1')}"


class Monitor:
    """What was asked of it, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.statuses: list[int] = []
        monitor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                body = self.rfile.read(size).decode()
                monitor.asked.append((self.command, self.path, body))
                status = monitor.statuses.pop(0) if monitor.statuses else 200
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"OK")

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/ping/uuid-0001"


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """A monitor whose URL stands in the environment."""
    found = Monitor()
    monkeypatch.setenv("MONITOR", found.url)
    thread = threading.Thread(target=found.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_each_sign_has_its_own_address_and_one_name_for_the_run(monitor: Monitor) -> None:
    """Start and fail stand behind the path; the start and the end of one run belong together."""
    assert ping("MONITOR", "start", "run-1") is None
    assert ping("MONITOR", "success", "run-1", "2 of 2 targets verified") is None
    assert ping("MONITOR", "fail", "run-1", "ünreadable") is None
    assert monitor.asked == [
        ("POST", f"/ping/uuid-0001/start?{RID}", ""),
        ("POST", f"/ping/uuid-0001?{RID}", "2 of 2 targets verified"),
        ("POST", f"/ping/uuid-0001/fail?{RID}", "ünreadable"),
    ]


def test_nobody_is_told_where_nobody_is_named(monitor: Monitor) -> None:
    """Without a variable nothing is sent, and nothing is missed."""
    assert ping(None, "start", "run-1") is None
    assert monitor.asked == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "the environment has no MONITOR"),
        ("uuid-0001", "what stands there isn't an http or https URL"),
        ("ftp://host/uuid-0001", "what stands there isn't an http or https URL"),
        ("http://[::1/uuid-0001", "what stands there isn't a URL"),
        ("http://127.0.0.1:99999/uuid-0001", "what stands there isn't a URL"),
    ],
)
def test_a_wrong_url_is_said_without_being_repeated(
    url: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever knows it could keep the monitor quiet."""
    monkeypatch.setenv("MONITOR", url)
    missed = ping("MONITOR", "success", "run-1")
    assert str(missed) == (
        f"ping: the success ping was not delivered: {why}. The run goes on. "
        "Look at the monitor, and at the variable that ping: url_env: names."
    )


def test_a_monitor_that_is_down_is_tried_twice_and_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails nothing, and no part of the URL is said."""
    monkeypatch.setenv("MONITOR", "http://127.0.0.1:9/uuid-0001")
    assert ping("MONITOR", "fail", "run-1") == Missed("fail", "no answer (NewConnectionError)")


def test_a_monitor_that_hangs_is_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch, monitor: Monitor
) -> None:
    """The switch must not make a run late."""
    monkeypatch.setattr(pinging, "SECONDS", 0.2)
    monitor.server.shutdown()
    assert ping("MONITOR", "start", "run-1") == Missed("start", "no answer (ReadTimeoutError)")


def test_an_answer_that_is_no_yes_is_told_with_its_status(monitor: Monitor) -> None:
    """A failing server gets a second try; what it refuses or moved gets none."""
    monitor.statuses = [503]
    assert ping("MONITOR", "start", "run-1") is None
    monitor.statuses = [503, 500]
    assert ping("MONITOR", "start", "run-1") == Missed("start", "status 500")
    monitor.asked.clear()
    monitor.statuses = [404]
    assert ping("MONITOR", "start", "run-1") == Missed("start", "status 404")
    monitor.statuses = [302]
    assert ping("MONITOR", "start", "run-1") == Missed("start", "status 302")
    assert len(monitor.asked) == 2


def test_what_stands_behind_the_path_is_kept() -> None:
    """A monitor may be told by a query whose it is; a slash at the end is no part of the name."""
    assert address("https://m.example/k/slug/?create=1#x", "start", "run-1") == (
        f"https://m.example/k/slug/start?create=1&{RID}"
    )
