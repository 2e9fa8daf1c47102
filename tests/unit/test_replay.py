"""A plan made again from what was kept: the same, over the in-memory provider, whatever was planned."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync import orders, records
from cloudsync.addresses import AddressSet
from cloudsync.errors import UsageError
from cloudsync.exposure import Name
from cloudsync.history.replay import replay
from cloudsync.model import Mode, Wanted
from cloudsync.prepared import Person, carry_out
from cloudsync.provider import Order
from cloudsync.reconcile import look, reconcile
from cloudsync.records.inputs import INPUTS, Inputs, Part, inputs_key
from cloudsync.report import RunReport
from cloudsync.state import StateError
from cloudsync.worker.lease import leased
from cloudsync.worker.passes import one_pass
from tests.unit.test_reconcile import ONE, OPEN, Scene
from tests.unit.test_records import NETWORKS, TEXT
from tests.unit.test_worker import ENFORCE, Shift

ANN = Person("ann", "a test")


@pytest.fixture
def scene() -> Scene:
    """Targets to open, to close, to leave, to watch, and one that can't be found."""
    return Scene(
        {"one": (), "two": (OPEN,), "right": (), "seen": ()},
        (
            {"mode": "add", "select": {"ids": ["one", "right"]}},
            {**ENFORCE, "select": {"ids": ["two"]}},
            {"mode": "watch", "select": {"ids": ["seen"]}},
        ),
    )


def run(scene: Scene) -> RunReport:
    """A person's run, as the command makes it."""
    with leased(scene.job, "apply") as mine:
        return reconcile(mine)


def test_the_plan_of_a_run_is_made_again(scene: Scene) -> None:
    """Digest, steps and what they lead to are the same, and no cloud is asked."""
    first = run(scene)
    scene.world.edit("one", None)
    scene.world.unreadable = "gone"
    found = replay(scene.job, first.run)
    assert found.same
    assert found.plan.digest == first.plan.digest
    assert found.plan.steps == first.plan.steps
    plans = {plan.target: plan for plan in first.plan.targets}
    for plan in found.plan.targets:
        assert (plan.mode, plan.digest) == (plans[plan.target].mode, plans[plan.target].digest)
        if plan.steps:
            assert (plan.before, plan.after) == (
                plans[plan.target].before,
                plans[plan.target].after,
            )


def test_the_plan_of_a_worker_that_holds_a_first_enforce_is_made_again() -> None:
    """What was held back is planned as it was: in add, until it is approved."""
    shift = Shift({"one": (OPEN,), "two": (OPEN,)}, (ENFORCE,))
    passed = one_pass(shift.job)
    assert replay(shift.job, passed.report.run).same
    shift.approve()
    passed = one_pass(shift.job)
    assert passed.report.outcomes
    assert replay(shift.job, passed.report.run).same


def test_the_plan_of_an_order_is_made_again(scene: Scene) -> None:
    """An undo and a network let in rest on what was ordered, and that is kept too."""
    closed = run(scene)
    with leased(scene.job, "undo") as mine:
        until = orders.ending(mine, timedelta(hours=1))
        undone = carry_out(mine, orders.undo(mine, closed.run, None, until, ANN))
        allowed = orders.allow(mine, ip_network("9.9.9.9/32"), ONE, until, ANN)
        let_in = carry_out(mine, allowed)
    for report in (undone, let_in):
        assert report.outcomes
        found = replay(scene.job, report.run)
        assert (found.same, found.plan.steps) == (True, report.plan.steps)


def test_a_run_without_a_step_keeps_nothing(scene: Scene) -> None:
    """And it is said so, by what is kept and what isn't."""
    run(scene)
    quiet = run(scene)
    with pytest.raises(UsageError) as caught:
        replay(scene.job, quiet.run)
    assert str(caught.value) == (
        f"{quiet.run}: nothing is kept to make the plan of a run with this name again. Nothing was "
        "changed. It is kept of each run that had steps to make; see cloudsync history."
    )


def test_a_record_of_another_plan_is_told_apart(scene: Scene) -> None:
    """Where this release plans otherwise than the one that ran, that shows."""
    first = run(scene)
    key = records.run_key(first.run)
    stored = records.load(scene.store, key, records.RUN)
    assert stored
    other = replace(stored.value, plan_digest="sha256:other")
    records.save(scene.store, key, records.RUN, other, stored.generation)
    found = replay(scene.job, first.run)
    assert (found.same, found.recorded) == (False, "sha256:other")


