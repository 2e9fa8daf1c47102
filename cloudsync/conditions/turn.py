"""From one pass to the next: which conditions began, changed, ended, and which somebody is told of.

One hears of a condition once when it begins, once whenever what is at stake changes, and once when
it is over; then again after a while, as long as it lasts. What comes and goes is told as that, and
not each time; what changes all the time, once an hour. What couldn't be looked at hasn't ended, and
of what nobody looks at any more it isn't said that it has. A time that lies ahead is that of a clock
which leapt and came back: it keeps nobody from hearing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

from cloudsync.conditions.condition import (
    BY_LOOK,
    MOMENTS,
    OF_TARGETS,
    Condition,
    ConditionKind,
    Key,
)
from cloudsync.immutable import immutable

Event = Literal["began", "changed", "ended", "lasts", "flaps", "left"]

DAY: Final = timedelta(days=1)
FLAPS: Final = 3
"""So many beginnings or changes in a day are one story, and no longer news each time."""

CALM: Final = timedelta(hours=1)
"""So long, at least, must what came and went stay away before it has ended, or stay before it is
told that it does; so long must what changes all the time wait before it is told of again."""

AGAIN: Final = timedelta(days=1)
"""After so long one is told again of what lasts."""

WAITS: Final = timedelta(hours=4)
"""After so long one is told again, the first time, of what waits for a person."""


@immutable
class Watched:
    """A condition over time.

    ``first`` and ``last`` are when it was first and last seen to hold, without a break between
    them; ``ended`` is when it was seen not to hold any more, or None. ``began`` are its beginnings
    within a day. ``told`` is when somebody was last told that it holds, or None. ``changes`` are when
    they were told within a day that it had changed, and ``unsaid`` is whether it has since.
    """

    condition: Condition
    first: datetime
    last: datetime
    ended: datetime | None = None
    began: tuple[datetime, ...] = ()
    told: datetime | None = None
    changes: tuple[datetime, ...] = ()
    unsaid: bool = False

    @property
    def stands(self) -> bool:
        """Whether it holds now, as far as anybody knows."""
        return self.ended is None

    @property
    def flaps(self) -> bool:
        """Whether it comes and goes."""
        return len(self.began) >= FLAPS

    @property
    def calm(self) -> timedelta:
        """How long it must stay away to be over: longer than it did between its last beginnings."""
        last = self.began[-FLAPS:]
        gaps = (later - sooner for sooner, later in pairwise(last))
        return max(CALM, *gaps)


@immutable
class Told:
    """What somebody is to be told of a condition now."""

    event: Event
    watched: Watched


@immutable
class Turned:
    """What is remembered after a pass, in the order of kinds and subjects, and what is to be told."""

    watched: tuple[Watched, ...]
    tell: tuple[Told, ...]

    @property
    def standing(self) -> tuple[Watched, ...]:
        """What holds now."""
        return tuple(one for one in self.watched if one.stands)


def turned(
    before: Iterable[Watched],
    found: Iterable[Condition],
    now: datetime,
    unseen: Collection[str] = (),
    again: timedelta = AGAIN,
    here: Collection[str] | None = None,
) -> Turned:
    """What becomes of the conditions ``before`` with those that a pass ``found``.

    ``unseen`` are the targets that the pass couldn't look at: what was the matter with them still
    is. ``here`` are all the targets that it asked for, None where that isn't known. Of two conditions of one kind and subject the first counts. ``again`` is after how long one
    is told of what lasts.
    """
    known = {one.condition.key: one for one in before}
    new: dict[Key, Condition] = {}
    for condition in found:
        new.setdefault(condition.key, condition)
    watched: list[Watched] = []
    tell: list[Told] = []
    for key in sorted({*known, *new}, key=_order):
        if key in new:
            one, event = _holds(known.get(key), new[key], now, again)
        else:
            one, event = _holds_no_more(known[key], now, unseen)
            if event == "ended" and here is not None and _is_left(one.condition, here):
                event = "left"
        if event:
            tell.append(Told(event, one))
        if one.stands or one.began or now - (one.ended or now) < DAY:
            watched.append(one)
    return Turned(tuple(watched), tuple(tell))


def _is_left(condition: Condition, here: Collection[str]) -> bool:
    return condition.kind in OF_TARGETS and condition.subject not in here


_ORDER: Final = tuple(ConditionKind)


def _order(key: Key) -> tuple[int, str]:
    return _ORDER.index(key[0]), key[1]


def _holds(
    old: Watched | None, condition: Condition, now: datetime, again: timedelta
) -> tuple[Watched, Event | None]:
    """A condition that a pass found, and what is told of it."""
    if old is None or not old.stands:
        return _begins(old, condition, now, again)
    if replace(condition, cause=old.condition.cause).says_as(old.condition):
        # The list changes at a moment: a pass later nobody sees any more that it was its doing.
        condition = replace(condition, cause=old.condition.cause)
    one = replace(
        old, condition=condition, first=min(old.first, now), last=now, began=_recent(old.began, now),
        changes=_recent(old.changes, now),
    )  # fmt: skip
    if old.unsaid or not condition.says_as(old.condition):
        if len(one.changes) >= FLAPS and not _due(one.told, now, CALM):
            return replace(one, unsaid=True), None
        return replace(one, told=now, changes=(*one.changes, now), unsaid=False), "changed"
    # Whoever heard that it comes and goes doesn't know that it has come to stay.
    stays = one.flaps and now - one.first >= CALM and one.told and one.told < one.first
    held = condition.kind is ConditionKind.HELD
    first_reminder = held and one.told is not None and one.told - one.first < WAITS
    if stays or _due(one.told, now, WAITS if first_reminder else again):
        return replace(one, told=now), "lasts"
    return one, None


def _begins(
    old: Watched | None, condition: Condition, now: datetime, again: timedelta
) -> tuple[Watched, Event | None]:
    """A condition that didn't hold a pass ago, and what is told of it."""
    recent = (*(_recent(old.began, now) if old else ()), now)
    over = now if condition.kind in MOMENTS else None
    one = Watched(condition, now, now, over, recent, old.told if old else None)
    if not one.flaps:
        return replace(one, told=now), "began"
    # Each change of the list is another one, and none is told by the next.
    quiet = CALM if condition.kind is ConditionKind.LIST_CHANGED else again
    if len(recent) == FLAPS or _due(one.told, now, quiet):
        return replace(one, told=now), "flaps"
    return one, None


def _holds_no_more(
    old: Watched, now: datetime, unseen: Collection[str]
) -> tuple[Watched, Event | None]:
    """A condition that a pass didn't find, and what is told of it."""
    if old.stands and old.condition.kind in BY_LOOK and old.condition.subject in unseen:
        return old, None
    one = replace(old, ended=min(old.ended or now, now), began=_recent(old.began, now))
    if one.told is None or old.condition.kind in MOMENTS:
        return one, None
    if old.flaps and now - (one.ended or now) < old.calm:
        return one, None
    # Once it is told that it is over, nothing of it is left to tell.
    return replace(one, told=None), "ended"


def _recent(times: Iterable[datetime], now: datetime) -> tuple[datetime, ...]:
    return tuple(at for at in times if abs(now - at) < DAY)


def _due(told: datetime | None, now: datetime, again: timedelta) -> bool:
    return told is None or now - told >= again or told - now > again
