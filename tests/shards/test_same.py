"""A run of many shards is the run of one process: the same report, byte for byte, and the same state."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from cloudsync import docket, records
from cloudsync.conditions.ledger import CONDITIONS_KEY
from cloudsync.errors import Exit, UsageError
from cloudsync.memory.firewall import Firewall, Rule
from cloudsync.memory.provider import WORLDS
from cloudsync.preflight.ledger import ARMED_KEY
from cloudsync.report import as_json, document_outcome, exit_of_run
from cloudsync.shards.begin import joined
from cloudsync.state import Value
from cloudsync.worker.passes import Passed, one_pass
from tests.shards.fleet import LISTED, Fleet
from tests.unit.test_reconcile import OPEN
from tests.unit.test_worker import ENFORCE

RIGHT = tuple(
    Rule(100 + number, f"mail-{number}", sources=(one,)) for number, one in enumerate(LISTED)
)


_CHANCE = re.compile(r"([0-9]{8}T[0-9]{6}Z)-[0-9a-f]{6}")


def mixed() -> Fleet:
    """Eight accounts in three blocks: right, open, lacking the list, closed before, closed never."""
    return Fleet(
        (
            {f"add{n}": {"one": (), "two": (OPEN,), "three": RIGHT} for n in range(3)},
            {f"look{n}": {"one": (OPEN,), "two": RIGHT} for n in range(2)},
            {f"shut{n}": {"one": (OPEN,), "two": (*RIGHT, OPEN)} for n in range(3)},
        ),
        ({"mode": "add"}, {"mode": "watch"}, ENFORCE),
    )


def whole(fleet: Fleet) -> Passed:
    """The run of one process."""
    return one_pass(fleet.job())


def state(fleet: Fleet) -> str:
    """What is remembered, but for leases, what names no target, and what marks say."""
    left = ("lease", "overview", "inputs/", "shards/", "runs/")
    found: dict[str, Value] = {}
    for key in fleet.store.keys(""):
        document = fleet.store.get(key)
        if document and not key.startswith(left):
            found[key] = document.value
    # What was noted in one moment is told apart by chance.
    return _CHANCE.sub(r"\1", json.dumps(found, sort_keys=True))


def record(fleet: Fleet) -> dict[str, Any]:
    """The one record of the run, without the number of its lease."""
    (key,) = fleet.store.keys(records.run_key(""))
    document = fleet.store.get(key)
    assert document
    return {**document.value, "fence": None}


def said(passed: Passed) -> str:
    """The report as JSON."""
    return as_json(document_outcome(passed.report, passed.found.listed))


@pytest.mark.parametrize("of", [1, 5])
def test_the_same_world_gives_the_same_run(of: int) -> None:
    """Report, record, holds, conditions and what is remembered are those of one process."""
    one = mixed()
    alone = whole(one)
    left, expected, kept = {n: w.firewalls for n, w in WORLDS.items()}, state(one), record(one)
    many = mixed()
    passed = many.sharded(of)
    assert said(passed) == said(alone)
    assert {name: world.firewalls for name, world in WORLDS.items()} == left
    assert state(many) == expected
    assert record(many) == kept
    assert passed.turn == alone.turn
    assert passed.tell == alone.tell
    assert exit_of_run(passed.report) == exit_of_run(alone.report)
    assert many.reads == 1


def test_the_same_days_give_the_same_days() -> None:
    """Approvals, waves, drift, an account that is lost and a target that goes, run after run."""

    def days(fleet: Fleet, sharded: int) -> list[str]:
        told: list[str] = []
        for day in range(5):
            fleet.now += timedelta(days=1)
            if day == 1:
                for hold in docket.holds(fleet.job()):
                    docket.approve(fleet.job(), hold.digest, "ann", "looked at")
            if day == 2:
                WORLDS["add1"].edit("three", Firewall((OPEN,)))
                WORLDS["shut1"].edit("two", Firewall(()))
                WORLDS["look1"].unreadable = "the role is gone"
            if day == 3:
                WORLDS["shut2"].edit("two", None)
                WORLDS["look1"].unreadable = ""
            if day == 4:
                fleet.listed = (*LISTED, "8.0.9.1/32")
            job = f"2026112{4 + day}T120000Z-a1b2c3"
            if sharded:
                for number in range(1, sharded + 1):
                    assert fleet.shard(number, sharded, f"r{day}", job)
                passed = fleet.gather(f"r{day}", job)
            else:
                passed = one_pass(fleet.job(job))
            told += [said(passed), repr(passed.turn), repr(passed.tell)]
            told.append(state(fleet))
            told.append(repr({name: world.firewalls for name, world in WORLDS.items()}))
        return told

    assert days(mixed(), 3) == days(mixed(), 0)


def test_nothing_is_left_of_marks_once_they_are_gathered() -> None:
    """What stays for a while is that the run is over; the lists, leases and marks are gone."""
    fleet = mixed()
    fleet.sharded(4)
    assert fleet.store.keys("shards/") == ("shards/r1",)
    assert fleet.store.keys(CONDITIONS_KEY)
    assert fleet.store.keys(ARMED_KEY) == ()


def test_a_shard_that_comes_late_does_nothing() -> None:
    """After the report no shard of that run looks at anything or changes it; a second report is refused."""
    fleet = mixed()
    fleet.sharded(2)
    before = len(fleet.provider.calls)
    common, _ = joined(fleet.job(), "r1", 2)
    assert common.gathered is Exit.HELD
    with pytest.raises(UsageError) as refused:
        fleet.gather()
    assert str(refused.value) == (
        "run r1: it was gathered, and ended with 4. Nothing was changed. See cloudsync history."
    )
    assert len(fleet.provider.calls) == before
