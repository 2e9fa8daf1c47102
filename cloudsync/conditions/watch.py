"""After each pass: what is the matter now, compared with before and kept in the state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Final

from cloudsync import records
from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.allowlist import InForce
from cloudsync.conditions.condition import Condition
from cloudsync.conditions.ledger import CONDITIONS, CONDITIONS_KEY
from cloudsync.conditions.of_domains import of_domains
from cloudsync.conditions.of_list import of_holds, of_list
from cloudsync.conditions.of_orders import Excused, of_exceptions, of_orders
from cloudsync.conditions.of_reads import of_reads, of_withdrawn
from cloudsync.conditions.of_targets import Since, of_targets
from cloudsync.conditions.turn import Turned, Watched, turned
from cloudsync.config import Config
from cloudsync.config.times import UntilValue
from cloudsync.docket import holds
from cloudsync.job import Job
from cloudsync.preflight.arming import closing
from cloudsync.preflight.ledger import known
from cloudsync.remember import standing_orders
from cloudsync.report import RunReport
from cloudsync.status.logbook import overview
from cloudsync.track import reads_of
from cloudsync.vetting.vet import Rules

JUDGED_KEY: Final = "judged-by"


def found(
    job: Job, report: RunReport, before: InForce | None, now: InForce | None, since: Since
) -> Iterator[Condition]:
    """Everything that is the matter after a pass whose list went from ``before`` to ``now``.

    Raises:
        StateError: the state can't be read.
    """
    yield from of_targets(report, since)
    yield from of_list(before, now)
    if reads := reads_of(job):
        shown = overview(job.store)
        vetted_at = shown.vetted_at if shown else None
        yield from of_reads(reads, now, vetted_at, job.now(), job.config.schedule.fetch)
    if now:
        yield from of_withdrawn(now, Rules.of(job.config))
    yield from of_holds(holds(job))
    yield from of_orders(standing_orders(job), job.now())
    yield from of_exceptions(excused(job.config), job.now())
    yield from _of_domains(job)


def _of_domains(job: Job) -> Iterator[Condition]:
    remembered = known(job.store)
    armed = {
        domain: [target for target, one in remembered.armed.items() if domain in one.domains]
        for domain in closing(job.config.targets)
    }
    yield from of_domains(armed, remembered.domains, job.now())


def kept(
    job: Job,
    conditions: Iterable[Condition],
    unseen: Collection[str],
    here: Collection[str] | None = None,
) -> Turned:
    """Compare with what was the matter before, and keep what is; the rest as in ``turned``.

    Raises:
        StateError: the state can't be written, or another run wrote it meanwhile.
    """
    stored = records.load(job.store, CONDITIONS_KEY, CONDITIONS)
    again = job.config.alerts.again
    turn = turned(stored.value if stored else (), conditions, job.now(), unseen, again, here)
    if stored is None or stored.value != turn.watched:
        generation = stored.generation if stored else None
        records.save(job.store, CONDITIONS_KEY, CONDITIONS, turn.watched, generation)
    return turn


def watched(job: Job) -> tuple[Watched, ...]:
    """What was the matter when it was last looked.

    Raises:
        StateError: the state can't be read.
    """
    stored = records.load(job.store, CONDITIONS_KEY, CONDITIONS)
    return stored.value if stored else ()


def judged_by(job: Job) -> InForce | None:
    """The list in force at the end of the last pass; None before the first.

    A person may have accepted, restored or removed something since.

    Raises:
        StateError: the state can't be read.
    """
    stored = records.load(job.store, JUDGED_KEY, records.LIST)
    return stored.value if stored else None


def keep_judged_by(job: Job, now: InForce) -> None:
    """Keep the list by which a pass judged every target.

    Raises:
        StateError: the state can't be written, or another run wrote it meanwhile.
    """
    stored = records.load(job.store, JUDGED_KEY, records.LIST)
    if stored is None or stored.value != now:
        generation = stored.generation if stored else None
        records.save(job.store, JUDGED_KEY, records.LIST, now, generation)


def changed(before: InForce | None, now: InForce | None) -> tuple[AddressSet, AddressSet]:
    """What the list in force gained and lost; after a first list, all of it came."""
    was, wanted = (
        AddressSet.of(*(entry.network for entry in one.wanted)) if one else NOBODY
        for one in (before, now)
    )
    return wanted - was, was - wanted


def excused(config: Config) -> Iterator[Excused]:
    """What the configuration lets be until a moment."""
    for target in config.targets:
        where = f"targets[{target.index}] ({target.provider})"
        for also in target.also_allow:
            if end := _moment(also.until):
                yield Excused(f"also_allow {also.source}", where, also.owner, end)
        if target.accept_risk and (end := _moment(target.accept_risk.until)):
            yield Excused("accept_risk", where, target.accept_risk.by, end)
    for one in config.blind:
        if end := _moment(one.until):
            yield Excused("blind", one.scope, one.owner, end)


def _moment(until: UntilValue) -> datetime | None:
    """When it is over; a day counts whole, in UTC."""
    if until == "never":
        return None
    if isinstance(until, datetime):
        return until
    return datetime.combine(until, time(), tzinfo=UTC) + timedelta(days=1)
