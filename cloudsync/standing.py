"""What a person ordered at a target that still stands: a pause, a network let in; pure.

Each ends by itself. Nothing here opens anything: a pause only keeps cloudsync's hands off, and a
network that is allowed is wanted until then, like one of ``also_allow``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from cloudsync.addresses import Network
from cloudsync.immutable import immutable
from cloudsync.model import Mode, Note, Wanted
from cloudsync.provider import Remark

ALL: Final = "all"
"""In the place of a target: every one of the installation."""

LONGEST: Final = timedelta(days=7)
"""How long an order may stand. What is needed for longer belongs in the configuration."""


@immutable
class Pause:
    """Until then nothing is changed at ``target``, or at ``all``: it is only watched."""

    target: str
    until: datetime
    by: str
    reason: str
    at: datetime


@immutable
class Allowed:
    """Until then ``network`` is wanted at ``target``."""

    target: str
    network: Network
    until: datetime
    by: str
    reason: str
    at: datetime


@immutable
class Standing:
    """Every order that stands."""

    pauses: tuple[Pause, ...] = ()
    allowed: tuple[Allowed, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pauses or self.allowed)

    def at(self, now: datetime) -> Standing:
        """What hasn't ended at ``now``."""
        return Standing(
            tuple(one for one in self.pauses if now < one.until),
            tuple(one for one in self.allowed if now < one.until),
        )

    def pause(self, target: str) -> Pause | None:
        """The pause that keeps hands off ``target`` the longest, or None."""
        found = [one for one in self.pauses if one.target in {target, ALL}]
        return max(found, key=lambda one: one.until, default=None)

    def let_in(self, target: str) -> tuple[Allowed, ...]:
        """What is allowed at ``target``, in order."""
        found = [one for one in self.allowed if one.target == target]
        return tuple(sorted(found, key=lambda one: str(one.network)))


def overlaid(want: Wanted, target: str, standing: Standing) -> Wanted:
    """What is wanted of ``target`` with what was ordered there; ``want`` itself where nothing was."""
    if allowed := standing.let_in(target):
        more = {*want.also, *(one.network for one in allowed)}
        want = replace(want, also=tuple(sorted(more, key=str)))
    if standing.pause(target):
        want = replace(want, mode=Mode.WATCH)
    return want


def remarks(target: str, standing: Standing) -> Iterator[Remark]:
    """What a person should know of the orders that stand at ``target``."""
    if pause := standing.pause(target):
        who = f"by {pause.by}, until {pause.until:%Y-%m-%d %H:%M} UTC: {pause.reason}"
        yield Remark(target, f"paused {who}. Nothing is changed here until then", Note.PAUSED)
    for one in standing.let_in(target):
        yield Remark(
            target,
            f"{one.network} is let in by {one.by}, until {one.until:%Y-%m-%d %H:%M} UTC: {one.reason}",
        )
