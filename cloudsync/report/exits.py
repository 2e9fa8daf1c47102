"""The exit code that a plan or a run ends with, from the one table; it ends nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, assert_never

from cloudsync.errors import Exit, first_of
from cloudsync.model import Mode, Note, Verdict
from cloudsync.plan import Plan, TargetPlan
from cloudsync.report.run import RunReport

Command = Literal["plan", "drift", "apply"]


def exit_code(plan: Plan, *, command: Command, detailed: bool = False) -> Exit:
    """What the targets of ``plan`` alone call for.

    For ``apply`` the plan is the one made from the fresh observation afterwards; ``exit_of_run``
    takes the outcomes into account too. ``detailed`` is ``plan --detailed-exitcode``.
    """
    return first_of(_codes(plan, command, detailed=detailed))


def exit_of_run(report: RunReport) -> Exit:
    """What a run calls for: of its list, of steps that failed, and of what was found afterwards."""
    failed = (Exit.FAILED,) if report.failed else ()
    unrecorded = (report.unrecorded.exit_code,) if report.unrecorded else ()
    return first_of(
        (*report.listed, *failed, *unrecorded, *_codes(report.now, "apply", detailed=False))
    )


def _codes(plan: Plan, command: Command, *, detailed: bool) -> Iterator[Exit]:
    for target in plan.targets:
        if target.before is None and Note.BLIND in target.notes:
            continue  # somebody answers for it; the report shows it all the same
        if target.before is None or target.refusal or Note.FAILED in target.notes:
            yield Exit.FAILED
        if Note.HELD in target.notes:
            yield Exit.HELD
        if _pending(target, command, detailed=detailed):
            yield Exit.PENDING


def _pending(target: TargetPlan, command: Command, *, detailed: bool) -> bool:
    to_do = bool(target.steps) and target.mode is not Mode.WATCH
    match command:
        case "plan":
            return detailed and bool(target.steps)
        case "drift":
            return target.verdict is not Verdict.IN_SYNC or to_do
        case "apply":
            return to_do or _falls_short(target)
        case _:
            assert_never(command)


def _falls_short(target: TargetPlan) -> bool:
    """Whether a mode left undone what it is for: ``add`` lets in, ``enforce`` closes too.

    The verdict alone won't do: a target that is missing may be open as well.
    """
    if target.before is None or target.mode is Mode.WATCH:
        return False
    return any(
        one.missing
        or one.missing_names
        or (
            target.mode is Mode.ENFORCE
            and (one.excess or one.undetermined or one.undetermined_names)
        )
        for one in target.before.differences.values()
    )
