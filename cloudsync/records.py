"""What the state holds, as typed values and as documents; it opens no store.

A ``Kind`` turns one type of value into a document and back, exactly. What was written by a newer
release, or isn't what was written, is an error that names the document, never a default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from ipaddress import ip_network
from typing import Any, Final, Generic, Literal, TypeVar, cast, get_args

from cloudsync.allowlist import Entry, Format, InForce, Leaving
from cloudsync.contested import Turn
from cloudsync.state import StateError, Store, Value

T = TypeVar("T")

Approved = Literal["list", "target"]


@dataclass(frozen=True, slots=True)
class Approval:
    """A person let exactly one held thing through: a list change, or a target's first enforce.

    ``digest`` is what was approved, ``subject`` the source or the target it belongs to.
    """

    digest: str
    kind: Approved
    subject: str
    by: str
    reason: str
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run: when, with which list and plan, and each target's verdict at its end.

    ``finished`` and ``exit`` are None of a run that is still going on, or that died. ``unsettled``
    says that it ended before all that it did was seen, or didn't know what others had done.
    """

    id: str
    started: datetime
    command: str
    finished: datetime | None = None
    list_digest: str | None = None
    plan_digest: str | None = None
    exit: int | None = None
    targets: Mapping[str, str] | None = None
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """When a target was last there, and what its verdict was."""

    seen_at: datetime
    verdict: str


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One type of document: its name and version, and the way there and back."""

    name: str
    version: int
    to_value: Callable[[T], Value]
    from_value: Callable[[Value], T]

    @property
    def schema(self) -> str:
        """``cloudsync.state.NAME/VERSION``, as it stands in the document."""
        return f"cloudsync.state.{self.name}/{self.version}"

    def encode(self, value: T) -> Value:
        """``value`` as a document.

        Raises:
            ValueError: a time in it has no time zone.
        """
        return {"schema": self.schema, **self.to_value(value)}

    def decode(self, key: str, document: Value) -> T:
        """The value that ``document`` holds; ``key`` is where it was read, for the message.

        Raises:
            StateError: it is of another kind or a newer version, or not what was written.
        """
        if document.get("schema") != self.schema:
            what = f"the document is {document.get('schema')!r}, this release knows {self.schema}"
            raise StateError(f"state {key}", what, todo="Use the release that wrote it.")
        try:
            return self.from_value(document)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            what = f"the document isn't what {self.schema} says ({type(error).__name__}: {error})"
            todo = "Restore the state from a backup, or move it away."
            raise StateError(f"state {key}", what, todo=todo) from error


@dataclass(frozen=True, slots=True)
class Stored(Generic[T]):
    """A value as it was read, and the generation that a change of it must name."""

    value: T
    generation: int


def load(store: Store, key: str, kind: Kind[T]) -> Stored[T] | None:
    """The value at ``key``, or None where there is none.

    Raises:
        StateError: the store or the document can't be used as it is.
    """
    document = store.get(key)
    if document is None:
        return None
    return Stored(kind.decode(key, document.value), document.generation)


def save(store: Store, key: str, kind: Kind[T], value: T, expect: int | None) -> Stored[T]:
    """``value`` at ``key``, in the place of generation ``expect`` (None: of nothing).

    Raises:
        Conflict: the document is at another generation.
        StateError: the store can't be used as it is.
        ValueError: a time in it has no time zone.
    """
    return Stored(value, store.put(key, kind.encode(value), expect).generation)


def approval_key(digest: str) -> str:
    """Where the approval of ``digest`` stands."""
    return f"approvals/{digest}"


def run_key(run: str) -> str:
    """Where the record of the run with this id stands."""
    return f"runs/{run}"


def changes_key(run: str) -> str:
    """Where the changes stand that the run with this id made."""
    return f"changes/{run}"


LIST_KEY: Final = "list"
SEEN_KEY: Final = "seen"


def _list_value(in_force: InForce) -> Value:
    return {
        "source": in_force.source,
        "format": in_force.format,
        "entries": [_entry_value(entry) for entry in in_force.entries],
        "leaving": [
            {
                "entry": _entry_value(leaving.entry),
                "first": time_text(leaving.first),
                "last": time_text(leaving.last),
                "reads": leaving.reads,
                "confirmed": _maybe(time_text, leaving.confirmed),
            }
            for leaving in in_force.leaving
        ],
        "published": in_force.published.isoformat() if in_force.published else None,
        "minimum": in_force.minimum,
        "accepted_by": in_force.accepted_by,
        "accepted_at": _maybe(time_text, in_force.accepted_at),
    }


def _list(value: Value) -> InForce:
    if value["format"] not in get_args(Format):
        raise ValueError(f"{value['format']!r} is no format")
    return InForce(
        source=text(value["source"]),
        format=cast("Format", value["format"]),
        entries=tuple(_entry(entry) for entry in value["entries"]),
        leaving=tuple(
            Leaving(
                entry=_entry(leaving["entry"]),
                first=time(leaving["first"]),
                last=time(leaving["last"]),
                reads=_number(leaving["reads"]),
                confirmed=_maybe(time, leaving["confirmed"]),
            )
            for leaving in value["leaving"]
        ),
        published=_maybe(date.fromisoformat, value["published"]),
        minimum=_maybe(_number, value["minimum"]),
        accepted_by=text(value["accepted_by"]),
        accepted_at=_maybe(time, value["accepted_at"]),
    )


def _entry_value(entry: Entry) -> Value:
    return {
        "network": str(entry.network),
        "name": entry.name,
        "group": entry.group,
        "line": entry.line,
    }


def _entry(value: Value) -> Entry:
    return Entry(
        network=ip_network(text(value["network"])),
        name=_maybe(text, value["name"]),
        group=text(value["group"]),
        line=_number(value["line"]),
    )


def _approval_value(approval: Approval) -> Value:
    return {
        "digest": approval.digest,
        "kind": approval.kind,
        "subject": approval.subject,
        "by": approval.by,
        "reason": approval.reason,
        "at": time_text(approval.at),
        "until": _maybe(time_text, approval.until),
    }


def _approval(value: Value) -> Approval:
    if value["kind"] not in get_args(Approved):
        raise ValueError(f"{value['kind']!r} is nothing to approve")
    return Approval(
        digest=text(value["digest"]),
        kind=cast("Approved", value["kind"]),
        subject=text(value["subject"]),
        by=text(value["by"]),
        reason=text(value["reason"]),
        at=time(value["at"]),
        until=_maybe(time, value["until"]),
    )


def _run_value(run: RunRecord) -> Value:
    return {
        "id": run.id,
        "started": time_text(run.started),
        "command": run.command,
        "finished": _maybe(time_text, run.finished),
        "list_digest": run.list_digest,
        "plan_digest": run.plan_digest,
        "exit": run.exit,
        "targets": dict(run.targets) if run.targets is not None else None,
        "unsettled": run.unsettled,
    }


def _run(value: Value) -> RunRecord:
    return RunRecord(
        id=text(value["id"]),
        started=time(value["started"]),
        command=text(value["command"]),
        finished=_maybe(time, value["finished"]),
        list_digest=_maybe(text, value["list_digest"]),
        plan_digest=_maybe(text, value["plan_digest"]),
        exit=_maybe(_number, value["exit"]),
        targets=_maybe(_verdicts, value["targets"]),
        # What was written before this was kept track of.
        unsettled=_truth(value.get("unsettled", False)),
    )


def _verdicts(value: Any) -> dict[str, str]:
    return {target: text(verdict) for target, verdict in value.items()}


def _seen_value(seen: Mapping[str, Seen]) -> Value:
    return {
        "targets": {
            target: {"seen_at": time_text(one.seen_at), "verdict": one.verdict}
            for target, one in seen.items()
        }
    }


def _seen(value: Value) -> Mapping[str, Seen]:
    return {
        target: Seen(time(one["seen_at"]), text(one["verdict"]))
        for target, one in value["targets"].items()
    }


def _turn_value(turn: Turn) -> Value:
    return {
        "at": time_text(turn.at),
        "targets": {target: list(lines) for target, lines in turn.targets.items()},
    }


def _turn(value: Value) -> Turn:
    return Turn(
        time(value["at"]),
        {target: tuple(map(text, lines)) for target, lines in value["targets"].items()},
    )


F = TypeVar("F")
G = TypeVar("G")


def _maybe(convert: Callable[[F], G], value: F | None) -> G | None:
    return None if value is None else convert(value)


def time_text(value: datetime) -> str:
    """A moment as a document holds it.

    Raises:
        ValueError: it has no time zone.
    """
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no time zone")
    return value.astimezone(UTC).isoformat()


def time(value: str) -> datetime:
    """The moment that a document holds, in UTC.

    Raises:
        ValueError: it is none, or has no time zone.
    """
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return found.astimezone(UTC)


def text(value: Any) -> str:
    """The text that a document holds.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no number")
    return value


LIST: Final[Kind[InForce]] = Kind("list", 1, _list_value, _list)
APPROVAL: Final[Kind[Approval]] = Kind("approval", 1, _approval_value, _approval)
RUN: Final[Kind[RunRecord]] = Kind("run", 1, _run_value, _run)
SEEN: Final[Kind[Mapping[str, Seen]]] = Kind("seen", 1, _seen_value, _seen)
CHANGES: Final[Kind[Turn]] = Kind("changes", 1, _turn_value, _turn)
