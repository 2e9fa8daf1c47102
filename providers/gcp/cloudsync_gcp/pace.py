"""How fast GCP is called: one token bucket a project and class of call; it calls nothing itself.

Google counts calls a project and minute in groups, and tells the numbers in its console alone
(Compute Engine, "API rate quotas"). So the rate here is a modest one, well below the smallest
default that was ever published, and an answer of rateLimitExceeded is waited out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyrate_limiter import GCRA, Rate

# Bucket and refill a second.
_READ: Final = (60, 10)
_CHANGE: Final = (20, 5)


class Pace:
    """Token buckets; ``clock`` gives seconds that never go back, ``sleep`` waits."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, bool], tuple[Rate, tuple[float, ...]]] = {}
        self._algorithm: GCRA | None = None

    def wait(self, project: str, deadline: float | None = None, *, change: bool = False) -> bool:
        """Take a token, waiting for one if need be; False where it would come after ``deadline``."""
        while True:
            seconds = self._take((project, change))
            if not seconds:
                return True
            if deadline is not None and self._clock() + seconds > deadline:
                return False
            self._sleep(seconds)

    def _take(self, key: tuple[str, bool]) -> float:
        """Take a token; give the seconds until there is one, 0 where it was taken."""
        # Loaded late: only a run that calls GCP needs it.
        from pyrate_limiter import Duration, Rate, TokenBucket  # noqa: PLC0415

        with self._lock:
            if self._algorithm is None:
                self._algorithm = TokenBucket()
            rate, state = self._buckets.get(key, (None, ()))
            if rate is None:
                burst, refill = _CHANGE if key[1] else _READ
                rate = Rate(refill, Duration.SECOND, burst=burst)
                state = tuple(self._algorithm.initial([rate]))
            now = int(self._clock() * 1000)
            following, decision = self._algorithm.step([rate], state, now, 1)
            self._buckets[key] = (rate, tuple(following))
        # A clock that counts milliseconds may round the wait down to nothing.
        return 0.0 if decision.allowed else max(decision.retry_after_ms or 0, 1) / 1000
