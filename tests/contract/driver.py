"""Runs one target through plan, prove and apply in two passes, and tells somebody of every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cloudsync.model import Wanted
from cloudsync.plan import TargetPlan, make
from cloudsync.provider import Provider, Rules, Scope, Snapshot, Step, Unreadable

Watcher = Callable[[Step, Snapshot, Snapshot], None]


@dataclass(frozen=True)
class Run:
    """What a run did: the plan it began with, the steps that were done, and what was seen last."""

    first: tuple[TargetPlan, ...]
    last: tuple[TargetPlan, ...]
    done: tuple[Step, ...]
    finished: bool


def observe(provider: Provider, scope: Scope) -> Snapshot:
    """One whole look at a scope that answers in one page."""
    (seen,) = provider.observe(scope)
    assert not isinstance(seen, Unreadable), seen.reason
    return seen


def run(
    provider: Provider,
    scope: Scope,
    wanted: Mapping[str, Wanted],
    *,
    watcher: Watcher | None = None,
    stop_after: int | None = None,
) -> Run:
    """Adds and replaces; another look and another plan; removals; another look."""
    done: list[Step] = []
    first: tuple[TargetPlan, ...] | None = None
    for removing in (False, True):
        seen = observe(provider, scope)
        plans = make(provider.rules, seen, wanted, "sha256:test")
        first = first or plans
        steps = dict.fromkeys(step for plan in plans for step in plan.steps)
        due = [step for step in steps if (step.verb == "remove") is removing]
        if removing and len(due) < len(steps):
            break  # what should stand was not seen yet: the next run goes on
        for step in due:
            if stop_after is not None and len(done) >= stop_after:
                return Run(first, plans, tuple(done), finished=False)
            before = observe(provider, scope)
            outcome = provider.apply(step)
            fresh = observe(provider, scope)
            if watcher:
                watcher(step, before, fresh)
            if outcome.kind != "done":
                return Run(first, plans, tuple(done), finished=False)
            done.append(step)
            seen = fresh
    assert first is not None
    last = make(provider.rules, observe(provider, scope), wanted, "sha256:test")
    return Run(first, last, tuple(done), finished=True)


def same(rules: Rules, one: Snapshot, two: Snapshot, installation: str) -> list[str]:
    """In which of the contract's respects two snapshots differ; none, if a forecast was right."""
    ports = (25,)
    found: list[str] = []
    if one.targets != two.targets:
        return [f"targets: {one.targets} and {two.targets}"]
    for target in one.targets:
        for what, a, b in (
            ("exposure", rules.exposure(one, 25)[target], rules.exposure(two, 25)[target]),
            ("own", rules.own(one, installation, ports)[target],
             rules.own(two, installation, ports)[target]),
            ("foreign", rules.foreign(one, installation, ports)[target],
             rules.foreign(two, installation, ports)[target]),
            ("elsewhere", rules.elsewhere(one, ports)[target],
             rules.elsewhere(two, ports)[target]),
            ("outbound", one.outbound(target), two.outbound(target)),
        ):  # fmt: skip
            if a != b:
                found.append(f"{what} of {target}: {a} and {b}")
    return found
