"""What went wrong, a line each, for whoever reads neither report nor data; it prints nothing."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

from cloudsync import __version__
from cloudsync.errors import NOTHING_CHANGED, CloudsyncError, Exit, TargetError
from cloudsync.model import Verdict
from cloudsync.plan import Plan, TargetPlan
from cloudsync.provider import Outcome, Step
from cloudsync.report import RunReport
from cloudsync.report.words import sentence


def of_error(error: Exception) -> tuple[str, ...]:
    """What ended a command or a turn, without a traceback: a line a problem."""
    if isinstance(error, CloudsyncError):
        # A configuration may have several problems; each is a line of its own.
        return tuple(str(one) for one in getattr(error, "problems", (error,)))
    where = traceback.extract_tb(error.__traceback__)[-1]
    line = (
        f"cloudsync {__version__}: a mistake of its own, {type(error).__name__} in "
        f"{Path(where.filename).name}:{where.lineno}: {error}. What was done before is kept. "
        "Run cloudsync drift to see how things are, and report this line."
    )
    return (line,)


def code_of(error: Exception) -> Exit:
    """The exit code that ``error`` calls for."""
    return error.exit_code if isinstance(error, CloudsyncError) else Exit.ERROR


def of_plan(plan: Plan) -> Iterator[TargetError]:
    """Each scope or target that couldn't be read, is gone, or is refused."""
    unread = _scopes(plan)
    for target in plan.targets:
        yield from _of_target(target, unread, ())


def of_run(report: RunReport) -> Iterator[TargetError]:
    """As ``of_plan`` of what was found afterwards, and each step that failed before that."""
    failed = set(report.failed)
    for step, outcome in report.outcomes:
        if outcome.kind != "done" and failed & set(step.targets):
            yield _of_step(step, outcome)
    now = report.now
    unread = _scopes(now)
    for target in now.targets:
        yield from _of_target(target, unread, report.of(target.target))


def _of_target(
    target: TargetPlan, unread: dict[str, str], done: tuple[tuple[Step, Outcome], ...]
) -> Iterator[TargetError]:
    changed = any(outcome.kind == "done" for _, outcome in done)
    if target.before is None and not _of_scope(target, unread):
        # A reason may carry its advice behind it; the words between the two are ours.
        what, _, todo = target.reason.partition(". ")
        kept = "What was done before is kept, and was not looked at again."
        yield TargetError(
            target.target,
            what or str(target.verdict),
            done=kept if changed else NOTHING_CHANGED,
            todo=todo or (_WHO if target.verdict is Verdict.GONE else ""),
        )
    if target.refusal:
        rest = "What can be done without it is done." if changed else NOTHING_CHANGED
        witness = f", for one {target.refusal.witness}" if target.refusal.witness else ""
        yield TargetError(
            target.target, f"{target.refusal.what}{witness}", done=rest, todo=target.refusal.todo
        )


_WHO = "Find out who deleted it or took its tags away."


def _of_step(step: Step, outcome: Outcome) -> TargetError:
    lost = outcome.kind == "unknown"
    return TargetError(
        ", ".join(sorted(step.targets)),
        outcome.message or outcome.kind,
        done="Whether it was done isn't known." if lost else "This step was not done.",
        todo=sentence(outcome.todo) or "Run again: the next run looks first.",
    )


def _scopes(plan: Plan) -> dict[str, str]:
    """Why each scope that couldn't be read couldn't, by its name, and the targets beside it."""
    return {
        one.target: one.reason
        for one in plan.targets
        if one.before is None and one.verdict is Verdict.UNREADABLE
    }


def _of_scope(target: TargetPlan, unread: dict[str, str]) -> bool:
    """Whether the line of its scope says it already: a scope may hold thousands of targets."""
    where = target.target
    if where not in unread:
        return False
    while "/" in where:
        where = where.rpartition("/")[0]
        if unread.get(where) == target.reason:
            return True
    return False
