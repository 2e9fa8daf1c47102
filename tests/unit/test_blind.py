"""Scopes that somebody answers for: shown, out of the exit code, and never in sync."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from cloudsync.blind import blinded
from cloudsync.config.blind import Blind
from cloudsync.config.times import UntilValue
from cloudsync.errors import Exit
from cloudsync.model import Mode, Note, Verdict
from cloudsync.plan import Plan, TargetPlan
from cloudsync.report import exit_code, text

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SCOPE = "aws:123456789012/eu-west-1"


def unread(target: str = SCOPE, absent: Verdict = Verdict.UNREADABLE) -> TargetPlan:
    """A target, or a scope, that couldn't be looked at."""
    return TargetPlan(target, Mode.ADD, "sha256:0", absent=absent, reason="denied")


def blind(scope: str = SCOPE, until: UntilValue = "never") -> tuple[Blind, ...]:
    """What the configuration says."""
    return (Blind(scope=scope, owner="ann", reason="the account is being closed", until=until),)


def code(plan: TargetPlan) -> Exit:
    """What it calls for."""
    return exit_code(Plan("sha256:0", (plan,)), command="drift")


def test_a_blind_scope_is_shown_and_calls_for_nothing() -> None:
    """It stays unreadable, the report says who answers for it, and the exit code is 0."""
    plan = blinded(unread(), blind(), NOW)
    assert (plan.verdict, plan.notes) == (Verdict.UNREADABLE, (Note.BLIND,))
    assert (code(unread()), code(plan)) == (Exit.FAILED, Exit.DONE)
    said = " ".join(text(Plan("sha256:0", (plan,))).split())
    assert "1 unreadable" in said
    assert "Blind: ann answers for it, until never: the account is being closed" in said
    assert blinded(plan, blind(), NOW) is plan


@pytest.mark.parametrize(
    ("target", "scope", "meant"),
    [
        (f"{SCOPE}/sg-0a", SCOPE, True),
        (SCOPE, "aws:123456789012", True),
        ("aws:123456789012", "aws", True),
        (SCOPE, "aws:1234", False),
        (SCOPE, f"{SCOPE}/sg-0a", False),
        ("aws:123456789012/eu-west-10", SCOPE, False),
    ],
)
def test_it_holds_within_the_scope_alone(target: str, scope: str, meant: bool) -> None:
    """A target of the scope, or a scope of the account; no neighbour whose name begins alike."""
    assert (Note.BLIND in blinded(unread(target), blind(scope), NOW).notes) is meant


def test_it_ends() -> None:
    """On its last day it still holds; on the next what can't be read is a failure again."""
    last = blind(until=date(2026, 11, 24))
    assert code(blinded(unread(), last, NOW)) is Exit.DONE
    over = blind(until=date(2026, 11, 23))
    assert code(blinded(unread(), over, NOW)) is Exit.FAILED


def test_what_is_gone_is_missed_all_the_same() -> None:
    """Nobody answers for a target that was deleted by saying that its scope can't be read."""
    gone = unread(f"{SCOPE}/sg-0a", Verdict.GONE)
    assert blinded(gone, blind(), NOW) is gone
