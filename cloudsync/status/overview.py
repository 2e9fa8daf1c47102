"""What the page and the metrics say of an installation: each target as it was last seen; pure.

A report is whole, and large: a target that is open to the world differs by some hundred networks.
An ``Overview`` keeps of it what a person reads: how much differs, the first networks, the rules
that decide, what would be done, and how it all went over the last runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar

from cloudsync.addresses import AddressSet
from cloudsync.errors import Exit
from cloudsync.exposure import Name
from cloudsync.model import Mode, Note, Verdict
from cloudsync.plan import Mend, State, TargetPlan
from cloudsync.report.facts import Share, facts
from cloudsync.report.run import RunReport
from cloudsync.report.words import natural

T = TypeVar("T")

SHOWN: Final = 24
"""How many networks of a difference are kept, and how many lines of a step."""
TURNS: Final = 20
"""How many changes of a target's verdict are kept."""
RUNS: Final = 400
"""How many runs are kept to be drawn: a day and a third at one every five minutes."""

WELL: Final = frozenset({Exit.DONE, Exit.PENDING, Exit.HELD})
"""How a run ends that read every target and did every step that it began."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some addresses: how many per family, the first networks, and how many networks more."""

    ipv4: int = 0
    ipv6: int = 0
    networks: tuple[str, ...] = ()
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.ipv4 or self.ipv6)

    @staticmethod
    def of(addresses: AddressSet) -> Part:
        """What is kept of ``addresses``."""
        return _part(addresses)


# Of a fleet that is open to the world, every target differs by the same hundred networks.
@lru_cache(maxsize=1024)
def _part(addresses: AddressSet) -> Part:
    count = addresses.count()
    shown, more = _first(addresses.cidrs())
    return Part(count.ipv4, count.ipv6, shown, more)


@dataclass(frozen=True, slots=True)
class Deciding:
    """A rule, its layer, and the part of a difference that it decides."""

    rule: str
    layer: str
    part: Part


@dataclass(frozen=True, slots=True)
class Found:
    """How a target that could be looked at differs from what is wanted; as ``report.facts``."""

    ports: tuple[int, ...]
    missing: Part = Part()
    missing_names: tuple[str, ...] = ()
    stops: tuple[Deciding, ...] = ()
    excess: Part = Part()
    grants: tuple[Deciding, ...] = ()
    undetermined: Part = Part()
    undetermined_names: tuple[str, ...] = ()
    internal: Part = Part()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Todo:
    """A step that is still to do: its verb, whether the rules are ours, its first lines."""

    verb: str
    own: bool
    changes: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Mending:
    """What would mend Terraform's code: how it stands, what to do, the first lines of the change."""

    why: str
    todo: str
    changes: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Turning:
    """From when on a target had a verdict."""

    at: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Sight:
    """One target as ``run`` last saw it, at ``at``.

    ``found`` is None of one that couldn't be looked at: ``reason`` says why. ``turns`` are the
    changes of its verdict, the latest last. ``refusal`` is what stopped the plan, and what to do.
    """

    target: str
    mode: Mode
    verdict: Verdict
    at: datetime
    run: str
    turns: tuple[Turning, ...]
    found: Found | None = None
    reason: str = ""
    notes: tuple[Note, ...] = ()
    remarks: tuple[str, ...] = ()
    refusal: tuple[str, str] | None = None
    steps: tuple[Todo, ...] = ()
    mend: Mending | None = None

    @property
    def provider(self) -> str:
        """The first word of its name: ``aws``."""
        return self.target.partition(":")[0]

    @property
    def since(self) -> datetime:
        """From when on it had this verdict, as far as it was seen."""
        return self.turns[-1].at


@dataclass(frozen=True, slots=True)
class Point:
    """One run, as a chart shows it: how it ended, and what it left, added up over all targets."""

    at: datetime
    run: str
    command: str
    exit: int
    seconds: float
    done: int
    verdicts: Mapping[Verdict, int]
    missing: tuple[int, int] = (0, 0)
    excess: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Calls:
    """How often a cloud answered a call so: ``code`` is ``ok``, the vendor's own, or ``lost``."""

    provider: str
    operation: str
    code: str
    times: int


@dataclass(frozen=True, slots=True)
class Ran:
    """What is known of a run besides its report.

    ``whole`` is whether it looked at every target; an order looks at some. ``vetted`` is whether
    it read a list that was let through. ``stages`` are seconds; ``calls`` and ``throttled`` what
    the clouds answered meanwhile.
    """

    id: str
    command: str
    started: datetime
    ended: datetime
    exit: int
    whole: bool
    vetted: bool
    stages: Mapping[str, float] = field(default_factory=dict[str, float])
    calls: tuple[Calls, ...] = ()
    throttled: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Overview:
    """An installation as its last runs left it.

    ``succeeded_at`` is when a run of every target last ended well, ``vetted_at`` when a list that
    was read was last let through. ``changes`` counts every step that was done, ever, ``calls`` and
    ``throttled`` every answer of a cloud.
    """

    at: datetime
    list_digest: str
    sights: tuple[Sight, ...]
    points: tuple[Point, ...]
    looked_at: datetime | None = None
    succeeded_at: datetime | None = None
    vetted_at: datetime | None = None
    changes: int = 0
    stages: Mapping[str, float] = field(default_factory=dict[str, float])
    calls: tuple[Calls, ...] = ()
    throttled: Mapping[str, int] = field(default_factory=dict[str, int])

    def sight(self, target: str) -> Sight | None:
        """What was last seen of ``target``."""
        return next((one for one in self.sights if one.target == target), None)


def after_run(old: Overview | None, report: RunReport, ran: Ran) -> Overview:
    """What is to be shown after a run, given what was shown before it."""
    before = {one.target: one for one in old.sights} if old else {}
    new = {one.target: _sight(one, before.get(one.target), ran) for one in report.now.targets}
    every = new if ran.whole else before | new
    sights = tuple(every[target] for target in sorted(every, key=natural))
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


def _sight(plan: TargetPlan, before: Sight | None, ran: Ran) -> Sight:
    turns = before.turns if before else ()
    if not turns or turns[-1].verdict is not plan.verdict:
        turns = (*turns, Turning(ran.ended, plan.verdict))[-TURNS:]
    return Sight(
        target=plan.target,
        mode=plan.mode,
        verdict=plan.verdict,
        at=ran.ended,
        run=ran.id,
        turns=turns,
        found=_found(plan.before) if plan.before else None,
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
        missing=Part.of(said.missing),
        missing_names=_texts(said.missing_names),
        stops=_deciding(said.stops),
        excess=Part.of(said.excess),
        grants=_deciding(said.grants),
        undetermined=Part.of(said.undetermined),
        undetermined_names=_texts(said.undetermined_names),
        internal=Part.of(said.internal),
        names=_texts(said.names),
    )


def _texts(names: Iterable[Name]) -> tuple[str, ...]:
    return tuple(one.text for one in names)


def _deciding(shares: Iterable[Share]) -> tuple[Deciding, ...]:
    return tuple(Deciding(one.rule, one.layer, Part.of(one.part)) for one in shares)


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
