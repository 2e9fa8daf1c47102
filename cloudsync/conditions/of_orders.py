"""What was ordered for a time, and what is let in only until a day: that it stands, and that it ends; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from shlex import quote
from typing import Final

from cloudsync.conditions.condition import Condition, ConditionKind
from cloudsync.immutable import immutable
from cloudsync.report.words import sentence
from cloudsync.standing import ALL, Standing

ORDER_ENDS: Final = timedelta(minutes=30)
"""So long before its end one hears that an order ends: it was given for hours."""

EXCEPTION_ENDS: Final = timedelta(days=14)
"""So long before its last day one hears that an exception of the configuration ends."""


@immutable
class Excused:
    """Something that the configuration lets be until a moment: an ``also_allow``, a risk, a blind scope."""

    what: str
    where: str
    owner: str
    until: datetime


def of_orders(standing: Standing, now: datetime) -> Iterator[Condition]:
    """Each order that stands, and each that ends soon."""
    for pause in standing.pauses:
        where = "every target" if pause.target == ALL else pause.target
        yield from _order(
            f"pause of {pause.target}",
            f"Nothing is changed at {where}",
            f"paused by {pause.by}: {pause.reason}",
            f"cloudsync pause {quote(pause.target)} --end ends it; "
            f"cloudsync pause {quote(pause.target)} --for 4h --reason TEXT makes it longer.",
            pause.until,
            now,
            pause.target,
        )
    for one in standing.allowed:
        yield from _order(
            f"{one.network} at {one.target}",
            f"{one.network} may reach port 25 at {one.target}",
            f"let in by {one.by}: {one.reason}",
            "What is needed for longer belongs under also_allow.",
            one.until,
            now,
            one.target,
        )


def of_exceptions(excused: Iterable[Excused], now: datetime) -> Iterator[Condition]:
    """Each exception of the configuration that ends soon, or has ended and stands there still."""
    for one in excused:
        if now >= one.until - EXCEPTION_ENDS:
            ends = "ended" if now >= one.until else "ends"
            yield Condition(
                ConditionKind.ENDING,
                f"{one.what} at {one.where}",
                f"{one.what} at {one.where} {ends} on {one.until:%Y-%m-%d %H:%M} UTC.",
                f"{one.owner} answers for it.",
                "Take it out of the configuration, or give it another date.",
            )


def _order(
    subject: str, impact: str, who: str, todo: str, until: datetime, now: datetime, target: str
) -> Iterator[Condition]:
    end = f"{until:%Y-%m-%d %H:%M} UTC"
    order = Condition(
        ConditionKind.ORDER, subject, f"{impact} until {end}.", sentence(who), todo, target=target
    )
    yield order
    if now >= until - ORDER_ENDS:
        yield replace(
            order, kind=ConditionKind.ENDING, impact=f"{impact} until {end}: it ends soon."
        )
