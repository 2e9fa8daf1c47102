"""Prefix lists under every dialect: drawn worlds, lost answers, late reads and full lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import INTERNAL, AddressSet
from cloudsync.model import Mode, Verdict, Wanted
from cloudsync_aws.sandbox import Dialect, Sandbox
from tests.contract.driver import Run
from tests.contract.ec2 import REGION, Clock
from tests.contract.ec2_lists import MODIFY, JudgedLists
from tests.contract.test_every_provider import want
from tests.strategies import ALSO, LABELS, LISTED, OURS, STRANGERS, examples, wishes

drawn = st.data()
FOUR = tuple(one for one in (*LISTED, *ALSO, *STRANGERS) if ":" not in one)
SIX = tuple(one for one in (*LISTED, *ALSO, *STRANGERS) if ":" in one)
OWN = tuple(f"cloudsync/{OURS} {purpose}" for purpose in ("list", "also", "internal"))
Counting = tuple[Literal["net", "gross"], float]
DIALECTS: tuple[Counting, ...] = (("net", 0.0), ("net", 3.0), ("gross", 0.0), ("gross", 3.0))
KEPT = AddressSet.of("0.0.0.0/0") & INTERNAL


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The clock of every sandbox here."""
    return Clock()


@pytest.fixture(scope="module")
def listing(clock: Clock) -> Iterator[dict[Counting, Sandbox]]:
    """A sandbox for each dialect that a prefix list can meet."""
    found = {
        dialect: Sandbox(
            dialect=Dialect(prefix_list_counting=dialect[0], lists_settle=dialect[1]), clock=clock
        )
        for dialect in DIALECTS
    }
    with pytest.MonkeyPatch.context() as patch:
        for sandbox in found.values():
            sandbox.start()
        for name, value in found["net", 0.0].environment().items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        yield found
        for sandbox in found.values():
            sandbox.stop()


def contents(pool: tuple[str, ...]) -> st.SearchStrategy[dict[str, str]]:
    """What somebody, or a run before, may have put into a list."""
    return st.dictionaries(
        st.sampled_from(pool), st.sampled_from((*OWN, *OWN, *map(str, LABELS))), max_size=6
    )


def wish(data: st.DataObject) -> Wanted:
    """A wish without names, which a list can't hold."""
    found = data.draw(wishes())
    return replace(found, names=frozenset(), priority=None, ports=(25,))


def end(judged: JudgedLists, wanted: Wanted, run: Run) -> list[str]:
    """What a finished run still owes."""
    if wanted.mode is Mode.WATCH:
        return []
    owed: list[str] = []
    exposure = judged.exposure()
    if not any(plan.refusal for plan in run.last) and not wanted.addresses <= exposure.certain:
        owed.append(f"missing after the run: {wanted.addresses - exposure.certain}")
    closable = [
        cidr
        for number in range(len(judged.ids))
        for cidr, label in judged.entries(number).items()
        if not label.startswith(("cloudsync/", "cloudsync-terraform/"))
    ]
    open_still = AddressSet.of(*closable) - wanted.addresses - wanted.kept
    if wanted.mode is Mode.ENFORCE and open_still:
        owed.append(f"open after the run: {open_still}")
    return owed


@examples(10)
@given(data=drawn)
def test_drawn_lists(data: st.DataObject, listing: dict[Counting, Sandbox], clock: Clock) -> None:
    """Whatever stands in the lists and is wanted: the promises hold, and the next run rests."""
    sandbox = listing[data.draw(st.sampled_from(DIALECTS))]
    pools = (FOUR, SIX) if data.draw(st.booleans()) else (FOUR,)
    judged = JudgedLists(
        sandbox, *(data.draw(contents(pool)) for pool in pools),
        room=data.draw(st.sampled_from((1, 25))), clock=clock,
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 3))):
        wanted = wish(data)
        run = judged.run(wanted, stop_after=data.draw(st.sampled_from((None, None, 0, 1, 2))))
        # Where no group had room for a larger list, the removals made some.
        for _ in range(2):
            run = judged.run(wanted)
        assert judged.faults == []
        assert end(judged, wanted, run) == []
        calls = len(judged.calls)
        assert judged.run(wanted).done == ()
        assert len(judged.calls) == calls
        sandbox.write_list(REGION, judged.ids[0], data.draw(contents(FOUR)))


