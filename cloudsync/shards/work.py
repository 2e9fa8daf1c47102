"""The work of one shard: each of its scopes is looked at, put right and marked, account by account.

Every mark is written once its work is done, and says what the report will ask. A shard that is
begun again does only what has no mark. What counts over the whole run, such as how many targets are
closed for the first time, is left to whoever gathers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from cloudsync import docket, intime, records
from cloudsync.blocks import Block, blocks_of
from cloudsync.carry_out import carried_out
from cloudsync.contested import Turn
from cloudsync.errors import CloudsyncError
from cloudsync.holds import Gate
from cloudsync.job import Job
from cloudsync.looked import Look, contests, said, still_so
from cloudsync.made import Made
from cloudsync.model import Mode
from cloudsync.plan import Plan, TargetPlan
from cloudsync.preflight.arming import armed_by
from cloudsync.provider import Scope
from cloudsync.records.plans import Reading
from cloudsync.remember import changes_before
from cloudsync.report import Listed
from cloudsync.shards.accounts import told
from cloudsync.shards.ledger import (
    PROGRESS,
    Common,
    Progress,
    Sight,
    again_key,
    lease_key,
    made_key,
    makings,
    shard_key,
    sight_key,
    sights,
)
from cloudsync.shards.shard import Shard, account
from cloudsync.status.tally import here
from cloudsync.sweep import Asked, Sweep, asked, sweep
from cloudsync.waves import together, waves
from cloudsync.worker.confirm import GRAVE
from cloudsync.worker.lease import leased

CHUNK: Final = 50
"""So many targets of a scope, or few more, are put right before that is marked."""


def work(job: Job, common: Common, shard: Shard) -> Progress:
    """Do what ``shard`` has still to do; gives how far it is then.

    Whoever held its lease has lost it: an engine starts a shard again because the one before died.

    Raises:
        LeaseError: the shard was begun again elsewhere; what was marked stays.
        CloudsyncError: it can't do its work, or the state can't be used; that is kept too.
    """
    key = shard_key(common.name, shard.number)
    stored = records.load(job.store, key, PROGRESS)
    if stored and stored.value.ended:
        return stored.value
    known = told(job, common)
    blocks = tuple(one.within(shard.has) for one in known.config.targets)
    narrowed = replace(job, config=job.config.but(targets=blocks))
    command = f"run --shard {shard.number}/{shard.of}"
    with leased(narrowed, command, over=True, key=lease_key(common.name, shard)) as mine:
        progress = stored.value if stored else Progress(mine.now())
        try:
            progress, through = _worked(mine, common, shard, progress)
        except CloudsyncError as error:
            # Whoever calls says the first error: one of the state on top of it would hide it. And
            # one that has lost its lease has nothing to say of what another does by now.
            with suppress(CloudsyncError):
                mine.go_on()
                _save(mine, key, replace(progress, failed=str(error)))
            raise
        counted, throttled = here().taken()
        progress = replace(
            progress, asked=counted, throttled=throttled, ended=mine.now() if through else None,
            failed="" if through else "its time ran out",
        )  # fmt: skip
        mine.go_on()
        _save(mine, key, progress)
        return progress


def _save(job: Job, key: str, progress: Progress) -> None:
    stored = records.load(job.store, key, PROGRESS)
    records.save(job.store, key, PROGRESS, progress, stored.generation if stored else None)


def _worked(job: Job, common: Common, shard: Shard, progress: Progress) -> tuple[Progress, bool]:
    """Work on every scope; gives the scopes too, and whether all of it was done."""
    deadline, basis = job.deadline(), common.basis
    blocks = tuple(_cut(one, shard) for one in blocks_of(job, deadline))
    progress = replace(
        progress,
        scopes=tuple(tuple(scope.name for scope in block.scopes) for block in blocks),
        unreadable=tuple(block.unreadable for block in blocks),
    )
    _save(job, shard_key(common.name, shard.number), progress)
    gate = docket.gate(job)
    # A shard that was begun before may have done what isn't seen yet.
    unsettled = basis.unsettled or (job.fence or 0) > 1
    asking = asked(
        # What the plans are made from isn't kept: each is marked with what came of it.
        replace(job, fence=None), blocks, basis.listing.wanted, basis.digest, common.at,
        unsure=basis.unsure, unsettled=unsettled, deadline=deadline, gate=gate,
    )  # fmt: skip
    share = _Share(job, common, shard, asking, gate, changes_before(job), basis.listed(job))
    accounts: dict[str, list[tuple[int, Scope]]] = {}
    for number, block in enumerate(blocks):
        for scope in block.scopes:
            accounts.setdefault(account(scope.name), []).append((number, scope))
    job.each(lambda one: share.work(accounts[one]), list(accounts), str)
    if not share.left:
        job.each(lambda one: share.look_again(accounts[one]), list(accounts), str)
    return progress, not share.left


def _cut(block: Block, shard: Shard) -> Block:
    """A provider needn't heed what is asked of it."""
    return replace(
        block,
        scopes=tuple(one for one in block.scopes if shard.has(one.name)),
        unreadable=tuple(one for one in block.unreadable if shard.has(one.scope)),
    )


