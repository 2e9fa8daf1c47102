"""What becomes of a run whose shards die, come late, come twice or never, or are told to wait."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from cloudsync import docket, ledger, records
from cloudsync.conditions.ledger import CONDITIONS, CONDITIONS_KEY
from cloudsync.errors import CloudsyncError, LeaseError, UsageError
from cloudsync.memory.firewall import Firewall, Rule
from cloudsync.memory.provider import WORLDS
from cloudsync.memory.sandbox import World
from cloudsync.model import Mode, Note, Verdict
from cloudsync.records.lease import TENURE
from cloudsync.report import exit_of_run
from cloudsync.shards.begin import joined
from cloudsync.shards.ledger import lease_key
from cloudsync.shards.shard import Shard, number_of
from cloudsync.shards.work import work
from cloudsync.standing import Pause, Standing
from cloudsync.state import Document, StateError, Value
from cloudsync.vetting.vet import Read
from cloudsync.worker.lease import take
from cloudsync.worker.passes import Passed, one_pass
from tests.shards.fleet import Dies, Fleet, of_shard
from tests.unit.test_reconcile import OPEN, REFUSED
from tests.unit.test_worker import ENFORCE

FORTY = {f"acc{n}": {f"mail{m}": () for m in range(5)} for n in range(8)}


def forty() -> Fleet:
    """40 targets in 8 accounts that all lack the list."""
    return Fleet((FORTY,))


def verdicts(passed: Passed) -> Counter[str]:
    """How many targets have which verdict at the end."""
    return Counter(str(plan.verdict) for plan in passed.report.now.targets)


def expected_calls() -> list[tuple[str, str]]:
    """What a run of two shards asks that nothing befalls."""
    fleet = forty()
    fleet.sharded(2)
    return fleet.provider.calls


CALLS = len(expected_calls())


@pytest.mark.parametrize("at", [0, 1, 2, 7, 18, 25, CALLS // 2 - 2, CALLS - 1])
def test_a_killed_shard_goes_on_where_it_was(at: int) -> None:
    """Whatever call it dies at, nothing is lost, no change is made twice, little is looked at again."""
    fleet = forty()
    fleet.provider.dies_at = at
    died = 0
    for number in (1, 2):
        try:
            fleet.shard(number, 2)
        except Dies:
            died = number
            break
    assert died
    fleet.provider.dies_at = None
    for number in (1, 2):
        assert fleet.shard(number, 2)
    passed = fleet.gather()
    assert verdicts(passed) == {"in_sync": 40}
    assert exit_of_run(passed.report) == 0
    assert fleet.reads == 1
    made = Counter(step.targets for world in WORLDS.values() for step in world.calls)
    assert (len(made), max(made.values())) == (40, 1)
    # Of the account under way: its first look, and the one that verifies.
    assert len(fleet.provider.looks) <= 2 * len(FORTY) + 2


def test_a_shard_that_was_through_does_nothing_again() -> None:
    """Its engine may start it once more after it ended: it calls no cloud."""
    fleet = forty()
    assert fleet.shard(1, 2)
    before = list(fleet.provider.calls)
    assert fleet.shard(1, 2)
    assert fleet.provider.calls == before


def test_a_shard_that_never_came_is_said() -> None:
    """Its known targets are unreadable, itself has a row, the exit is 3, and a condition stands."""
    fleet = forty()
    fleet.sharded(2, "r0", "20261124T110000Z-a1b2c3")
    lost = [f"memory:{one}/mail{m}" for one in of_shard(FORTY, 2, 2) for m in range(5)]
    assert lost
    fleet.now += timedelta(hours=1)
    assert fleet.shard(1, 2, run="20261124T130000Z-a1b2c3")
    passed = fleet.gather()
    by_name = {plan.target: plan for plan in passed.report.now.targets}
    assert by_name["shard 2 of 2"].reason == (
        f"shard 2 of 2 never finished: {len(lost)} known targets unseen, 0 targets planned and not "
        "seen again"
    )
    for target in lost:
        plan = by_name[target]
        assert (plan.verdict, plan.reason) == (Verdict.UNREADABLE, "shard 2 of 2 never finished.")
    assert len(by_name) == 41
    assert exit_of_run(passed.report) == 3
    stored = records.load(fleet.store, CONDITIONS_KEY, CONDITIONS)
    assert stored
    assert {one.condition.subject for one in stored.value if one.stands} == {
        "shard 2 of 2", *lost,
    }  # fmt: skip
    run = records.load(fleet.store, records.run_key("20261124T130000Z-a1b2c3"), records.RUN)
    assert run
    assert (run.value.exit, run.value.unsettled) == (3, True)


def test_a_shard_that_died_midway_is_said_with_what_it_had_planned() -> None:
    """What it saw and had not put right is no more in sync than what it never saw."""
    fleet = forty()
    assert fleet.shard(1, 2)
    fleet.provider.dies_at = len(fleet.provider.calls) + 4
    with pytest.raises(Dies):
        fleet.shard(2, 2)
    fleet.provider.dies_at = None
    passed = fleet.gather()
    mine, other = (len(of_shard(FORTY, n, 2)) * 5 for n in (1, 2))
    assert verdicts(passed)["in_sync"] == mine
    assert exit_of_run(passed.report) == 3
    by_name = {plan.target: plan for plan in passed.report.now.targets}
    assert by_name["shard 2 of 2"].reason == (
        "shard 2 of 2 never finished: 0 known targets unseen, 5 targets planned and not seen again"
    )
    unread = [one for one in by_name.values() if one.verdict is Verdict.UNREADABLE]
    # Its five targets, its scopes that it never came to, and itself.
    assert len(unread) == 5 + other // 5 - 1 + 1
    fleet.now += timedelta(hours=1)
    again = fleet.sharded(2, "r2", "20261124T130000Z-a1b2c3")
    assert verdicts(again) == {"in_sync": 40}


def test_a_run_that_nobody_gathered_is_gathered_by_the_next() -> None:
    """It is no silence: the next run first reports it, and then does all that is to do."""
    fleet = forty()
    assert fleet.shard(1, 2, "r1")
    fleet.now += timedelta(hours=1)
    common, late = joined(fleet.job("20261124T130000Z-a1b2c3"), "r2", 2)
    (passed,) = late
    assert passed.report.run == "20261124T120000Z-a1b2c3"
    assert exit_of_run(passed.report) == 3
    assert common.gathered is None
    assert fleet.store.keys("shards/") == ("shards/r1", "shards/r2")
    assert verdicts(fleet.sharded(2, "r2")) == {"in_sync": 40}


def test_no_run_begins_while_a_shard_of_another_is_at_work() -> None:
    """It waits for a while, and then says which shard is at work; a dead one's lease ends by itself."""
    fleet = forty()
    assert fleet.shard(1, 2)
    take(fleet.job(), "run --shard 2/2", key=lease_key("r1", Shard(2, 2)))
    with pytest.raises(LeaseError) as refused:
        joined(fleet.job(), "r2", 2)
    assert str(refused.value) == (
        "ours: run r1: shard 2 of 2 is at work, and holds its lease until 2026-11-24 12:05:00 UTC. "
        "Nothing was changed. Run again when it is through; the lease of a shard that died ends by "
        "then."
    )
    fleet.now += timedelta(minutes=6)
    assert joined(fleet.job("20261124T120600Z-a1b2c3"), "r2", 2)[0].name == "r2"


