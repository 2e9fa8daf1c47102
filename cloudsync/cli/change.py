"""The command that changes something: apply; it asks first, or is told not to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cloudsync import remember
from cloudsync.cli.job import job
from cloudsync.cli.look import code_of
from cloudsync.cli.output import rendered, rendered_run, tell_of_list
from cloudsync.cli.progress import telling
from cloudsync.cli.streams import at_terminal, check, confirmed, put, tell, tell_page
from cloudsync.cli.trouble import tell_of_plan, tell_of_run
from cloudsync.errors import NOTHING_CHANGED, HeldError, UsageError
from cloudsync.plan import Plan
from cloudsync.reconcile import look, reconcile
from cloudsync.report import Listed, exit_of_run
from cloudsync.report.words import counted
from cloudsync.status.exposition import hand_over
from cloudsync.worker.lease import leased


def apply(path: Path, saved: Path | None, form: str, out: Path | None, *, yes: bool) -> int:
    """``cloudsync apply``."""
    expected = _digest_of(saved) if saved else None
    check(out)
    with job(path) as any_time, leased(any_time, "apply") as each:
        with telling("Looking"):
            found = look(each)
        tell_of_list(found.vetted)
        if found.vetted.in_force is None:
            tell_of_plan(found.plan)
            put(rendered(found.plan, found.listed, form), out)
            return int(code_of(found, "plan"))
        if expected is not None and found.plan.digest != expected:
            raise HeldError(
                str(saved),
                f"it is the plan {expected}, and what would be done now is {found.plan.digest}",
                todo="Look at cloudsync plan again, and apply what it now says.",
            )
        if found.plan.steps and not yes and expected is None:
            ask("apply", found.plan, found.listed)
        with telling("Changing"):
            report = reconcile(each, found)
        for error in hand_over(each):
            tell(str(error))
    tell_of_run(report)
    if report.unrecorded:
        tell(str(report.unrecorded))
    done = "The plan was applied; see cloudsync drift." if report.outcomes else NOTHING_CHANGED
    put(rendered_run(report, found.listed, form), out, done)
    return int(exit_of_run(report))


def forget(path: Path, target: str) -> int:
    """``cloudsync forget``."""
    with job(path) as each:
        remember.forget(each, target)
    tell(f"{target}: it is missed no more. No cloud was changed.")
    return 0


def ask(command: str, plan: Plan, listed: Listed) -> None:
    """Show a plan and ask a person.

    Raises:
        UsageError: there is nobody to ask, or the answer is no.
    """
    steps = counted(len(plan.steps), "step")
    if not at_terminal():
        are = "is" if len(plan.steps) == 1 else "are"
        first = "Look at cloudsync plan, then say" if command == "apply" else "Say"
        raise UsageError(
            command,
            f"{steps} {are} planned, and there is no terminal to ask at",
            todo=f"{first} cloudsync {command} --yes.",
        )
    tell_page(rendered(plan, listed, "text"))
    if not confirmed(
        f"{command.capitalize()}: {steps}?" if command != "apply" else f"Apply {steps}?"
    ):
        raise UsageError(command, "the answer was no")


def _digest_of(saved: Path) -> str:
    """The digest of a saved plan.

    Raises:
        UsageError: the file isn't one.
    """
    todo = "Save one with cloudsync plan --format json --out FILE."
    try:
        plan: Any = json.loads(saved.read_text(encoding="utf-8"))
        if plan["schema"] == "cloudsync.plan/1":
            return str(plan["digest"])
        what = f"it is a {plan['schema']}, not a cloudsync.plan/1"
    except OSError as error:
        what = f"can't be read: {error.strerror or error}"
    except (ValueError, KeyError, TypeError):
        what = "it is no saved plan"
    raise UsageError(str(saved), what, todo=todo)
