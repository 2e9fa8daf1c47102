"""After a pass: what is the matter now, compared with before, kept, and told to whoever hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from cloudsync.alert.channels import Send
from cloudsync.alert.deliver import deliver, waiting
from cloudsync.alert.outbox import undelivered
from cloudsync.conditions import Condition, ConditionKind, Turned, Watched, of_worker
from cloudsync.conditions.of_reads import of_reads
from cloudsync.conditions.of_targets import Since, unseen
from cloudsync.conditions.watch import changed, found, judged_by, keep_judged_by, kept, watched
from cloudsync.errors import CloudsyncError, SourceRefused
from cloudsync.job import Job
from cloudsync.looked import Look
from cloudsync.model import Verdict
from cloudsync.records import Seen
from cloudsync.report import RunReport
from cloudsync.state import StateError
from cloudsync.tells import Actor, TellsActors
from cloudsync.track import keep_refusal, reads_of
from cloudsync.worker.confirm import confirmed

ASKED: Final = 20
"""Of so many mended targets it is asked who had changed them: a trail answers twice a second."""


def of_pass(
    job: Job,
    ways: Mapping[str, Send],
    looked: Look,
    report: RunReport,
    before: Mapping[str, Seen],
    beside: Iterable[Condition] = (),
    deadline: float | None = None,
) -> Turned:
    """What is the matter after a pass, and what somebody was told of it.

    ``before`` are the targets that were there before the pass, and how they were; ``beside`` is
    what else is the matter, that no look at the clouds shows. ``deadline`` is the run's.

    Raises:
        StateError: the state can't be written.
    """
    now = looked.vetted.in_force
    # Between two passes a person may have accepted a list, or put an entry back: what that does to
    # targets is the list's doing, and nobody's hand.
    then = judged_by(job) or looked.known
    came, went = changed(then, now)
    since = Since(came, went, _right(before), _actors(looked, report, before))
    heard = {one.condition.subject for one in watched(job) if one.stands and _is_grave(one)}
    report = confirmed(job, looked, report, heard, deadline)
    if job.stopped():
        # The second look may have had no time: the next run says what is the matter.
        return Turned((), ())
    conditions = [
        *found(job, report, then, now, since),
        *beside,
        *undelivered(waiting(job)),
    ]
    here = {plan.target for plan in report.now.targets}
    turn = kept(job, conditions, unseen(report), here)
    if now:
        keep_judged_by(job, now)
    deliver(job, ways, turn.tell)
    return turn


def _is_grave(one: Watched) -> bool:
    return one.condition.kind in {ConditionKind.MISSING, ConditionKind.OPEN}


def of_failure(job: Job, ways: Mapping[str, Send], error: CloudsyncError) -> None:
    """Tell that a pass couldn't do its work at all; what was the matter before still is.

    A read of the source that leaves the pass without any list is counted as any that is refused. A
    state that can't be used is no reason for a second error: whoever calls says the first.
    """
    failed = of_worker.of_failure(job.config.name, error)
    with suppress(StateError):
        refused = tuple(_refused(job, error))
        still = [one.condition for one in watched(job) if one.stands]
        deliver(job, ways, kept(job, [failed, *refused, *still], ()).tell)


def _refused(job: Job, error: CloudsyncError) -> Iterator[Condition]:
    """That the source is refused again and again, while there is no list to go on with."""
    if isinstance(error, SourceRefused):
        keep_refusal(job, error)
        if reads := reads_of(job):
            yield from of_reads(reads, None, None, job.now())


def _actors(looked: Look, report: RunReport, before: Mapping[str, Seen]) -> dict[str, Actor]:
    """Who had changed the targets that were right and had to be mended, where the cloud tells."""
    mended = right_before(report, before)
    found: dict[str, Actor] = {}
    for target in (one for one in mended[:ASKED] if one in looked.scopes):
        provider, scope = looked.scopes[target]
        if isinstance(provider, TellsActors) and (
            actor := provider.actor(scope, target, before[target].seen_at)
        ):
            found[target] = actor
    return found


def right_before(report: RunReport, before: Mapping[str, Seen]) -> tuple[str, ...]:
    """The targets that the run touched and that were right ``before``, in order."""
    touched = {target for step, _ in report.outcomes for target in step.targets}
    return tuple(sorted(touched & _right(before)))


def _right(before: Mapping[str, Seen]) -> frozenset[str]:
    return frozenset(target for target, one in before.items() if one.verdict == Verdict.IN_SYNC)
