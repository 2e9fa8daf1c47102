"""The live kit, tried without a cloud: what it asks, what it may use, and that it cleans up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cloudsync_azure.sandbox import Dialect, Sandbox
from tests.live.__main__ import main
from tests.live.azure import VERSION, AzureTrial
from tests.live.clouds import CLOUDS
from tests.live.kit import Budget, Spent, hold, report
from tests.live.wire import MARK, Heard

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{MARK}-r1"


class Clock:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let them pass."""
        self.now += seconds


def trial(sandbox: Sandbox, clock: Clock | None = None, **more: Any) -> AzureTrial:
    """Azure's trial over a sandbox in this process."""

    def line(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Heard:
        reply = sandbox.respond(method, path, {"Authorization": "Bearer x", **headers}, body)
        if reply is None:
            raise ConnectionResetError("the line is dead")
        return Heard(reply.status, dict(reply.headers), reply.body)

    clock = clock or Clock()
    made = AzureTrial(line, SUBSCRIPTION, "r1", sleep=clock.sleep)
    return replace(made, **{"budget": Budget(600, 1200, clock), **more})


def groups(sandbox: Sandbox) -> list[str]:
    """The NSGs that are left, by id."""
    return sorted(sandbox.nsgs())


def test_every_question_is_answered_and_nothing_is_left() -> None:
    """A trial asks all it has, within its budget, and takes away what it made."""
    sandbox = Sandbox(clock=lambda: 0.0)
    asked = trial(sandbox)
    seen = hold(asked, now=lambda: NOW)
    assert (seen.stopped, seen.left, groups(sandbox)) == ("", (), [])
    assert list(seen.answers) == [question.name for question in asked.questions]
    assert not [answer for answer in seen.answers.values() if "went wrong" in answer]
    assert seen.calls <= 200
    text = report(asked, seen, seen)
    assert text.startswith("# azure, asked on 2026-11-24\n")
    assert "Nothing was left behind." in text
    assert "differs" not in text


@pytest.mark.parametrize(
    ("dialect", "name", "answer"),
    [
        (Dialect(if_match="rule"), "stale other", "200"),
        (Dialect(if_match="rule"), "fresh new", "412 PreconditionFailed PreconditionFailedEtagMismatch"),
        (Dialect(if_match="ignored"), "stale own", "200"),
        (Dialect(protocol="lower"), "protocol", "protocol 'tcp', protocols None"),
        (Dialect(overlaps="refused"), "overlap", "400 SecurityRuleInvalidAddressPrefix"),
        (
            Dialect(plurals="absent"),
            "list of one",
            "sourceAddressPrefix '192.0.2.0/24', sourceAddressPrefixes None",
        ),
    ],
)  # fmt: skip
def test_each_dialect_is_told_apart(dialect: Dialect, name: str, answer: str) -> None:
    """What a dialect changes, some question's answer shows, and the report marks it."""
    seen = hold(trial(Sandbox(dialect=dialect, clock=lambda: 0.0)), now=lambda: NOW)
    plain = trial(Sandbox(clock=lambda: 0.0))
    expected = hold(plain, now=lambda: NOW)
    assert seen.answers[name] == answer
    assert expected.answers[name] != answer
    assert "**differs**" in report(plain, seen, expected)


def test_slow_writes_are_waited_for() -> None:
    """Where writes take time, the kit polls until they are done and finds that etags move on."""
    clock = Clock()
    sandbox = Sandbox(dialect=Dialect(lro="async", lro_seconds=2), clock=clock)
    seen = hold(trial(sandbox, clock), now=lambda: NOW)
    assert (seen.stopped, seen.left) == ("", ())
    assert seen.answers["etags"].endswith("the answer's still holds: no")
    assert seen.answers["writes"].startswith(
        "201 azure-asyncoperation, 200 azure-asyncoperation, 202"
    )
    assert seen.answers["busy"] == "201, 429 RetryableErrorDueToAnotherOperation"


def test_a_group_that_is_there_is_never_touched() -> None:
    """A resource group of that name, somebody's, stops the trial before it writes anything."""
    sandbox = Sandbox(clock=lambda: 0.0)
    sandbox.seed_nsg("theirs", group=f"{MARK}-r1")
    seen = hold(trial(sandbox), now=lambda: NOW)
    assert seen.stopped == f"RuntimeError: {GROUP} must not be there yet, and GET says 200"
    assert (sandbox.mutations(), len(groups(sandbox))) == ([], 1)


def test_a_group_without_the_tag_stays() -> None:
    """A resource group that lost this run's tag isn't deleted, and is named instead."""
    sandbox = Sandbox(clock=lambda: 0.0)
    asked = trial(sandbox)
    asked.begin()
    asked.ask("PUT", GROUP, {"location": "westeurope"}, version=VERSION)
    assert asked.end() == (
        f"{GROUP}, which doesn't carry this run's tag: look at it by hand",
    )  # fmt: skip
    assert len(groups(sandbox)) == 1


@pytest.mark.parametrize(
    ("budget", "stopped"),
    [
        ((20, 600), "20 calls are used up"),
        ((600, 5), "5 seconds are used up"),
    ],
)
def test_a_budget_ends_a_trial_and_not_the_cleaning(budget: tuple[int, int], stopped: str) -> None:
    """What is used up stops the questions; what was made goes all the same."""
    clock = Clock()

    class Slow(Clock):
        def __call__(self) -> float:
            self.now += 0.5
            return self.now

    slow = Slow()
    sandbox = Sandbox(clock=clock)
    seen = hold(trial(sandbox, clock, budget=Budget(*budget, slow)), now=lambda: NOW)
    assert (seen.stopped, seen.left, groups(sandbox)) == (stopped, (), [])


def test_a_question_that_goes_wrong_is_answered_with_it() -> None:
    """One lost answer is noted at its question, and the others are asked."""
    sandbox = Sandbox(clock=lambda: 0.0)
    sandbox.faults.lost_before("SecurityRules_CreateOrUpdate")
    seen = hold(trial(sandbox), now=lambda: NOW)
    wrong = [name for name, answer in seen.answers.items() if answer.startswith("went wrong")]
    assert wrong == ["etags"]
    assert seen.answers["etags"] == "went wrong: ConnectionResetError: the line is dead"
    assert groups(sandbox) == []


def test_what_can_not_be_deleted_is_named() -> None:
    """A delete that is refused, or doesn't end, is said, and the command fails."""
    sandbox = Sandbox(clock=lambda: 0.0)
    sandbox.faults.denied("ResourceGroups_Delete")
    seen = hold(trial(sandbox), now=lambda: NOW)
    assert seen.left == (f"{GROUP}: DELETE says 403 AuthorizationFailed",)
    assert "LEFT BEHIND" in report(trial(sandbox), seen, seen)


def test_a_budget_counts() -> None:
    """A budget of two calls gives two, and a third is refused."""
    budget = Budget(2, 10, lambda: 0.0)
    budget.spend()
    budget.spend()
    with pytest.raises(Spent):
        budget.spend()
    budget.again()
    budget.spend()
    assert budget.used == 1


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_the_dry_run_needs_no_account(cloud: str, tmp_path: Path) -> None:
    """`--dry-run` asks the sandbox everything and writes a report without a difference."""
    out = tmp_path / "report.md"
    assert main([cloud, "--dry-run", "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert "differs" not in text
    assert "went wrong" not in text
    assert "not asked" not in text


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_without_a_yes_nothing_is_done(cloud: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --yes the plan is said, no token is asked for, and no call made."""
    assert main([cloud, "--account", "x"], named=lambda: "r1") == 0
    said = capsys.readouterr().out
    assert said.endswith("Nothing was done. Say --yes to do it.\n")
    assert f"{MARK}-r1" in said
    with pytest.raises(SystemExit):
        main([cloud])
