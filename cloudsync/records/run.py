"""What a run was, which targets it saw and what it changed, as documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cloudsync.contested import Turn
from cloudsync.immutable import immutable
from cloudsync.records.fields import maybe, number, text, time, time_text, truth
from cloudsync.records.kind import Kind
from cloudsync.state import Value

SEEN_KEY: Final = "seen"


@immutable
class RunRecord:
    """One run: when, with which list and plan, and each target's verdict at its end.

    ``finished`` and ``exit`` are None of a run that is still going on, or that died. ``unsettled``
    says that it ended before all that it did was seen, or didn't know what others had done.
    ``fence`` is the number of the lease that it held, or None: runs whose numbers fall went on
    after they had lost it. ``by`` and ``reason`` are a person's who ordered it by name, ``caller``
    the user and machine that it ran on.
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
    fence: int | None = None
    by: str = ""
    reason: str = ""
    caller: str = ""


@immutable
class Seen:
    """When a target was last there, and what its verdict was."""

    seen_at: datetime
    verdict: str


def run_key(run: str) -> str:
    """Where the record of the run with this id stands."""
    return f"runs/{run}"


def changes_key(run: str) -> str:
    """Where the changes stand that the run with this id made."""
    return f"changes/{run}"


def _run_value(run: RunRecord) -> Value:
    return {
        "id": run.id,
        "started": time_text(run.started),
        "command": run.command,
        "finished": maybe(time_text, run.finished),
        "list_digest": run.list_digest,
        "plan_digest": run.plan_digest,
        "exit": run.exit,
        "targets": dict(run.targets) if run.targets is not None else None,
        "unsettled": run.unsettled,
        "fence": run.fence,
        "by": run.by,
        "reason": run.reason,
        "caller": run.caller,
    }


def _run(value: Value) -> RunRecord:
    return RunRecord(
        id=text(value["id"]),
        started=time(value["started"]),
        command=text(value["command"]),
        finished=maybe(time, value["finished"]),
        list_digest=maybe(text, value["list_digest"]),
        plan_digest=maybe(text, value["plan_digest"]),
        exit=maybe(number, value["exit"]),
        targets=maybe(_verdicts, value["targets"]),
        # These don't stand in what was written before they were kept.
        unsettled=truth(value.get("unsettled", False)),
        fence=maybe(number, value.get("fence")),
        by=text(value.get("by", "")),
        reason=text(value.get("reason", "")),
        caller=text(value.get("caller", "")),
    )


def _verdicts(value: Any) -> dict[str, str]:
    return {target: text(verdict) for target, verdict in value.items()}


def _seen_value(seen: Mapping[str, Seen]) -> Value:
    # A fleet is seen in one moment and mostly in order: what is alike stands once, and all of it in
    # one order, whoever saw what first.
    alike: dict[Seen, list[str]] = {}
    for target, one in seen.items():
        alike.setdefault(one, []).append(target)
    return {
        "seen": [
            {"seen_at": time_text(one.seen_at), "verdict": one.verdict, "targets": sorted(targets)}
            for one, targets in sorted(
                alike.items(), key=lambda item: (item[0].seen_at, item[0].verdict)
            )
        ]
    }


def _seen(value: Value) -> Mapping[str, Seen]:
    if "seen" in value:
        found: dict[str, Seen] = {}
        for group in value["seen"]:
            one = Seen(time(group["seen_at"]), text(group["verdict"]))
            found.update(dict.fromkeys(map(text, group["targets"]), one))
        return found
    # As version 1 had it.
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


RUN: Final[Kind[RunRecord]] = Kind("run", 1, _run_value, _run)
SEEN: Final[Kind[Mapping[str, Seen]]] = Kind("seen", 2, _seen_value, _seen, oldest=1)
CHANGES: Final[Kind[Turn]] = Kind("changes", 1, _turn_value, _turn)
