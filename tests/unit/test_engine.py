"""Two passes over the in-memory world: what is called and looked at, in which order, and how long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Any, ClassVar

import pytest

from cloudsync.addresses import AddressSet
from cloudsync.engine import Applied, Observed, Pace, apply, observe
from cloudsync.memory.firewall import Firewall, Rule
from cloudsync.memory.provider import WORLDS, Provider
from cloudsync.memory.sandbox import World
from cloudsync.memory.settings import MemorySettings
from cloudsync.model import Mode, Wanted
from cloudsync.plan import TargetPlan, make
from cloudsync.provider import Outcome, Scope, Snapshot, Step, Unreadable

ONE, TWO = "memory:engine/one", "memory:engine/two"
LISTED = ("8.0.0.1/32", "2001:4800:10::/48")
SCOPE = Scope("memory:engine", MemorySettings(mode="watch", world="engine"))
STALE = Rule(
    100, "cloudsync:ours:25:also:ipv4", sources=("9.9.9.9/32",), description="cloudsync/ours also"
)


class Told:
    """The in-memory provider, which tells of every call; it can go blind after so many looks."""

    name: ClassVar[str] = "told"
    settings: ClassVar[type[Any]] = MemorySettings

    def __init__(self, clock: list[float]) -> None:
        self.inner = Provider()
        self.rules = self.inner.rules
        self.clock = clock
        self.log: list[str] = []
        self.deadlines: list[float | None] = []
        self.blind_from = 1_000

    def on_loopback(self, settings: Any) -> bool:
        """As the provider."""
        return self.inner.on_loopback(settings)

    def survey(self, regions: Sequence[str], endpoint: str | None) -> Any:
        """As the provider."""
        return self.inner.survey(regions, endpoint)

    def scopes(self, settings: Any) -> Iterable[Scope | Unreadable]:
        """As the provider."""
        return self.inner.scopes(settings)

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[Snapshot | Unreadable]:
        """A look, noted with its targets."""
        self.deadlines.append(deadline)
        self.log.append(f"look at {' '.join(_short(one) for one in sorted(only or ()))}")
        if sum(line.startswith("look") for line in self.log) > self.blind_from:
            yield Unreadable(scope.name, "nobody answers")
            return
        yield from self.inner.observe(scope, only, deadline)

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """A call, noted with what it changes."""
        self.deadlines.append(deadline)
        self.log.append(
            f"{step.verb} {' '.join(_short(one) for one in step.targets)} {_rule(step)}"
        )
        return self.inner.apply(step, deadline)


def _short(target: str) -> str:
    return target.rpartition("/")[2]


def _rule(step: Step) -> str:
    return str(step.call.name).removeprefix("cloudsync:ours:25:")


class Scene:
    """A world with firewalls, a clock that only waits move, and what is wanted of each target."""

    def __init__(self, **firewalls: tuple[Rule, ...]) -> None:
        self.clock = [0.0]
        self.waits: list[float] = []
        self.world = World(
            {name: Firewall(rules) for name, rules in firewalls.items()},
            clock=lambda: self.clock[0],
        )
        WORLDS["engine"] = self.world
        self.provider = Told(self.clock)
        self.wanted: dict[str, Wanted] = {
            f"memory:engine/{name}": Wanted("ours", Mode.ADD, tuple(map(ip_network, LISTED)))
            for name in firewalls
        }

    def plans(self) -> tuple[TargetPlan, ...]:
        """What is planned now; this look isn't noted."""
        (seen,) = self.provider.inner.observe(SCOPE)
        assert not isinstance(seen, Unreadable)
        return make(self.provider.rules, seen, self.wanted, "sha256:list")

    def apply(
        self, plans: Iterable[TargetPlan] | None = None, *, deadline: float | None = None
    ) -> Applied:
        """Do what is planned."""

        def sleep(seconds: float) -> None:
            self.waits.append(seconds)
            self.clock[0] += seconds

        pace = Pace(lambda: self.clock[0], sleep)
        todo = self.plans() if plans is None else plans
        return apply(self.provider, SCOPE, todo, self.wanted, pace, deadline)

    @property
    def log(self) -> list[str]:
        """Every call that was made."""
        return self.provider.log

    def possible(self, target: str = ONE) -> AddressSet:
        """Who gets in."""
        (seen,) = self.provider.inner.observe(SCOPE)
        assert not isinstance(seen, Unreadable)
        return self.provider.rules.exposure(seen, 25)[target].possible


