"""One pass of the worker over one installation: a run with nobody to ask; it prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cloudsync import docket
from cloudsync.addresses import Network
from cloudsync.alert.channels import Send
from cloudsync.allowlist import InForce, Listing
from cloudsync.basis import Basis
from cloudsync.conditions import Condition, ConditionKind, Turned
from cloudsync.errors import CloudsyncError, HeldError, LeaseError, StoppedError
from cloudsync.holds import Hold
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.looked import Look
from cloudsync.plan import Plan
from cloudsync.reconcile import look, reconcile
from cloudsync.records import Seen
from cloudsync.remember import seen_before
from cloudsync.report import RunReport
from cloudsync.report.words import natural
from cloudsync.state import StateError
from cloudsync.status.logbook import keep_calls
from cloudsync.terraform import ledger
from cloudsync.terraform.mend import again, known_of
from cloudsync.trace import span
from cloudsync.track import compare_page
from cloudsync.worker import aftermath
from cloudsync.worker.lease import leased

if TYPE_CHECKING:
    from cloudsync.terraform.publish import Published


@immutable
class Passed:
    """What one pass found and did, the holds of which somebody is to be told now, and what is the matter."""

    found: Look
    report: RunReport
    tell: tuple[Hold, ...]
    turn: Turned
    published: tuple[Published, ...] = ()


def one_pass(
    job: Job, *, sweep: bool = False, beside: Callable[[], Iterable[Condition]] = tuple
) -> Passed:
    """Fetch, look, do what may be done without a person, and keep what is the matter.

    A ``sweep`` doesn't fetch: it keeps the targets right by the list in force. ``beside`` gives what
    else is the matter, that no look at the clouds shows; it is asked when the pass is through.

    Raises:
        HeldError: there is no list in force to sweep by; nothing was changed.
        LeaseError: another run is at work; nothing was changed.
        StoppedError: the process was told to end before anything was changed.
        CloudsyncError: nothing could be planned, or the state can't be used; nothing was changed.
    """
    ways = job.ways(job.config)
    try:
        with telling(job, ways):
            return _passed(job, ways, beside, sweep=sweep)
    finally:
        # The second look's too, and those of a pass that came to nothing.
        with suppress(StateError):
            keep_calls(job)


@contextmanager
def telling(job: Job, ways: Mapping[str, Send]) -> Generator[None]:
    """Tell whoever hears of it that a pass couldn't do its work, where what is done here fails."""
    try:
        yield
    except (HeldError, LeaseError, StoppedError):
        # Of a sweep without a list: that the first one waits is told already, as that.
        raise
    except CloudsyncError as error:
        # A run that was told to end had no time to look: that is no failure to tell of.
        if not job.stopped():
            aftermath.of_failure(job, ways, error)
        raise


def _passed(
    job: Job,
    ways: Mapping[str, Send],
    beside: Callable[[], Iterable[Condition]],
    *,
    sweep: bool,
) -> Passed:
    with leased(job, "run") as mine:
        with span("look", {"cloudsync.sweep": sweep}):
            looked = look(mine, sweep=sweep)
        # What is looked at a second time has what the changes leave of the run's time.
        deadline = mine.deadline(looked.spent)
        if job.stopped():
            raise StoppedError(job.config.name, "the run was told to end while it looked")
        before = seen_before(mine)
        # Before the first call: a state that can't be written stops the pass while nothing was
        # changed.
        tell = docket.keep_holds(mine, (*of_list(mine, looked.basis), *looked.holds))
        with span("change"):
            report = reconcile(mine, looked)
        passed = Passed(looked, report, tell, Turned((), ()))
        if job.stopped() or job.only:
            # What it had no time to look at, or no reason to, is no news.
            return passed
        return followed(mine, ways, passed, before, beside, deadline)


def followed(
    job: Job,
    ways: Mapping[str, Send],
    passed: Passed,
    before: Mapping[str, Seen],
    beside: Callable[[], Iterable[Condition]] = tuple,
    deadline: float | None = None,
    *,
    sure: Callable[[RunReport], RunReport] | None = None,
) -> Passed:
    """``passed``, with what comes of it: the page compared, domains looked at, modules, conditions.

    ``before`` are the targets that were there before the run. ``sure`` gives the report that is told
    of, where a second look has said more than the one that stands.
    """
    looked, report, turn = passed.found, passed.report, Turned((), ())
    published: tuple[Published, ...] = ()
    try:
        compare_page(job, looked.vetted)
        # After the run, which no name server that is down may keep waiting.
        with span("preflight"):
            job.domains(job)
        published, unpublished = _published(job, looked)
        if published:
            report = _told_again(job, looked, report)
        more = (*beside(), *unpublished)
        told = sure(report) if sure else report
        with span("report"):
            turn = aftermath.of_pass(job, ways, looked, told, before, more, deadline)
    except StateError as error:
        error.done = "What was done in the clouds is kept, and is in the report."
        report = replace(report, unrecorded=report.unrecorded or error)
    return replace(passed, report=report, turn=turn, published=published)


def _published(job: Job, looked: Look) -> tuple[tuple[Published, ...], tuple[Condition, ...]]:
    """Publish the modules where the list in force changed; what is the matter where that failed.

    Raises:
        StateError: the state can't be used.
    """
    if job.config.terraform is None:
        return (), ()
    # Loads git and what makes archives, which few configurations need.
    from cloudsync.terraform.publish import after  # noqa: PLC0415

    found = after(job, looked.vetted.in_force)
    if not isinstance(found, CloudsyncError):
        return found, ()
    failed = Condition(
        ConditionKind.FAILED,
        f"{job.config.name}: terraform",
        "The Terraform modules can't be published: whoever takes them lags behind the list.",
        str(found),
        "Run cloudsync terraform publish by hand, and see what it says.",
    )
    return (), (failed,)


def _told_again(job: Job, looked: Look, report: RunReport) -> RunReport:
    """The report with the versions that are published by now: who lags is told what there is to take."""
    versions = ledger.published(job.store)
    plans = tuple(
        again(
            plan,
            looked.wanted[plan.target],
            known_of(job.config, looked.scopes[plan.target][1].settings, versions),
        )
        if plan.mend and plan.target in looked.wanted
        else plan
        for plan in report.after.targets
    )
    return replace(report, after=Plan(report.after.list_digest, plans))


def of_list(job: Job, basis: Basis) -> Iterator[Hold]:
    """The list change that waits; what is refused waits for nobody.

    What waited before goes on waiting where no list was read: that isn't a person's decision.
    """
    vetted = basis.vetted
    if vetted.refused or not basis.read.made:
        yield from (one for one in docket.holds(job) if one.kind == "list")
    if vetted.held and vetted.held.verdict == "hold" and vetted.offer:
        why = "; ".join(reason.message for reason in vetted.held.reasons)
        yield Hold(
            vetted.held.digest, "list", vetted.offer.source, f"the list is held: {why}", job.now(),
            changes=_of_offer(vetted.offer, vetted.in_force),
        )  # fmt: skip


def _of_offer(offer: Listing, in_force: InForce | None) -> tuple[str, ...]:
    """What the list on offer brings and what it lacks, a network a line."""
    new = {entry.network for entry in offer.entries}
    old = {entry.network for entry in in_force.entries} if in_force else set[Network]()
    lines = (*(f"+ {one}" for one in new - old), *(f"- {one}" for one in old - new))
    return tuple(sorted(lines, key=natural))
