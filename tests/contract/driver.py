"""Runs one scope as the product does, and tells somebody of every call before and after it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cloudsync.engine import Pace, apply
from cloudsync.model import Wanted
from cloudsync.plan import TargetPlan, make
from cloudsync.provider import (
    Outcome,
    Provider,
    Rules,
    Scope,
    Snapshot,
    Step,
    Unreadable,
)
from cloudsync.tells import Freezes

Watcher = Callable[[Step, Snapshot], None]


class Crash(Exception):
    """The process ends here."""


@dataclass
class Watched:
    """A provider that tells a watcher of each step done, and may crash before a call."""

    inner: Provider
    scope: Scope
    watcher: Watcher
    stop_after: int | None = None
    done: list[Step] = field(default_factory=list[Step])
    name: ClassVar[str] = "watched"
    settings: ClassVar[type[Any]] = object

    @property
    def rules(self) -> Rules:
        """The rules of the provider behind it."""
        return self.inner.rules

    def on_loopback(self, settings: Any) -> bool:
        """As the provider behind it."""
        return self.inner.on_loopback(settings)

    def survey(self, regions: Sequence[str], endpoint: str | None) -> Any:
        """As the provider behind it."""
        return self.inner.survey(regions, endpoint)

    def scopes(self, settings: Any) -> Iterable[Scope | Unreadable]:
        """As the provider behind it."""
        return self.inner.scopes(settings)

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[Snapshot | Unreadable]:
        """As the provider behind it."""
        return self.inner.observe(scope, only, deadline)

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """One call, seen from both sides."""
        if self.stop_after is not None and len(self.done) >= self.stop_after:
            raise Crash
        before = look(self.inner, self.scope)
        outcome = self.inner.apply(step, deadline)
        self.watcher(step, before)
        if outcome.kind == "done":
            self.done.append(step)
        return outcome


@dataclass(frozen=True)
class Run:
    """What a run did: the plans it began with, the steps that were done, and what was seen last."""

    first: tuple[TargetPlan, ...]
    last: tuple[TargetPlan, ...]
    done: tuple[Step, ...]
    finished: bool


def look(provider: Provider, scope: Scope) -> Snapshot:
    """One whole look at a scope that answers in one page."""
    (seen,) = provider.observe(scope)
    assert not isinstance(seen, Unreadable), seen.reason
    return seen


def ignore(_step: Step, _before: Snapshot) -> None:
    """Nobody watches."""


def run(
    provider: Provider,
    scope: Scope,
    wanted: Mapping[str, Wanted],
    *,
    watcher: Watcher = ignore,
    stop_after: int | None = None,
    sleep: Callable[[float], None] = lambda _seconds: None,
    monotonic: Callable[[], float] | None = None,
) -> Run:
    """Observe, plan, prove, apply in two passes, and look again."""
    watched = Watched(provider, scope, watcher, stop_after)
    seen = look(provider, scope)
    first = make(provider.rules, seen, wanted, "sha256:test")
    if different := differs_thawed(provider.rules, seen, wanted, first):
        raise AssertionError("\n".join(different))
    clock = iter(range(0, 10_000_000, 10))
    pace = Pace(monotonic=monotonic or (lambda: float(next(clock))), sleep=sleep)
    finished = True
    try:
        applied = apply(watched, scope, first, wanted, pace)
        finished = all(outcome.kind == "done" for _, outcome in applied.outcomes)
    except Crash:
        finished = False
    last = make(provider.rules, look(provider, scope), wanted, "sha256:test")
    return Run(first, last, tuple(watched.done), finished)


def differs_thawed(
    rules: Rules, seen: Snapshot, wanted: Mapping[str, Wanted], plans: Iterable[TargetPlan]
) -> list[str]:
    """In what ``seen``, once it was kept as JSON, differs from what it was, and so would its plan."""
    assert isinstance(rules, Freezes)
    found: list[str] = []
    installations = {want.installation for want in wanted.values()}
    kept = json.loads(json.dumps(rules.freeze(seen), allow_nan=False))
    thawed = rules.thaw(kept)
    for installation in installations:
        found += same(rules, seen, thawed, installation)
    if json.loads(json.dumps(rules.freeze(thawed))) != kept:
        found.append("it would be kept in another way")
    again = make(rules, thawed, wanted, "sha256:test")
    found += [
        f"{one.target}: {one.steps} and {two.steps}"
        for one, two in zip(plans, again, strict=True)
        if (one.digest, one.steps, one.remarks, one.refusal, one.before, one.after)
        != (two.digest, two.steps, two.remarks, two.refusal, two.before, two.after)
    ]
    if any(one.steps for one in again):
        part = thawed.of([one.target for one in again if one.steps])
        digests = {one.target: one.digest for one in again}
        found += [
            f"{one.target}: another plan of a part"
            for one in make(rules, part, wanted, "sha256:test")
            if one.digest != digests[one.target]
        ]
    return found


def same(rules: Rules, one: Snapshot, two: Snapshot, installation: str) -> list[str]:
    """In which of the contract's respects two snapshots differ; none, if a forecast was right."""
    if one.targets != two.targets:
        return [f"targets: {one.targets} and {two.targets}"]
    return [
        f"{what} of {target}: {a} and {b}"
        for target in one.targets
        for (what, a), (_, b) in zip(
            _respects(rules, one, target, installation),
            _respects(rules, two, target, installation),
            strict=True,
        )
        if a != b
    ]


def _respects(
    rules: Rules, snapshot: Snapshot, target: str, installation: str
) -> Iterator[tuple[str, object]]:
    yield "exposure", rules.exposure(snapshot, 25)[target]
    yield "own", rules.own(snapshot, installation, (25,))[target]
    yield "foreign", rules.foreign(snapshot, installation, (25,))[target]
    yield "elsewhere", rules.elsewhere(snapshot, (25,))[target]
    yield "outbound", snapshot.outbound(target)
