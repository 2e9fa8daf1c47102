"""A run of shards as real processes over the sandbox of AWS, one of them killed; how it went, in calls."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cloudsync import records
from cloudsync.shards.shard import number_of
from cloudsync.state import open_state
from cloudsync_aws.sandbox import Sandbox
from tests.e2e.world import GUARDED, LIST, REGION

_CONFIG: Final = """\
name: fleet
list: {{source: list.txt, format: cidr}}
state: sqlite:///state.db
at_once: {at_once}
targets:
  - provider: aws
    mode: add
    regions: [{region}]
    select: {{tags: {{cloudsync: smtp}}}}
    accounts:
{accounts}
"""
_LONGEST: Final = 900.0
"""No run of a thousand targets takes so many seconds: something hangs."""


@dataclass(frozen=True)
class Fleet:
    """So many accounts with so many groups each, none of which has the list."""

    accounts: int
    groups: int
    shards: int
    at_once: int

    @property
    def names(self) -> list[str]:
        """The accounts."""
        return [f"{number:012d}" for number in range(1, self.accounts + 1)]

    @property
    def targets(self) -> int:
        """How many targets there are."""
        return self.accounts * self.groups

    def of(self, shard: int) -> frozenset[str]:
        """The accounts that a shard has."""
        return frozenset(one for one in self.names if number_of(f"aws:{one}", self.shards) == shard)


@dataclass(frozen=True)
class Went:
    """How a run went: its calls and changes, its exit, and each target's verdict in the record."""

    calls: int
    changes: Counter[str]
    code: int
    verdicts: Counter[str]
    right: int
    killed_at: int = 0


def run(fleet: Fleet, folder: Path, killed: tuple[int, int] | None = None) -> Went:
    """Every shard at once; ``killed`` is one of them, and at which of the calls to its accounts.

    Raises:
        AssertionError: a process failed otherwise than by being killed, or hangs.
    """
    with Sandbox(regions=(REGION,)) as sandbox:
        for account in fleet.names:
            for number in range(fleet.groups):
                sandbox.seed_group(
                    region=REGION, name=f"mail-{number}", tags=GUARDED, account=account
                )
        _write(fleet, folder)
        environment = {**os.environ, **sandbox.environment()}

        def start(*words: str) -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                [sys.executable, "-m", "cloudsync", *words], cwd=folder, env=environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip

        def shard(number: int) -> subprocess.Popen[bytes]:
            return start("run", "--once", "--shard", f"{number}/{fleet.shards}", "--run", "r1")

        assert start("list", "accept", "--yes", "--by", "ann").wait(_LONGEST) == 0
        sandbox.calls.clear()
        running = {number: shard(number) for number in range(1, fleet.shards + 1)}
        at = 0
        if killed:
            victim, when = killed
            mine = fleet.of(victim)
            _wait(lambda: _asked(sandbox, mine) >= when or running[victim].poll() is not None)
            running[victim].send_signal(signal.SIGKILL)
            running[victim].wait(_LONGEST)
            at = _asked(sandbox, mine)
            running[victim] = shard(victim)
        codes = [process.wait(_LONGEST) for process in running.values()]
        assert set(codes) == {0}, codes
        calls = list(sandbox.calls)
        # What was cut off in the middle of its request has changed nothing, and was answered so.
        changes = Counter(
            call.params.get("GroupId", call.action)
            for call in calls
            if call.mutating and call.outcome == "ok"
        )
        right = sum(_has_the_list(sandbox, account) for account in fleet.names)
    code, verdicts = _recorded(folder)
    return Went(len(calls), changes, code, verdicts, right, at)


def _asked(sandbox: Sandbox, accounts: frozenset[str]) -> int:
    # A copy: the sandbox goes on.
    return sum(call.account in accounts for call in tuple(sandbox.calls))


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + _LONGEST
    while not until():
        assert time.monotonic() < end
        time.sleep(0.01)


def _has_the_list(sandbox: Sandbox, account: str) -> int:
    listed = {one if "/" in one else f"{one}/32" for one in LIST}
    return sum(listed <= set(networks) for networks in _networks(sandbox, account))


def _networks(sandbox: Sandbox, account: str) -> Iterator[list[str]]:
    for group in sandbox.groups(REGION, account=account).values():
        if group.get("Tags"):
            yield [one["CidrIp"] for each in group["IpPermissions"] for one in each["IpRanges"]]


def _write(fleet: Fleet, folder: Path) -> None:
    accounts = "\n".join(f'      - {{id: "{one}", role: cloudsync}}' for one in fleet.names)
    text = _CONFIG.format(region=REGION, accounts=accounts, at_once=fleet.at_once)
    (folder / "cloudsync.yaml").write_text(text, encoding="utf-8")
    (folder / "list.txt").write_text("".join(f"{one}\n" for one in LIST), encoding="utf-8")


def _recorded(folder: Path) -> tuple[int, Counter[str]]:
    """How the one record of the run says that it ended, and with which verdicts."""
    with closing(open_state(f"sqlite:///{folder / 'state.db'}")) as store:
        (key,) = store.keys(records.run_key(""))
        stored = records.load(store, key, records.RUN)
        assert store.keys("shards/") == ("shards/r1",)
    assert stored
    assert stored.value.exit is not None
    return stored.value.exit, Counter((stored.value.targets or {}).values())
