"""How fast AWS is called: one token bucket an account, region and action; it calls nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from cloudsync.tokens import Refill, TokenBuckets

# Of each class of action (EC2 API throttling). Every read here is
# paginated or filtered, which keeps it out of the slower class for whole listings.
_READ: Final = Refill(100, 20)
_CHANGE: Final = Refill(50, 5)
# STS answers hundreds a second. Of Organizations no figure is known that one could plan by: a page
# of 20 accounts each quarter of a second stays out of most trouble, and the SDK tries again.
_LOAN: Final = Refill(600, 600)
_LISTING: Final = Refill(20, 4)
# CloudTrail answers two questions a second (CloudTrail API reference, LookupEvents).
_TRAIL: Final = Refill(2, 2)
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
    """Each action of an account in a region at its own pace, as with AWS.

    ``clock`` gives seconds that never go back, ``sleep`` waits.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._buckets = TokenBuckets(clock, sleep)

    def wait(self, account: str, region: str, action: str, deadline: float | None = None) -> bool:
        """Wait until the call may be made; False where that would be after ``deadline``."""
        return self._buckets.take((account, region, action), _refill(action), deadline)


def _refill(action: str) -> Refill:
    if action in _CHANGES:
        return _CHANGE
    if action == "AssumeRole":
        return _LOAN
    if action == "LookupEvents":
        return _TRAIL
    return _LISTING if action.startswith("List") else _READ
