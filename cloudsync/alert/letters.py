"""What one channel is sent of one pass: at most three letters, whatever happened; pure.

Lost mail has a letter of its own, so that nothing hides it; what else wakes people has another;
the rest shares one. Each names so many targets and counts the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import groupby
from typing import Final

from cloudsync.conditions.condition import ConditionKind, Severity
from cloudsync.conditions.telling import WORDS, said
from cloudsync.conditions.turn import Told
from cloudsync.config.alerts import ChannelSettings
from cloudsync.report.words import clean

SHOWN: Final = 20
"""So many conditions a letter says in full before it counts the rest."""

_SEVERITIES: Final = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one channel: plain text, the first line of ``body`` says what is at stake.

    ``over`` is whether all that it tells of has ended.
    """

    channel: str
    severity: Severity
    subject: str
    body: str
    at: datetime
    over: bool = False


def letters(
    installation: str, channel: ChannelSettings, tell: Iterable[Told], at: datetime
) -> tuple[Letter, ...]:
    """What ``channel`` is sent of all that is to be told."""
    mine = sorted((one for one in tell if heard(channel, one)), key=_group)
    return tuple(
        _letter(installation, channel.name, list(group), at) for _, group in groupby(mine, _group)
    )


def heard(channel: ChannelSettings, told: Told) -> bool:
    """Whether a channel hears of something. A channel isn't told that it can't be reached."""
    condition = told.watched.condition
    if condition.kind is ConditionKind.UNDELIVERED and condition.subject == channel.name:
        return False
    if not channel.hears(condition.severity):
        return False
    return not channel.targets or any(
        fnmatchcase(condition.subject, one) for one in channel.targets
    )


def _group(told: Told) -> int:
    condition = told.watched.condition
    if condition.kind is ConditionKind.MISSING:
        return 0
    return 1 if condition.severity is Severity.PAGE else 2


def _letter(installation: str, channel: str, told: Sequence[Told], at: datetime) -> Letter:
    severity = min((one.watched.condition.severity for one in told), key=_SEVERITIES.index)
    over = all(one.event == "ended" for one in told)
    return Letter(
        channel,
        severity,
        clean(f"[{severity}] {installation}: {_subject(told)}"),
        "\n".join(_body(told)),
        at,
        over,
    )


def _subject(told: Sequence[Told]) -> str:
    """One thing in its own words; several by kind and number."""
    first = told[0]
    if len(told) == 1:
        return next(said(first))
    counts: dict[str, int] = {}
    for one in told:
        what = f"{one.watched.condition.kind.replace('_', ' ')} {WORDS[one.event]}"
        counts[what] = counts.get(what, 0) + 1
    return ", ".join(f"{what} ({number:,})" for what, number in counts.items())


def _body(told: Sequence[Told]) -> Iterator[str]:
    for one in told[:SHOWN]:
        yield from (clean(line) for line in said(one))
        yield ""
    more = len(told) - SHOWN
    if more > 0:
        yield f"And {more:,} more; cloudsync drift shows them all."