LIST = ("69.20.58.226/32", "69.20.58.234/32")


@pytest.fixture(params=DIALECTS, ids=str)
def sandbox(request: pytest.FixtureRequest, listing: dict[Counting, Sandbox]) -> Sandbox:
    """Each dialect's sandbox, calm."""
    found = listing[request.param]
    found.faults.clear()
    found.calls.clear()
    return found


def test_a_change_is_one_call_for_every_group(sandbox: Sandbox, clock: Clock) -> None:
    """Twenty groups refer to a list; a hundred new networks reach all of them by one call."""
    sandbox.set_quota(200, region=REGION)
    judged = JudgedLists(sandbox, {}, room=100, groups=20, clock=clock)
    listed = [f"198.18.0.{number}/32" for number in range(100)]
    run = judged.run(want(Mode.ADD, *listed))
    assert (judged.calls, run.last[0].verdict) == ([MODIFY], Verdict.IN_SYNC)
    assert judged.entries() == dict.fromkeys(listed, "cloudsync/ours list")
    assert judged.faults == []
    sandbox.set_quota(60, region=REGION)


def test_a_list_grows_with_room_to_spare(sandbox: Sandbox, clock: Clock) -> None:
    """Growth is a call of its own before the entries; a list that shrinks keeps its size."""
    judged = JudgedLists(sandbox, {}, room=1, clock=clock)
    listed = [f"198.18.0.{number}/32" for number in range(20)]
    run = judged.run(want(Mode.ADD, *listed))
    assert [step.changes[0] for step in run.done] == [
        f"- {judged.ids[0]} MaxEntries 1",
        f"+ {judged.ids[0]} 198.18.0.0/32 (cloudsync/ours list)",
    ]
    assert sandbox.list_size(REGION, judged.ids[0]) == 24
    judged.run(want(Mode.ADD, listed[0]))
    assert (judged.entries(), sandbox.list_size(REGION, judged.ids[0])) == (
        {listed[0]: "cloudsync/ours list"},
        24,
    )
    assert judged.faults == []


def test_growth_stops_at_the_quota_of_the_groups(sandbox: Sandbox, clock: Clock) -> None:
    """What no group has room for is refused with the numbers, and no call is made."""
    judged = JudgedLists(sandbox, {}, room=2, clock=clock)
    listed = [f"198.18.0.{number}/32" for number in range(60)]
    run = judged.run(want(Mode.ADD, *listed))
    refusal = run.first[0].refusal
    assert refusal is not None
    assert (refusal.what, refusal.todo) == (
        (
            f"would need MaxEntries 60 for its entries, and {min(judged.groups)} would count 61 "
            "rules with it, the quota is 60"
        ),
        "Raise quota L-0EA8095F, refer to the list less often, or set widen: 24.",
    )
    assert judged.calls == []
    # 59 fit to the last, without any to spare.
    assert judged.run(want(Mode.ADD, *listed[:59])).finished
    assert (sandbox.list_size(REGION, judged.ids[0]), judged.faults) == (59, [])


def test_more_than_a_hundred_go_in_several_calls(sandbox: Sandbox, clock: Clock) -> None:
    """250 networks take the place of an open entry: grow, three adds, and then one removal."""
    sandbox.set_quota(400, region=REGION)
    judged = JudgedLists(sandbox, {"0.0.0.0/0": "all"}, room=1, clock=clock)
    listed = [f"69.20.{number}.1/32" for number in range(250)]
    run = judged.run(want(Mode.ENFORCE, *listed, internal="close"))
    assert [(step.verb, len(step.changes)) for step in run.done] == [
        ("replace", 2), ("add", 100), ("add", 100), ("add", 50), ("remove", 1),
    ]  # fmt: skip
    assert judged.exposure().possible == AddressSet.of(*listed)
    assert judged.faults == []
    sandbox.set_quota(60, region=REGION)


