"""Whether enforce may close a target: armed once, by preflight or by a person; it asks nobody.

What was armed stays armed. Whatever preflight finds later, or whose acceptance ends, is said and
stops nothing: a target that was closed would be opened by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from cloudsync.config import AcceptRisk, TargetSettings
from cloudsync.config.times import over, written_until
from cloudsync.immutable import immutable
from cloudsync.model import Mode, Note, Wanted
from cloudsync.preflight.quiet import Memory
from cloudsync.provider import Remark

WARNED: Final = timedelta(days=14)
"""How long before its end an accepted risk is spoken of."""


_WAYS_OUT: Final = (
    "What add would do is done. See cloudsync preflight, or say accept_risk: {by: …, reason: …, "
    "until: …}"
)


@immutable
class Risk:
    """A risk that somebody accepted, as it was first used; ``until`` as the configuration has it."""

    by: str
    reason: str
    until: str
    at: datetime


@immutable
class Armed:
    """That a target may be closed: since when, by what, and the risks that were accepted for it."""

    at: datetime
    way: Literal["preflight", "accept_risk"]
    domains: tuple[str, ...] = ()
    risks: tuple[Risk, ...] = ()


@immutable
class Known:
    """What the state knows: armed targets by name, and domains."""

    armed: Mapping[str, Armed] = field(default_factory=dict[str, Armed])
    domains: Mapping[str, Memory] = field(default_factory=dict[str, Memory])


@immutable
class Ruling:
    """What holds of one target in enforce.

    Without ``may``, only what ``add`` would do is done. ``record`` is how the target is armed once
    it is closed by this run. ``said`` is what a person should know.
    """

    may: bool
    record: Armed | None = None
    said: tuple[str, ...] = ()


def closing(targets: Iterable[TargetSettings]) -> tuple[str, ...]:
    """The mail domains of the blocks in enforce, each once."""
    return tuple(
        dict.fromkeys(domain for one in targets if one.mode == "enforce" for domain in one.domains)
    )


def rule(settings: TargetSettings, target: str, known: Known, now: datetime) -> Ruling:
    """Whether enforce may close ``target`` at ``now``, which must have a zone."""
    armed = known.armed.get(target)
    risk = settings.accept_risk
    if risk is not None and not over(risk.until, now):
        record = _with_risk(armed, settings, risk, known, now)
        return Ruling(may=True, record=None if record == armed else record, said=_ending(risk, now))
    late = f"what {risk.by} accepted ended with {written_until(risk.until)}" if risk else ""
    if armed:
        said = f"{late}. The target is armed and stays so; look at it again" if late else ""
        return Ruling(may=True, said=tuple(filter(None, (said,))))
    waiting = waits(settings, known, now)
    if not waiting and settings.domains:
        return Ruling(may=True, record=Armed(now, "preflight", settings.domains))
    why = "; ".join(filter(None, (late, *waiting)))
    return Ruling(
        may=False,
        said=(f"closing is held by preflight: {why}. {_WAYS_OUT}",),
    )


def waits(settings: TargetSettings, known: Known, now: datetime) -> tuple[str, ...]:
    """What each of the block's domains still waits for; empty where all have passed."""
    return tuple(
        f"{domain} {wait}"
        for domain in settings.domains
        if (wait := wait_of(known.domains.get(domain), now))
    )


def wait_of(memory: Memory | None, now: datetime) -> str:
    """What a domain still waits for, in words; empty once it has passed."""
    if memory is None:
        return "hasn't been looked at"
    if memory.clean is None:
        if memory.dirty:
            return f"was not clean on {memory.dirty:%Y-%m-%d %H:%M} UTC"
        return "hasn't been seen clean yet"
    if memory.passed(now):
        return ""
    if memory.counted >= memory.needed:
        return (
            f"was last seen clean on {memory.clean:%Y-%m-%d %H:%M} UTC, which isn't within the last "
            "48 hours"
        )
    return f"has been clean for {spoken(memory.counted)} of {spoken(memory.needed)}"


def spoken(length: timedelta) -> str:
    """``length`` in days and hours, rounded down."""
    hours = int(length.total_seconds()) // 3600
    days, hours = divmod(hours, 24)
    if not days:
        return f"{hours} h"
    return f"{days} d {hours} h" if hours else f"{days} d"


def _with_risk(
    armed: Armed | None, settings: TargetSettings, risk: AcceptRisk, known: Known, now: datetime
) -> Armed:
    used = Risk(risk.by, risk.reason, written_until(risk.until), now)
    if armed is None:
        # Where preflight passed, nobody has to answer for anything.
        if settings.domains and not waits(settings, known, now):
            return Armed(now, "preflight", settings.domains)
        return Armed(now, "accept_risk", risks=(used,))
    said = {(one.by, one.reason, one.until) for one in armed.risks}
    if armed.way == "preflight" or (used.by, used.reason, used.until) in said:
        return armed
    return replace(armed, risks=(*armed.risks, used))


def _ending(risk: AcceptRisk, now: datetime) -> tuple[str, ...]:
    """The warning before an accepted risk ends."""
    if risk.until == "never":
        return ()
    last = risk.until
    if not isinstance(last, datetime):
        if last == date.max:
            return ()
        last = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    left = last - now
    if left > WARNED:
        return ()
    end = f"what {risk.by} accepted ends with {written_until(risk.until)}, in {spoken(left)}"
    return (f"{end}; let preflight pass, or look at the target again and set a later until:",)


def rule_page(
    settings: TargetSettings,
    targets: Iterable[str],
    group: Callable[[str], Iterable[str]],
    known: Known,
    now: datetime,
) -> dict[str, Ruling]:
    """The ruling for each target of a page.

    ``group`` gives the targets that share an object with one: half of it can't be closed, so what
    comes new to an armed one is armed with it. Both have the block's domains.
    """
    found: dict[str, Ruling] = {}
    for target in targets:
        ruling = rule(settings, target, known, now)
        if not ruling.may:
            kin = [known.armed[one] for one in group(target) if one in known.armed]
            if kin:
                ruling = Ruling(may=True, record=replace(kin[0], at=now))
        found[target] = ruling
    return found


def armed_by(rulings: Mapping[str, Ruling], wanted: Mapping[str, Wanted]) -> dict[str, Armed]:
    """How the targets are armed that a run closes for the first time, or by a new acceptance.

    One that a person paused isn't closed, and so isn't armed yet.
    """
    return {
        target: one.record
        for target, one in rulings.items()
        if one.record and wanted[target].mode is Mode.ENFORCE
    }


def gated(want: Wanted, ruling: Ruling | None) -> Wanted:
    """What is wanted of a target under its ruling: without leave to close, what ``add`` does."""
    held = ruling is not None and not ruling.may and want.mode is Mode.ENFORCE
    return replace(want, mode=Mode.ADD) if held else want


def remarks(target: str, ruling: Ruling) -> Iterator[Remark]:
    """What a person should know of the ruling."""
    for text in ruling.said:
        yield Remark(target, text, None if ruling.may else Note.HELD)
