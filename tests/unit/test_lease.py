"""Of several workers one works at a time, and nothing but work is lost where that fails."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cloudsync import records
from cloudsync.abreast import Abreast
from cloudsync.addresses import AddressSet
from cloudsync.errors import CloudsyncError, LeaseError
from cloudsync.memory.firewall import Rule
from cloudsync.memory.sandbox import Moment
from cloudsync.provider import Step
from cloudsync.reconcile import reconcile
from cloudsync.records.lease import LEASE_KEY, TENURE, Tenure
from cloudsync.state import StateError
from cloudsync.worker import lease
from cloudsync.worker.lease import FRESH, LENGTH, SKEW, leased, take
from cloudsync.worker.passes import one_pass
from tests.unit.test_reconcile import LISTED, NOW, OPEN, Scene
from tests.unit.test_worker import ENFORCE, Shift

SECOND = timedelta(seconds=1)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """One target that lacks the list, on a machine of a known name."""
    monkeypatch.setattr(lease, "caller", lambda: "ann@mail-1")
    monkeypatch.setattr(os, "getpid", lambda: 7)
    return Scene({"one": ()})


def held(scene: Scene) -> Tenure | None:
    """The lease as the state has it."""
    stored = records.load(scene.store, LEASE_KEY, TENURE)
    return stored.value if stored else None


def put(scene: Scene, tenure: Tenure) -> None:
    """Another run's lease, in the place of what stands."""
    stored = records.load(scene.store, LEASE_KEY, TENURE)
    records.save(scene.store, LEASE_KEY, TENURE, tenure, stored.generation if stored else None)


def runs(scene: Scene) -> list[records.RunRecord]:
    """The records of all runs, in order."""
    keys = scene.store.keys(records.run_key(""))
    found = [records.load(scene.store, key, records.RUN) for key in keys]
    return [one.value for one in found if one]


def test_a_lease_is_taken_for_a_run_and_let_go_of_at_its_end(scene: Scene) -> None:
    """It names who works and until when, its number grows, and it stands in the run's record."""
    with leased(scene.job, "apply") as mine:
        assert held(scene) == Tenure("cloudsync apply of ann@mail-1, process 7", 1, NOW + LENGTH)
        reconcile(mine)
    assert held(scene) == Tenure("cloudsync apply of ann@mail-1, process 7", 1, None)
    scene.now += timedelta(minutes=1)
    with leased(scene.job, "run") as mine:
        reconcile(mine)
    assert [run.fence for run in runs(scene)] == [1, 2]


def test_a_second_run_is_refused_and_changes_nothing(scene: Scene) -> None:
    """It is told who works, until when, and what to do; nothing is read or called."""
    with leased(scene.job, "apply"):
        before = scene.store.keys()
        with pytest.raises(LeaseError) as caught:
            one_pass(replace(scene.job, attended=False))
    assert str(caught.value) == (
        "ours: cloudsync apply of ann@mail-1, process 7 is at work, and holds the lease until "
        "2026-11-24 12:05:00 UTC. Nothing was changed. Run again when it is through; the lease of "
        "a run that died ends by then. To stop it before its next step: cloudsync pause all --for 4h --reason TEXT."
    )
    assert caught.value.exit_code == 6
    assert scene.provider.made == 0
    assert scene.store.keys() == before


def test_what_a_person_orders_waits_for_no_run(scene: Scene) -> None:
    """The order takes the lease over; the run that held it stops before its next step."""
    with leased(scene.job, "run") as run:
        with leased(scene.job, "allow", over=True) as order:
            assert order.fence == 2
            order.go_on()
        with pytest.raises(LeaseError, match=r"ours: lease 1: this run has lost it"):
            run.go_on()
    assert fence(scene) == 2


def test_a_lease_is_let_go_of_when_the_run_fails(scene: Scene) -> None:
    """Whatever ends the block, the next run begins at once."""
    for error in (StateError("x", "y"), KeyboardInterrupt(), SystemExit()):
        with pytest.raises(type(error)), leased(scene.job, "apply"):
            raise error
        assert held(scene) == Tenure("cloudsync apply of ann@mail-1, process 7", fence(scene), None)


def fence(scene: Scene) -> int:
    """The number that was given out last."""
    found = held(scene)
    return found.fence if found else 0


