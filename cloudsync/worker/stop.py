"""Being told to stop: what is under way is finished, nothing more is begun; it ends no process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from cloudsync.job import Job

_AGES: Final = 1e10
_WEEK: Final = 7 * 86_400.0


class Stop:
    """Whether somebody said stop, and in which words; once said, it stays said."""

    def __init__(self) -> None:
        self._said = threading.Event()
        self.why = ""

    def say(self, why: str) -> None:
        """Have everything that heeds this end: ``why`` is for people (``SIGTERM``)."""
        self.why = self.why or why
        self._said.set()

    def __call__(self) -> bool:
        """Whether it was said."""
        return self._said.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until stop is said; gives whether it was."""
        return self._said.wait(seconds)


def heeding(job: Job, stop: Stop) -> Job:
    """``job``, whose run has its deadline the moment that ``stop`` is said.

    A deadline is what the run knows to end by: the call under way is finished, no step is begun
    after it, no wait goes on, and what wasn't looked at again is said. So time leaps when stop is
    said, and a run without a deadline of its own gets a distant one.
    """
    pace = job.pace
    # A simulated sleep takes no time, and stays.
    sleep: Callable[[float], object] = stop.wait if pace.sleep is time.sleep else pace.sleep

    def monotonic() -> float:
        return pace.monotonic() + (_AGES if stop() else 0.0)

    def wait(seconds: float) -> None:
        sleep(seconds)

    return replace(
        job,
        pace=replace(pace, monotonic=monotonic, sleep=wait),
        limit=_WEEK if job.limit is None else job.limit,
        stopped=stop,
    )
