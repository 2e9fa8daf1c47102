"""Reads what is known of a tenant from its state; it judges and shows nothing."""

from __future__ import annotations

from cloudsync import docket, ledger, records
from cloudsync.conditions.watch import watched
from cloudsync.job import Job
from cloudsync.records.punctual import PUNCTUAL, PUNCTUAL_KEY
from cloudsync.remember import list_in_force, standing_orders
from cloudsync.status import logbook
from cloudsync.status.known import Approved, Known


def known(job: Job) -> Known:
    """Everything that the page shows of a tenant.

    Raises:
        StateError: the state can't be used as it is.
    """
    stored = (
        records.load(job.store, key, records.APPROVAL)
        for key in job.store.keys(records.approval_key(""))
    )
    found = (one.value for one in stored if one)
    approved = [Approved(one.at, one.subject, one.by, one.reason) for one in found]
    taken = job.store.keys(ledger.taken_key("").removesuffix("/"))
    punctual = records.load(job.store, PUNCTUAL_KEY, PUNCTUAL)
    return Known(
        config=job.config,
        now=job.now(),
        overview=logbook.overview(job.store),
        in_force=list_in_force(job),
        holds=docket.holds(job),
        standing=standing_orders(job),
        approved=tuple(sorted(approved, key=lambda one: one.at, reverse=True)),
        punctual=punctual.value if punctual else {},
        watched=watched(job),
        undoable=frozenset(key.split("/")[1] for key in taken),
    )