@pytest.mark.parametrize(
    ("ahead", "free"),
    [
        (timedelta(0), True),
        (SECOND, False),
        (LENGTH, False),
        (LENGTH + SKEW, False),
        (LENGTH + SKEW + SECOND, True),
        (timedelta(hours=1), True),
        (timedelta(days=365), True),
        (-timedelta(hours=1), True),
        (-timedelta(days=365), True),
    ],
)
def test_the_lease_of_a_dead_run_ends_and_a_jump_of_the_clock_holds_nobody(
    scene: Scene, ahead: timedelta, free: bool
) -> None:
    """It ends by its time; one that ends later than any could is taken for the jump it is."""
    put(scene, Tenure("dead", 41, NOW + ahead))
    if not free:
        with pytest.raises(LeaseError, match="dead is at work"):
            take(scene.job, "run")
        return
    assert take(scene.job, "run").fence == 42


def test_a_lease_that_was_let_go_of_holds_nobody_after_a_jump_back(scene: Scene) -> None:
    """The end that it would have had isn't kept."""
    with leased(scene.job, "apply"):
        pass
    scene.now -= LENGTH / 2
    assert take(scene.job, "apply").fence == 2


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=365), timedelta(minutes=4)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_run_goes_on_under_its_lease_when_the_clock_jumps(
    scene: Scene, jump: timedelta, sign: int
) -> None:
    """Time alone takes nobody's lease: whoever still has it renews it from the new time."""
    with leased(scene.job, "apply") as mine:
        scene.now += sign * jump
        reconcile(mine)
        found = held(scene)
        assert found
        assert found.until == scene.now + LENGTH
    assert scene.provider.made > 0


def test_a_fresh_lease_is_not_written_again(scene: Scene) -> None:
    """A renewal is a write to the state, which a step shouldn't cost."""
    mine = take(scene.job, "apply")
    scene.now += FRESH
    mine.keep()
    assert held(scene) == Tenure(mine.holder, 1, NOW + LENGTH)
    scene.now += SECOND
    mine.keep()
    assert held(scene) == Tenure(mine.holder, 1, NOW + FRESH + SECOND + LENGTH)


def test_a_lease_is_renewed_between_scopes_and_while_the_run_waits(scene: Scene) -> None:
    """A long look and a long wait don't let it run out."""
    renewed: list[object] = []
    with leased(replace(scene.job, each=Abreast(4)), "apply") as mine:

        def look(number: int) -> int:
            found = held(scene)
            renewed.append(found and found.until)
            return number

        scene.now += timedelta(minutes=4)
        assert mine.each(look, [1, 2, 3], str) == [1, 2, 3]
        assert renewed == [scene.now + LENGTH] * 3
        scene.now += timedelta(minutes=4)
        mine.pace.sleep(90)
        found = held(scene)
        assert found
        assert found.until == scene.now + LENGTH


def test_a_run_that_lost_its_lease_before_its_first_step_changes_nothing(scene: Scene) -> None:
    """Another took its place while it looked: it says who, and ends with 6."""
    scene.provider.looks = lambda: put(scene, Tenure("the other", 9, NOW + LENGTH))
    with pytest.raises(LeaseError) as caught, leased(scene.job, "apply") as mine:
        reconcile(mine)
    assert str(caught.value) == (
        "ours: lease 1: this run has lost it: the other has taken it meanwhile. Nothing was "
        "changed. Run again when the other run is through."
    )
    assert (scene.provider.made, runs(scene)) == (0, [])
    assert held(scene) == Tenure("the other", 9, NOW + LENGTH)


def test_a_run_that_loses_its_lease_stops_before_the_next_step(scene: Scene) -> None:
    """What was done is reported and recorded; what wasn't begun is said, with the reason."""

    def other(moment: Moment, _step: Step) -> None:
        if moment == "after":
            put(scene, Tenure("the other", 9, NOW + LENGTH))

    scene.world.edit("one", replace(scene.world.firewalls["one"], rules=(OPEN,)))
    scene.blocks = (ENFORCE,)
    scene.world.at_call = other
    with leased(scene.job, "apply") as mine:
        report = reconcile(mine)
    assert scene.provider.made == 1
    (_, done), (_, stopped) = report.outcomes
    assert (done.kind, stopped.kind) == ("done", "failed")
    assert stopped.message == (
        "it was not begun, since ours: lease 1: this run has lost it: the other has taken it "
        "meanwhile"
    )
    assert [(run.fence, run.exit) for run in runs(scene)] == [(1, 3)]
    assert any(rule == OPEN for rule in scene.world.firewalls["one"].rules)


