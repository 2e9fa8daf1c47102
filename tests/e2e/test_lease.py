"""Two programs over one state, and one that is told to end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta

import pytest

from cloudsync.records import load
from cloudsync.records.lease import LEASE_KEY, TENURE, Tenure
from cloudsync.state import open_state
from tests.e2e.world import Clock, Ran, World, refused


def held(world: World) -> Tenure | None:
    """The lease as the state has it."""
    with closing(open_state(f"sqlite:///{world.folder}/cloudsync.db")) as store:
        stored = load(store, LEASE_KEY, TENURE)
        return stored.value if stored else None


def test_a_program_beside_another_ends_with_6(ready: World) -> None:
    """While one applies, the other changes nothing and says who is at work; looking goes on."""
    beside: list[Ran] = []

    def second(call: object) -> None:
        if getattr(call, "mutating", False) and not beside:
            beside.append(ready.start("run", "--once"))
            beside.append(ready.start("drift"))

    ready.sandbox.after_call(second)
    ran = ready.start("apply", "--yes")
    assert ran.code == 0, ran
    other, drift = beside
    assert (other.code, other.out) == (6, "")
    assert re.fullmatch(
        r"mail: cloudsync apply of tester@\S+, process \d+ is at work, and holds the lease until "
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\. Nothing was changed\. Run again when it is through; "
        r"the lease of a run that died ends by then\. To stop it before its next step: cloudsync "
        r"pause all --for 4h --reason TEXT\.\n",
        other.err,
    )
    assert drift.code != 6
    ready.sandbox.after_call(None)
    assert ready.run("apply", "--yes").code == 0
    assert ready.mutations == ["AuthorizeSecurityGroupIngress"]


@pytest.mark.parametrize(("how", "word"), [(signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "Ctrl-C")])
def test_a_program_that_is_told_to_end_lets_go_of_its_lease(
    ready: World, how: signal.Signals, word: str
) -> None:
    """It says so in one line, and the next run begins at once and finishes the work."""
    asked, go_on = threading.Event(), threading.Event()

    def wait(_call: object) -> None:
        asked.set()
        go_on.wait(20)

    ready.sandbox.after_call(wait)
    with subprocess.Popen(
        [sys.executable, "-m", "cloudsync", "apply", "--yes"],
        cwd=ready.folder, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert asked.wait(30)
        program.send_signal(how)
        out, err = program.communicate(timeout=30)
        go_on.set()
    assert (program.returncode, out) == (1, "")
    assert err == (
        f"cloudsync: it was stopped by {word}. What was done before is kept. "
        "Run cloudsync drift to see how things are.\n"
    )
    found = held(ready)
    assert found
    assert (found.fence, found.until) == (1, None)
    ready.sandbox.after_call(None)
    assert ready.run("apply", "--yes").code == 0


def test_a_program_that_died_holds_the_others_for_five_minutes(ready: World, clock: Clock) -> None:
    """A killed run keeps the next one waiting until its lease ends, and not a second longer."""
    died = ready.start(
        "apply", "--yes",
        code="import os, cloudsync.cli.change as change; change.look = lambda job: os._exit(137)",
    )  # fmt: skip
    assert died.code == 137, died
    found = held(ready)
    assert found
    assert found.until
    clock.at = found.until - timedelta(seconds=1)
    refused(
        ready,
        ready.run("apply", "--yes"),
        6,
        f"mail: {found.holder} is at work, and holds the lease until "
        f"{found.until:%Y-%m-%d %H:%M:%S} UTC. Nothing was changed. Run again when it is through; "
        "the lease of a run that died ends by then. To stop it before its next step: cloudsync "
        "pause all --for 4h --reason TEXT.",
    )
    clock.pass_(seconds=1)
    assert ready.run("apply", "--yes").code == 0
    found = held(ready)
    assert found
    assert (found.fence, found.until) == (2, None)
