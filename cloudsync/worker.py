"""One pass of the worker over one installation: a run with nobody to ask; it prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from cloudsync import docket
from cloudsync.conditions import Condition, Turned
from cloudsync.conditions.of_targets import Since
from cloudsync.conditions.watch import changed, found, kept
from cloudsync.errors import StoppedError
from cloudsync.holds import Hold
from cloudsync.job import Job
from cloudsync.lease import leased
from cloudsync.model import Verdict
from cloudsync.provider import Actor, TellsActors
from cloudsync.reconcile import Look, look, reconcile
from cloudsync.records import Seen
from cloudsync.remember import seen_before
from cloudsync.report import RunReport
from cloudsync.state import StateError

ASKED: Final = 20
"""Of so many mended targets it is asked who had changed them: a trail answers twice a second."""


@dataclass(frozen=True)
class Passed:
    """What one pass found and did, the holds of which somebody is to be told now, and what is the matter."""

    found: Look
    report: RunReport
    tell: tuple[Hold, ...]
    turn: Turned


def one_pass(
    job: Job, *, sweep: bool = False, beside: Callable[[], Iterable[Condition]] = tuple
) -> Passed:
    """Fetch, look, do what may be done without a person, and keep what is the matter.

    A ``sweep`` doesn't fetch: it keeps the targets right by the list in force. ``beside`` gives what
    else is the matter, that no look at the clouds shows; it is asked when the pass is through.

    Raises:
        LeaseError: another run is at work; nothing was changed.
        StoppedError: the process was told to end before anything was changed.
        CloudsyncError: nothing could be planned, or the state can't be used; nothing was changed.
    """
    with leased(job, "run") as mine:
        looked = look(mine, sweep=sweep)
        if job.stopped():
            raise StoppedError(job.config.name, "the run was told to end while it looked")
        before = seen_before(mine)
        # Before the first call: a state that can't be written stops the pass while nothing was
        # changed.
        tell = docket.keep_holds(mine, (*_of_list(mine, looked), *looked.holds))
        report = reconcile(mine, looked)
        if job.stopped():
            # What it had no time to look at is no news.
            return Passed(looked, report, tell, Turned((), ()))
        try:
            turn = _turn(mine, looked, report, before, beside())
        except StateError as error:
            error.done = "What was done in the clouds is kept, and is in the report."
            report = replace(report, unrecorded=report.unrecorded or error)
            turn = Turned((), ())
        return Passed(looked, report, tell, turn)


def _turn(
    job: Job,
    looked: Look,
    report: RunReport,
    before: Mapping[str, Seen],
    beside: Iterable[Condition],
) -> Turned:
    """What is the matter now, and what somebody is to be told of it."""
    now = looked.vetted.in_force
    came, went = changed(looked.known, now)
    right = {target: one for target, one in before.items() if one.verdict == Verdict.IN_SYNC}
    since = Since(came, went, right, _actors(looked, report, right))
    matter = (*found(job, report, looked.known, now, since), *beside)
    return kept(job, matter, report)


def _actors(looked: Look, report: RunReport, right: Mapping[str, Seen]) -> dict[str, Actor]:
    """Who had changed the targets that were right and had to be mended, where the cloud tells."""
    mended = sorted({target for step, _ in report.outcomes for target in step.targets} & set(right))
    found: dict[str, Actor] = {}
    for target in (one for one in mended[:ASKED] if one in looked.scopes):
        provider, scope = looked.scopes[target]
        if isinstance(provider, TellsActors) and (
            actor := provider.actor(scope, target, right[target].seen_at)
        ):
            found[target] = actor
    return found


def _of_list(job: Job, found: Look) -> Iterator[Hold]:
    """The list change that waits; what is refused waits for nobody.

    What waited before goes on waiting where no list was read: that isn't a person's decision.
    """
    vetted = found.vetted
    if vetted.refused or not found.read.made:
        yield from (one for one in docket.holds(job) if one.kind == "list")
    if vetted.held and vetted.held.verdict == "hold" and vetted.offer:
        why = "; ".join(reason.message for reason in vetted.held.reasons)
        yield Hold(
            vetted.held.digest, "list", vetted.offer.source, f"the list is held: {why}", job.now()
        )
