"""AWS's live questions, tried on the sandbox: told apart, bounded, and nothing is left."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from cloudsync_aws.sandbox import Dialect, Sandbox
from tests.live.aws import AwsTrial
from tests.live.kit import Budget, hold
from tests.live.lines import aws

HERE = "eu-west-1"


@contextmanager
def trial(dialect: Dialect = Dialect(), **more: Any) -> Generator[tuple[Sandbox, AwsTrial]]:  # noqa: B008
    """A running sandbox and the trial of it."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with Sandbox(dialect=dialect, clock=lambda: now[0]) as sandbox:
        call = aws(HERE, lambda: sandbox)
        said: dict[str, Any] = {"account": "123456789012", **more}
        yield sandbox, AwsTrial(call, run="r1", sleep=sleep, **said)


def left(sandbox: Sandbox) -> list[str]:
    """The names of the groups but the default ones, and the prefix lists but AWS's own."""
    groups = [group["GroupName"] for group in sandbox.groups(HERE).values()]
    own = sandbox.prefix_lists(HERE).keys() - Sandbox().prefix_lists(HERE).keys()
    return [name for name in groups if name != "default"] + sorted(own)


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (
            Dialect(),
            {
                "duplicate": "InvalidPermission.Duplicate, then 192.0.2.0/24",
                "clash": "InvalidPermission.Duplicate, then 192.0.2.0/24 198.51.100.0/24",
                "swapped": "modify-complete",
                "read": "yes",
            },
        ),
        (
            Dialect(
                authorize="partial",
                modify="partial",
                prefix_list_counting="gross",
                reads_late=2,
                lists_settle=3,
            ),
            {
                "duplicate": "InvalidPermission.Duplicate, then 192.0.2.0/24 198.51.100.0/24",
                "clash": "InvalidPermission.Duplicate, then 198.51.100.0/24 203.0.113.0/24",
                "swapped": "PrefixListMaxEntriesExceeded",
                "read": "no",
            },
        ),
    ],
)
def test_each_dialect_is_told_apart(dialect: Dialect, expected: dict[str, str]) -> None:
    """What a dialect changes, a question's answer shows; all are answered, and nothing is left."""
    with trial(dialect) as (sandbox, asked):
        seen = hold(asked)
        assert {name: seen.answers[name] for name in expected} == expected
        assert (seen.stopped, seen.left, left(sandbox)) == ("", (), [])
        assert list(seen.answers) == [question.name for question in asked.questions]
        assert not [each for each in seen.answers.values() if "went wrong" in each]


def test_lost_answers_and_a_spent_budget_leave_nothing() -> None:
    """What was made and its id lost is found by its tag; an early end takes everything away."""
    with trial() as (sandbox, asked):
        sandbox.faults.lost_after("CreateSecurityGroup")
        sandbox.faults.lost_after("CreateManagedPrefixList")
        seen = hold(asked)
        wrong = [name for name, answer in seen.answers.items() if "went wrong" in answer]
        assert wrong == ["duplicate", "counted"]
        assert (seen.left, left(sandbox)) == ((), [])
    with trial(budget=Budget(20, 900)) as (sandbox, asked):
        seen = hold(asked)
        assert (seen.stopped, seen.left, left(sandbox)) == ("20 calls are used up", (), [])


def test_another_account_is_never_written_to() -> None:
    """Credentials of another account than the one named stop the trial before it writes."""
    with trial(account="999999999999") as (sandbox, asked):
        seen = hold(asked)
        assert seen.stopped == (
            "RuntimeError: the credentials are of account 123456789012, not of 999999999999"
        )
        assert [call.action for call in sandbox.calls] == ["GetCallerIdentity"]


def test_what_can_not_be_deleted_is_named() -> None:
    """A delete that is refused is said with the id; everything else goes."""
    with trial() as (sandbox, asked):
        sandbox.faults.denied("DeleteSecurityGroup", times=1)
        seen = hold(asked)
        (group,) = (made for by, made in asked.made[:2] if by == "delete_security_group")
        assert seen.left == (f"{group}: delete_security_group says UnauthorizedOperation",)
