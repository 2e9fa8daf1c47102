"""What one channel is sent of one pass: at most three letters, whatever happened; pure.

Lost mail has a letter of its own, so that nothing hides it; what else wakes people has another;
the rest shares one. Each names so many targets and counts the others: what holds before what is
over, and something of each kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import PurePath
from typing import Final

from cloudsync.conditions.condition import RUNBOOK, ConditionKind, Severity
from cloudsync.conditions.telling import said
from cloudsync.conditions.turn import Event, Told
from cloudsync.config.alerts import ChannelSettings
from cloudsync.immutable import immutable
from cloudsync.report.words import clean, counted
from cloudsync.standing import ALL

SHOWN: Final = 20
"""So many conditions a letter says in full before it counts the rest."""

OF_EACH: Final = 3
"""So many of each kind come before more of any."""

_SEVERITIES: Final = tuple(Severity)
_ENDS: Final[Mapping[Event, str]] = {"ended": "over", "left": "not watched any more"}


@immutable
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
    installation: str,
    channel: ChannelSettings,
    tell: Iterable[Told],
    at: datetime,
    runbook: str = RUNBOOK,
    run: str = "",
    file: PurePath | None = None,
) -> tuple[Letter, ...]:
    """What ``channel`` is sent of all that is to be told; ``runbook`` and ``file`` as in ``said``.

    ``run`` is the run that found it, as the log and the history call it.
    """
    mine = sorted((one for one in tell if heard(channel, one)), key=_group)
    return tuple(
        _letter(
            installation,
            channel.name,
            _in_order(group),
            at,
            lambda one: said(one, runbook, file),
            run,
        )
        for _, group in groupby(mine, _group)
    )


def heard(channel: ChannelSettings, told: Told) -> bool:
    """Whether a channel hears of something. A channel isn't told that it can't be reached."""
    condition = told.watched.condition
    if condition.kind is ConditionKind.UNDELIVERED and condition.subject == channel.name:
        return False
    if not channel.hears(condition.severity):
        return False
    about = condition.target or condition.subject
    return (
        not channel.targets
        or about == ALL
        or any(fnmatchcase(about, one) for one in channel.targets)
    )


def _group(told: Told) -> int:
    condition = told.watched.condition
    if condition.kind is ConditionKind.MISSING:
        return 0
    return 1 if condition.severity is Severity.PAGE else 2


def _in_order(told: Iterable[Told]) -> list[Told]:
    """What holds before what is over; and the first few of each kind before the rest."""
    seen: Counter[tuple[bool, ConditionKind]] = Counter()
    ranked: list[tuple[bool, bool, Told]] = []
    for one in told:
        over = one.event in _ENDS
        alike = over, one.watched.condition.kind
        ranked.append((over, seen[alike] >= OF_EACH, one))
        seen[alike] += 1
    return [one for *_, one in sorted(ranked, key=lambda each: each[:2])]


def _letter(
    installation: str,
    channel: str,
    told: Sequence[Told],
    at: datetime,
    lines: Callable[[Told], Iterator[str]],
    run: str,
) -> Letter:
    severity = min((one.watched.condition.severity for one in told), key=_SEVERITIES.index)
    over = all(one.event == "ended" for one in told)
    return Letter(
        channel,
        severity,
        clean(f"[{severity}] {installation}: {_subject(told)}"),
        "\n".join((*_body(told, lines), *([f"Run {run}."] if run else []))),
        at,
        over,
    )


def _subject(told: Sequence[Told]) -> str:
    """One thing in its own words; several by what is at stake and how many."""
    if len(told) == 1:
        return next(said(told[0]))
    kinds: dict[str, Counter[ConditionKind]] = {}
    for one in told:
        kinds.setdefault(_ENDS.get(one.event, ""), Counter())[one.watched.condition.kind] += 1
    parts = [_several(kind, number) for kind, number in kinds.pop("", Counter()).items()]
    for how, over in kinds.items():
        parts.append(f"{how}: {', '.join(f'{_named(kind)} ({over[kind]:,})' for kind in over)}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}"


def _several(kind: ConditionKind, number: int) -> str:
    """What is at stake where it befalls some: ``mail is lost at 12 targets``."""
    match kind:
        case ConditionKind.MISSING:
            return f"mail is lost at {counted(number, 'target')}"
        case ConditionKind.OPEN:
            return f"the filter can be bypassed at {counted(number, 'target')}"
        case ConditionKind.GONE:
            return f"not found any more: {counted(number, 'target')}"
        case _:
            return f"{_named(kind)} ({number:,})"


def _named(kind: ConditionKind) -> str:
    return kind.replace("_", " ")


def _body(told: Sequence[Told], lines: Callable[[Told], Iterator[str]]) -> Iterator[str]:
    if len(told) > 1:
        yield f"{_subject(told)}."
        yield ""
    for one in told[:SHOWN]:
        yield from (clean(line) for line in lines(one))
        yield ""
    more = len(told) - SHOWN
    if more > 0:
        yield f"And {more:,} more; cloudsync drift shows them all."