def test_a_shard_begun_twice_has_one_that_goes_on() -> None:
    """The second start takes the lease over; the first changes nothing more, and marks nothing."""
    fleet = forty()
    common, _ = joined(fleet.job(), "r1", 1)
    done: list[bool] = []

    def begun_again(_moment: object, _step: object) -> None:
        if not done:
            done.append(False)
            done[0] = work(fleet.job(), common, Shard(1, 1)).ended is not None

    for world in WORLDS.values():
        world.at_call = begun_again
    with pytest.raises(LeaseError) as lost:
        work(fleet.job(), common, Shard(1, 1))
    assert "this run has lost it" in str(lost.value)
    assert done == [True]
    assert verdicts(fleet.gather()) == {"in_sync": 40}
    stored = records.load(fleet.store, lease_key("r1", Shard(1, 1)), TENURE)
    assert stored is None


def test_first_enforces_are_closed_in_the_waves_of_the_whole_run() -> None:
    """Four shards close none; who gathers closes one, then two, and stops where one falls short."""
    fleet = Fleet(
        ({f"acc{n}": {"mail": (OPEN,)} for n in range(8)},), ({**ENFORCE, "internal": "close"},)
    )
    one_pass(fleet.job())
    for hold in docket.holds(fleet.job()):
        docket.approve(fleet.job(), hold.digest, "ann", "looked at")
    fleet.now += timedelta(hours=1)
    for number in range(1, 5):
        assert fleet.shard(number, 4, run="20261124T130000Z-a1b2c3")
    closed = [name for name in WORLDS if _closed(name)]
    assert closed == []
    # The second target to be closed refuses: the wave falls short, and the rest waits.
    for _ in range(4):
        WORLDS["acc1"].faults.append("denied")
    passed = fleet.gather(run="20261124T130000Z-a1b2c3")
    closed = [name for name in WORLDS if _closed(name)]
    assert closed == ["acc0", "acc2"]
    waits = [one for one in passed.report.now.targets if Note.HELD in one.notes]
    assert [one.target for one in waits] == [f"memory:acc{n}/mail" for n in range(3, 8)]
    assert all("it waits: memory:acc1/mail" in one.remarks[-1].text for one in waits)


