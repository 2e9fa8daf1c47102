"""Letters that wait to be sent, and when each is tried again; pure.

A letter is kept before it is sent: a process that dies sends it twice rather than never.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from cloudsync.alert.letters import Letter
from cloudsync.conditions.condition import Condition, ConditionKind, Severity
from cloudsync.immutable import immutable

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)
KEPT: Final = 50
"""So many letters wait for one channel; beyond them the least grave of the oldest go."""

TRIES: Final = 2
"""After so many failures in a row somebody else has to hear of it."""

_SEVERITIES: Final = tuple(Severity)


@immutable
class Waiting:
    """A letter that hasn't been sent: how often it was tried, why in vain, and when it is due."""

    letter: Letter
    due: datetime
    tried: int = 0
    error: str = ""

    def failed(self, error: str, now: datetime) -> Waiting:
        """After another try in vain: twice the wait, to an hour."""
        wait = min(FIRST_WAIT * 2**self.tried, LONGEST_WAIT)
        return replace(self, due=now + wait, tried=self.tried + 1, error=error)


@immutable
class Outbox:
    """What waits, the oldest first, and how many letters had to be dropped, by channel."""

    waiting: tuple[Waiting, ...] = ()
    dropped: Mapping[str, int] | None = None

    def with_(self, letters: Iterable[Letter]) -> Outbox:
        """With these letters too, due at once."""
        return Outbox(
            (*self.waiting, *(Waiting(one, one.at) for one in letters)), self.dropped
        ).cut()

    def cut(self) -> Outbox:
        """No more than ``KEPT`` for one channel: lost mail outlasts a note."""
        dropped = dict(self.dropped or {})
        left = list(self.waiting)
        for channel in {one.letter.channel for one in left}:
            mine = [one for one in left if one.letter.channel == channel]
            for gone in sorted(mine, key=_worth)[: max(0, len(mine) - KEPT)]:
                left.remove(gone)
                dropped[channel] = dropped.get(channel, 0) + 1
        return Outbox(tuple(left), dropped)

    def due(self, now: datetime) -> tuple[Waiting, ...]:
        """What is to be tried now, the gravest first, then the oldest.

        A clock that went back far holds nothing up for long.
        """
        due = (one for one in self.waiting if one.due <= now or one.due > now + LONGEST_WAIT)
        return tuple(sorted(due, key=lambda one: (-_worth(one)[0], one.letter.at)))

    def sent(self, one: Waiting) -> Outbox:
        """Without a letter that was sent; what was dropped before it is forgotten with it."""
        dropped = {key: n for key, n in (self.dropped or {}).items() if key != one.letter.channel}
        return Outbox(tuple(each for each in self.waiting if each != one), dropped)

    def changed(self, one: Waiting, to: Waiting) -> Outbox:
        """With ``to`` in the place of ``one``."""
        return replace(self, waiting=tuple(to if each == one else each for each in self.waiting))

    def of(self, channels: Iterable[str]) -> Outbox:
        """What waits for channels that there are."""
        known = set(channels)
        dropped = {key: n for key, n in (self.dropped or {}).items() if key in known}
        return Outbox(tuple(one for one in self.waiting if one.letter.channel in known), dropped)


def _worth(one: Waiting) -> tuple[int, datetime]:
    """What may go first: the least grave, then the oldest."""
    return -_SEVERITIES.index(one.letter.severity), one.letter.at


def undelivered(outbox: Outbox) -> Iterator[Condition]:
    """Each channel that can't be reached, with how many letters wait for it."""
    for channel in sorted({one.letter.channel for one in outbox.waiting if one.tried >= TRIES}):
        mine = [one for one in outbox.waiting if one.letter.channel == channel]
        worst = max(mine, key=lambda one: one.tried)
        lost = (outbox.dropped or {}).get(channel, 0)
        gone = f", and {lost:,} had to be dropped" if lost else ""
        yield Condition(
            ConditionKind.UNDELIVERED,
            channel,
            f"Alerts don't get through on channel {channel}.",
            f"They wait, and are tried again{gone}. The last error: {worst.error}.",
            f"cloudsync alert test --channel {channel} tries it by hand.",
        )
