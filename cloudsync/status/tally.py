"""How often the clouds were asked, and what they answered, counted where a call is made.

Each job counts for itself: the count belongs to the context it was opened in, and threads that are
begun from there take it along.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from cloudsync import trace
from cloudsync.immutable import immutable

Asked = tuple[str, str, str]
"""Provider, operation as the vendor calls it, and code: ``ok``, the vendor's own, or ``lost``."""

OK: Final = trace.OK
LOST: Final = "lost"


@immutable
class Sofar:
    """How far a job has come: targets looked at, what couldn't be, answers, and those to slow down;
    steps that were done, and those that weren't.
    """

    targets: int
    unreadable: int
    answers: int
    throttled: int
    steps: int = 0
    failed: int = 0


@dataclass
class Tally:
    """What was asked since it was last taken out."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asked: Counter[Asked] = field(default_factory=Counter[Asked])
    _throttled: Counter[str] = field(default_factory=Counter[str])
    _ever: Counter[str] = field(default_factory=Counter[str])

    def saw(self, *, targets: int = 0, unreadable: int = 0) -> None:
        """So many targets were looked at, or so many scopes or targets couldn't be."""
        with self._lock:
            self._ever["targets"] += targets
            self._ever["unreadable"] += unreadable

    def did(self, *, done: bool) -> None:
        """A step ended."""
        with self._lock:
            self._ever["steps" if done else "failed"] += 1

    def sofar(self) -> Sofar:
        """How far it has come since the job was opened."""
        with self._lock:
            ever = self._ever
            return Sofar(
                ever["targets"], ever["unreadable"], ever["answers"], ever["throttled"],
                ever["steps"], ever["failed"],
            )  # fmt: skip

    def count(self, asked: Asked, *, throttled: bool) -> None:
        """One answer, or one that didn't come."""
        with self._lock:
            self._asked[asked] += 1
            self._ever["answers"] += 1
            if throttled:
                self._throttled[asked[0]] += 1
                self._ever["throttled"] += 1

    def add(self, asked: Mapping[Asked, int], throttled: Mapping[str, int]) -> None:
        """What another process counted."""
        with self._lock:
            self._asked.update(asked)
            self._throttled.update(throttled)

    def taken(self) -> tuple[Counter[Asked], Counter[str]]:
        """What was counted, by what was asked, and how often each provider said to slow down."""
        with self._lock:
            found = self._asked, self._throttled
            self._asked, self._throttled = Counter(), Counter()
        return found


_HERE: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def counting() -> Generator[Tally]:
    """Count for whoever runs in this block, and in threads that are begun in it."""
    token = _HERE.set(Tally())
    try:
        yield here()
    finally:
        _HERE.reset(token)


def here() -> Tally:
    """The count of this context; outside of any, one that nobody looks at."""
    return _HERE.get() or Tally()


def called(
    provider: str, operation: str, code: str, *, throttled: bool = False, since: int | None = None
) -> None:
    """Count one answer of ``provider``, and have it in the run's trace.

    ``since`` is when the call began, as ``trace.began`` gives it.
    """
    here().count((provider, operation, code or LOST), throttled=throttled)
    trace.answered(provider, operation, code or LOST, since, throttled=throttled)


def saw(*, targets: int = 0, unreadable: int = 0) -> None:
    """Count what a look saw, for whoever waits for it."""
    here().saw(targets=targets, unreadable=unreadable)


def did(*, done: bool) -> None:
    """Count a step that ended, for whoever waits for it."""
    here().did(done=done)
