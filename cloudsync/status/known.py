"""What is known of one tenant at one moment; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Final

from cloudsync.allowlist import InForce
from cloudsync.conditions.turn import Watched
from cloudsync.config import Config
from cloudsync.holds import Hold
from cloudsync.immutable import immutable
from cloudsync.standing import Standing
from cloudsync.status.overview import Overview
from cloudsync.worker.punctual import Counts

HOUR: Final = timedelta(hours=1)
SWEEPS: Final = 3
"""So many sweeps without a look are no accident: one may be left out, and one be slow."""


@immutable
class Approved:
    """What somebody let through."""

    at: datetime
    subject: str
    by: str
    reason: str


@immutable
class Known:
    """One tenant: its configuration, and what its state says.

    ``approved`` are the latest first, ``watched`` what is or was the matter, ``undoable`` the runs that took something from somebody,
    ``punctual`` how the scheduled worker's runs came, by their kind.
    """

    config: Config
    now: datetime
    overview: Overview | None = None
    in_force: InForce | None = None
    holds: tuple[Hold, ...] = ()
    standing: Standing = field(default_factory=Standing)
    approved: tuple[Approved, ...] = ()
    watched: tuple[Watched, ...] = ()
    undoable: frozenset[str] = field(default_factory=frozenset[str])
    punctual: Mapping[str, Counts] = field(default_factory=dict[str, Counts])

    @property
    def name(self) -> str:
        """The tenant's name."""
        return self.config.name

    @property
    def old_after(self) -> timedelta:
        """After how long without a look what is known is old: some sweeps, where a schedule is stated.

        Else it is an hour. A run that takes longer than the interval has the next ones left out, so
        its length counts too.
        """
        if not self.config.states("schedule"):
            return HOUR
        schedule = self.config.schedule
        took = timedelta(seconds=sum(self.overview.stages.values()) if self.overview else 0.0)
        return SWEEPS * max(schedule.sweep, took) + schedule.jitter

    def stale(self, after: timedelta | None = None) -> bool:
        """Whether the last look at every target is too long ago to be believed, or there was none.

        ``after`` says how long that is; None leaves it to ``old_after``.
        """
        if self.overview is None or self.overview.looked_at is None:
            return True
        return self.now - self.overview.looked_at > (self.old_after if after is None else after)