def kinds(done: Applied) -> list[str]:
    """How each call ended."""
    return [outcome.kind for _, outcome in done.outcomes]


def test_where_nothing_is_planned_nothing_is_called() -> None:
    """Without a step there is no call, and no look either."""
    scene = Scene(one=())
    scene.apply()
    scene.log.clear()
    done = scene.apply()
    assert (scene.log, done.outcomes, done.after) == ([], [], {})


def test_additions_come_first_then_a_look_then_removals_then_a_look() -> None:
    """What goes, goes after a look that showed what came; the last look is the report's."""
    scene = Scene(one=(STALE,))
    done = scene.apply()
    assert scene.log == [
        "add one list:ipv4",
        "add one list:ipv6",
        "look at one",
        "remove one also:ipv4",
        "look at one",
    ]
    assert kinds(done) == ["done"] * 3
    assert scene.waits == []
    assert scene.possible() == AddressSet.of(*LISTED)
    assert done.after == {plan.target: plan for plan in scene.plans()}
    assert done.after[ONE].steps == ()


def test_without_a_removal_one_look_is_enough() -> None:
    """Where nothing is taken away, the look that shows the additions is the last."""
    scene = Scene(one=())
    done = scene.apply()
    assert scene.log == ["add one list:ipv4", "add one list:ipv6", "look at one"]
    assert done.after == {plan.target: plan for plan in scene.plans()}


def test_every_target_gets_its_additions_before_any_loses_something() -> None:
    """The passes run over all targets of the scope, not target by target."""
    scene = Scene(one=(STALE,), two=(STALE,))
    scene.apply()
    assert scene.log == [
        "add one list:ipv4", "add one list:ipv6", "add two list:ipv4", "add two list:ipv6",
        "look at one two",
        "remove one also:ipv4", "remove two also:ipv4",
        "look at one two",
    ]  # fmt: skip


def test_late_reads_are_waited_for() -> None:
    """It looks again after 1, 2, 4, 8 and 15 seconds, until what was added is seen."""
    scene = Scene(one=(STALE,))
    scene.clock[0] = 100.0
    plans = scene.plans()
    scene.world.late = 20.0
    done = scene.apply(plans)
    assert scene.waits == [1.0, 2.0, 4.0, 8.0, 15.0]
    assert scene.log[-2:] == ["remove one also:ipv4", "look at one"]
    assert kinds(done) == ["done"] * 3


def test_what_isnt_seen_in_time_keeps_what_should_go() -> None:
    """After 90 seconds without a sight of the additions nothing is taken away, and the run ends."""
    scene = Scene(one=(STALE,))
    scene.clock[0] = 1_000.0
    plans = scene.plans()
    scene.world.late = 600.0
    done = scene.apply(plans)
    assert sum(scene.waits) == 90.0
    assert scene.waits[-2:] == [15.0, 15.0]
    assert not any(line.startswith("remove") for line in scene.log)
    assert kinds(done) == ["done", "done"]
    assert [step.verb for step in done.after[ONE].steps] == ["add", "add", "remove"]


def test_a_lost_answer_is_settled_by_looking() -> None:
    """Where the rule is there after all, the run goes on to what should go."""
    scene = Scene(one=(STALE,))
    scene.world.faults.extend([None, "lost"])
    done = scene.apply()
    assert kinds(done) == ["done", "unknown", "done"]
    assert scene.log[-3:] == ["look at one", "remove one also:ipv4", "look at one"]
    assert scene.possible() == AddressSet.of(*LISTED)


def test_a_call_that_never_arrived_keeps_what_should_go() -> None:
    """Where the rule isn't there, its target is left as it is, and looked at once more."""
    scene = Scene(one=(STALE,))
    scene.world.faults.extend([None, "never arrived"])
    done = scene.apply()
    assert kinds(done) == ["done", "unknown"]
    assert scene.log[-2:] == ["look at one", "look at one"]
    assert scene.possible() == AddressSet.of(LISTED[0], "9.9.9.9/32")


