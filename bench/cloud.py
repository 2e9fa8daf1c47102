"""One fleet in the AWS sandbox, in a process of its own, whose work is nobody's cost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from bench.fleets import FLEETS, LIST, REGION, TAG, entries, referring
from bench.process import ROOT
from cloudsync_aws.sandbox import Sandbox


class Cloud:
    """A sandbox in another process: where it listens, and what it was asked."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self._orders = orders
        self._answers = answers
        self.environment: dict[str, str] = self._answer()

    def calls(self) -> dict[str, Any]:
        """What was called since the last time: ``actions`` with their number, ``most`` changes
        of one group, and how many groups were ``changed``.
        """
        self._orders.write("calls\n")
        self._orders.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise RuntimeError("the sandbox's process ended; what it said is on stderr")
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def serving(module: str, *words: str) -> Iterator[Cloud]:
    """A cloud that ``python -m MODULE WORDS…`` is."""
    with subprocess.Popen(  # noqa: S603 - this interpreter and a module of this package
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Cloud(process.stdin, process.stdout)
        finally:
            process.stdin.close()


@contextmanager
def cloud(fleet: str, groups: int) -> Iterator[Cloud]:
    """``groups`` security groups of ``fleet``, answering from recorded bytes.

    Of the fleet ``listed`` every group refers to one prefix list, which has room for one more.
    """
    with serving("bench.cloud", fleet, str(groups)) as made:
        yield made


def _serve(fleet: str, groups: int) -> None:
    with Sandbox() as sandbox:
        listed = ""
        if fleet == "listed":
            listed = sandbox.seed_prefix_list(
                region=REGION,
                name="mail",
                entries=entries(),
                max_entries=len(LIST) + 1,
                tags=dict([TAG]),
            )
        for number in range(groups):
            sandbox.seed_group(
                region=REGION,
                name=f"mail-{number}",
                tags=dict([TAG]),
                permissions=referring(listed) if listed else FLEETS[fleet](number),
            )
        sandbox.freeze()
        _say(sandbox.environment())
        for _ in sys.stdin:
            changed = Counter(
                call.params["GroupId"]
                for call in sandbox.calls
                if call.mutating and "GroupId" in call.params
            )
            actions = Counter(call.action for call in sandbox.calls)
            sandbox.calls.clear()
            _say(
                {
                    "actions": actions,
                    "changed": len(changed),
                    "most": max(changed.values(), default=0),
                }
            )


def _say(words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
