"""What waits for a person: a list change, or a target's first enforce; pure.

Nobody is there to say yes to what the worker does. So the first time that a target would be closed
waits until somebody approves exactly that; what lets wanted senders in never waits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from cloudsync.closing import Closing, changes_of, closing_of
from cloudsync.immutable import immutable
from cloudsync.model import Mode, Note, Wanted
from cloudsync.plan import TargetPlan
from cloudsync.plural import agreeing
from cloudsync.provider import Remark
from cloudsync.report.words import size

Held = Literal["list", "target"]

FIRST_REMINDER: Final = timedelta(hours=4)
REMINDERS: Final = timedelta(days=1)


@immutable
class Hold:
    """One thing that waits: ``digest`` is what is approved, ``subject`` the source or the target.

    ``since`` is when the subject began to wait, whatever has become of its digest meanwhile;
    ``told`` when somebody was last told. ``changes`` are the lines of what would be done: rules at a
    target, networks of a list. ``closing`` is what a target's first enforce does to whom, so that what was
    approved may be done in several runs.
    """

    digest: str
    kind: Held
    subject: str
    what: str
    since: datetime
    told: datetime | None = None
    changes: tuple[str, ...] = ()
    closing: Closing | None = None

    @property
    def command(self) -> str:
        """What a person runs to let it through."""
        return f"cloudsync approve {self.digest} --by NAME --reason TEXT"


@immutable
class Gate:
    """Which first enforces may go on: targets that were closed before, and what was approved.

    ``approved`` are digests, and by whom; ``begun`` is what those approvals cover at each target.
    """

    enforced: Collection[str] = ()
    approved: Mapping[str, str] = field(default_factory=dict[str, str])
    begun: Mapping[str, Collection[Closing]] = field(default_factory=dict[str, Collection[Closing]])

    def holds(self, plan: TargetPlan, add: TargetPlan, wanted: Wanted) -> str | None:
        """The digest that ``plan`` waits for, or None; ``add`` is what add would do instead.

        A run that was cut short leaves the rest of what was approved: that is approved too, while
        the list and all else that is wanted are the same, and never anything more.
        """
        if plan.mode is not Mode.ENFORCE or plan.target in self.enforced:
            return None
        changes = changes_of(plan, add)
        if not changes:
            return None
        digest = _digest(plan.target, plan.list_digest, plan.mode, changes)
        begun = self.begun.get(plan.target)
        rest = closing_of(plan, add, wanted) if begun else None
        covered = rest and any(whole.covers(rest) for whole in begun or ())
        return None if covered or digest in self.approved else digest


def _digest(*parts: object) -> str:
    text = json.dumps(["first enforce", *parts], separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def held_back(
    plan: TargetPlan, add: TargetPlan, wanted: Wanted, digest: str, now: datetime
) -> tuple[TargetPlan, Hold]:
    """``add``, which says what ``plan`` would close once the digest is approved, and the hold."""
    shut = "nobody who gets in today"
    if plan.before and plan.after:
        out = [
            plan.before.exposures[port].possible - plan.after.exposures[port].possible
            for port in plan.before.exposures
        ]
        if any(out):
            most = max(out, key=lambda one: sum(one.count())).count()
            shut = f"{size(most)} that {agreeing(sum(most), 'gets', 'get')} in today"
    hold = Hold(
        digest, "target", plan.target, f"its first enforce would shut out {shut}", now,
        changes=tuple(line for _, _, line in changes_of(plan, add)),
        closing=closing_of(plan, add, wanted),
    )  # fmt: skip
    return add.saying(remark_of(hold)), hold


def remark_of(hold: Hold) -> Remark:
    """What a report says of a target that waits."""
    return Remark(
        hold.subject,
        f"{hold.what}, and waits for a person; what lets in is done. To let it through: "
        f"`{hold.command}`",
        Note.HELD,
    )


def renewed(
    before: Iterable[Hold], found: Iterable[Hold], now: datetime
) -> tuple[tuple[Hold, ...], tuple[Hold, ...]]:
    """The holds that stand, and those that somebody is to be told of now.

    One is told at once, and again when what would be done changes; then after four hours, and then
    every day. It never ends by itself. A clock that went back a little tells nobody twice; what was
    told at a time further ahead than a day was told by a wrong clock, and is told again.
    """
    known = {(one.kind, one.subject): one for one in before}
    standing: list[Hold] = []
    tell: list[Hold] = []
    for hold in found:
        old = known.get((hold.kind, hold.subject))
        if old:
            told = old.told if old.digest == hold.digest else None
            since = old.since if old.since - now <= REMINDERS else now
            hold = replace(hold, since=since, told=told)  # noqa: PLW2901 - the same hold, aged
        if _due(hold, now):
            hold = replace(hold, told=now)  # noqa: PLW2901
            tell.append(hold)
        standing.append(hold)
    return tuple(standing), tuple(tell)


def _due(hold: Hold, now: datetime) -> bool:
    if hold.told is None or hold.told - now > REMINDERS:
        return True
    if hold.told - hold.since < FIRST_REMINDER:
        return now - hold.since >= FIRST_REMINDER
    return now - hold.told >= REMINDERS


def reminder(hold: Hold) -> str:
    """One line for whoever is to decide: what waits, since when, and how it is let through."""
    return (
        f"{hold.subject}: {hold.what}. It has waited since {hold.since:%Y-%m-%d %H:%M} UTC. "
        f"To let it through: {hold.command}"
    )
