"""Whether the runs of a tenant come when they are due, counted and put into words; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta

from cloudsync.immutable import immutable
from cloudsync.report.words import counted


@immutable
class Counts:
    """What became of the runs of one kind of one tenant since the worker began.

    ``late`` are those that began more than an interval after they were due; ``left_out`` those that
    weren't begun because the one before was still at work; ``broken`` those that ended in a way
    that none should. ``since`` is when the one under way began, ``ended`` when the last one ended.
    """

    begun: int = 0
    late: int = 0
    left_out: int = 0
    broken: int = 0
    exits: Mapping[int, int] = field(default_factory=dict[int, int])
    since: datetime | None = None
    ended: datetime | None = None
    behind: str = ""
    """What was late since the last run that ended, in words; empty where nothing was."""
    in_a_row: int = 0
    """How many were left out since the last run that ended."""

    @property
    def late_by_much(self) -> str:
        """``behind``, unless it is that one run alone was left out: a slow run is no alarm."""
        return "" if self.in_a_row == 1 else self.behind

    def beginning(self, now: datetime) -> Counts:
        """A run begins."""
        return replace(self, begun=self.begun + 1, since=now)

    def ending(self, now: datetime, code: int) -> Counts:
        """It ended, with this exit code."""
        exits = {**self.exits, code: self.exits.get(code, 0) + 1}
        return replace(self, exits=exits, since=None, ended=now, behind="", in_a_row=0)

    def breaking(self, now: datetime) -> Counts:
        """It ended in a way that none should."""
        return replace(self, broken=self.broken + 1, since=None, ended=now)

    def lagging(self, lag: timedelta) -> Counts:
        """A run begins this long after it was due."""
        what = f"the run began {length(lag)} after it was due"
        return replace(self, late=self.late + 1, behind=what)

    def leaving_out(self, now: datetime, every: timedelta) -> Counts:
        """A run was due, and the one before is still at work."""
        at_work = f". It has been at work for {length(now - self.since)}" if self.since else ""
        what = (
            f"a run every {length(every)} is due, and the one before isn't over{at_work}; "
            f"{counted(self.left_out + 1, 'run')} left out since the worker began"
        )
        return replace(self, left_out=self.left_out + 1, in_a_row=self.in_a_row + 1, behind=what)


def length(time: timedelta) -> str:
    """``45 s``, ``12 min``, ``3 h``, ``2 d``: as near as somebody who is woken needs it."""
    seconds = max(int(time.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
