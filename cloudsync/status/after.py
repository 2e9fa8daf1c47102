"""What is to be shown after a run, of its report and of what was shown before it; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, TypeVar

from cloudsync.addresses import AddressSet
from cloudsync.errors import Exit
from cloudsync.exposure import Name
from cloudsync.plan import Mend, State, TargetPlan
from cloudsync.report.facts import Share, facts
from cloudsync.report.run import RunReport
from cloudsync.report.words import natural
from cloudsync.status.overview import (
    Calls,
    Deciding,
    Found,
    Mending,
    Overview,
    Part,
    Point,
    Ran,
    Sight,
    Todo,
    Turning,
)

T = TypeVar("T")

SHOWN: Final = 24
"""How many networks of a difference are kept, and how many lines of a step."""
TURNS: Final = 20
"""How many changes of a target's verdict are kept."""
RUNS: Final = 400
"""How many runs are kept to be drawn: a day and a third at one every five minutes."""
WELL: Final = frozenset({Exit.DONE, Exit.PENDING, Exit.HELD})
"""How a run ends that read every target and did every step that it began."""


def after_run(old: Overview | None, report: RunReport, ran: Ran) -> Overview:
    """What is to be shown after a run, given what was shown before it."""
    before = {one.target: one for one in old.sights} if old else {}
    found = _Finding()
    new = {
        one.target: _sight(one, before.get(one.target), ran, found) for one in report.now.targets
    }
    every = new if ran.whole else before | new
    sights = tuple(every[target] for target in _in_order(every, before))
    done = sum(outcome.kind == "done" for _, outcome in report.outcomes)
    well = ran.whole and ran.exit in WELL
    kept = old or Overview(ran.ended, "", (), ())
    return replace(
        kept,
        at=ran.ended,
        list_digest=report.plan.list_digest,
        sights=sights,
        points=(*kept.points, _point(sights, ran, done))[-RUNS:],
        looked_at=ran.ended if ran.whole else kept.looked_at,
        succeeded_at=ran.ended if well else kept.succeeded_at,
        vetted_at=ran.ended if ran.vetted else kept.vetted_at,
        changes=kept.changes + done,
        stages=ran.stages if ran.whole else kept.stages,
        calls=_added(kept.calls, ran.calls),
        throttled=dict(Counter(kept.throttled) + Counter(ran.throttled)),
    )


def after_calls(old: Overview, calls: Iterable[Calls], throttled: Mapping[str, int]) -> Overview:
    """With what clouds answered besides: a second look, who changed it, a run that came to nothing."""
    return replace(
        old,
        calls=_added(old.calls, tuple(calls)),
        throttled=dict(Counter(old.throttled) + Counter(throttled)),
    )


def _added(known: tuple[Calls, ...], new: tuple[Calls, ...]) -> tuple[Calls, ...]:
    times: Counter[tuple[str, str, str]] = Counter()
    for one in (*known, *new):
        times[one.provider, one.operation, one.code] += one.times
    return tuple(Calls(*what, number) for what, number in sorted(times.items()))


def _in_order(targets: Collection[str], before: Mapping[str, Sight]) -> Collection[str]:
    """``targets`` in their order, which those of ``before`` are in."""
    return before if set(before) == set(targets) else sorted(targets, key=natural)


@dataclass
class _Finding:
    """What was said of one plan already: most targets of a fleet are alike, and are said once."""

    _found: dict[int, tuple[State, Found]] = field(default_factory=dict[int, tuple[State, Found]])
    _turns: dict[tuple[Turning, ...], tuple[Turning, ...]] = field(
        default_factory=dict[tuple[Turning, ...], tuple[Turning, ...]]
    )

    def found(self, state: State) -> Found:
        """How a target in this very ``state`` differs."""
        known = self._found.get(id(state))
        if known is None:
            # With the state itself, whose id no other may get meanwhile.
            known = self._found[id(state)] = state, _found(state)
        return known[1]

    def turns(self, turns: tuple[Turning, ...]) -> tuple[Turning, ...]:
        """``turns``, the very ones that another target has."""
        return self._turns.setdefault(turns, turns)


def _sight(plan: TargetPlan, before: Sight | None, ran: Ran, finding: _Finding) -> Sight:
    turns = before.turns if before else ()
    if not turns or turns[-1].verdict is not plan.verdict:
        turns = (*turns, Turning(ran.ended, plan.verdict))[-TURNS:]
    return Sight(
        target=plan.target,
        mode=plan.mode,
        verdict=plan.verdict,
        at=ran.ended,
        run=ran.id,
        turns=finding.turns(turns),
        found=finding.found(plan.before) if plan.before else None,
        reason=plan.reason,
        notes=plan.notes,
        remarks=tuple(one.text for one in plan.remarks),
        refusal=(plan.refusal.what, plan.refusal.todo) if plan.refusal else None,
        steps=tuple(todos(plan)),
        mend=_mending(plan.mend) if plan.mend else None,
    )


def _mending(mend: Mend) -> Mending:
    shown, more = _first(list(mend.changes))
    return Mending(mend.why, mend.todo, shown, more)


def todos(plan: TargetPlan) -> Iterator[Todo]:
    """The steps of a plan, cut to their first lines."""
    for step in plan.steps:
        shown, more = _first(sorted(step.changes, key=natural))
        yield Todo(step.verb, step.own, shown, more)


def _found(state: State) -> Found:
    said = facts(state)
    return Found(
        ports=said.ports,
        missing=_part(said.missing),
        missing_names=_texts(said.missing_names),
        stops=_deciding(said.stops),
        excess=_part(said.excess),
        grants=_deciding(said.grants),
        undetermined=_part(said.undetermined),
        undetermined_names=_texts(said.undetermined_names),
        internal=_part(said.internal),
        names=_texts(said.names),
    )


def _texts(names: Iterable[Name]) -> tuple[str, ...]:
    return tuple(one.text for one in names)


def _deciding(shares: Iterable[Share]) -> tuple[Deciding, ...]:
    return tuple(Deciding(one.rule, one.layer, _part(one.part)) for one in shares)


# Of a fleet that is open to the world, every target differs by the same hundred networks.
@lru_cache(maxsize=1024)
def _part(addresses: AddressSet) -> Part:
    count = addresses.count()
    shown, more = _first(addresses.cidrs())
    return Part(count.ipv4, count.ipv6, shown, more)


def _point(sights: tuple[Sight, ...], ran: Ran, done: int) -> Point:
    parts = [one.found for one in sights if one.found]
    return Point(
        at=ran.ended,
        run=ran.id,
        command=ran.command,
        exit=ran.exit,
        seconds=(ran.ended - ran.started).total_seconds(),
        done=done,
        verdicts=dict(Counter(one.verdict for one in sights)),
        missing=(sum(one.missing.ipv4 for one in parts), sum(one.missing.ipv6 for one in parts)),
        excess=(sum(one.excess.ipv4 for one in parts), sum(one.excess.ipv6 for one in parts)),
    )


def _first(items: list[T]) -> tuple[tuple[T, ...], int]:
    return tuple(items[:SHOWN]), max(len(items) - SHOWN, 0)
