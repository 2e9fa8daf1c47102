"""Waiting for the installation's lease, where somebody else works for a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from cloudsync.errors import LeaseError
from cloudsync.job import Job

T = TypeVar("T")

PATIENCE: Final = 900.0
"""So many seconds a shard waits for whoever fetches and vets, or gathers, or for another run."""


def patiently(job: Job, work: Callable[[], T]) -> T:
    """What ``work`` gives, tried again for a while where another run is at work.

    Raises:
        LeaseError: it stayed so.
    """
    end = job.pace.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except LeaseError:
            if job.pace.monotonic() >= end:
                raise
        job.pace.sleep(1.0)
