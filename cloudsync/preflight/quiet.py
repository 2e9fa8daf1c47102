"""How long a domain has been clean, look by look; it reads no clock and asks nobody.

The article asks to wait a week once the MX records are right, since caches go on sending mail to
those of yesterday. RFC 8767 (section 4) takes seven days for the longest sensible cache life.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from cloudsync.immutable import immutable
from cloudsync.preflight.verdict import State

WEEK: Final = timedelta(days=7)
GAP: Final = timedelta(hours=48)
"""The longest time between two clean looks that counts as clean."""

_NOTHING: Final = timedelta(0)


@immutable
class Memory:
    """What is remembered of a domain.

    ``since`` is the first clean look after the last dirty one, ``clean`` the last one, ``counted``
    the time between that has counted. ``ttl`` is the longest that a dirty look may be remembered
    by caches, in seconds. ``found`` is what stood against it at the last look that said anything.
    """

    looked: datetime
    since: datetime | None = None
    clean: datetime | None = None
    counted: timedelta = _NOTHING
    dirty: datetime | None = None
    ttl: int = 0
    found: tuple[str, ...] = ()

    @property
    def is_dirty(self) -> bool:
        """Whether the last look that said anything was dirty."""
        return self.dirty is not None and self.clean is None

    @property
    def needed(self) -> timedelta:
        """How long it has to stay clean."""
        return max(WEEK, timedelta(seconds=self.ttl))

    def left(self, now: datetime) -> timedelta:
        """How much of that is still to come at ``now``; more than nothing where the look is old.

        Without a clean look in the last 48 hours, or with one in the future, since the clock went
        back, it isn't over.
        """
        fresh = self.clean is not None and _NOTHING <= now - self.clean <= GAP
        missing = max(_NOTHING, self.needed - self.counted)
        return missing if fresh or missing else timedelta(seconds=1)

    def passed(self, now: datetime) -> bool:
        """Whether the domain has been clean for long enough at ``now``."""
        return self.left(now) == _NOTHING


def after(
    memory: Memory | None, state: State, ttl: int, now: datetime, found: tuple[str, ...] = ()
) -> Memory:
    """What is remembered after one more look; an unknown one neither counts nor resets."""
    known = memory or Memory(now)
    if state is State.UNKNOWN:
        return replace(known, looked=now, found=known.found if known.is_dirty else found)
    if state is State.DIRTY:
        return Memory(now, dirty=now, ttl=max(known.ttl, ttl), found=found)
    passed = now - known.clean if known.clean else _NOTHING
    counts = passed if _NOTHING < passed <= GAP else _NOTHING
    return replace(
        known, looked=now, since=known.since or now, clean=now, counted=known.counted + counts,
        found=(),
    )  # fmt: skip
