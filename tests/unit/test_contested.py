"""A rule that somebody else undoes time and again is contested, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from cloudsync.contested import Turn, Undone, changed, remark, undone
from cloudsync.history.retention import WITNESSES
from cloudsync.memory.firewall import Firewall
from cloudsync.model import Mode, Note
from cloudsync.plan import State, TargetPlan
from cloudsync.provider import Outcome, Remark, Scope, Step
from cloudsync.reconcile import look
from cloudsync.remember import changes_before
from cloudsync.tells import Actor
from tests.unit.test_reconcile import NOW, ONE, TWO, Calls, Scene

HOUR = timedelta(hours=1)
SEEN = State({}, {})


def runs(*lines: str) -> list[Turn]:
    """A run an hour, the last an hour ago, each of which made one line at the first target."""
    count = len(lines)
    return [
        Turn(NOW - (count - number) * HOUR, {ONE: (line,)}) for number, line in enumerate(lines)
    ]


def plan(*lines: str, target: str = ONE, before: State | None = SEEN) -> TargetPlan:
    """A plan with a step for each line."""
    steps = tuple(Step("add" if line[0] == "+" else "remove", (target,), (line,)) for line in lines)
    return TargetPlan(target, Mode.ADD, "d", before=before, steps=steps)


@pytest.mark.parametrize(
    ("past", "coming", "times"),
    [
        ([], ["+ a"], 0),
        (["+ a"], ["+ a"], 0),  # once may be a slip of the hand
        (["+ a", "+ a"], ["+ a"], 2),
        (["+ a", "+ a"], [], 0),
        (["+ a", "+ a", "+ a"], [], 2),  # undone twice today, though it stands now
        (["- a", "- a"], ["- a"], 2),  # somebody opens it again and again
        (["+ a", "- a", "+ a", "- a"], ["+ a"], 0),  # we took it back ourselves
        (["+ a", "- a", "+ a", "+ a"], ["+ a"], 2),
        (["+ a", "+ b"], ["+ a", "+ b"], 0),  # two rules, each once
    ],
)
def test_a_rule_is_contested_when_others_undo_it_twice(
    past: list[str], coming: list[str], times: int
) -> None:
    """What we turned round ourselves isn't anybody's doing, and once isn't twice."""
    found = undone(runs(*past), [plan(*coming), plan("+ a", target=TWO)], NOW)
    assert {target: len(one.made) for target, one in found.items()} == (
        {ONE: times} if times else {}
    )


def test_only_the_last_day_counts() -> None:
    """What was undone yesterday is forgotten."""
    past = [Turn(NOW - timedelta(days=1), {ONE: ("+ a",)}), *runs("+ a")]
    assert undone(past, [plan("+ a")], NOW) == {}
    past = [Turn(NOW - timedelta(hours=23), {ONE: ("+ a",)}), *runs("+ a")]
    assert set(undone(past, [plan("+ a")], NOW)) == {ONE}


def test_the_rule_that_was_undone_most_is_named() -> None:
    """One remark a target: the worst rule, with the times at which it was made in vain."""
    past = [*runs("+ a", "+ b", "+ b", "+ a", "+ b")]
    assert undone(past, [plan("+ a", "+ b")], NOW) == {
        ONE: Undone("+ b", (NOW - 4 * HOUR, NOW - 3 * HOUR, NOW - HOUR))
    }


def test_only_what_was_done_and_seen_is_made() -> None:
    """A step that failed, a rule that nobody saw, and a target nobody looked at don't count."""
    done, failed = Outcome("done"), Outcome("failed")
    steps = [
        (Step("add", (ONE,), ("+ a", "+ unseen")), done),
        (Step("add", (ONE,), ("+ failed",)), failed),
        (Step("add", (TWO,), ("+ blind",)), done),
    ]
    after = [plan("+ unseen"), plan(target=TWO, before=None)]
    assert changed(steps, after) == {ONE: ("+ a",)}
    assert changed([(Step("add", (ONE,), ("+ unseen",)), done)], after) == {}


def test_the_remark_says_what_when_and_who() -> None:
    """With an actor the remark names them and their call; without, it says what is known."""
    found = Undone("+ a", (NOW - 2 * HOUR, NOW - HOUR))
    start = "+ a was done 2 times in a day (2026-11-24 10:00, 2026-11-24 11:00 UTC) and undone each time"
    end = (
        ". Have whoever does that stop, or say managed_by: and who they are, and leave the target "
        "to them."
    )
    assert remark(ONE, found, None) == Remark(ONE, start + end, Note.CONTESTED)
    actor = Actor("arn:aws:iam::1:user/bob", "RevokeSecurityGroupIngress", NOW)
    by = ", last by arn:aws:iam::1:user/bob (RevokeSecurityGroupIngress, 2026-11-24 12:00 UTC)"
    assert remark(ONE, found, actor) == Remark(ONE, start + by + end, Note.CONTESTED)


class Telling(Calls):
    """The in-memory provider of a cloud that keeps a trail."""

    asked: list[tuple[str, str, datetime]]

    def actor(self, scope: Scope, target: str, since: datetime) -> Actor | None:
        """Bob, always."""
        self.asked = [*getattr(self, "asked", []), (str(scope), target, since)]
        return Actor("bob", "DELETE", since)


@dataclass
class Contested(Scene):
    """A scene in which somebody undoes what runs do."""

    def turns(self, count: int) -> None:
        """A run an hour, after each of which somebody takes every rule away."""
        for _ in range(count):
            self.run()
            self.world.edit("one", Firewall(()))
            self.now += HOUR


def _notes(plans: Iterable[TargetPlan]) -> list[tuple[Note, ...]]:
    return [one.notes for one in plans]


@pytest.mark.parametrize("provider", [Calls, Telling])
def test_a_third_run_says_that_it_is_contested(provider: type[Any]) -> None:
    """The third time round the note stands before and after, whoever it is; the work is done still."""
    scene = Contested({"one": ()})
    scene.provider = provider()
    scene.turns(2)
    report = scene.run()
    assert _notes(report.plan.targets) == _notes(report.now.targets) == [(Note.CONTESTED,)]
    assert [outcome.kind for _, outcome in report.outcomes] == ["done"]
    (said,) = report.now.targets[0].remarks
    assert ("last by bob (DELETE, 2026-11-24 12:00 UTC)" in said.text) is (provider is Telling)
    if provider is Telling:
        assert scene.provider.asked == [("memory:run", ONE, NOW)]  # type: ignore[attr-defined]


def test_the_memory_is_a_day_long_and_small() -> None:
    """A run that changes nothing leaves no document, and a day later none is left of the others."""
    scene = Contested({"one": ()})
    scene.run()
    scene.now += HOUR
    scene.run()
    assert [one.targets.keys() for one in changes_before(scene.job)] == [{ONE}]
    scene.now += timedelta(days=1)
    for _ in range(WITNESSES + 1):
        scene.run()
    assert scene.store.keys("changes/") == ()


def test_a_look_says_so_too() -> None:
    """``plan`` and ``drift`` tell of it without a run."""
    scene = Contested({"one": ()})
    scene.turns(2)
    assert _notes(look(scene.job).plan.targets) == [(Note.CONTESTED,)]
