"""What is kept of the past beside the runs themselves: changes of the list, reports, what was said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cloudsync.immutable import immutable
from cloudsync.records.fields import maybe, number, text, time, time_text
from cloudsync.records.kind import Kind
from cloudsync.state import Value


@immutable
class Change:
    """A list that came into force in the place of another.

    ``came``, ``went`` and ``leaving`` are networks: newly wanted, wanted no more, and still wanted
    though their source has them no more. ``by`` is who accepted it: a person, ``guard`` where it
    was within the limits, and nobody where entries only went in their time. ``caller`` is the user
    and machine that it came about on.
    """

    id: str
    at: datetime
    source: str
    format: str
    digest: str
    entries: int
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    by: str = ""
    caller: str = ""


@immutable
class Reported:
    """The report of a run as ``cloudsync.report/1``, for targets that had anything to report.

    ``in_sync`` is how many were left out, since they were right before and after.
    """

    run: str
    report: Mapping[str, Any]
    in_sync: int = 0


@immutable
class Said:
    """What a person said that changed no cloud by itself: a pause, its end, that a target is gone.

    ``what`` is in words, ``subject`` the target or ``all``. ``by`` and ``reason`` are empty where
    nobody is asked for them; ``caller`` is the user and machine.
    """

    id: str
    at: datetime
    what: str
    subject: str
    by: str = ""
    reason: str = ""
    until: datetime | None = None
    caller: str = ""


def said_key(name: str) -> str:
    """Where it stands what a person said; ``name`` begins with its time."""
    return f"said/{name}"


def change_key(name: str) -> str:
    """Where a change of the list stands; ``name`` begins with its time."""
    return f"lists/{name}"


def report_key(run: str) -> str:
    """Where the report of the run with this id stands."""
    return f"reports/{run}"


def _change_value(change: Change) -> Value:
    return {
        "id": change.id,
        "at": time_text(change.at),
        "source": change.source,
        "format": change.format,
        "digest": change.digest,
        "entries": change.entries,
        "came": list(change.came),
        "went": list(change.went),
        "leaving": list(change.leaving),
        "by": change.by,
        "caller": change.caller,
    }


def _change(value: Value) -> Change:
    return Change(
        id=text(value["id"]),
        at=time(value["at"]),
        source=text(value["source"]),
        format=text(value["format"]),
        digest=text(value["digest"]),
        entries=number(value["entries"]),
        came=tuple(map(text, value["came"])),
        went=tuple(map(text, value["went"])),
        leaving=tuple(map(text, value["leaving"])),
        by=text(value["by"]),
        caller=text(value["caller"]),
    )


def _said_value(said: Said) -> Value:
    return {
        "id": said.id,
        "at": time_text(said.at),
        "what": said.what,
        "subject": said.subject,
        "by": said.by,
        "reason": said.reason,
        "until": maybe(time_text, said.until),
        "caller": said.caller,
    }


def _said(value: Value) -> Said:
    return Said(
        id=text(value["id"]),
        at=time(value["at"]),
        what=text(value["what"]),
        subject=text(value["subject"]),
        by=text(value["by"]),
        reason=text(value["reason"]),
        until=maybe(time, value["until"]),
        caller=text(value["caller"]),
    )


def _reported_value(reported: Reported) -> Value:
    return {
        "run": reported.run,
        "report": {**reported.report},
        "in_sync": reported.in_sync,
    }


def _reported(value: Value) -> Reported:
    return Reported(text(value["run"]), {**value["report"]}, number(value["in_sync"]))


SAID: Final[Kind[Said]] = Kind("said", 1, _said_value, _said)
CHANGE: Final[Kind[Change]] = Kind("list-change", 1, _change_value, _change)
REPORTED: Final[Kind[Reported]] = Kind("report", 1, _reported_value, _reported)
