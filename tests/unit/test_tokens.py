from __future__ import annotations

from cloudsync.tokens import Refill, TokenBuckets


class Clock:
    """Goes on only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Go on by so many seconds."""
        self.slept.append(round(seconds, 3))
        self.now += seconds


def test_a_burst_and_then_the_rate() -> None:
    """As many as the burst go at once; each one more waits for its share of a second."""
    clock = Clock()
    buckets = TokenBuckets(clock, clock.sleep)
    taken = [buckets.take("reads", Refill(3, 4)) for _ in range(5)]
    assert taken == [True] * 5
    assert clock.slept == [0.25, 0.25]


def test_one_empty_bucket_holds_up_no_other() -> None:
    """Each key has a bucket of its own."""
    clock = Clock()
    buckets = TokenBuckets(clock, clock.sleep)
    assert [buckets.take(key, Refill(1, 1)) for key in ("a", "b", ("a", "b"))] == [True] * 3
    assert clock.slept == []


def test_past_the_deadline_nothing_is_taken_nor_waited() -> None:
    """A token that would come too late isn't waited for, and is there for the next who asks."""
    clock = Clock()
    buckets = TokenBuckets(clock, clock.sleep)
    assert buckets.take("writes", Refill(1, 2), clock.now)
    assert not buckets.take("writes", Refill(1, 2), clock.now + 0.4)
    assert clock.slept == []
    assert buckets.take("writes", Refill(1, 2), clock.now + 0.6)
    assert clock.slept == [0.5]
