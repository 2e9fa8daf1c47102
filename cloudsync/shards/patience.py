"""Waiting for the installation's lease, where somebody else works for a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from cloudsync.errors import LeaseError
from cloudsync.job import Job

T = TypeVar("T")

PATIENCE: Final = 900.0
"""So many seconds a shard waits for whoever fetches and vets, or gathers, or for another run."""
LONGEST: Final = 4 * 3600.0
"""So many seconds it waits for who begins its own run: 100,000 accounts take 20 minutes to list."""


def _never() -> bool:
    return False


def patiently(job: Job, work: Callable[[], T], awaited: Callable[[], bool] = _never) -> T:
    """What ``work`` gives, tried again for a while where another run is at work.

    What is ``awaited`` may take some hours: whoever dies over it loses its lease within minutes.

    Raises:
        LeaseError: it stayed so.
    """
    began = job.pace.monotonic()
    while True:
        try:
            return work()
        except LeaseError:
            if job.pace.monotonic() - began >= (LONGEST if awaited() else PATIENCE):
                raise
        job.pace.sleep(1.0)
