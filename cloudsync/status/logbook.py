"""The overview, kept in the state for whoever shows it; what it says is made in ``overview``."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Final

from cloudsync import records
from cloudsync.job import Job
from cloudsync.report import RunReport
from cloudsync.state import Conflict, Store
from cloudsync.status.after import after_calls, after_run
from cloudsync.status.document import OVERVIEW
from cloudsync.status.overview import Calls, Overview, Ran
from cloudsync.status.tally import here

OVERVIEW_KEY: Final = "overview"


def overview(store: Store) -> Overview | None:
    """What was last seen; None before the first run.

    Raises:
        StateError: the state can't be used as it is.
    """
    stored = records.load(store, OVERVIEW_KEY, OVERVIEW)
    return stored.value if stored else None


def keep_overview(job: Job, report: RunReport, ran: Ran) -> None:
    """Keep what is to be shown after a run.

    Raises:
        StateError: the state can't be written.
    """
    calls, throttled = _calls()
    ran = replace(ran, calls=calls, throttled=throttled)
    stored = records.load(job.store, OVERVIEW_KEY, OVERVIEW)
    generation = stored.generation if stored else None
    new = after_run(stored.value if stored else None, report, ran)
    del stored  # as large as the new one, which has still to be written
    # A run that ended in the same moment has said what is so.
    with suppress(Conflict):
        records.save(job.store, OVERVIEW_KEY, OVERVIEW, new, generation)


def keep_calls(job: Job) -> None:
    """Keep what clouds answered since the overview was kept, or in a run that ended without one.

    Raises:
        StateError: the state can't be written.
    """
    calls, throttled = _calls()
    if not calls:
        return
    stored = records.load(job.store, OVERVIEW_KEY, OVERVIEW)
    if stored is None:
        return
    new = after_calls(stored.value, calls, throttled)
    # A run that ended in the same moment has counted its own.
    with suppress(Conflict):
        records.save(job.store, OVERVIEW_KEY, OVERVIEW, new, stored.generation)


def _calls() -> tuple[tuple[Calls, ...], dict[str, int]]:
    asked, throttled = here().taken()
    return tuple(Calls(*what, times) for what, times in asked.items()), dict(throttled)
