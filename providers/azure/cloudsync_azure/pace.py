"""How fast Azure is called: one token bucket a subscription and kind of call; it calls nothing itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pyrate_limiter import GCRA, Rate

Kind = Literal["read", "write"]

# Bucket and refill a second (Azure documentation, "Understand how Azure Resource Manager throttles
# requests"): 250 and 25 for reads, 200 and 10 for writes. The network provider takes 1,000 writes
# in five minutes besides, which is slower.
_RATES: Final[dict[Kind, tuple[int, int]]] = {"read": (250, 25), "write": (200, 3)}


class Pace:
    """Token buckets, filled as Azure fills its own, so that a large run is seldom throttled.

    ``clock`` gives seconds that never go back.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, Kind], tuple[Rate, tuple[float, ...]]] = {}
        self._algorithm: GCRA | None = None

    def wait(self, subscription: str, kind: Kind, deadline: float | None = None) -> bool:
        """Take a token, waiting for one if need be; False where it would come after ``deadline``."""
        while True:
            seconds = self._take((subscription, kind))
            if not seconds:
                return True
            if deadline is not None and self._clock() + seconds > deadline:
                return False
            self._sleep(seconds)

    def _take(self, key: tuple[str, Kind]) -> float:
        """Take a token; give the seconds until there is one, 0 where it was taken."""
        # Loaded late: only a run that calls Azure needs it.
        from pyrate_limiter import Duration, Rate, TokenBucket  # noqa: PLC0415

        with self._lock:
            if self._algorithm is None:
                self._algorithm = TokenBucket()
            rate, state = self._buckets.get(key, (None, ()))
            if rate is None:
                burst, refill = _RATES[key[1]]
                rate = Rate(refill, Duration.SECOND, burst=burst)
                state = tuple(self._algorithm.initial([rate]))
            now = int(self._clock() * 1000)
            following, decision = self._algorithm.step([rate], state, now, 1)
            self._buckets[key] = (rate, tuple(following))
        # A clock that counts milliseconds may round the wait down to nothing.
        return 0.0 if decision.allowed else max(decision.retry_after_ms or 0, 1) / 1000