@pytest.mark.parametrize("kind", ["throttled", "denied", "failed", "stale"])
def test_a_call_that_fails_ends_its_targets_pass_and_no_other(kind: Any) -> None:
    """The next step of the target may rest on the one that failed; other targets go on."""
    scene = Scene(one=(STALE,), two=(STALE,))
    scene.world.faults.append(kind)
    done = scene.apply()
    assert kinds(done) == [kind, "done", "done", "done"]
    assert scene.log == [
        "add one list:ipv4",
        "add two list:ipv4", "add two list:ipv6",
        "look at one two",
        "remove two also:ipv4",
        "look at one two",
    ]  # fmt: skip
    assert scene.possible(ONE) == AddressSet.of("9.9.9.9/32")
    assert scene.possible(TWO) == AddressSet.of(*LISTED)


def test_a_removal_that_fails_is_seen_in_the_last_look() -> None:
    """What couldn't be taken away is still planned at the end of the run."""
    scene = Scene(one=(STALE,))
    scene.world.faults.extend([None, None, "denied"])
    done = scene.apply()
    assert kinds(done) == ["done", "done", "denied"]
    assert [step.verb for step in done.after[ONE].steps] == ["remove"]


def test_only_what_was_planned_is_done() -> None:
    """A rule of ours that turns up meanwhile isn't removed by a plan that nobody saw it in."""
    scene = Scene(one=(STALE,))
    other = Rule(
        200, "cloudsync:ours:25:x:ipv4", sources=("9.8.7.6/32",), description="cloudsync/ours also"
    )

    def planted(moment: str, step: Step) -> None:
        if moment == "after" and step.verb == "add" and len(scene.world.calls) == 2:
            scene.world.plant("one", other)

    scene.world.at_call = planted
    scene.apply()
    assert scene.log[-2:] == ["remove one also:ipv4", "look at one"]
    assert other in scene.world.firewalls["one"].rules


def test_an_addition_that_somebody_takes_back_keeps_what_should_go() -> None:
    """An answer that says done isn't enough: what isn't seen to stand replaces nothing."""
    scene = Scene(one=(STALE,))

    def undone(moment: str, step: Step) -> None:
        if moment == "after" and step.verb == "add" and len(scene.world.calls) == 2:
            scene.world.uproot("one", "cloudsync:ours:25:list:ipv4")

    scene.world.at_call = undone
    done = scene.apply()
    assert sum(scene.waits) == 90.0
    assert not any(line.startswith("remove") for line in scene.log)
    assert [step.verb for step in done.after[ONE].steps] == ["add", "remove"]


def test_a_scope_that_goes_blind_keeps_what_should_go() -> None:
    """Where the look after the additions fails, nothing is taken away, and the reason is kept."""
    scene = Scene(one=(STALE,))
    scene.provider.blind_from = 0
    done = scene.apply()
    assert scene.log == ["add one list:ipv4", "add one list:ipv6", "look at one"]
    assert done.unreadable == Unreadable("memory:engine", "nobody answers")
    assert (done.after, scene.waits) == ({}, [])


def test_a_target_that_goes_meanwhile_isnt_in_the_last_look() -> None:
    """A firewall that is deleted under the run gets no further call; the others go on."""
    scene = Scene(one=(STALE,), two=(STALE,))

    def deleted(moment: str, step: Step) -> None:
        if moment == "after" and step.targets == (TWO,) and step.verb == "add":
            scene.world.edit("one", None)

    scene.world.at_call = deleted
    done = scene.apply()
    assert set(done.after) == {TWO}
    assert "remove one also:ipv4" not in scene.log
    assert scene.log[-2:] == ["remove two also:ipv4", "look at one two"]


def shared(scene: Scene) -> tuple[list[TargetPlan], Step]:
    """The plans of both targets, each with one step that touches both, and a second of its own."""
    plans = list(scene.plans())
    step = replace(plans[0].steps[0], targets=(ONE, TWO))
    return [replace(plan, steps=(step, plan.steps[1])) for plan in plans], step