def test_a_lease_that_is_gone_from_the_state_is_lost(scene: Scene) -> None:
    """Somebody moved the state away while the run was at work."""
    mine = take(scene.job, "apply")
    scene.store.delete(LEASE_KEY, 1)
    with pytest.raises(LeaseError, match="this run has lost it: it is gone from the state"):
        mine.keep()
    mine.release()
    assert held(scene) is None


def racing(scene: Scene, monkeypatch: pytest.MonkeyPatch, tenure: Tenure) -> None:
    """Another run writes its lease between this one's read and its write, once."""
    save = records.save

    def late(store: Any, key: str, kind: Any, value: Any, expect: int | None) -> Any:
        monkeypatch.setattr(records, "save", save)
        put(scene, tenure)
        return save(store, key, kind, value, expect)

    monkeypatch.setattr(records, "save", late)


def test_of_two_that_take_it_at_one_moment_one_gets_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other is told whose it is; where that one is through already, it follows."""
    racing(scene, monkeypatch, Tenure("the other", 1, NOW + LENGTH))
    with pytest.raises(LeaseError, match="the other is at work"):
        take(scene.job, "apply")
    put(scene, Tenure("the other", 1, None))
    racing(scene, monkeypatch, Tenure("the other", 2, None))
    assert take(scene.job, "apply").fence == 3


def test_a_lease_taken_between_the_read_and_the_renewal_is_lost(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said as a lease that was lost, and not as a document that changed."""
    mine = take(scene.job, "apply")
    scene.now += timedelta(minutes=4)
    racing(scene, monkeypatch, Tenure("the other", 2, NOW + LENGTH))
    with pytest.raises(LeaseError, match="the other has taken it meanwhile"):
        mine.keep()


def test_a_state_that_can_not_be_written_loses_no_report(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease ends by its time then, and what the run has to say is said."""
    with leased(scene.job, "apply"):
        monkeypatch.setattr(scene.store, "put", failing)
    assert held(scene) == Tenure("cloudsync apply of ann@mail-1, process 7", 1, NOW + LENGTH)


def failing(*_: object) -> None:
    """A disk that is full."""
    raise StateError("state.db", "the disk is full")


def test_who_says_stop_is_asked_before_the_lease(scene: Scene) -> None:
    """A job's own stop holds under the lease too, and nothing was changed."""

    def stop() -> None:
        raise CloudsyncError("mail", "it was told to stop")

    with (
        pytest.raises(CloudsyncError, match="told to stop"),
        leased(replace(scene.job, go_on=stop), "apply") as mine,
    ):
        reconcile(mine)
    assert scene.provider.made == 0


STRANGER = "203.0.113.9"
WORLD = AddressSet.of("0.0.0.0/0", "::/0")


def reach(rules: tuple[Rule, ...]) -> AddressSet:
    """Who gets in: the rules from the last that is asked to the first, a deny above on a tie."""
    found = AddressSet.of()
    for rule in sorted(rules, key=lambda one: (-one.number, not one.allow)):
        here = AddressSet.of(*rule.sources) if rule.sources else WORLD
        found = found | here if rule.allow else found - here
    return found


@pytest.mark.parametrize("at", range(1, 4))
@pytest.mark.parametrize("late", [0.0, 30.0])
def test_two_workers_at_once_without_a_lease_keep_the_promises(at: int, late: float) -> None:
    """A second worker runs whole in the midst of the first one's call, over late reads too.

    After each write all who are wanted and got in still do, and a stranger who was shut out stays
    out; in the end the target is closed, and a further run finds nothing to do.
    """
    shift = Shift({"one": (OPEN, Rule(2000, "theirs", sources=("10.0.0.0/8",)))}, (ENFORCE,))
    shift.world.late = late
    shift.world.clock = lambda: shift.clock
    wanted = AddressSet.of(*LISTED, "10.0.0.1")
    shut: list[bool] = [False]
    calls: list[Step] = []

    def look(moment: Moment, step: Step) -> None:
        now = reach(shift.world.firewalls["one"].rules)
        assert wanted <= now
        shut.append(not AddressSet.of(STRANGER) & now)
        assert shut[-1] or not shut[-2]
        if moment == "before":
            calls.append(step)
            if len(calls) == at:
                reconcile(replace(shift.job, attended=True))

    shift.world.at_call = look
    for _ in range(3):
        reconcile(replace(shift.job, attended=True))
        shift.clock += 100
    assert len(calls) > at
    assert shut[-1]
    made = shift.provider.made
    reconcile(replace(shift.job, attended=True))
    assert shift.provider.made == made
