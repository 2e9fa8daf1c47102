"""How fast Azure is called: one token bucket a subscription and kind of call; it calls nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Literal

from cloudsync.tokens import Refill, TokenBuckets

Kind = Literal["read", "write"]

# As published (Azure documentation, "Understand how Azure Resource Manager throttles
# requests"): 250 and 25 for reads, 200 and 10 for writes. The network provider takes 1,000 writes
# in five minutes besides, which is slower.
_REFILLS: Final[dict[Kind, Refill]] = {"read": Refill(250, 25), "write": Refill(200, 3)}


class Pace:
    """Reads and writes of a subscription, each at its own pace.

    ``clock`` gives seconds that never go back, ``sleep`` waits.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._buckets = TokenBuckets(clock, sleep)

    def wait(self, subscription: str, kind: Kind, deadline: float | None = None) -> bool:
        """Wait until the call may be made; False where that would be after ``deadline``."""
        return self._buckets.take((subscription, kind), _REFILLS[kind], deadline)
