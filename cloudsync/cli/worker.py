"""The worker's commands: run, and approve, by which a person lets through what it holds."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from cloudsync import docket, log
from cloudsync.cli.job import job, read_config
from cloudsync.cli.output import rendered_run, tell_of_list
from cloudsync.cli.progress import telling
from cloudsync.cli.streams import put, tell
from cloudsync.cli.trouble import said, tell_of_run
from cloudsync.conditions import ConditionKind
from cloudsync.conditions.telling import line
from cloudsync.config import Config
from cloudsync.errors import NOTHING_CHANGED, CloudsyncError, Exit, UsageError, first_of
from cloudsync.holds import reminder
from cloudsync.job import Job
from cloudsync.who import user
from cloudsync.worker.passes import Passed
from cloudsync.worker.ping import Missed
from cloudsync.worker.stop import Stop
from cloudsync.worker.unattended import run_unattended

T = TypeVar("T")


def run_once(paths: Sequence[Path], log_format: str | None = None) -> int:
    """``cloudsync run --once``: one pass over each file; one that fails stops no other.

    With ``log_format`` what is said is a log, as that of the scheduled worker.
    """
    if log_format:
        log.begin(log_format)
    try:
        codes: list[Exit] = []
        for path, config in tenants(paths, codes):
            with ExitStack() as progress:
                ended = run_unattended(
                    config.name, "fetch", partial(_working, path, progress), Stop(),
                    url_env=config.ping.url_env if config.ping else None,
                    shown=partial(_then, progress, shown),
                    failed=partial(_then, progress, failed),
                    missed=partial(_then, progress, missed),
                )  # fmt: skip
            codes.append(ended.exit)
        return int(first_of(codes))
    finally:
        log.end()


@contextmanager
def _working(path: Path, progress: ExitStack) -> Generator[Job]:
    """The job of a file, while it is told how far it has come, until ``progress`` is closed."""
    with job(path) as each:
        progress.enter_context(telling("Running"))
        yield each


def _then(progress: ExitStack, say: Callable[[T], object], what: T) -> None:
    """Say something, once no line moves any more."""
    progress.close()
    say(what)


def tenants(paths: Sequence[Path], codes: list[Exit]) -> list[tuple[Path, Config]]:
    """What can be read; what is wrong with the other files is said, and goes to ``codes``.

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
    return read


def _apart(key: str, said_in: Iterable[tuple[Path, str]]) -> None:
    first: dict[str, Path] = {}
    for path, value in said_in:
        if value in first:
            raise UsageError(
                f"{path}: {key}", f"it is the same as in {first[value]}",
                todo="Each file is an installation with a name and a state of its own.",
            )  # fmt: skip
        first[value] = path


def failed(error: Exception) -> None:
    """Say what kept a run from its work, where no log does."""
    if not log.begun():
        said(error)


def missed(ping: Missed) -> None:
    """Say that a ping didn't arrive, where no log does."""
    if not log.begun():
        tell(str(ping))


def shown(passed: Passed) -> None:
    """Say what a run found and did: its report, and what somebody is to hear of."""
    report = passed.report
    if not log.begun():
        tell_of_list(passed.found.vetted)
        for hold in passed.tell:
            tell(reminder(hold))
        for told in passed.turn.tell:
            # What waits for a person has just been said, with its command first.
            if told.watched.condition.kind is not ConditionKind.HELD:
                tell(f"{told.watched.condition.severity}: {line(told)}")
        tell_of_run(report)
        if report.unrecorded:
            tell(str(report.unrecorded))
    done = "The plan was applied; see cloudsync drift." if report.outcomes else NOTHING_CHANGED
    put(rendered_run(report, passed.found.listed, "text"), None, done)


def approve(path: Path, digest: str, by: str, reason: str) -> int:
    """``cloudsync approve``."""
    if not reason.strip():
        raise UsageError("--reason", "is empty", todo="Say why, for whoever reads it tomorrow.")
    who = by.strip() or user()
    with job(path) as each:
        hold, enough = docket.approve(each, digest, who, reason.strip())
    then = "The next run goes on." if enough else "A second person has to approve it too."
    tell(f"{hold.subject}: approved by {who}. No cloud was changed. {then}")
    return 0
