"""Rules that somebody else undoes time and again, told from what past runs changed; pure.

Two who each put a firewall right by their own lights take turns, and a report of every turn alone
looks like work that was done. What a run made and saw standing is remembered for a day; where the
same rule has to be made again and again, and we didn't take it back ourselves, it is contested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from cloudsync.immutable import immutable
from cloudsync.model import Note
from cloudsync.plan import TargetPlan
from cloudsync.provider import Outcome, Remark, Step
from cloudsync.tells import Actor

DAY: Final = timedelta(days=1)
TIMES: Final = 2
"""How often a rule must have been undone in a day: once may be a slip of the hand."""


@immutable
class Turn:
    """What one run changed and then saw standing: ``+`` and ``-`` lines, as in a step, by target."""

    at: datetime
    targets: Mapping[str, tuple[str, ...]]


@immutable
class Undone:
    """A rule that was undone: the line of the step, and when it was done, each time in vain."""

    line: str
    made: tuple[datetime, ...]


def changed(
    outcomes: Iterable[tuple[Step, Outcome]], after: Iterable[TargetPlan]
) -> dict[str, tuple[str, ...]]:
    """The lines of the steps that were done, at targets where the last look saw them standing."""
    pending = {
        plan.target: {line for step in plan.steps for line in step.changes}
        for plan in after
        if plan.before
    }
    found: dict[str, list[str]] = {}
    for step, outcome in outcomes:
        for target in step.targets if outcome.kind == "done" else ():
            if target in pending:
                lines = (line for line in step.changes if line not in pending[target])
                found.setdefault(target, []).extend(lines)
    return {target: tuple(lines) for target, lines in found.items() if lines}


def undone(past: Iterable[Turn], plans: Iterable[TargetPlan], now: datetime) -> dict[str, Undone]:
    """The rule that was undone most often at each target, where that was twice or more in a day."""
    history: dict[str, dict[str, list[tuple[datetime, str]]]] = {}
    for run in sorted(past, key=lambda one: one.at):
        if run.at > now - DAY:
            for target, lines in run.targets.items():
                for line in lines:
                    rules = history.setdefault(target, {})
                    rules.setdefault(line[2:], []).append((run.at, line[0]))
    found: dict[str, Undone] = {}
    for plan in plans:
        if plan.target not in history:
            continue
        coming = {line[2:]: line[0] for step in plan.steps for line in step.changes}
        each = [
            Undone(f"{turns[-1][1]} {rule}", tuple(_in_vain(turns, coming.get(rule))))
            for rule, turns in sorted(history[plan.target].items())
        ]
        worst = max(each, key=lambda one: len(one.made))
        if len(worst.made) >= TIMES:
            found[plan.target] = worst
    return found


def _in_vain(turns: list[tuple[datetime, str]], coming: str | None) -> Iterator[datetime]:
    """When the rule was made or taken away and somebody else turned it round before we did."""
    following = [*(sign for _, sign in turns[1:]), coming]
    return (at for (at, sign), then in zip(turns, following, strict=True) if then == sign)


def remark(target: str, found: Undone, actor: Actor | None) -> Remark:
    """What is said of a contested target; ``actor`` is who was last seen to change it."""
    times = ", ".join(f"{at:%Y-%m-%d %H:%M}" for at in found.made)
    by = f", last by {actor.name} ({actor.what}, {actor.at:%Y-%m-%d %H:%M} UTC)" if actor else ""
    return Remark(
        target,
        f"{found.line} was done {len(found.made)} times in a day ({times} UTC) and undone each "
        f"time{by}. Have whoever does that stop, or say managed_by: and who they are, and leave "
        "the target to them.",
        Note.CONTESTED,
    )
