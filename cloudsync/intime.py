"""The deadline of a run: what wasn't reached before it is said, never guessed; it calls no cloud itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Final

from cloudsync.provider import Outcome, Provider, Scope, Snapshot, Unreadable

MORE_TIME: Final = "Give the run a later deadline, or fewer targets."


def late(deadline: float | None, monotonic: Callable[[], float]) -> bool:
    """Whether ``deadline``, on that clock, has passed; None never does."""
    return deadline is not None and monotonic() >= deadline


def looked_enough(deadline: float | None, limit: float | None) -> float | None:
    """From when on, on the deadline's clock, a run that has found something to change looks no further.

    ``limit`` is how many seconds it may take in all, and the last quarter of them is for the changes.
    A look that took all of the time would see what is wrong at each pass, and never mend it.
    """
    return None if deadline is None or limit is None else deadline - limit / 4


def first(run: str, count: int) -> int:
    """The number of the scope, of ``count``, that the run called ``run`` looks at first.

    Each run begins somewhere else: where time is too short for all of them, it would else be the
    same ones that nobody ever looks at. A run without a name begins at the first.
    """
    digest = hashlib.sha256(run.encode()).digest()
    return int.from_bytes(digest[:8]) % count if run and count else 0


def unreached(scope: str) -> Unreadable:
    """A scope, or what is left of it, that the run had no time for."""
    return Unreadable(scope, "not reached before the deadline", MORE_TIME)


def not_begun() -> Outcome:
    """A step that was due after the deadline."""
    return Outcome(
        "throttled", "not begun, since the run's deadline had passed", "The next run goes on here."
    )


def pages(
    provider: Provider,
    scope: Scope,
    only: frozenset[str] | None,
    deadline: float | None,
    monotonic: Callable[[], float],
) -> Iterator[Snapshot | Unreadable]:
    """What the provider sees of ``scope`` before the deadline, page by page.

    A provider is told the deadline and should heed it. A page of one that doesn't, read all the
    same after the deadline, is dropped: then the rest of the scope counts as not reached.
    """
    if late(deadline, monotonic):
        yield unreached(scope.name)
        return
    for seen in provider.observe(scope, only, deadline):
        if late(deadline, monotonic) and not isinstance(seen, Unreadable):
            yield unreached(scope.name)
            return
        yield seen
