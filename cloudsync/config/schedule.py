"""When the worker works, and who is told that it lives; it starts no clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from cloudsync.config.refusal import refused
from cloudsync.config.settings import Settings
from cloudsync.config.shape import text
from cloudsync.config.times import Duration, written_duration


class Schedule(Settings):
    """How often the worker does its work, while it runs."""

    fetch: Duration = timedelta(hours=1)
    """How often the list is fetched; that run makes every target right too."""
    sweep: Duration = timedelta(minutes=5)
    """How often every target is looked at and made right with the list in force."""
    jitter: Duration = timedelta(seconds=30)
    """How much later, at most, a run may begin, so that not all begin at once."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        if self.sweep < timedelta(seconds=1):
            raise refused("a sweep every 0s never ends", "Write 1s or more.", below=("sweep",))
        if self.fetch < self.sweep:
            raise refused(
                f"fetch: {written_duration(self.fetch)} is shorter than sweep: "
                f"{written_duration(self.sweep)}, and fetching sweeps too",
                "Shorten sweep:.",
                below=("fetch",),
            )
        if self.jitter > self.sweep:
            raise refused(
                f"jitter: {written_duration(self.jitter)} is longer than sweep: "
                f"{written_duration(self.sweep)}",
                "Shorten it.",
                below=("jitter",),
            )


class Ping(Settings):
    """The monitor that raises the alarm where it hears nothing of the worker."""

    url_env: Annotated[str, text(r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
    """The environment variable that holds the URL: whoever knows the URL could keep it quiet."""
