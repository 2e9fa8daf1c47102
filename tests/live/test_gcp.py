"""Google's live questions, tried on the sandbox: told apart, bounded, and nothing is left."""

from __future__ import annotations

from typing import Any

import pytest

from cloudsync_gcp.sandbox import Dialect, Sandbox
from tests.live.gcp import GcpTrial
from tests.live.kit import Budget, hold, report
from tests.live.lines import gcp_sandbox

NETWORK = "/compute/v1/projects/mail-prod/global/networks/cloudsync-live-r1"


class Clock:
    """Seconds that pass when somebody sleeps."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let them pass."""
        self.now += seconds


def trial(dialect: Dialect = Dialect(), **more: Any) -> tuple[Sandbox, GcpTrial]:  # noqa: B008
    """A sandbox and the trial of it, on one clock."""
    clock = Clock()
    sandbox = Sandbox(dialect=dialect, clock=clock)
    line = gcp_sandbox(sandbox)
    return sandbox, GcpTrial(line, "mail-prod", "r1", sleep=clock.sleep, **more)


def left(sandbox: Sandbox) -> list[str]:
    """The names of rules and networks that are there, but the project's own network."""
    root = "projects/mail-prod/global"
    sandbox.world.settle()
    found = (*sandbox.world.now(f"{root}/firewalls"), *sandbox.world.now(f"{root}/networks"))
    return [name for name in found if name != "default"]


@pytest.mark.parametrize(
    ("dialect", "name", "answer"),
    [
        (Dialect(no_source="absent"), "no source", "sourceRanges None"),
        (Dialect(no_source="absent"), "emptied", "done, sourceRanges None"),
        (
            Dialect(concurrent="refused", operations_take=3),
            "busy",
            "first: done; second: 400 resourceNotReady; stored: first",
        ),
        (
            Dialect(operations_take=3),
            "same name",
            "first: done; second: inside: 409 ALREADY_EXISTS",
        ),
        (Dialect(answers="done"), "answers", "200 DONE, done, read at once: 200"),
    ],
)
def test_each_dialect_is_told_apart(dialect: Dialect, name: str, answer: str) -> None:
    """What a dialect changes, a question's answer shows; all are answered, and nothing is left."""
    sandbox, asked = trial(dialect)
    seen = hold(asked)
    _, plain = trial()
    expected = hold(plain)
    assert seen.answers[name] == answer
    assert "**differs**" in report(plain, seen, expected)
    assert (seen.stopped, seen.left, left(sandbox)) == ("", (), [])
    assert list(seen.answers) == [question.name for question in asked.questions]
    assert not [each for each in seen.answers.values() if "went wrong" in each]


def test_every_rule_is_disabled_and_of_the_own_network() -> None:
    """Nothing that is written could filter a packet, and only names of this run are written."""
    sandbox, asked = trial()
    hold(asked)
    writes = [call for call in sandbox.calls if call.mutating]
    made = [call.body for call in writes if call.operation == "compute.firewalls.insert"]
    assert {(body["disabled"], body["network"]) for body in made} == {
        (True, NETWORK.removeprefix("/compute/v1/"))
    }
    assert all(body["name"].startswith("cloudsync-live-r1-") for body in made)
    changed = [call.path for call in writes if call.operation != "compute.firewalls.insert"]
    assert all("/cloudsync-live-r1-" in path for path in changed)


def test_a_lost_answer_and_a_spent_budget_leave_nothing() -> None:
    """Rules whose answer was lost go too, and so do those of a trial that was ended early."""
    sandbox, asked = trial(Dialect(operations_take=3))
    sandbox.faults.lost_after("compute.firewalls.insert", times=3)
    seen = hold(asked)
    assert seen.answers["no source"] == "went wrong: ConnectionResetError: the line is dead"
    assert (seen.left, left(sandbox)) == ((), [])
    sandbox, asked = trial(budget=Budget(20, 900))
    seen = hold(asked)
    assert (seen.stopped, seen.left, left(sandbox)) == ("20 calls are used up", (), [])


def test_a_network_that_is_not_this_runs_stays() -> None:
    """One that was there stops the trial; one that lost the run's name is named and kept."""
    sandbox, asked = trial()
    sandbox.seed_network("cloudsync-live-r1")
    seen = hold(asked)
    assert seen.stopped == f"RuntimeError: {NETWORK} must not be there yet, and GET says 200"
    assert left(sandbox) == ["cloudsync-live-r1"]
    assert not [call for call in sandbox.calls if call.mutating]
    asked.made.append(NETWORK)
    assert asked.end() == (
        f"{NETWORK}, which doesn't say this run's name: look at it by hand",
    )  # fmt: skip
    assert left(sandbox) == ["cloudsync-live-r1"]
