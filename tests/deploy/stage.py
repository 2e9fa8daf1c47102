"""What a function is tried on: a cloud on loopback with sins in it, and a state in a bucket."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from cloudsync import docket, records
from cloudsync.demo.cast import Fleet, in_force
from cloudsync.demo.stage import configuration, surroundings
from cloudsync.state import open_state


@contextmanager
def around(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """The fleet's variables for as long as the block runs, with those of a state that is made in it.

    These were set last and go first: undone after the block, they would bring the fleet's back, and
    the tests that come after would find an account.
    """
    with surroundings((fleet,)):
        try:
            yield
        finally:
            monkeypatch.undo()


def told(fleet: Fleet, state: str, *more: str) -> str:
    """The fleet's configuration, with the state where a function keeps it, and ``more`` lines."""
    lines = "".join(f"{line}\n" for line in more)
    text = configuration((fleet,))
    return re.sub(r"^state: .*\n", f"state: {state}\n{lines}", text, flags=re.MULTILINE)


def begun(state: str) -> None:
    """Put the list in force into a new state, as a person who accepted it."""
    with closing(open_state(state)) as store:
        records.save(store, records.LIST_KEY, records.LIST, in_force(datetime.now(UTC)), None)


def enforced(state: str, fleet: Fleet) -> None:
    """Say of every target that it was closed before, so that no first enforce waits."""
    with closing(open_state(state)) as store:
        value = {sin.target: datetime.now(UTC) for sin in fleet.sins}
        records.save(store, docket.ENFORCED_KEY, docket.ENFORCED, value, None)


def verdicts(result: dict[str, Any], fleet: Fleet) -> dict[str, tuple[str, str]]:
    """The targets that ended otherwise than the fleet says: as they are, as they should be."""
    wrong = {one["target"]: one["verdict"] for one in result["look_at"]}
    return {
        sin.target: (wrong.get(sin.target, "in_sync"), sin.ends.value)
        for sin in fleet.sins
        if wrong.get(sin.target, "in_sync") != sin.ends.value
    }