def _closed(name: str) -> bool:
    return any(not rule.allow for rule in WORLDS[name].firewalls["mail"].rules)


def test_a_shard_holds_a_first_enforce_that_nobody_approved() -> None:
    """The gate is each target's own: no number of shards lets one through."""
    fleet = Fleet(({f"acc{n}": {"mail": (OPEN,)} for n in range(4)},), (ENFORCE,))
    passed = fleet.sharded(4)
    assert [one.mode for one in passed.report.now.targets] == [Mode.ADD] * 4
    assert not any(map(_closed, WORLDS))
    assert len(docket.holds(fleet.job())) == 4
    assert exit_of_run(passed.report) == 4


def test_what_is_approved_while_a_shard_lies_dead_is_closed_in_the_waves_of_the_next_run() -> None:
    """A shard that begins again closes what it saw held as little as it did at first."""
    fleet = Fleet(({f"acc{n}": {"mail": (OPEN,)} for n in range(2)},), (ENFORCE,))
    one_pass(fleet.job())
    for name in WORLDS:
        WORLDS[name].edit("mail", Firewall((OPEN,)))  # somebody takes away what lets the list in
    fleet.now += timedelta(hours=1)
    run = "20261124T130000Z-a1b2c3"
    fleet.provider.calls.clear()
    fleet.provider.dies_at = 1
    with pytest.raises(Dies):
        fleet.shard(1, 1, run=run)
    fleet.provider.dies_at = None
    for hold in docket.holds(fleet.job()):
        docket.approve(fleet.job(), hold.digest, "ann", "looked at")
    assert fleet.shard(1, 1, run=run)
    assert not any(map(_closed, WORLDS))
    assert [len(WORLDS[name].firewalls["mail"].rules) for name in WORLDS] == [2, 1]
    fleet.gather(run=run)
    assert [name for name in WORLDS if _closed(name)] == ["acc1"]
    fleet.now += timedelta(hours=1)
    one_pass(fleet.job("20261124T140000Z-a1b2c3"))
    assert all(map(_closed, WORLDS))


