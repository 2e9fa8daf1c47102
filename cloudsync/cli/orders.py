"""The commands that break the glass: pause, allow, undo, relax; each asks first, or is told not to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, TypeAdapter, ValidationError

from cloudsync import orders
from cloudsync.addresses import Network
from cloudsync.cli.change import ask
from cloudsync.cli.job import job
from cloudsync.cli.output import rendered_run
from cloudsync.cli.streams import put, tell
from cloudsync.cli.trouble import tell_of_plan, tell_of_run
from cloudsync.config.target import also_network
from cloudsync.config.times import Duration
from cloudsync.config.values import NetworkText
from cloudsync.errors import NOTHING_CHANGED, UsageError
from cloudsync.job import Job
from cloudsync.prepared import Person, Prepared, carry_out
from cloudsync.report import exit_of_run
from cloudsync.who import user
from cloudsync.worker.lease import leased

T = TypeVar("T")


def pause(path: Path, target: str, length: str, by: str, reason: str, *, end: bool) -> int:
    """``cloudsync pause``."""
    with job(path) as each:
        if end:
            orders.resume(each, target)
            tell(f"{target}: the pause is over. No cloud was changed; the next run goes on.")
            return 0
        until = orders.ending(each, _length(length))
        orders.pause(each, target, until, person_of(by, reason))
    tell(
        f"{target}: paused until {until:%Y-%m-%d %H:%M} UTC. No cloud was changed. "
        f"To end it before: cloudsync pause {target} --end"
    )
    return 0


def allow(
    path: Path,
    network: str,
    target: str,
    length: str,
    by: str,
    reason: str,
    *,
    end: bool,
    yes: bool,
) -> int:
    """``cloudsync allow``."""
    wanted = network_of(network)
    with job(path) as each:
        if end:
            orders.disallow(each, wanted, target)
            tell(f"{target}: {wanted} is no longer allowed. The next run takes its rule away.")
            return 0
        until = orders.ending(each, _length(length))
        person = person_of(by, reason)
        with leased(each, "allow", over=True) as mine:
            prepared = orders.allow(mine, wanted, target, until, person)
            return _carried_out(mine, prepared, yes=yes)


def undo(
    path: Path, run: str, target: str | None, length: str, by: str, reason: str, *, yes: bool
) -> int:
    """``cloudsync undo``."""
    with job(path) as each:
        until = orders.ending(each, _length(length))
        person = person_of(by, reason)
        with leased(each, "undo", over=True) as mine:
            prepared = orders.undo(mine, run, target, until, person)
            return _carried_out(mine, prepared, yes=yes)


def relax(path: Path, target: str, *, yes: bool) -> int:
    """``cloudsync relax``."""
    with job(path) as each, leased(each, "relax", over=True) as mine:
        return _carried_out(mine, orders.relax(mine, target), yes=yes)


def _carried_out(each: Job, prepared: Prepared, *, yes: bool) -> int:
    tell_of_plan(prepared.plan)
    if prepared.plan.steps and not yes:
        ask(prepared.command, prepared.plan, prepared.listed)
    report = carry_out(each, prepared)
    tell_of_run(report)
    if report.unrecorded:
        tell(str(report.unrecorded))
    done = "What was ordered was done; see cloudsync drift." if report.outcomes else NOTHING_CHANGED
    put(rendered_run(report, prepared.listed, "text"), None, done)
    return int(exit_of_run(report))


def person_of(by: str, reason: str) -> Person:
    """Who orders something and why.

    Raises:
        UsageError: no reason was given.
    """
    if not reason.strip():
        raise UsageError("--reason", "is empty", todo="Say why, for whoever reads it tomorrow.")
    return Person(by.strip() or user(), reason.strip())


def _length(text: str) -> timedelta:
    return _read(TypeAdapter[timedelta](Duration), text, "--for")


def network_of(text: str) -> Network:
    """The network that was named.

    Raises:
        UsageError: it is none, or wider than anybody may be let in by.
    """
    return _read(
        TypeAdapter[Network](Annotated[NetworkText, AfterValidator(also_network)]), text, "NETWORK"
    )


def _read(adapter: TypeAdapter[T], text: str, where: str) -> T:
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(
            where, first["msg"], todo=(first.get("ctx") or {}).get("todo", "")
        ) from error
