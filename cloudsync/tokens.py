"""Token buckets, filled as a cloud fills its own, so that a large run is seldom throttled; they call nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pyrate_limiter import GCRA, Rate


class Refill(NamedTuple):
    """How many calls may be made at once, and how many more each second."""

    burst: int
    each_second: int


class TokenBuckets:
    """A bucket for each key, full at first: one being empty doesn't hold up another.

    ``clock`` gives seconds that never go back, ``sleep`` waits.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._held: dict[Hashable, tuple[Rate, tuple[float, ...]]] = {}
        self._algorithm: GCRA | None = None

    def take(self, key: Hashable, refill: Refill, deadline: float | None = None) -> bool:
        """Take a token, waiting for one if need be; False where it would come after ``deadline``.

        A bucket keeps the refill that it was first asked with.
        """
        while True:
            seconds = self._missing(key, refill)
            if not seconds:
                return True
            if deadline is not None and self._clock() + seconds > deadline:
                return False
            self._sleep(seconds)

    def _missing(self, key: Hashable, refill: Refill) -> float:
        """Take a token; the seconds until there is one, 0 where it was taken."""
        # Loaded late: only a run that calls a cloud needs it.
        from pyrate_limiter import Duration, Rate, TokenBucket  # noqa: PLC0415

        with self._lock:
            if self._algorithm is None:
                self._algorithm = TokenBucket()
            rate, state = self._held.get(key, (None, ()))
            if rate is None:
                rate = Rate(refill.each_second, Duration.SECOND, burst=refill.burst)
                state = tuple(self._algorithm.initial([rate]))
            now = int(self._clock() * 1000)
            following, decision = self._algorithm.step([rate], state, now, 1)
            self._held[key] = (rate, tuple(following))
        # A clock that counts milliseconds may round the wait down to nothing.
        return 0.0 if decision.allowed else max(decision.retry_after_ms or 0, 1) / 1000
