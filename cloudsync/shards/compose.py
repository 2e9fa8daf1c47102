"""All marks of a run put together: every target's plan, before and after, as one process would have it.

It calls no cloud and writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

from cloudsync import records
from cloudsync.blocks import Block
from cloudsync.errors import UsageError
from cloudsync.holds import Hold
from cloudsync.job import Job
from cloudsync.looked import said
from cloudsync.made import Made
from cloudsync.model import Mode
from cloudsync.observe import every
from cloudsync.plan import Plan, TargetPlan
from cloudsync.preflight.arming import Armed
from cloudsync.provider import Outcome, Reversal, Scope, Step, Unreadable
from cloudsync.records import Seen
from cloudsync.records.plans import Reading
from cloudsync.report.words import counted
from cloudsync.shards.ledger import (
    PROGRESS,
    Common,
    Progress,
    Sight,
    makings,
    shard_key,
    sights,
)
from cloudsync.shards.shard import Shard
from cloudsync.shards.work import changing
from cloudsync.status.tally import Asked
from cloudsync.sweep import Sweep
from cloudsync.vanished import unread

OTHER: Final = "it began with another configuration than this one"
"""What is wrong with a run whose marks are by the blocks of a file that has changed since."""


@dataclass
class Whole:
    """What all shards together found and did.

    ``now`` are the plans afterwards, as far as there are any; ``first`` are the targets that would
    be closed for the first time, which no shard did; ``again`` is what second looks found.
    ``complete`` says that every shard ended.
    """

    plan: Plan
    outcomes: tuple[tuple[Step, Outcome], ...] = ()
    reversals: dict[Step, Reversal] = field(default_factory=dict[Step, Reversal])
    now: tuple[TargetPlan, ...] = ()
    first: tuple[str, ...] = ()
    again: dict[str, TargetPlan] = field(default_factory=dict[str, TargetPlan])
    holds: tuple[Hold, ...] = ()
    armed: dict[str, Armed] = field(default_factory=dict[str, Armed])
    asked: Counter[Asked] = field(default_factory=Counter[Asked])
    throttled: Counter[str] = field(default_factory=Counter[str])
    complete: bool = True


@dataclass
class _Marks:
    """What one shard left: how far it is, what it saw, what it made, and its second looks."""

    shard: Shard
    progress: Progress | None
    sights: list[Sight] = field(default_factory=list[Sight])
    made: list[Made] = field(default_factory=list[Made])
    again: list[Made] = field(default_factory=list[Made])

    @property
    def ended(self) -> bool:
        return self.progress is not None and self.progress.ended is not None


def composed(job: Job, common: Common, known: Mapping[str, Seen], *, anyway: bool = False) -> Whole:
    """What the marks of all shards say; ``known`` are the targets that were there before.

    What others saw first while the run was on isn't missed in it.
    ``anyway`` has a row say what is wrong with the whole, and is for a run that is over.

    Raises:
        UsageError: two blocks have one target, or a block matched none in any shard.
        StateError: the state can't be read.
    """
    known = _but(known, {target for target, one in known.items() if one.seen_at > common.at})
    # The very texts that are known already, as far as they are the same.
    reading = Reading(known)
    marks = [
        _marks(job, common, Shard(number, common.of), reading) for number in range(1, common.of + 1)
    ]
    seen = [one for each in marks for one in each.sights]
    # As one process goes through them, whichever shard has them.
    seen.sort(key=lambda one: (one.block, one.sweep.scope.name))
    blocks, swept = _blocks(job, marks, seen)
    basis = common.basis
    modes = [_mode(block, unsure=basis.unsure) for block in blocks]
    # Of a shard that never said which scopes it has, only what was known before can be missed.
    missed = {
        target: one.shard
        for one in marks
        if not (one.progress and one.progress.scopes)
        for target in known
        if one.shard.has(target)
    }
    expected = _but(known, missed)
    plans: list[TargetPlan] = []
    wrong = OTHER if common.config != job.config.digest else ""
    try:
        if not wrong:
            plans = every(blocks, modes, swept, expected, basis.digest)
    except UsageError as error:
        if not anyway:
            raise
        wrong = f"{error.where}: {error.what}"
    mode = modes[0] if modes else Mode.WATCH
    blind = [Unreadable(target, _never(shard)) for target, shard in missed.items()]
    if wrong:
        # By no block: those of the marks needn't be those of the file any more.
        plans = [plan for one in seen for plan in one.sweep.plans]
        blind += (lost for one in marks for lost in _lost(one))
        blind.append(Unreadable(f"run {common.name}", wrong))
    plans += (unread(one, mode, basis.digest) for one in blind)
    plans = said(job, _numbered(plans, marks, known), {}, common.at, waits=basis.vetted.waits)
    plans.sort(key=lambda plan: plan.target)
    plans = _each_once(plans)
    whole = Whole(
        Plan(basis.digest, tuple(plans)),
        first=tuple(target for one in seen for target in one.first),
        holds=tuple(hold for one in seen for hold in one.sweep.holds),
        complete=not wrong and all(one.ended for one in marks),
    )
    for sight in seen:
        whole.armed |= sight.armed
    _add_what_was_made(whole, marks, seen, none=basis.vetted.in_force is None)
    for one in marks:
        if one.progress:
            whole.asked.update(one.progress.asked)
            whole.throttled.update(one.progress.throttled)
    return whole


def _marks(job: Job, common: Common, shard: Shard, reading: Reading) -> _Marks:
    key = shard_key(common.name, shard.number)
    stored = records.load(job.store, key, PROGRESS)
    found = _Marks(shard, stored.value if stored else None)
    for one in job.store.keys(f"{key}/"):
        what = one.removeprefix(f"{key}/").partition("/")[0]
        if what == "seen" and (sight := records.load(job.store, one, sights(reading))):
            found.sights.append(sight.value)
        elif what == "made" and (made := records.load(job.store, one, makings(reading))):
            found.made.append(made.value)
        elif what == "again" and (again := records.load(job.store, one, makings(reading))):
            found.again.append(again.value)
    return found


def _blocks(
    job: Job, marks: Sequence[_Marks], seen: Sequence[Sight]
) -> tuple[list[Block], list[list[Sweep]]]:
    """The blocks with the scopes of all shards, and what each saw in each; or that nobody looked."""
    blocks: list[Block] = []
    swept: list[list[Sweep]] = []
    by_scope = {(one.block, one.sweep.scope.name): one.sweep for one in seen}
    for number, settings in enumerate(job.config.targets):
        scopes: dict[str, Shard] = {}
        lost: dict[Unreadable, None] = {}
        for one in marks:
            if one.progress and number < len(one.progress.scopes):
                scopes |= dict.fromkeys(one.progress.scopes[number], one.shard)
            lost |= dict.fromkeys(_lost(one, number))
        names = sorted(scopes)
        blocks.append(
            Block(
                settings, job.provider(settings.provider),
                tuple(
                    by_scope[number, one].scope if (number, one) in by_scope else Scope(one)
                    for one in names
                ),
                tuple(lost),
            )
        )  # fmt: skip
        swept.append(
            [
                by_scope.get((number, scope.name)) or _unseen(scope, scopes[scope.name])
                for scope in blocks[-1].scopes
            ]
        )
    return blocks, swept


def _unseen(scope: Scope, shard: Shard) -> Sweep:
    return Sweep(scope, unreadable=(Unreadable(scope.name, _never(shard)),))


def _but(known: Mapping[str, Seen], others: Collection[str]) -> Mapping[str, Seen]:
    """``known`` without ``others``; mostly these are none, and it needn't be held twice."""
    if not others:
        return known
    return {target: one for target, one in known.items() if target not in others}


