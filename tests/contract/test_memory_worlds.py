"""Drawn worlds with priorities, judged packet by packet after every mutation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cloudsync.memory.firewall import MemorySnapshot
from cloudsync.memory.sandbox import Fault
from cloudsync.model import Mode, Note, Wanted
from tests.contract.driver import Run
from tests.contract.judged import TARGET, Judged
from tests.strategies import OURS, Mix, examples, firewalls, meanings, rules, wishes

TIES = pytest.mark.parametrize("ties", [True, False], ids=["ties", "unique numbers"])
drawn = st.data()
faults: st.SearchStrategy[list[Fault | None]] = st.lists(
    st.sampled_from((None, None, "lost", "never arrived", "throttled", "stale", "failed")),
    max_size=4,
)


@pytest.fixture(scope="module", autouse=True)
def mix() -> Iterator[Mix]:
    """Counts what the drawn worlds show, and fails where the suite tried less than it claims."""
    counted = Mix()
    yield counted
    if counted.worlds >= 2_000:  # a few hundred of Hypothesis' are too much alike to judge by
        assert counted.tangled / counted.worlds >= 0.3, counted
        assert counted.both / counted.worlds >= 0.2, counted


def test_the_worlds_are_of_the_mix_that_is_claimed() -> None:
    """The same worlds every time, of seeds enough that no one's habits decide."""
    counted = Mix()

    @settings(max_examples=25, database=None)
    @given(data=drawn, ties=st.booleans())
    def draw(data: st.DataObject, ties: bool) -> None:
        firewall, wanted = data.draw(firewalls(ties=ties)), data.draw(wishes())
        counted.add(firewall, Judged(firewall, ({},), ties=ties).exposure(), wanted)

    for number in range(10):
        seed(number)(draw)()
    assert counted.worlds == 250
    assert counted.tangled / counted.worlds >= 0.3, counted
    assert counted.both / counted.worlds >= 0.2, counted


def explained(run: Run) -> bool:
    """Whether the plan itself says why it can't do all that was wanted."""
    plan = run.last[0]
    told = {Note.BLOCKED, Note.NO_ROOM, Note.FAILED} & set(plan.notes)
    return bool(told) or any("closing would stop" in one.text for one in plan.remarks)


def run_on(judged: Judged, wanted: Wanted) -> Run:
    """A run, and one more where the first was told to stop short.

    What it took away made room that the next one uses; a stranger's deny that an own one was moved
    ahead of decides nothing any more, so that the next one lets in whom it stopped; and what stood
    behind a step that was refused may stand before it once the others are done.
    """
    run = judged.run(wanted)
    plan = run.first[0]
    short = {Note.NO_ROOM, Note.BLOCKED} & set(plan.notes) or plan.refusal is not None
    return judged.run(wanted) if short else run


def end(judged: Judged, wanted: Wanted, run: Run) -> list[str]:
    """What a finished run still owes: mail lost, a bypass open, or something not in our rules."""
    if not run.finished or explained(run) or wanted.mode is Mode.WATCH:
        return []
    owed: list[str] = []
    state = run.last[0].before
    assert state is not None
    difference = state.differences[25]
    if difference.missing or difference.missing_names:
        owed.append(f"missing after the run: {difference.missing} {difference.missing_names}")
    if wanted.mode is Mode.ENFORCE and difference.excess:
        owed.append(f"open after the run: {difference.excess}")
    own = tuple(
        rule for rule in judged.firewall.rules if rule.description.startswith(f"cloudsync/{OURS} ")
    )
    alone = MemorySnapshot(judged.scope, {TARGET: replace(judged.firewall, rules=own)})
    exposure = judged.provider.rules.exposure(alone, 25)[TARGET]
    if not wanted.addresses <= exposure.certain:
        bare = wanted.addresses - exposure.certain
        owed.append(f"not in own rules: {bare}")
    return owed


@TIES
@examples(120)
@given(data=drawn)
def test_one_run(data: st.DataObject, ties: bool, mix: Mix) -> None:
    """Whatever stands there and is wanted: the promises hold, the work is done, the next run rests."""
    firewall = data.draw(firewalls(ties=ties))
    wanted = data.draw(wishes())
    judged = Judged(firewall, data.draw(meanings()), ties=ties)
    mix.add(firewall, judged.exposure(), wanted)
    run = run_on(judged, wanted)
    assert judged.faults == []
    assert end(judged, wanted, run) == []
    if run.finished:
        assert judged.run(wanted).done == ()


@TIES
@examples(80)
@given(data=drawn, stop=st.integers(0, 5))
def test_a_crash_between_any_two_calls(data: st.DataObject, ties: bool, stop: int) -> None:
    """Ended after any call, or with answers lost, the promises hold and the next run finishes."""
    firewall, wanted, means = (
        data.draw(firewalls(ties=ties)),
        data.draw(wishes()),
        data.draw(meanings()),
    )
    judged = Judged(firewall, means, ties=ties)
    judged.world.faults.extend(data.draw(faults))
    judged.run(wanted, stop_after=stop)
    judged.world.faults.clear()
    run = run_on(judged, wanted)
    assert judged.faults == []
    assert end(judged, wanted, run) == []
    if run.finished:
        assert judged.run(wanted).done == ()


@TIES
@examples(40)
@given(data=drawn)
def test_a_sequence_of_runs(data: st.DataObject, ties: bool) -> None:
    """List, mode, `internal` and strangers' rules change between runs; every mutation is judged."""
    means = data.draw(meanings())
    judged = Judged(data.draw(firewalls(ties=ties)), means, ties=ties)
    for index in range(data.draw(st.integers(3, 5))):
        wanted = data.draw(wishes())
        run = run_on(judged, wanted)
        assert judged.faults == []
        assert end(judged, wanted, run) == []
        if run.finished:
            assert judged.run(wanted).done == ()
        planted = data.draw(rules(f"planted{index}"))
        if ties or planted.number not in {rule.number for rule in judged.firewall.rules}:
            judged.world.plant("fw", planted)
        strangers = sorted(rule.name for rule in judged.firewall.rules)
        if data.draw(st.booleans()) and strangers:
            judged.world.uproot("fw", data.draw(st.sampled_from(strangers)))
