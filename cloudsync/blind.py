"""Scopes that somebody answers for not being read: shown, out of the exit code, never in sync; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cloudsync.config.blind import Blind
from cloudsync.config.times import over, written_until
from cloudsync.model import Note, Verdict
from cloudsync.plan import TargetPlan
from cloudsync.provider import Remark


def blinded(plan: TargetPlan, blind: Iterable[Blind], now: datetime) -> TargetPlan:
    """``plan`` with who answers for its not being read; ``plan`` itself where it can be read.

    Only what couldn't be read is meant: a target that is gone is missed, whoever answers for its
    scope, and one that can be read again counts like any other.
    """
    if plan.before or plan.verdict is not Verdict.UNREADABLE or Note.BLIND in plan.notes:
        return plan
    for one in blind:
        if over(one.until, now) or not _within(plan.target, one.scope):
            continue
        text = f"{one.owner} answers for it, until {written_until(one.until)}: {one.reason}"
        return plan.saying(Remark(plan.target, text, Note.BLIND))
    return plan


def _within(target: str, scope: str) -> bool:
    """Whether a target, or a scope, is ``scope`` or in it."""
    return target == scope or target.startswith((f"{scope}/", f"{scope}:"))
