"""One pass of the worker over one installation: a run with nobody to ask; it prints nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cloudsync import docket
from cloudsync.holds import Hold
from cloudsync.job import Job
from cloudsync.lease import leased
from cloudsync.reconcile import Look, look, reconcile
from cloudsync.report import RunReport


@dataclass(frozen=True)
class Passed:
    """What one pass found and did, and the holds of which somebody is to be told now."""

    found: Look
    report: RunReport
    tell: tuple[Hold, ...]


def one_pass(job: Job, *, sweep: bool = False) -> Passed:
    """Fetch, look, do what may be done without a person, and keep what waits for one.

    A ``sweep`` doesn't fetch: it keeps the targets right by the list in force.

    Raises:
        LeaseError: another run is at work; nothing was changed.
        CloudsyncError: nothing could be planned, or the state can't be used; nothing was changed.
    """
    with leased(job, "run") as mine:
        found = look(mine, sweep=sweep)
        # Before the first call: a state that can't be written stops the pass while nothing was
        # changed.
        tell = docket.keep_holds(mine, (*_of_list(mine, found), *found.holds))
        return Passed(found, reconcile(mine, found), tell)


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
