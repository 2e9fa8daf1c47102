"""How fast AWS is called: one token bucket an account, region and action; it calls nothing itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyrate_limiter import GCRA, Rate

# Bucket and refill a second of each class of action (EC2 API throttling). Every read here is
# paginated or filtered, which keeps it out of the slower class for whole listings.
_READ: Final = (100, 20)
_CHANGE: Final = (50, 5)
# STS answers hundreds a second. Of Organizations no figure is known that one could plan by: a page
# of 20 accounts each quarter of a second stays out of most trouble, and the SDK tries again.
_LOAN: Final = (600, 600)
_LISTING: Final = (20, 4)
# CloudTrail answers two questions a second (CloudTrail API reference, LookupEvents).
_TRAIL: Final = (2, 2)
_CHANGES: Final = frozenset(
    {
        "AuthorizeSecurityGroupIngress",
        "ModifyManagedPrefixList",
        "ModifySecurityGroupRules",
        "RestoreManagedPrefixListVersion",
        "RevokeSecurityGroupIngress",
        "UpdateSecurityGroupRuleDescriptionsIngress",
    }
)


class Pace:
    """Token buckets, filled as AWS fills its own, so that a large run is seldom throttled.

    Each action has a bucket of its own, as with AWS: one being empty doesn't hold up another.
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
        self._buckets: dict[tuple[str, str, str], tuple[Rate, tuple[float, ...]]] = {}
        self._algorithm: GCRA | None = None

    def wait(self, account: str, region: str, action: str, deadline: float | None = None) -> bool:
        """Take a token, waiting for one if need be; False where it would come after ``deadline``."""
        while True:
            seconds = self._take((account, region, action))
            if not seconds:
                return True
            if deadline is not None and self._clock() + seconds > deadline:
                return False
            self._sleep(seconds)

    def _take(self, key: tuple[str, str, str]) -> float:
        """Take a token; give the seconds until there is one, 0 where it was taken."""
        # Loaded late: only a run that calls AWS needs it.
        from pyrate_limiter import Duration, Rate, TokenBucket  # noqa: PLC0415

        with self._lock:
            if self._algorithm is None:
                self._algorithm = TokenBucket()
            rate, state = self._buckets.get(key, (None, ()))
            if rate is None:
                burst, refill = _class_of(key[2])
                rate = Rate(refill, Duration.SECOND, burst=burst)
                state = tuple(self._algorithm.initial([rate]))
            now = int(self._clock() * 1000)
            following, decision = self._algorithm.step([rate], state, now, 1)
            self._buckets[key] = (rate, tuple(following))
        # A clock that counts milliseconds may round the wait down to nothing.
        return 0.0 if decision.allowed else max(decision.retry_after_ms or 0, 1) / 1000


def _class_of(action: str) -> tuple[int, int]:
    if action in _CHANGES:
        return _CHANGE
    if action == "AssumeRole":
        return _LOAN
    if action == "LookupEvents":
        return _TRAIL
    return _LISTING if action.startswith("List") else _READ
