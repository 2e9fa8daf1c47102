"""What a run rests on: the list, fetched and vetted, or as the state or our own rules tell it; it plans nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from cloudsync import docket
from cloudsync.allowlist import InForce
from cloudsync.blocks import Block
from cloudsync.errors import Exit, HeldError, SourceRefused
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.observe import recovered_from
from cloudsync.remember import list_in_force, remember_list, unsettled
from cloudsync.report import Listed
from cloudsync.trace import span
from cloudsync.track import keep_read
from cloudsync.vetting.leaving import OWN_RULES
from cloudsync.vetting.vet import Read, Rules, Vetted, removals_of, vet


@immutable
class Basis:
    """The list that a run goes by.

    ``listing`` is the list in force, or the one on offer where there is none, which is only shown.
    ``known`` is the list in force as the state had it. ``recovered`` says that own rules had to tell
    it: then what earlier runs did isn't known either. ``unsure`` says that nothing is closed by it,
    ``unsettled`` that what an earlier run did may not be seen yet.
    """

    read: Read
    vetted: Vetted
    listing: InForce
    known: InForce | None
    recovered: bool = False
    unsure: bool = False
    unsettled: bool = False

    @property
    def digest(self) -> str:
        """Of what is wanted, leaving entries included: that is what a plan rests on."""
        return replace(self.listing, entries=self.listing.wanted, leaving=()).digest

    def listed(self, job: Job) -> Listed:
        """The list as a report speaks of it."""
        said = job.config.list
        return Listed.of(self.listing, said.shoreline, said.widen, removals_of(job.config))


def rested(
    job: Job,
    now: datetime,
    blocks: Callable[[], Sequence[Block]],
    *,
    sweep: bool = False,
    deadline: float | None = None,
) -> Basis:
    """Fetch and vet; where the state has no list in force, ask ``blocks`` for own rules.

    A ``sweep`` asks no source and goes by the list in force: a grace may end in it, and no read is
    counted. Where somebody approved the list that waits, it fetches all the same, to use it.

    Raises:
        UsageError: the configuration asks for what can't be done.
        SourceRefused: there is no list: the source was refused, and none is in force.
        HeldError: there is no list in force to sweep by.
    """
    in_force = known = list_in_force(job)
    recovered = in_force is None
    approved = docket.approved(job)
    waiting = [one for one in docket.holds(job) if one.kind == "list"]
    sweep = sweep and not any(one.digest in approved for one in waiting)
    read = Read(made=False) if sweep else _fetched(job, in_force)
    if in_force is None:
        in_force = recovered_from(job, blocks(), deadline)
    with span("vet") as part:
        vetted = vet(read, in_force, Rules.of(job.config), now, approved)
        if vetted.codes:
            part.say({"cloudsync.list.exits": tuple(code.name.lower() for code in vetted.codes)})
    if sweep and in_force is None:
        raise HeldError(
            f"{job.config.file}: list", "no list is in force, so there is nothing to sweep by",
            todo="Look at it with cloudsync list, and let it through with cloudsync list accept.",
        )  # fmt: skip
    if waiting and (sweep or read.refused):
        vetted = replace(vetted, standing=(Exit.HELD,))
    listing = vetted.in_force or _provisional(vetted)
    # What own rules tell after the state was lost may be less than was in force. While the list on
    # offer waits for a person, or none was read, nothing is closed by it: it could be a sender that
    # is cut off.
    unsure = (read.listing is None or vetted.waits) and listing.source == OWN_RULES
    return Basis(
        read, vetted, listing, known, recovered, unsure, unsettled=recovered or unsettled(job)
    )


def keep_list(job: Job, basis: Basis) -> None:
    """Keep the list in force, and what the read of its source has come to.

    Raises:
        LeaseError: the state has another list by now.
        StateError: the state can't be written.
    """
    in_force, read = basis.vetted.in_force, basis.read
    if in_force is None:
        keep_read(job, read, basis.vetted)
        return
    remember_list(job, in_force, basis.known)
    keep_read(job, read, basis.vetted)
    if read.validators and not basis.vetted.held:
        job.keep(job.config, job.store, in_force.digest, read.validators)


def _provisional(vetted: Vetted) -> InForce:
    """The list on offer as if it were in force, to show what it would mean; never to apply it."""
    if vetted.offer is None:
        if vetted.refused is None:
            raise SourceRefused("list", "E_NO_LIST", "there is no list, on offer or in force")
        raise vetted.refused
    offer = vetted.offer
    return InForce(offer.source, offer.format, offer.entries, published=offer.published)


def _fetched(job: Job, in_force: InForce | None) -> Read:
    """One read of the source."""
    with span("fetch", {"cloudsync.source": job.config.list.source}) as part:
        read = job.read(job.config, in_force)
        if read.refused:
            part.fail(read.refused.code, str(read.refused))
    return read