def test_a_pause_stops_every_shard_before_its_next_call() -> None:
    """Whoever says stop at 3 a.m. says it once."""
    fleet = forty()
    common, _ = joined(fleet.job(), "r1", 2)
    until = fleet.now + timedelta(hours=4)

    pauses = tuple(
        Pause(f"memory:{one}/mail{m}", until, "ann", "wait", fleet.now)
        for one in FORTY for m in range(5)
    )  # fmt: skip
    records.save(fleet.store, ledger.STANDING_KEY, ledger.STANDING, Standing(pauses), None)
    for number in (1, 2):
        work(fleet.job(), common, Shard(number, 2))
    assert not [one for one in fleet.provider.calls if one[0] == "change"]
    assert verdicts(fleet.gather()) == {"missing": 40}


def test_a_shard_whose_time_is_over_leaves_the_rest_to_its_next_start() -> None:
    """It ends with what it marked, and isn't through; the next start goes on there."""
    fleet = forty()
    fleet.limit = 10.0
    inner = fleet.provider.inner.observe

    def slow(*words: object, **more: object) -> object:
        fleet.clock += 1.5
        return inner(*words, **more)  # type: ignore[arg-type]

    fleet.provider.inner.observe = slow  # type: ignore[method-assign, assignment]
    assert not fleet.shard(1, 1)
    seen = len([key for key in fleet.store.keys("shards/r1/") if "/made/" in key])
    assert 0 < seen < len(FORTY)
    before = len(fleet.provider.looks)
    while not fleet.shard(1, 1):
        assert len(fleet.provider.looks) < 60
    assert before < len(fleet.provider.looks) <= 2 * len(FORTY) + 2 * 3
    assert verdicts(fleet.gather()) == {"in_sync": 40}


def test_what_keeps_a_shard_from_its_work_is_in_the_report() -> None:
    """The report says why it never finished, and not only that."""
    fleet = forty()
    assert fleet.shard(1, 2)

    def refuses(_settings: object) -> object:
        raise UsageError("provider memory", "no credentials were found", todo="Sign in.")

    fleet.provider.scopes = refuses  # type: ignore[method-assign, assignment]
    with pytest.raises(UsageError):
        fleet.shard(2, 2)
    del fleet.provider.scopes
    row = next(one for one in fleet.gather().report.now.targets if one.target == "shard 2 of 2")
    assert row.reason == (
        "shard 2 of 2 never finished: 0 known targets unseen, 0 targets planned and not seen again. "
        "provider memory: no credentials were found. Nothing was changed. Sign in."
    )


def test_a_source_that_is_down_is_asked_once_and_said_once() -> None:
    """Every shard goes on with the list in force; one refusal is counted, and the exit is 5."""
    fleet = forty()
    fleet.read = lambda: Read(refused=REFUSED)
    passed = fleet.sharded(4)
    assert fleet.reads == 1
    assert exit_of_run(passed.report) == 5
    assert verdicts(passed) == {"in_sync": 40}


def test_without_a_list_nothing_is_changed_by_any_shard() -> None:
    """The first list waits for a person: all is shown as it would be, and no call is made."""
    fleet = forty()
    stored = fleet.store.get(records.LIST_KEY)
    assert stored
    fleet.store.delete(records.LIST_KEY, stored.generation)
    passed = fleet.sharded(3)
    assert not [one for one in fleet.provider.calls if one[0] == "change"]
    assert verdicts(passed) == {"missing": 40}
    assert exit_of_run(passed.report) == 4
    assert fleet.store.keys("runs/") == ()


def test_a_number_of_shards_that_changes_within_a_run_is_refused() -> None:
    """Accounts would be looked at twice, or by nobody."""
    fleet = forty()
    assert fleet.shard(1, 2)
    with pytest.raises(UsageError) as refused:
        fleet.shard(3, 3)
    assert str(refused.value) == (
        "run r1: has 2 shards, and this is one of 3. Nothing was changed. Give each run a name of "
        "its own, and all of its shards one number."
    )
    with pytest.raises(UsageError):
        fleet.gather("r9")


