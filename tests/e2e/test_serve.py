"""The page as a program: it serves what runs have left, and ends when it is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
import urllib3

from cloudsync.web.doors import TOKENS
from tests.e2e.world import LIST, WORLD4, World, block, ids, refused, tcp


def test_it_serves_what_runs_left_and_ends_when_told(world: World) -> None:
    """Two tenants from two states, the list as a feed, an order by a token; SIGTERM ends it with 0."""
    closed, wide = world.group("first"), world.group("second", *tcp(WORLD4))
    world.offer(*LIST)
    for name, group in (("one", closed), ("two", wide)):
        world.config(block("add", select=ids(group)), name=name, file=f"{name}.yaml",
                     more=f"state: sqlite:///{name}.db")  # fmt: skip
        assert world.run("list", "accept", "--yes", "-c", f"{name}.yaml").code == 0
        assert world.run("run", "--once", "-c", f"{name}.yaml").code == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "cloudsync", "serve", "--listen", "127.0.0.1:0",
         "-c", "one.yaml", "two.yaml"],
        cwd=world.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, TOKENS: f"ann={'a' * 24}"},
    )  # fmt: skip
    try:
        assert process.stderr
        said = process.stderr.readline()
        origin = said.split()[1].rstrip("/")
        assert said == f"serve: {origin}/ until Ctrl-C.\n"
        with urllib3.PoolManager() as pool:
            status = json.loads(pool.request("GET", f"{origin}/t/two/status.json").data)
            assert status["headline"] == "Mail can bypass the filter at 1 of 1 target"
            feed = pool.request("GET", f"{origin}/t/one/feeds/text").data.decode()
            assert all(network in feed for network in LIST)
            assert pool.request("GET", f"{origin}/readyz").status == 200
            paused = pool.request(
                "POST", f"{origin}/t/two/pause",
                fields={"target": "all", "length": "4h", "reason": "maintenance"},
                encode_multipart=False, headers={"authorization": f"Bearer {'a' * 24}"},
                redirect=False,
            )  # fmt: skip
            assert paused.status == 303
        process.send_signal(signal.SIGTERM)
        out, rest = process.communicate(timeout=30)
        assert (process.returncode, out, rest) == (0, "", "")
    finally:
        process.kill()
        process.wait()
    assert "paused by ann" in world.run("drift", "-c", "two.yaml").out


def test_what_cannot_be_served_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad address, a bad length, a token that could be guessed, and no configuration at all."""
    world.config()
    for argv, said in (
        (("--listen", "here"), "--listen: here isn't an address and a port. Nothing is served."),
        (("--stale", "soon"), "--stale: "),
    ):  # fmt: skip
        ran = world.run("serve", *argv)
        assert (ran.code, ran.err.startswith(said)) == (1, True), ran
    monkeypatch.setenv(TOKENS, "ann=short")
    assert world.run("serve").err.startswith("CLOUDSYNC_WEB_TOKENS: entry 1 isn't NAME=TOKEN")
    monkeypatch.delenv(TOKENS)
    assert world.run("serve", "-c", "none.yaml").code == 1


def test_without_its_extra_it_says_what_to_install(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Naming what is missing."""
    world.config()
    monkeypatch.delitem(sys.modules, "cloudsync.web.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    refused(
        world, world.run("serve"), 1,
        "serve: it needs what isn't installed here (uvicorn). Nothing is served. "
        "Install cloudsync-smtp[serve].",
    )  # fmt: skip
