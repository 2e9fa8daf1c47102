"""What is kept of the past, and what becomes of it with time; it decides nothing about the clouds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from secrets import token_hex
from typing import Any, Final, TypeVar

from cloudsync import records
from cloudsync.allowlist import InForce
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.ledger import taken_key
from cloudsync.records.inputs import inputs_key
from cloudsync.records.kind import Kind
from cloudsync.records.past import (
    CHANGE,
    REPORTED,
    SAID,
    Change,
    Reported,
    Said,
    change_key,
    report_key,
    said_key,
)
from cloudsync.report import Listed, RunReport, document_outcome
from cloudsync.state import Conflict
from cloudsync.who import caller

T = TypeVar("T")

MOMENT: Final = "%Y%m%dT%H%M%SZ"
"""How a time begins a key, so that keys sort by it."""


@immutable
class Past:
    """All that is known of the past, each the oldest first; ``reports`` by the run's id."""

    changes: tuple[Change, ...]
    runs: tuple[records.RunRecord, ...]
    approvals: tuple[records.Approval, ...]
    said: tuple[Said, ...]
    reports: dict[str, Reported]


def note_list(job: Job, before: InForce | None, now: InForce) -> None:
    """Write down what came and went when ``now`` took the place of ``before``, if anything did.

    Raises:
        StateError: the state can't be written.
    """
    old = {str(entry.network) for entry in before.wanted} if before else set[str]()
    new = [str(entry.network) for entry in now.wanted]
    was_leaving = {one.entry.network for one in before.leaving} if before else set[Any]()
    accepted = before is None or before.accepted_at != now.accepted_at
    came = tuple(dict.fromkeys(one for one in new if one not in old))
    went = tuple(sorted(old - set(new)))
    leaving = tuple(
        str(one.entry.network) for one in now.leaving if one.entry.network not in was_leaving
    )
    if not (came or went or leaving or accepted):
        return
    at = job.now()
    name = f"{at:{MOMENT}}-{token_hex(3)}"
    change = Change(
        name, at, now.source, now.format, now.digest, len(now.entries), came, went, leaving,
        now.accepted_by if accepted else "", caller(),
    )  # fmt: skip
    records.save(job.store, change_key(name), CHANGE, change, None)


def note_said(
    job: Job, what: str, subject: str, by: str = "", reason: str = "", until: datetime | None = None
) -> None:
    """Write down what a person said, which changed no cloud by itself.

    Raises:
        StateError: the state can't be written.
    """
    at = job.now()
    said = Said(f"{at:{MOMENT}}-{token_hex(3)}", at, what, subject, by, reason, until, caller())
    records.save(job.store, said_key(said.id), SAID, said, None)


def note_report(job: Job, report: RunReport, listed: Listed | None, ended: int) -> None:
    """Keep the report of a run that did something, or that didn't end with 0.

    Raises:
        StateError: the state can't be written.
    """
    if not (report.outcomes or ended):
        return
    whole = document_outcome(report, listed)
    touched = {target for step, _ in report.outcomes for target in step.targets}
    told = [one for one in whole["targets"] if one["target"] in touched or _tells(one)]
    kept = Reported(report.run, {**whole, "targets": told}, len(whole["targets"]) - len(told))
    records.save(job.store, report_key(report.run), REPORTED, kept, None)


def _tells(target: dict[str, Any]) -> bool:
    """Whether a target of a report is more than right."""
    right = target["verdict"] == target["was"] == "in_sync"
    return not right or any(target[key] for key in ("remarks", "notes", "steps", "refusal"))


def past(job: Job, most: int | None = None) -> Past:
    """What is known; of what is kept by its time the youngest ``most``, or all.

    Raises:
        StateError: the state can't be used as it is.
    """
    # Keys go by the second, and within one by chance.
    changes = sorted(_all(job, change_key(""), CHANGE, most), key=lambda one: one.at)
    runs = sorted(_all(job, records.run_key(""), records.RUN, most), key=lambda one: one.started)
    approvals = sorted(_all(job, records.approval_key(""), records.APPROVAL), key=lambda a: a.at)
    said = sorted(_all(job, said_key(""), SAID, most), key=lambda one: one.at)
    kept = set(job.store.keys(report_key("")))
    found = (report_of(job, run.id) for run in runs if report_key(run.id) in kept)
    return Past(
        tuple(changes), tuple(runs), tuple(approvals), tuple(said),
        {one.run: one for one in found if one},
    )  # fmt: skip


def report_of(job: Job, run: str) -> Reported | None:
    """The report of one run, or None where none was kept.

    Raises:
        StateError: the state can't be used as it is.
    """
    stored = records.load(job.store, report_key(run), REPORTED)
    return stored.value if stored else None


def _all(job: Job, prefix: str, kind: Kind[T], most: int | None = None) -> Iterator[T]:
    keys = job.store.keys(prefix)
    for key in keys if most is None else keys[-most:]:
        # Another run may drop what is too old while it is read.
        if stored := records.load(job.store, key, kind):
            yield stored.value


def forget_past(job: Job, last: str) -> None:
    """Drop what is as old as the run called ``last``: reports, inputs, what it took, what was said.

    What a run took can be given back for as long as the run is known. The youngest change of the
    list stays, whatever its age: it says who accepted what is in force.

    Raises:
        StateError: the state can't be used as it is.
    """
    before = change_key(f"{last.partition('-')[0]}\uffff")
    drop(job, [key for key in job.store.keys(change_key(""))[:-1] if key < before])
    spoken = said_key(f"{last.partition('-')[0]}\uffff")
    drop(job, [key for key in job.store.keys(said_key("")) if key < spoken])
    for prefix in (report_key(""), inputs_key(""), taken_key("").removesuffix("/")):
        end = f"{prefix}{last}/\uffff"
        drop(job, [key for key in job.store.keys(prefix) if key <= end])


def drop(job: Job, keys: Iterable[str]) -> None:
    """Delete documents wholly; one that another run dropped first, or changed, is left to it.

    Their keys hold a moment and are never used again, so nothing need stay of them.

    Raises:
        StateError: the state can't be used as it is.
    """
    folders: set[str] = set()
    for key in keys:
        folders.add(key[: key.index("/") + 1])
        stored = job.store.get(key)
        if stored:
            with suppress(Conflict):
                job.store.delete(key, stored.generation)
    for folder in sorted(folders):
        job.store.clear(folder)