def test_a_block_that_matches_nothing_anywhere_is_an_error_of_the_run() -> None:
    """No shard can tell: each sees a part. Who gathers does."""
    fleet = Fleet(({"acc0": {"mail": ()}}, {"acc1": {}}), ({"mode": "add"}, {"mode": "add"}))
    for number in (1, 2, 3):
        assert fleet.shard(number, 3)
    with pytest.raises(CloudsyncError, match="no target matched, in memory:acc1"):
        fleet.gather()
    stored = records.load(fleet.store, CONDITIONS_KEY, CONDITIONS)
    assert stored
    assert [(str(one.condition.kind), one.condition.subject) for one in stored.value] == [
        ("failed", "ours")
    ]


def test_a_run_with_a_block_that_matched_nothing_keeps_none_from_beginning() -> None:
    """Its marks stay wrong once the target is there: the next run says so, and goes on."""
    fleet = Fleet(({"acc0": {"mail": ()}}, {"acc1": {}}), ({"mode": "add"}, {"mode": "add"}))
    for number in (1, 2):
        assert fleet.shard(number, 2)
    with pytest.raises(UsageError, match="no target matched, in memory:acc1"):
        fleet.gather()
    WORLDS["acc1"].edit("mail", Firewall(()))
    fleet.now += timedelta(hours=1)
    _, (late,) = joined(fleet.job("20261124T130000Z-a1b2c3"), "r2", 2)
    said = {plan.target: plan.reason for plan in late.report.now.targets}
    assert said == {
        "memory:acc0/mail": "",
        "run r1": "targets[1].select: no target matched, in memory:acc1.",
    }
    assert len(late.report.outcomes) == 1
    assert exit_of_run(late.report) == 3
    passed = fleet.sharded(2, "r2")
    assert verdicts(passed) == {"in_sync": 2}
    assert exit_of_run(passed.report) == 0


def test_a_run_whose_blocks_have_one_target_keeps_none_from_beginning() -> None:
    """Each target has one row; the next run has a configuration that was put right, and goes on."""
    both = {"acc0": {"mail": ()}}
    fleet = Fleet((both, both), ({"mode": "add"}, {"mode": "add"}))
    for number in (1, 2):
        assert fleet.shard(number, 2)
    with pytest.raises(UsageError, match="is a target of an earlier block too"):
        fleet.gather()
    fleet.now += timedelta(hours=1)
    fleet.provider.worlds = [["acc0"], ["acc1"]]
    WORLDS["acc1"] = World({"mail": Firewall(())})
    _, (late,) = joined(fleet.job("20261124T130000Z-a1b2c3"), "r2", 2)
    assert {plan.target for plan in late.report.now.targets} == {"memory:acc0/mail", "run r1"}
    assert verdicts(fleet.sharded(2, "r2")) == {"in_sync": 2}


def test_a_configuration_that_changes_within_a_run_is_refused() -> None:
    """Marks go by the blocks: by others, what one of them saw would be in no report."""
    fleet = Fleet(({"acc0": {"mail": ()}}, {"acc1": {"mail": ()}}), ({"mode": "add"},) * 2)
    assert fleet.shard(1, 2)
    fleet.blocks = ({"mode": "add"},)
    for late in (lambda: fleet.shard(2, 2), fleet.gather):
        with pytest.raises(UsageError) as refused:
            late()
        assert str(refused.value) == (
            "run r1: it began with another configuration than this one. Nothing was changed. Begin "
            "another run under a new name: it reports what this one did, and goes on."
        )


def test_a_run_of_another_configuration_is_reported_by_the_next() -> None:
    """All that it saw and made, though its block is gone; with who never came, and what is wrong."""
    fleet = Fleet(({"acc0": {"mail": ()}}, {"acc1": {"mail": ()}}), ({"mode": "add"},) * 2)
    number = number_of("memory:acc1", 2)
    assert fleet.shard(number, 2)
    made = sum(len(world.calls) for world in WORLDS.values())
    fleet.now += timedelta(hours=1)
    fleet.blocks = ({"mode": "add"},)
    fleet.provider.worlds = [["acc0"]]
    _, (late,) = joined(fleet.job("20261124T130000Z-a1b2c3"), "r2", 2)
    said = {plan.target: plan.reason for plan in late.report.now.targets}
    assert said.pop("run r1") == "it began with another configuration than this one."
    assert said.pop("memory:acc1/mail") == ""
    assert any(f"shard {3 - number} of 2 never finished" in reason for reason in said.values())
    assert len(late.report.outcomes) == made > 0
    assert exit_of_run(late.report) == 3
    passed = fleet.sharded(2, "r2")
    assert passed.report.now.targets[0].target == "memory:acc0/mail"