@pytest.mark.parametrize("packed", ["", "AAAA", "eJwDAAAAAAE=", "eNqrrgUAAXUA+Q=="])
def test_what_was_kept_and_can_not_be_read_is_said(scene: Scene, packed: str) -> None:
    """A snapshot that isn't one is damage, not another plan."""
    first = run(scene)
    key = inputs_key(first.run)
    stored = records.load(scene.store, key, INPUTS)
    assert stored
    parts = tuple(replace(one, packed=packed) for one in stored.value.parts)
    records.save(scene.store, key, INPUTS, replace(stored.value, parts=parts), stored.generation)
    with pytest.raises(StateError, match=f"state {key}: what was kept of a snapshot can't be read"):
        replay(scene.job, first.run)


class Forgetful:
    """Rules that don't say how a snapshot is kept."""

    def __init__(self, rules: Any) -> None:
        self._rules = rules

    def __getattr__(self, name: str) -> Any:
        if name in {"freeze", "thaw"}:
            raise AttributeError(name)
        return getattr(self._rules, name)


def test_a_provider_that_keeps_nothing_costs_the_replay_alone(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another's provider may not say how a snapshot is kept: its runs go on all the same."""
    first = run(scene)
    monkeypatch.setattr(scene.provider, "rules", Forgetful(scene.provider.rules))
    with pytest.raises(UsageError, match="provider memory: it can't read again what was kept"):
        replay(scene.job, first.run)
    scene.world.edit("one", replace(scene.world.firewalls["one"], rules=()))
    again = run(scene)
    assert again.outcomes
    assert inputs_key(again.run) not in scene.store.keys("")


def test_who_only_looks_keeps_nothing(scene: Scene) -> None:
    """A plan or a drift is made from pages that are let go of."""
    assert look(scene.job).kept == ()
    with leased(scene.job, "apply") as mine:
        assert look(mine).kept != ()


WANTS = st.builds(
    Wanted,
    installation=TEXT,
    mode=st.sampled_from(Mode),
    networks=st.lists(NETWORKS, max_size=3).map(tuple),
    also=st.lists(NETWORKS, max_size=2).map(tuple),
    names=st.frozensets(
        st.builds(Name, TEXT, st.lists(NETWORKS, max_size=2).map(lambda some: AddressSet.of(*some)))
    ),
    internal=st.sampled_from([None, "keep", "close"]),
    ports=st.lists(st.integers(1, 65535), min_size=1, max_size=2).map(tuple),
    override_denies=st.booleans(),
    close_opaque=st.booleans(),
    shared=st.booleans(),
    priority=st.one_of(st.none(), st.tuples(st.integers(0, 9), st.integers(10, 99))),
    managed_by=st.one_of(st.none(), TEXT),
    unsettled=st.booleans(),
)


@given(st.lists(WANTS, max_size=2))
def test_whatever_was_wanted_comes_back(wants: list[Wanted]) -> None:
    """Each field of it, and the most that an opaque name can stand for."""
    order = Order("undo", ({"deny": "x", "stopped": []},))
    inputs = Inputs(
        "r", "sha256:0", tuple(wants), (Part("memory", "eA==", {"t": 0}, order),),
        {Mode.ADD: ("a", "b")},
    )  # fmt: skip
    back = INPUTS.decode("k", json.loads(json.dumps(INPUTS.encode(inputs))))
    assert back == inputs
    for one, two in zip(back.wants, wants, strict=True):
        bounds = [{name.text: name.bound for name in want.names} for want in (one, two)]
        assert bounds[0] == bounds[1]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"wants": [{"internal": "open"}]}, "'open' is nothing to do with internal space"),
        ({"parts": [{"order": {"verb": "add"}}]}, "'add' is nothing that can be ordered"),
    ],
)
def test_inputs_that_are_none_are_refused(change: dict[str, Any], what: str) -> None:
    """A word that this release doesn't know is an error, not a guess."""
    part = Part("memory", "eA==", {"t": 0}, Order("relax"))
    inputs = Inputs("r", "sha256:0", (Wanted("ours", Mode.ADD),), (part,), {})
    document = INPUTS.encode(inputs)
    for key, (more,) in change.items():
        document[key] = [{**document[key][0], **more}]
    with pytest.raises(StateError, match=what):
        INPUTS.decode("k", document)