def test_a_step_that_touches_several_targets_is_one_call() -> None:
    """It stands in the plan of each target, and is made once."""
    scene = Scene(one=(), two=())
    plans, step = shared(scene)
    done = scene.apply(plans)
    assert scene.log[:3] == ["add one two list:ipv4", "add one list:ipv6", "add two list:ipv6"]
    assert [made for made, _ in done.outcomes].count(step) == 1


def test_a_shared_step_that_failed_stops_every_target_it_touches() -> None:
    """What rests on it isn't made for the second target either."""
    scene = Scene(one=(), two=())
    plans, _ = shared(scene)
    scene.world.faults.append("denied")
    done = scene.apply(plans)
    assert kinds(done) == ["denied"]
    assert [line for line in scene.log if line.startswith("add")] == ["add one two list:ipv4"]


def test_the_deadline_goes_with_every_call() -> None:
    """Looks and calls are all told until when they may take."""
    scene = Scene(one=(STALE,))
    scene.apply(deadline=77.0)
    assert scene.provider.deadlines == [77.0] * 5


def test_a_look_ends_where_the_scope_cant_be_read() -> None:
    """What was seen before stands beside the reason."""
    scene = Scene(one=(), two=())
    (seen,) = scene.provider.inner.observe(SCOPE)
    assert not isinstance(seen, Unreadable)
    gap = Unreadable("memory:engine", "throttled")

    class Pages(Told):
        """Two pages, between which it breaks off."""

        def observe(
            self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
        ) -> Iterator[Snapshot | Unreadable]:
            """One page, and then a reason."""
            yield from (seen, gap, seen)

    found = observe(Pages([0.0]), SCOPE)
    assert found == Observed("memory:engine", (seen,), gap)
    assert found.targets == (ONE, TWO)


def test_a_real_clock_is_the_usual_one() -> None:
    """Left alone, the pace waits on the machine's clock, for at most 90 seconds."""
    usual = Pace()
    began = usual.monotonic()
    usual.sleep(0.001)
    assert usual.monotonic() - began >= 0.001
    assert usual.settle == 90.0


def outcomes(done: Applied) -> Mapping[str, str]:
    """How the last call on each target ended."""
    return {step.targets[0]: outcome.kind for step, outcome in done.outcomes}


def test_a_conflict_with_somebody_who_was_faster_is_settled_by_looking() -> None:
    """The same rule, made by another worker a moment before, isn't a failure in the end."""
    scene = Scene(one=(STALE,))
    plans = scene.plans()
    rule = plans[0].steps[1].call
    scene.world.plant("one", rule)
    done = scene.apply(plans)
    assert kinds(done) == ["done", "stale", "done"]
    assert outcomes(done) == {ONE: "done"}
    assert scene.possible() == AddressSet.of(*LISTED)


def test_no_step_is_begun_after_the_deadline() -> None:
    """What was due after the deadline isn't called, and what became of the target isn't guessed."""
    scene = Scene(one=())
    scene.clock[0] = 7.0
    done = scene.apply(deadline=7.0)
    assert scene.log == []
    assert [outcome for _, outcome in done.outcomes] == [
        Outcome(
            "throttled",
            "not begun, since the run's deadline had passed",
            "The next run goes on here.",
        )
    ]
    assert done.after == {}
    assert done.unreadable == Unreadable(
        "memory:engine",
        "not reached before the deadline",
        "Give the run a later deadline, or fewer targets.",
    )


def test_nothing_is_taken_away_when_the_deadline_comes_between_the_passes() -> None:
    """Adds that aren't seen before the deadline keep every removal back; no wait goes past it."""
    scene = Scene(one=(STALE,))
    scene.world.late = 60.0
    done = scene.apply(deadline=5.0)
    assert not [line for line in scene.log if line.startswith("remove")]
    assert sum(scene.waits) == 5.0
    assert done.unreadable is not None
    assert "9.9.9.9/32" in [
        source for rule in scene.world.firewalls["one"].rules for source in rule.sources
    ]