def test_what_others_saw_first_meanwhile_is_not_gone() -> None:
    """A run that nobody gathered knows nothing of a target that came after it began."""
    fleet = Fleet(({"acc0": {"mail": ()}},))
    assert fleet.shard(1, 2)
    assert fleet.shard(2, 2)
    fleet.now += timedelta(hours=1)
    WORLDS["acc0"].edit("new", Firewall(()))
    assert verdicts(one_pass(fleet.job("20261124T130000Z-a1b2c3"))) == {"in_sync": 2}
    fleet.now += timedelta(hours=1)
    _, (late,) = joined(fleet.job("20261124T140000Z-a1b2c3"), "r2", 2)
    assert [plan.target for plan in late.report.now.targets] == ["memory:acc0/mail"]
    assert exit_of_run(late.report) == 0


def test_nobody_gathers_while_a_shard_is_at_work() -> None:
    """What it did meanwhile would be in no report: who gathers waits for it, or for its lease to end."""
    fleet = forty()
    common, _ = joined(fleet.job(), "r1", 1)
    refused: list[str] = []

    def gathers(_moment: object, _step: object) -> None:
        if not refused:
            with pytest.raises(LeaseError) as error:
                fleet.gather()
            refused.append(str(error.value))

    for world in WORLDS.values():
        world.at_call = gathers
    assert work(fleet.job(), common, Shard(1, 1)).ended
    (said,) = refused
    assert said == (
        "ours: run r1: shard 1 of 1 is at work, and holds its lease until 2026-11-24 12:05:00 UTC. "
        "Nothing was changed. Run again when it is through; the lease of a shard that died ends by "
        "then."
    )
    passed = fleet.gather()
    assert verdicts(passed) == {"in_sync": 40}
    assert len(passed.report.outcomes) == 40


def test_a_gather_that_died_is_done_again() -> None:
    """The run is recorded once; its marks stay until all is told, and a second try ends it."""
    fleet = forty()
    for number in (1, 2):
        assert fleet.shard(number, 2)
    put = fleet.store.put

    def full(key: str, value: Value, expect: int | None) -> Document:
        if key == CONDITIONS_KEY:
            raise StateError("memory://", "it is full")
        return put(key, value, expect)

    fleet.store.put = full  # type: ignore[method-assign]
    WORLDS["acc0"].edit("mail9", Firewall((OPEN,)))
    first = fleet.gather()
    assert str(first.report.unrecorded) == (
        "memory://: it is full. What was done in the clouds is kept, and is in the report."
    )
    fleet.store.put = put  # type: ignore[method-assign]
    again = fleet.gather()
    assert verdicts(again) == verdicts(first) == {"in_sync": 40}
    assert again.report.outcomes == first.report.outcomes
    assert len(fleet.store.keys("runs/")) == 1
    assert fleet.store.keys("shards/") == ("shards/r1",)


def test_rules_named_in_marks_are_kept() -> None:
    """A target that stays open names the rule that opens it, though another process saw it."""
    fleet = Fleet(({"acc0": {"mail": (Rule(7, "wide", sources=("0.0.0.0/0",)),)}},))
    passed = fleet.sharded(2)
    stored = records.load(fleet.store, CONDITIONS_KEY, CONDITIONS)
    assert stored
    (one,) = stored.value
    assert one.condition.rule == "7 wide: allow tcp/25 from 0.0.0.0/0"
    assert verdicts(passed) == {"open": 1}
