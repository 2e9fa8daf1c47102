"""The simulated time: it moves only when somebody waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Clock:
    """Seconds since the simulation began, as a date and as a monotonic count."""

    seconds: float = 1_000.0

    def now(self) -> datetime:
        """The date, in UTC."""
        return EPOCH + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Wait: nothing else moves the time."""
        self.seconds += seconds