def test_an_internal_relay_is_kept(sandbox: Sandbox, clock: Clock) -> None:
    """What an open entry let in from inside stands in entries of ours before the entry goes."""
    judged = JudgedLists(sandbox, {"0.0.0.0/0": "all"}, {"::/0": "all"}, room=25, clock=clock)
    run = judged.run(want(Mode.ENFORCE, *LIST, internal="keep"))
    assert run.last[0].verdict is Verdict.IN_SYNC
    assert judged.exposure().possible == AddressSet.of(*LIST) | INTERNAL
    assert judged.faults == []


@pytest.mark.parametrize("lose", ["lost_before", "lost_after", "throttle", "denied"])
@pytest.mark.parametrize("call", [0, 1])
def test_an_answer_that_is_lost(sandbox: Sandbox, clock: Clock, lose: str, call: int) -> None:
    """Whichever call goes wrong and how: nothing breaks, and a later run finishes."""
    judged = JudgedLists(sandbox, {"0.0.0.0/0": "all"}, room=30, clock=clock)
    if call:
        judged.run(want(Mode.ADD, *LIST))
    getattr(sandbox.faults, lose)(MODIFY, times=3)
    judged.run(want(Mode.ENFORCE, *LIST))
    sandbox.faults.clear()
    judged.run(want(Mode.ENFORCE, *LIST))
    assert judged.run(want(Mode.ENFORCE, *LIST)).done == ()
    assert judged.exposure().possible == AddressSet.of(*LIST) | KEPT
    assert judged.faults == []


def test_somebody_writes_between_the_look_and_the_call(sandbox: Sandbox, clock: Clock) -> None:
    """Another version is in force: nothing is overwritten, and the next run plans anew."""
    judged = JudgedLists(sandbox, {"8.8.8.0/24": "theirs"}, room=30, clock=clock, forecast=False)
    entered = False

    def meddle(found: Any) -> None:
        nonlocal entered
        if found.action == "DescribeSecurityGroups" and not entered:
            entered = True
            sandbox.write_list(REGION, judged.ids[0], {"8.8.4.0/24": "theirs"})

    sandbox.after_call(meddle)
    first = judged.run(want(Mode.ADD, *LIST))
    sandbox.after_call(None)
    assert (first.done, judged.entries()) == ((), {"8.8.4.0/24": "theirs"})
    judged.faults.clear()  # what the other one did was laid to our charge
    judged.run(want(Mode.ADD, *LIST))
    assert set(judged.entries()) == {*LIST, "8.8.4.0/24"}
    assert judged.faults == []


@pytest.mark.parametrize("late", [5.0, 60.0, 400.0])
@pytest.mark.parametrize("settle", [0.0, 20.0])
def test_late_reads_lose_no_mail(late: float, settle: float, listing: Any) -> None:
    """Where describes lag, a run may end early, no mail is lost, and a later run finishes."""
    clock = Clock()
    with Sandbox(dialect=Dialect(reads_late=late, lists_settle=settle), clock=clock) as found:
        judged = JudgedLists(found, {"0.0.0.0/0": "all"}, room=30, clock=clock, forecast=False)
        clock.sleep(2 * late)
        for _ in range(6):
            judged.run(want(Mode.ENFORCE, *LIST))
            clock.sleep(2 * late + settle)
        assert judged.faults == []
        assert judged.exposure().possible == AddressSet.of(*LIST) | KEPT
        calls = len(judged.calls)
        assert judged.run(want(Mode.ENFORCE, *LIST)).done == ()
        assert len(judged.calls) == calls
