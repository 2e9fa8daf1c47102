"""One telling of the story: its job, its clouds, and which promises were kept; it says nothing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cloudsync.demo.cast import Fleet, Sin
from cloudsync.demo.voice import Voice
from cloudsync.job import Job
from cloudsync.looked import Look
from cloudsync.model import Mode
from cloudsync.plan import Plan

Check = tuple[str, bool]
"""A promise, and whether it was kept."""


@dataclass
class Telling:
    """The job, the clouds it works on, and what has been checked so far."""

    job: Job
    fleets: Sequence[Fleet]
    voice: Voice
    checks: list[Check] = field(default_factory=list[Check])

    @property
    def sins(self) -> Mapping[str, Sin]:
        """Every target of the clouds by its label, in the order of the story."""
        return {sin.target: sin for fleet in self.fleets for sin in fleet.sins}

    @property
    def mutations(self) -> int:
        """How many mutating calls the clouds have answered."""
        return sum(len(fleet.mutations()) for fleet in self.fleets)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """All that no run may change."""
        return tuple(fleet.elsewhere() for fleet in self.fleets)

    def as_told(self, plan: Plan) -> bool:
        """Whether each target is there, once, with the verdict that the story ends with."""
        found = sorted((one.target, one.verdict) for one in plan.targets)
        return found == sorted((sin.target, sin.ends) for sin in self.sins.values())

    def check(self, what: str, *, held: bool) -> None:
        """Note a promise."""
        self.checks.append((what, held))


def certain(plan: Plan, found: Look) -> bool:
    """Whether all that is wanted is certain to get in, at each target that may be changed."""
    return all(
        target.before is not None
        and all(
            found.wanted[target.target].addresses <= exposure.certain
            for exposure in target.before.exposures.values()
        )
        for target in plan.targets
        if target.mode is not Mode.WATCH
    )
