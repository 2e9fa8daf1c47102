"""How fast GCP is called: one token bucket a project and class of call; it calls nothing itself.

Google counts calls a project and minute in groups, and tells the numbers in its console alone
(Compute Engine, "API rate quotas"). So the rate here is a modest one, well below the smallest
default that was ever published, and an answer of rateLimitExceeded is waited out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from cloudsync.tokens import Refill, TokenBuckets

_READ: Final = Refill(60, 10)
_CHANGE: Final = Refill(20, 5)


class Pace:
    """Reads and changes of a project, each at its own pace.

    ``clock`` gives seconds that never go back, ``sleep`` waits.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._buckets = TokenBuckets(clock, sleep)

    def wait(self, project: str, deadline: float | None = None, *, change: bool = False) -> bool:
        """Wait until the call may be made; False where that would be after ``deadline``."""
        return self._buckets.take((project, change), _CHANGE if change else _READ, deadline)
