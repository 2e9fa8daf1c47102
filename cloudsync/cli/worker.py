"""The worker's commands: run, and approve, by which a person lets through what it holds."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from cloudsync import docket
from cloudsync.cli.job import job, read_config
from cloudsync.cli.output import rendered_run, tell_of_list
from cloudsync.cli.streams import put, tell
from cloudsync.cli.trouble import said, tell_of_run
from cloudsync.conditions import ConditionKind
from cloudsync.conditions.telling import line
from cloudsync.config import Config
from cloudsync.errors import NOTHING_CHANGED, CloudsyncError, Exit, UsageError, first_of
from cloudsync.holds import Hold
from cloudsync.job import Job
from cloudsync.report import exit_of_run
from cloudsync.worker import one_pass


def run_once(paths: Sequence[Path]) -> int:
    """``cloudsync run --once``: one pass over each file; one that fails stops no other."""
    codes: list[Exit] = []
    for path in tenants(paths, codes):
        try:
            with job(path) as each:
                codes.append(_pass(replace(each, attended=False)))
        except Exception as error:  # noqa: BLE001 - whatever befalls one tenant, the others go on
            codes.append(said(error))
    return int(first_of(codes))


def tenants(paths: Sequence[Path], codes: list[Exit]) -> list[Path]:
    """The files that can be read; what is wrong with the others is said, and goes to ``codes``.

    Raises:
        UsageError: two of them have one name, or keep their state in one place.
    """
    read: list[tuple[Path, Config]] = []
    for path in paths:
        try:
            read.append((path, read_config(path)))
        except CloudsyncError as error:
            codes.append(said(error))
    _apart("name", ((path, config.name) for path, config in read))
    _apart("state", ((path, config.state_url) for path, config in read))
    return [path for path, _ in read]


def _apart(key: str, said_in: Iterable[tuple[Path, str]]) -> None:
    first: dict[str, Path] = {}
    for path, value in said_in:
        if value in first:
            raise UsageError(
                f"{path}: {key}", f"it is the same as in {first[value]}",
                todo="Each file is an installation with a name and a state of its own.",
            )  # fmt: skip
        first[value] = path


def _pass(each: Job) -> Exit:
    passed = one_pass(each)
    tell_of_list(passed.found.vetted)
    for hold in passed.tell:
        tell(reminder(hold))
    for told in passed.turn.tell:
        # What waits for a person has just been said, with its command first.
        if told.watched.condition.kind is not ConditionKind.HELD:
            tell(f"{told.watched.condition.severity}: {line(told)}")
    report = passed.report
    tell_of_run(report)
    if report.unrecorded:
        tell(str(report.unrecorded))
    done = "The plan was applied; see cloudsync drift." if report.outcomes else NOTHING_CHANGED
    put(rendered_run(report, passed.found.listed, "text"), None, done)
    return exit_of_run(report)


def reminder(hold: Hold) -> str:
    """One line for whoever is to decide: what waits, since when, and how it is let through."""
    return (
        f"{hold.subject}: {hold.what}. It has waited since {hold.since:%Y-%m-%d %H:%M} UTC. "
        f"To let it through: {hold.command}"
    )


def approve(path: Path, digest: str, by: str, reason: str) -> int:
    """``cloudsync approve``."""
    if not reason.strip():
        raise UsageError("--reason", "is empty", todo="Say why, for whoever reads it tomorrow.")
    who = by.strip() or getpass.getuser()
    with job(path) as each:
        hold, enough = docket.approve(each, digest, who, reason.strip())
    then = "The next run goes on." if enough else "A second person has to approve it too."
    tell(f"{hold.subject}: approved by {who}. No cloud was changed. {then}")
    return 0
