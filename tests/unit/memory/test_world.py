"""The in-memory world: reads that lag, answers that are lost, and strangers who edit."""

from __future__ import annotations

from typing import Any

import pytest

from cloudsync.memory.firewall import Firewall, MemorySnapshot, Rule
from cloudsync.memory.provider import WORLDS, Provider
from cloudsync.memory.sandbox import World
from cloudsync.memory.settings import MemorySettings, Select
from cloudsync.provider import Outcome, Scope, Snapshot, Step, Unreadable

RULE = Rule(100, "cloudsync:mail:25:list:ipv4", sources=("192.0.2.1/32",))
ADD = Step("add", ("memory:w/fw",), (f"+ {RULE}",), call=RULE)
GONE = Step("remove", ("memory:w/fw",), (f"- {RULE}",), call=RULE)


def settings(**more: Any) -> MemorySettings:
    """A target block for world w."""
    return MemorySettings(mode="watch", world="w", **more)


@pytest.fixture
def world() -> World:
    """A world with one empty firewall, on a clock that stands until it is moved."""
    made = World({"fw": Firewall(), "other": Firewall()}, clock=lambda: NOW[0])
    NOW[0] = 1_000.0
    WORLDS["w"] = made
    return made


NOW = [0.0]


def look(only: frozenset[str] | None = None, **more: Any) -> Snapshot | Unreadable:
    """One look at world w."""
    more.setdefault("select", Select())
    (seen,) = Provider().observe(Scope("memory:w", settings(**more)), only)
    return seen


def test_a_world_that_is_not_there_is_unreadable() -> None:
    """A block that names no world gives a reason instead of a scope."""
    block = MemorySettings(mode="watch", world="nowhere")
    assert list(Provider().scopes(block)) == [
        Unreadable("memory:nowhere", "there is no such world", "Make it first.")
    ]


def test_a_world_is_one_scope(world: World) -> None:
    """Its scope carries the block that asked for it."""
    (scope,) = Provider().scopes(settings())
    assert scope == Scope("memory:w")


def test_all_or_some_firewalls_are_seen(world: World) -> None:
    """The selection and a close look each cut down what is seen; what isn't there is left out."""
    whole = look()
    assert isinstance(whole, MemorySnapshot)
    assert whole.targets == ("memory:w/fw", "memory:w/other")
    chosen = look(select=Select(ids=("fw", "nowhere")))
    assert isinstance(chosen, MemorySnapshot)
    assert chosen.targets == ("memory:w/fw",)
    close = look(frozenset({"memory:w/other", "memory:w/gone"}))
    assert isinstance(close, MemorySnapshot)
    assert close.targets == ("memory:w/other",)
    assert close.version == ""


def test_an_unreadable_world_says_why(world: World) -> None:
    """A world can be told to refuse reads."""
    world.unreadable = "access denied"
    assert look() == Unreadable("memory:w", "access denied", "Repair the world.")


def test_reads_lag_behind_writes(world: World) -> None:
    """A late read shows the world as it was, until its time has come."""
    world.late = 30.0
    assert Provider().apply(ADD) == Outcome("done")
    assert world.seen()["fw"].rules == ()
    NOW[0] += 29.9
    assert world.seen()["fw"].rules == ()
    NOW[0] += 0.1
    assert world.seen()["fw"].rules == (RULE,)


def test_a_read_never_shows_less_than_the_beginning(world: World) -> None:
    """A lag longer than the world's age shows the world as it began."""
    world.late = 5_000.0
    assert set(world.seen()) == {"fw", "other"}


@pytest.mark.parametrize(
    ("fault", "kind", "message", "written"),
    [
        (None, "done", "", True),
        ("lost", "unknown", "fw: the answer was lost", True),
        ("never arrived", "unknown", "fw: the answer was lost", False),
        ("throttled", "throttled", "fw: throttled, as the world was told", False),
        ("denied", "denied", "fw: denied, as the world was told", False),
        ("stale", "stale", "fw: stale, as the world was told", False),
        ("failed", "failed", "fw: failed, as the world was told", False),
    ],
)
def test_a_call_goes_as_the_world_was_told(
    world: World, fault: Any, kind: Any, message: str, written: bool
) -> None:
    """A lost answer is in the state; every other fault leaves it as it was. Both are logged."""
    world.faults.append(fault)
    assert Provider().apply(ADD) == Outcome(kind, message)
    assert world.firewalls["fw"].rules == ((RULE,) if written else ())
    assert world.calls == [ADD]


def test_a_call_that_comes_too_late_is_stale(world: World) -> None:
    """Adding what stands, removing what doesn't, and a firewall that is gone change nothing."""
    assert Provider().apply(GONE) == Outcome("stale", f"fw: {RULE.name} is not there")
    Provider().apply(ADD)
    assert Provider().apply(ADD) == Outcome("stale", f"fw: {RULE.name} is there")
    assert Provider().apply(GONE) == Outcome("done")
    world.edit("fw", None)
    assert Provider().apply(ADD) == Outcome("stale", "fw is gone")


def test_strangers_edit_and_calls_can_be_watched(world: World) -> None:
    """Rules are planted and uprooted at any moment; what happens at a call is seen on both sides."""
    seen: list[tuple[str, int]] = []
    world.at_call = lambda moment, _step: seen.append((moment, len(world.firewalls["fw"].rules)))
    other = Rule(5, "stranger")
    world.plant("fw", other)
    Provider().apply(ADD)
    assert seen == [("before", 1), ("after", 2)]
    world.uproot("fw", "stranger")
    assert world.firewalls["fw"].rules == (RULE,)


def test_a_crash_passes_through(world: World) -> None:
    """What a watcher raises ends the call, before or after the write."""

    def crash(moment: str, _step: Step) -> None:
        if moment == "after":
            raise KeyboardInterrupt

    world.at_call = crash
    with pytest.raises(KeyboardInterrupt):
        Provider().apply(ADD)
    assert world.firewalls["fw"].rules == (RULE,)
