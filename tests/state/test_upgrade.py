"""A state that an earlier build of this release wrote, with firewalls as that build left them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from cloudsync import docket, ledger, orders, records
from cloudsync.history.past import past
from cloudsync.memory.firewall import Firewall
from cloudsync.prepared import Person, carry_out
from cloudsync.reconcile import look
from cloudsync.remember import list_in_force, seen_before, standing_orders
from cloudsync.worker.passes import one_pass
from tests.unit.test_worker import ENFORCE, Shift

WRITTEN: dict[str, Any] = json.loads(
    (Path(__file__).parent / "earlier.json").read_text(encoding="utf-8")
)
KINDS: dict[str, records.Kind[Any]] = {
    "approvals": records.APPROVAL,
    "changes": records.CHANGES,
    "enforced": docket.ENFORCED,
    "holds": docket.HOLDS,
    "list": records.LIST,
    "runs": records.RUN,
    "seen": records.SEEN,
    "standing": ledger.STANDING,
    "taken": ledger.TAKEN,
}
"""What an earlier build wrote, by the first part of its key."""


@pytest.fixture
def shift() -> Shift:
    """The installation as it was left: one target in add, one closed, one that waits, one watched."""
    made = Shift(
        dict.fromkeys(("add", "shut", "waits", "seen"), ()),
        (
            {"mode": "add", "select": {"ids": ["add"]}},
            {**ENFORCE, "select": {"ids": ["shut", "waits"]}},
            {"mode": "watch", "select": {"ids": ["seen"]}},
        ),
    )
    made.forget()
    firewalls = TypeAdapter(dict[str, Firewall]).validate_python(WRITTEN["firewalls"])
    for name, firewall in firewalls.items():
        made.world.edit(name, firewall)
    for key, value in WRITTEN["documents"].items():
        made.store.put(key, value, None)
    made.listed = tuple(WRITTEN["listed"])
    made.approvals = {"second": True}
    made.now = datetime.fromisoformat(WRITTEN["now"]) + timedelta(minutes=10)
    return made


@pytest.mark.parametrize("key", WRITTEN["documents"])
def test_every_document_that_was_written_is_read(key: str) -> None:
    """Each by its kind; none is of a kind that nobody knows any more."""
    KINDS[key.partition("/")[0]].decode(key, WRITTEN["documents"][key])


def test_the_plan_is_empty_and_a_pass_changes_nothing(shift: Shift) -> None:
    """What the earlier build made right is right, and what it held is held."""
    assert look(shift.job).plan.steps == ()
    before = dict(shift.world.firewalls)
    passed = one_pass(shift.job)
    assert (passed.report.outcomes, shift.provider.made) == ((), 0)
    assert shift.world.firewalls == before
    assert [hold.subject for hold in docket.holds(shift.job)] == ["memory:run/waits"]


def test_what_was_known_is_known(shift: Shift) -> None:
    """The list with what is leaving, the targets, orders that stand, runs and who approved what."""
    known = list_in_force(shift.job)
    assert known
    assert [str(one.entry.network) for one in known.leaving] == ["8.0.1.1/32"]
    assert set(seen_before(shift.job)) == {
        f"memory:run/{name}" for name in ("add", "shut", "waits", "seen")
    }
    standing = standing_orders(shift.job)
    assert [one.by for one in standing.pauses] == ["ann"]
    assert [str(one.network) for one in standing.allowed] == ["9.9.9.9/32"]
    told = past(shift.job)
    assert [run.exit for run in told.runs] == [4, 4, 0, 4, 4]
    assert sorted((one.by, one.caller) for one in told.approvals) == [("ann", ""), ("bob", "")]
    assert set(docket.enforced(shift.job)) == {"memory:run/shut"}


def test_what_was_closed_can_be_opened_again(shift: Shift) -> None:
    """A run of the earlier build is undone by what it wrote down."""
    (taken,) = (key for key in WRITTEN["documents"] if key.startswith("taken/"))
    run = taken.split("/")[1]
    person = Person("ann", "a test")
    job = replace(shift.job, attended=True)
    until = orders.ending(job, timedelta(hours=1))
    report = carry_out(job, orders.undo(job, run, None, until, person))
    assert [outcome.kind for _, outcome in report.outcomes] == ["done", "done"]
