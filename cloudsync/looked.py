"""What one look found, and what is said of its targets before and after something is done there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from cloudsync.allowlist import InForce
from cloudsync.basis import Basis
from cloudsync.blind import blinded
from cloudsync.contested import Turn, remark, undone
from cloudsync.history.replay import Frozen
from cloudsync.holds import Hold, remark_of
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.made import Made
from cloudsync.model import Note, Wanted
from cloudsync.plan import Plan, TargetPlan
from cloudsync.preflight.arming import Ruling, remarks
from cloudsync.provider import Provider, Remark, Scope
from cloudsync.report import Listed
from cloudsync.tells import TellsActors
from cloudsync.vetting.vet import Read, Vetted


@immutable
class Look:
    """What one look found: the list, the proved plan, and in which scope each target is.

    ``spent`` is how many seconds it took: a person who thinks it over has no part in a run's
    deadline. ``holds`` are first enforces that wait for a person, where nobody is there to say yes.
    ``elsewhere`` is what a change named that the configuration doesn't look into. ``kept`` is what
    the steps were planned from, to be kept where they are carried out.
    """

    basis: Basis
    plan: Plan
    listed: Listed
    wanted: Mapping[str, Wanted] = field(default_factory=dict[str, Wanted])
    scopes: Mapping[str, tuple[Provider, Scope]] = field(
        default_factory=dict[str, tuple[Provider, Scope]]
    )
    contested: Mapping[str, Remark] = field(default_factory=dict[str, Remark])
    rulings: Mapping[str, Ruling] = field(default_factory=dict[str, Ruling])
    spent: float = 0.0
    holds: tuple[Hold, ...] = ()
    elsewhere: frozenset[str] = frozenset()
    kept: tuple[Frozen, ...] = field(default=(), repr=False)

    @property
    def vetted(self) -> Vetted:
        """The list in force, and what was said of the one on offer."""
        return self.basis.vetted

    @property
    def read(self) -> Read:
        """The read of the source."""
        return self.basis.read

    @property
    def known(self) -> InForce | None:
        """The list in force as the state had it; None where it had none."""
        return self.basis.known


def said(
    job: Job,
    plans: Iterable[TargetPlan],
    contested: Mapping[str, Remark],
    now: datetime,
    *,
    waits: bool,
) -> list[TargetPlan]:
    """``plans`` with what is to be said of each: that a list ``waits``, who undoes it, who is blind."""
    found: list[TargetPlan] = []
    for plan in plans:
        one = plan.noted(Note.HELD) if waits else plan
        one = one.saying(contested[one.target]) if one.target in contested else one
        found.append(blinded(one, job.config.blind, now))
    return found


def contests(
    plans: Iterable[TargetPlan],
    scopes: Mapping[str, tuple[Provider, Scope]],
    now: datetime,
    past: Sequence[Turn],
) -> dict[str, Remark]:
    """What is said of targets where the same rule is undone again and again, and by whom.

    ``past`` is what the runs of the last day changed.
    """
    told: dict[str, Remark] = {}
    for target, found in (undone(past, plans, now) if past else {}).items():
        actor = None
        if target in scopes:
            provider, scope = scopes[target]
            if isinstance(provider, TellsActors):
                actor = provider.actor(scope, target, found.made[0])
        told[target] = remark(target, found, actor)
    return told


def still_so(job: Job, found: Look, made: Made) -> tuple[TargetPlan, ...]:
    """The plans afterwards, with what the look had to say and is still so: contested, waiting."""
    more = {target: [remark] for target, remark in found.contested.items()}
    for target, ruling in found.rulings.items():
        more.setdefault(target, []).extend(remarks(target, ruling))
    for hold in found.holds:
        more.setdefault(hold.subject, []).append(remark_of(hold))
    return tuple(
        blinded(plan.saying(*more.get(plan.target, ())), job.config.blind, job.now())
        for plan in made.now
    )