@dataclass
class _Share:
    """What a shard has to do, and whether some of it is left when its time is over."""

    job: Job
    common: Common
    shard: Shard
    asking: Asked
    gate: Gate | None
    past: Sequence[Turn]
    listed: Listed
    left: bool = False
    grave: dict[tuple[int, str], tuple[str, ...]] = field(
        default_factory=dict[tuple[int, str], tuple[str, ...]]
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, scopes: Iterable[tuple[int, Scope]]) -> None:
        """The scopes of one account, one after the other."""
        for number, scope in scopes:
            if self._late():
                return
            self._scope(number, scope)

    def look_again(self, scopes: Iterable[tuple[int, Scope]]) -> None:
        """A second look at what is newly missing or open: a read may have been late."""
        for number, scope in scopes:
            targets = self.grave.get((number, scope.name), ())
            key = again_key(self.common.name, self.shard.number, number, scope.name)
            if not targets or self._late() or self.job.store.get(key):
                continue
            seen = sweep(self._only(targets), number, scope)
            if not self._late():
                self.job.go_on()
                made = Made((), {}, seen.plans)
                records.save(self.job.store, key, makings(Reading()), made, None)

    def _late(self) -> bool:
        """Whether time is over; then something is left to do."""
        if self.job.stopped() or intime.late(self.asking.deadline, self.job.pace.monotonic):
            self.left = True
        return self.left

    def _only(self, targets: Iterable[str]) -> Asked:
        """A look at some targets again. None of them is closed for the first time by that.

        What was approved since the first look would else be closed in no wave.
        """
        job = replace(self.asking.job, only=frozenset(targets))
        gate = Gate(self.gate.enforced) if self.gate else None
        return replace(self.asking, job=job, gate=gate)

    def _scope(self, number: int, scope: Scope) -> None:
        name, shard = self.common.name, self.shard.number
        key = sight_key(name, shard, number, scope.name)
        stored = records.load(self.job.store, key, sights(Reading()))
        if stored is None:
            seen = sweep(self.asking, number, scope)
            if self._late():
                return
            look = self._look(number, seen)
            sight = self._sight(number, seen, look)
            self.job.go_on()
            records.save(self.job.store, key, sights(Reading()), sight, None)
            todo = self._todo(sight)
        else:
            sight = stored.value
            todo = self._unmarked(number, sight)
            look = self._look(
                number, sweep(self._only(todo), number, scope) if todo else Sweep(scope)
            )
            if self._late():
                return
        self._remember_grave(number, sight)
        if todo:
            self._carry_out(number, look, frozenset(todo))

    def _look(self, number: int, seen: Sweep) -> Look:
        """What was seen of one scope, as a look of its own."""
        basis, at = self.common.basis, self.common.at
        provider = self.asking.blocks[number].provider
        scopes = dict.fromkeys(seen.targets, (provider, seen.scope))
        contested = contests(seen.plans, scopes, at, self.past)
        plans = said(self.job, seen.plans, contested, at, waits=basis.vetted.waits)
        plans.sort(key=lambda plan: plan.target)
        wanted = self.asking.wanted(number, seen)
        return Look(
            basis, Plan(basis.digest, tuple(plans)), self.listed, wanted, scopes, contested,
            seen.rulings, 0.0, seen.holds,
        )  # fmt: skip

    def _sight(self, number: int, seen: Sweep, look: Look) -> Sight:
        _, later = waves(look.plan.targets, self.gate.enforced if self.gate else ())
        first = tuple(plan.target for wave in later for plan in wave)
        sweep_said = replace(seen, plans=look.plan.targets, kept=())
        return Sight(number, sweep_said, first, armed_by(seen.rulings, look.wanted))

    def _todo(self, sight: Sight) -> tuple[str, ...]:
        """The targets at which this shard has something to change."""
        if self.common.basis.vetted.in_force is None:
            return ()
        return changing(sight)

    def _unmarked(self, number: int, sight: Sight) -> tuple[str, ...]:
        todo = self._todo(sight)
        if not todo:
            return ()
        prefix = made_key(self.common.name, self.shard.number, number, sight.sweep.scope.name)
        marked: set[str] = set()
        for key in self.job.store.keys(f"{prefix}/"):
            if stored := records.load(self.job.store, key, makings(Reading())):
                marked.update(plan.target for plan in stored.value.now)
        return tuple(target for target in todo if target not in marked)

    def _remember_grave(self, number: int, sight: Sight) -> None:
        changed, heard = {*changing(sight), *sight.first}, self.common.heard
        targets = tuple(
            plan.target
            for plan in sight.sweep.plans
            if plan.before
            and plan.verdict in GRAVE
            and plan.target not in changed
            and plan.target not in heard
        )
        if targets:
            with self._lock:
                self.grave[number, sight.sweep.scope.name] = targets

    def _carry_out(self, number: int, look: Look, todo: frozenset[str]) -> None:
        """Put some targets right, some at a time; each time is marked with what came of it."""
        plans = [plan for plan in look.plan.targets if plan.target in todo]
        for chunk in _chunks(plans):
            if self._late():
                return
            part = replace(look, plan=Plan(look.plan.list_digest, chunk))
            made = carried_out(self.job, part, self.common.run, chunk, self.asking.deadline)
            made = replace(made, now=still_so(self.job, part, made))
            if self._late():
                return
            # One that has lost its lease marks nothing: another does its work by now.
            self.job.go_on()
            key = made_key(self.common.name, self.shard.number, number, chunk[0].target)
            records.save(self.job.store, key, makings(Reading()), made, None)


def changing(sight: Sight) -> tuple[str, ...]:
    """The targets of a scope at which its shard has something to change."""
    first = set(sight.first)
    return tuple(
        plan.target
        for plan in sight.sweep.plans
        if plan.steps and plan.mode is not Mode.WATCH and plan.target not in first
    )


def _chunks(plans: Iterable[TargetPlan]) -> Iterator[tuple[TargetPlan, ...]]:
    """``plans`` some at a time; what one call touches stays together."""
    chunk: list[TargetPlan] = []
    for group in together(plans):
        chunk += group
        if len(chunk) >= CHUNK:
            yield tuple(chunk)
            chunk = []
    if chunk:
        yield tuple(chunk)
