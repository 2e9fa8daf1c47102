"""The deadline of a run: what wasn't reached before it is said, never guessed; it calls no cloud itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from cloudsync.provider import Outcome, Provider, Scope, Snapshot, Unreadable

MORE_TIME: Final = "Give the run a later deadline, or fewer targets."


def late(deadline: float | None, monotonic: Callable[[], float]) -> bool:
    """Whether ``deadline``, on that clock, has passed; None never does."""
    return deadline is not None and monotonic() >= deadline


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
