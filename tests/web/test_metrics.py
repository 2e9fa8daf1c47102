"""The figures over the wire: scraped from the page, left in a file, pushed to a gateway."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cloudsync.job import Job
from cloudsync.state import StateError
from cloudsync.status.exposition import FILE, GATEWAY, hand_over
from cloudsync.web.site import Site
from tests.unit.scenes import stage
from tests.web.served import served


def _broken() -> AbstractContextManager[Job]:
    raise StateError("state", "it is gone")


def test_all_tenants_are_scraped_and_each_by_itself() -> None:
    """One whose state can't be read says just that, and the others are there."""
    one = stage("mail-lost", "one")
    with served(Site({"one": one.open, "two": _broken})) as web:
        every = web.get("/metrics")
        assert every.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'cloudsync_state_readable{installation="two"} 0.0' in every.text
        assert (
            'cloudsync_targets{installation="one",provider="aws",verdict="missing"} 1.0'
            in every.text
        )
        alone = web.get("/t/two/metrics").text
        assert "cloudsync_build_info" in alone
        assert '"one"' not in alone


def test_a_file_and_a_gateway_get_them(tmp_path: Path) -> None:
    """Under the installation's name; nothing is done where nothing asks for it."""
    got: list[tuple[str, str, str]] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            got.append((self.command, self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = HTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with stage("held").open() as job:
        assert list(hand_over(job, {})) == []
        file = tmp_path / "{name}.prom"
        said = {FILE: str(file), GATEWAY: f"http://127.0.0.1:{server.server_port}"}
        assert list(hand_over(job, said)) == []
    server.shutdown()
    server.server_close()
    written = (tmp_path / "mail-prod.prom").read_text("utf-8")
    assert 'cloudsync_holds{installation="mail-prod",kind="list"} 1.0' in written
    ((verb, path, body),) = got
    assert (verb, path) == ("PUT", "/metrics/job/cloudsync/installation/mail-prod")
    assert "cloudsync_hold_age_seconds" in body


def test_a_run_is_none_the_worse_for_a_gateway_that_is_down(tmp_path: Path) -> None:
    """It is said without the address, which may hold a password."""
    with stage("held").open() as job:
        wrong = hand_over(
            job, {FILE: str(tmp_path / "no" / "x"), GATEWAY: "http://u:p@127.0.0.1:9"}
        )
        file, gateway = map(str, wrong)
    assert file.startswith("CLOUDSYNC_METRICS_FILE: the metrics can't be written: [Errno 2]")
    assert gateway == (
        "CLOUDSYNC_PUSHGATEWAY: the metrics can't be pushed: URLError. The run is as it was. "
        "See whether the gateway is up."
    )
    with _unreadable() as job:
        (error,) = hand_over(job, {FILE: str(tmp_path / "x")})
    assert str(error) == "state: it is gone. Nothing was changed."


@contextmanager
def _unreadable() -> Generator[Job]:
    class Gone:
        def __getattr__(self, _name: str) -> object:
            raise StateError("state", "it is gone")

    with stage("held").open() as job:
        yield type(job)(job.config, Gone(), job.provider, job.read)  # type: ignore[arg-type]
