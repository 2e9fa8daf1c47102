"""What waits for a person and what was let through, kept in the state; it decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final, cast, get_args

from cloudsync import records
from cloudsync.change import concerns
from cloudsync.closing import Closing
from cloudsync.errors import UsageError
from cloudsync.holds import Gate, Held, Hold, renewed
from cloudsync.job import Job
from cloudsync.model import Mode
from cloudsync.plan import TargetPlan
from cloudsync.records import Kind, text, time, time_text
from cloudsync.state import Conflict, Value
from cloudsync.who import caller

HOLDS_KEY: Final = "holds"
ENFORCED_KEY: Final = "enforced"
SECOND: Final = "/second"
"""Behind the key of an approval: that of the second person, where two are asked for."""


def _holds_value(holds: tuple[Hold, ...]) -> Value:
    return {
        "holds": [
            {
                "digest": one.digest,
                "kind": one.kind,
                "subject": one.subject,
                "what": one.what,
                "since": time_text(one.since),
                "told": time_text(one.told) if one.told else None,
                "changes": list(one.changes),
                "closing": records.maybe(records.closing_value, one.closing),
            }
            for one in holds
        ]
    }


def _holds(value: Value) -> tuple[Hold, ...]:
    return tuple(map(_hold, value["holds"]))


def _hold(value: Value) -> Hold:
    return Hold(
        text(value["digest"]), _held(value["kind"]), text(value["subject"]), text(value["what"]),
        time(value["since"]), records.maybe(time, value["told"]),
        tuple(map(text, value.get("changes", ()))),
        records.maybe(records.closing_from, value.get("closing")),
    )  # fmt: skip


def _held(value: object) -> Held:
    if value not in get_args(Held):
        raise ValueError(f"{value!r} is nothing that waits")
    return cast("Held", value)


def _enforced_value(enforced: Mapping[str, datetime]) -> Value:
    return {"targets": {target: time_text(since) for target, since in enforced.items()}}


def _enforced(value: Value) -> Mapping[str, datetime]:
    return {target: time(since) for target, since in value["targets"].items()}


HOLDS: Final[Kind[tuple[Hold, ...]]] = Kind("holds", 1, _holds_value, _holds)
ENFORCED: Final[Kind[Mapping[str, datetime]]] = Kind("enforced", 1, _enforced_value, _enforced)


def holds(job: Job) -> tuple[Hold, ...]:
    """What the last run of the worker left waiting."""
    stored = records.load(job.store, HOLDS_KEY, HOLDS)
    return stored.value if stored else ()


def keep_holds(job: Job, found: Iterable[Hold]) -> tuple[Hold, ...]:
    """Keep what waits now; gives those of which somebody is to be told.

    Raises:
        StateError: the state can't be written, or another run wrote it meanwhile.
    """
    stored = records.load(job.store, HOLDS_KEY, HOLDS)
    before = stored.value if stored else ()
    # What a change didn't concern wasn't looked at, and goes on waiting.
    others = [one for one in before if job.only and not concerns(job.only, one.subject)]
    now, tell = renewed(before, (*others, *found), job.now())
    if now != before:
        records.save(job.store, HOLDS_KEY, HOLDS, now, stored.generation if stored else None)
    return tell


def forget_lists(job: Job) -> None:
    """Have no list change wait any more: a person accepted a list, whatever waited.

    Raises:
        StateError: the state can't be written, or another run wrote it meanwhile.
    """
    stored = records.load(job.store, HOLDS_KEY, HOLDS)
    if stored and any(one.kind == "list" for one in stored.value):
        left = tuple(one for one in stored.value if one.kind != "list")
        records.save(job.store, HOLDS_KEY, HOLDS, left, stored.generation)


def enforced(job: Job) -> Mapping[str, datetime]:
    """The targets that were closed once and seen to be, and since when."""
    stored = records.load(job.store, ENFORCED_KEY, ENFORCED)
    return stored.value if stored else {}


def keep_enforced(job: Job, plans: Iterable[TargetPlan]) -> None:
    """Keep which targets a fresh look found as enforce leaves them.

    Raises:
        StateError: the state can't be written, or another run wrote it meanwhile.
    """
    stored = records.load(job.store, ENFORCED_KEY, ENFORCED)
    known = dict(stored.value) if stored else {}
    new = [
        plan.target
        for plan in plans
        if plan.mode is Mode.ENFORCE
        and plan.before
        and not (plan.steps or plan.refusal)
        and plan.target not in known
    ]
    if new:
        known |= dict.fromkeys(new, job.now())
        records.save(
            job.store, ENFORCED_KEY, ENFORCED, known, stored.generation if stored else None
        )


def forget_enforced(job: Job, target: str) -> None:
    """Hold the first enforce of what is called ``target`` next: it will be another one.

    What was approved for the one that is gone ends with it.

    Raises:
        StateError: the state can't be written, or another run wrote it meanwhile.
    """
    for key in job.store.keys(records.approval_key("")):
        approval = records.load(job.store, key, records.APPROVAL)
        if approval and approval.value.subject == target:
            over = replace(approval.value, until=job.now())
            records.save(job.store, key, records.APPROVAL, over, approval.generation)
    stored = records.load(job.store, ENFORCED_KEY, ENFORCED)
    if stored and target in stored.value:
        left = {key: value for key, value in stored.value.items() if key != target}
        records.save(job.store, ENFORCED_KEY, ENFORCED, left, stored.generation)


def approved(job: Job) -> dict[str, str]:
    """The digests that were let through, and by whom; of one that lacks its second person, none."""
    return {one.digest: by for one, by in _let_through(job)}


def _let_through(job: Job) -> Iterator[tuple[records.Approval, str]]:
    for key in job.store.keys(records.approval_key("")):
        if key.endswith(SECOND):
            continue
        stored = records.load(job.store, key, records.APPROVAL)
        second = records.load(job.store, key + SECOND, records.APPROVAL)
        counting = [one.value for one in (stored, second) if one and one.value.until is None]
        if stored and stored.value in counting and len(counting) > job.config.approvals.second:
            yield stored.value, " and ".join(one.by for one in counting)


def forget_approvals(job: Job, before: datetime) -> None:
    """Drop what was let through earlier than ``before``, but for what waits under it still.

    Raises:
        StateError: the state can't be used as it is.
    """
    waiting = {one.digest for one in holds(job)}
    for key in job.store.keys(records.approval_key("")):
        if key.endswith(SECOND):
            continue
        # The second goes first: alone it would make one person's next word that of two.
        pair = [
            (one, records.load(job.store, one, records.APPROVAL)) for one in (key + SECOND, key)
        ]
        there = [(one, stored) for one, stored in pair if stored]
        if any(one.value.at >= before or one.value.digest in waiting for _, one in there):
            continue
        with suppress(Conflict):
            for one, stored in there:
                job.store.delete(one, stored.generation)


def gate(job: Job) -> Gate | None:
    """What holds first enforces; None where a person says yes to what is done."""
    if job.attended:
        return None
    through = list(_let_through(job))
    begun: dict[str, list[Closing]] = {}
    for one, _ in through:
        if one.closing:
            begun.setdefault(one.subject, []).append(one.closing)
    return Gate(enforced(job), {one.digest: by for one, by in through}, begun)


def approve(job: Job, digest: str, by: str, reason: str, known_as: str = "") -> tuple[Hold, bool]:
    """Let exactly what waits as ``digest`` through; gives it, and whether that is enough.

    ``known_as`` is who was authenticated; left out, the user of this process.

    Raises:
        UsageError: nothing waits as that, or this person has approved it already.
        StateError: the state can't be written, or another command wrote it meanwhile.
    """
    waiting = holds(job)
    hold = next((one for one in waiting if one.digest == digest), None)
    if hold is None:
        known = ", ".join(f"{one.digest} ({one.subject})" for one in waiting)
        raise UsageError(
            digest, "nothing waits as this" + (f"; what waits is {known}" if known else ""),
            todo="Take the digest from the last report of cloudsync run.",
        )  # fmt: skip
    key = records.approval_key(digest)
    first, replaced = _standing(job, key)
    if first and (not job.config.approvals.second or _same(first.by, by)):
        second = job.config.approvals.second
        raise UsageError(
            digest, f"{first.by} has approved it already",
            todo="The second approval is another person's." if second else "Wait for the next run.",
        )  # fmt: skip
    new = records.Approval(
        digest, hold.kind, hold.subject, by, reason, job.now(),
        caller=known_as or caller(), closing=hold.closing,
    )  # fmt: skip
    if first:
        key += SECOND
        _, replaced = _standing(job, key)
    records.save(job.store, key, records.APPROVAL, new, replaced)
    return hold, first is not None or not job.config.approvals.second


def _standing(job: Job, key: str) -> tuple[records.Approval | None, int | None]:
    """The approval at ``key`` if it counts, or else the generation of the ended one in its place."""
    stored = records.load(job.store, key, records.APPROVAL)
    if stored and stored.value.until is None:
        return stored.value, None
    return None, stored.generation if stored else None


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