def _lost(one: _Marks, number: int | None = None) -> Iterator[Unreadable]:
    """What a shard couldn't read, in block ``number`` or in any, and itself where it isn't through.

    It saw less than there is then, so that nothing is said to be gone.
    """
    blocks = one.progress.unreadable if one.progress else ()
    for index, block in enumerate(blocks):
        if number in {None, index}:
            yield from block
    if not one.ended:
        yield Unreadable(str(one.shard), _never(one.shard))


def _never(shard: Shard) -> str:
    return f"{shard} never finished"


def _numbered(
    plans: list[TargetPlan], marks: Sequence[_Marks], known: Mapping[str, Seen]
) -> list[TargetPlan]:
    """``plans``, where the row of a shard that never finished says how many targets are unseen."""
    lost = {str(one.shard): one for one in marks if not one.ended}
    if not lost:
        return plans
    found: list[TargetPlan] = []
    looked = {plan.target for plan in plans if plan.before}
    for plan in plans:
        one = lost.get(plan.target)
        if one is None:
            found.append(plan)
            continue
        made = {after.target for made in one.made for after in made.now}
        unseen = sum(one.shard.has(target) and target not in looked for target in known)
        undone = sum(target not in made for sight in one.sights for target in changing(sight))
        why = one.progress.failed if one.progress and one.progress.failed else ""
        text = (
            f"{_never(one.shard)}: {counted(unseen, 'known target')} unseen, "
            f"{counted(undone, 'target')} planned and not seen again"
        )
        found.append(replace(plan, reason=f"{text}{f'. {why}' if why else ''}"))
    return found


def _each_once(plans: list[TargetPlan]) -> list[TargetPlan]:
    """One plan a name, of those in order: a shard that never finished stands in every block."""
    return [next(same) for _, same in groupby(plans, key=lambda plan: plan.target)]


def _mode(block: Block, *, unsure: bool) -> Mode:
    mode = Mode(block.settings.mode)
    return Mode.ADD if unsure and mode is Mode.ENFORCE else mode


def _add_what_was_made(
    whole: Whole, marks: Sequence[_Marks], seen: Sequence[Sight], *, none: bool
) -> None:
    """How each step ended, in the order that one process would have gone in, and what is so now."""
    made = [one for each in marks for one in each.made if one.now]
    touched = {plan.target for one in made for plan in one.now}
    scope_of = {
        target: one.sweep.scope.name
        for one in seen
        for target in one.sweep.targets
        if target in touched
    }
    began: dict[str, str] = {}
    for one in made:
        first = min(plan.target for plan in one.now)
        scope = scope_of.get(first, first)
        began[scope] = min(began.get(scope, first), first)

    def turn(one: Made) -> tuple[str, str]:
        first = min(plan.target for plan in one.now)
        return began[scope_of.get(first, first)], first

    made.sort(key=turn)
    whole.outcomes = tuple(one for each in made for one in each.outcomes)
    for one in made:
        whole.reversals.update(one.reversals)
    after = {plan.target: plan for one in made for plan in one.now}
    due = set[str]() if none else {target for one in seen for target in changing(one)}
    whole.now = tuple(
        after.get(plan.target, plan)
        for plan in whole.plan.targets
        if plan.target in after or plan.target not in due
    )
    whole.again = {plan.target: plan for each in marks for one in each.again for plan in one.now}
