"""What the target blocks see, all together: every target's plan, and what wasn't seen; it changes nothing.

Whatever can't be looked at, or was there and isn't, gets a plan that says so: never silence.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from cloudsync import intime
from cloudsync.addresses import Network
from cloudsync.allowlist import Entry, InForce
from cloudsync.blocks import Block, blocks_of, narrowed
from cloudsync.change import concerns, elsewhere
from cloudsync.errors import UsageError
from cloudsync.history.replay import Frozen
from cloudsync.holds import Gate, Hold
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.model import Mode, Purpose, Wanted
from cloudsync.plan import TargetPlan
from cloudsync.preflight.arming import Ruling
from cloudsync.provider import Provider, Scope, Unreadable
from cloudsync.records import Seen
from cloudsync.remember import seen_before
from cloudsync.sweep import Asked, Sweep, asked, sweep
from cloudsync.vanished import absent, gone, scope_of, unlisted, unread, unread_scope
from cloudsync.vetting.leaving import recovered


def recover(job: Job) -> InForce | None:
    """The list in force as our own rules in the clouds tell it, or None.

    Raises:
        CloudsyncError: the clouds can't be asked.
    """
    deadline = job.deadline()
    return recovered_from(job, blocks_of(job, deadline), deadline)


def recovered_from(
    job: Job, blocks: Iterable[Block], deadline: float | None = None
) -> InForce | None:
    """The list that own rules of purpose ``list`` hold, where every scope could be read.

    What stands where nobody could look would be taken for gone, without its grace: so with one
    scope unread there is no list in force, and a person accepts one.
    """
    blocks = list(blocks)
    if any(block.unreadable for block in blocks):
        return None

    def own(item: tuple[Block, Scope]) -> set[Network] | None:
        block, scope = item
        found: set[Network] = set()
        rules = block.provider.rules
        for seen in intime.pages(block.provider, scope, None, deadline, job.pace.monotonic):
            if isinstance(seen, Unreadable):
                return None
            owned = rules.own(seen, job.config.name, block.settings.ports)
            for sources in owned.values():
                if Purpose.LIST in sources:
                    found.update(sources[Purpose.LIST].addresses.networks())
        return found

    items = [(block, scope) for block in blocks for scope in block.scopes]
    networks: set[Network] = set()
    for found in job.each(own, items, _name):
        if found is None:
            return None
        networks |= found
    return recovered(networks)


@immutable
class Planned:
    """Every target's plan, what is wanted of it, where it is, and what preflight says of closing it.

    ``elsewhere`` is what a change named that no block looks into.
    """

    plans: list[TargetPlan] = field(default_factory=list[TargetPlan])
    wanted: dict[str, Wanted] = field(default_factory=dict[str, Wanted])
    scopes: dict[str, tuple[Provider, Scope]] = field(
        default_factory=dict[str, tuple[Provider, Scope]]
    )
    rulings: dict[str, Ruling] = field(default_factory=dict[str, Ruling])
    holds: list[Hold] = field(default_factory=list[Hold])
    elsewhere: set[str] = field(default_factory=set[str])
    kept: list[Frozen] = field(default_factory=list[Frozen])


def planned(
    job: Job,
    blocks: Iterable[Block],
    entries: Iterable[Entry],
    digest: str,
    now: datetime,
    *,
    unsure: bool,
    unsettled: bool = False,
    deadline: float | None = None,
    gate: Gate | None = None,
) -> Planned:
    """The plan of every target, page by page: no snapshot outlives its page, but for what is kept."""
    blocks = tuple(narrowed(blocks, job.only))
    asking = asked(
        job, blocks, entries, digest, now,
        unsure=unsure, unsettled=unsettled, deadline=deadline, gate=gate,
    )  # fmt: skip
    items = [(number, scope) for number, block in enumerate(blocks) for scope in block.scopes]
    swept: list[list[Sweep]] = [[] for _ in blocks]
    found = Planned()
    for (number, _), one in zip(items, _in_time(asking, items), strict=True):
        swept[number].append(one)
        found.wanted.update(asking.wanted(number, one))
        provider = blocks[number].provider
        found.scopes.update(dict.fromkeys(one.targets, (provider, one.scope)))
        found.holds.extend(one.holds)
        found.kept.extend(one.kept)
        found.rulings.update(one.rulings)
    known = {name: seen for name, seen in seen_before(job).items() if concerns(job.only, name)}
    modes = [want.mode for want in asking.wants]
    found.plans.extend(every(blocks, modes, swept, known, digest, job.only))
    looked_into = (scope.name for block in blocks for scope in block.scopes)
    named = (*looked_into, *(plan.target for plan in found.plans))
    found.elsewhere.update(elsewhere(job.only, named))
    return found


def _in_time(asking: Asked, items: Sequence[tuple[int, Scope]]) -> list[Sweep]:
    """What is seen in each scope, in the order of ``items``.

    Where the run goes on to change something, some of its time is kept for that: a scope whose turn
    comes later counts as not reached.
    """
    job = asking.job
    enough = intime.looked_enough(asking.deadline, job.limit)
    found_work = threading.Event()

    def look(item: tuple[int, Scope]) -> Sweep:
        number, scope = item
        if found_work.is_set() and intime.late(enough, job.pace.monotonic):
            return Sweep(scope, unreadable=(intime.unreached(scope.name),))
        seen = sweep(asking, number, scope)
        # Only who works under a lease goes on to change something.
        if job.fence is not None and any(
            plan.steps and plan.mode is not Mode.WATCH for plan in seen.plans
        ):
            found_work.set()
        return seen

    at = intime.first(job.run, len(items))
    seen = job.each(look, [*items[at:], *items[:at]], _name)
    return [*seen[len(items) - at :], *seen[: len(items) - at]]


def every(
    blocks: Sequence[Block],
    modes: Sequence[Mode],
    swept: Sequence[Sequence[Sweep]],
    known: Mapping[str, Seen],
    digest: str,
    only: frozenset[str] = frozenset(),
) -> list[TargetPlan]:
    """The plans of what each block saw, and of what it didn't see and should have.

    ``modes`` are those of the blocks, ``swept`` what each saw in each of its scopes, ``known`` the
    targets of last time.

    Raises:
        UsageError: two blocks have one target, or a block matched none.
    """
    plans: list[TargetPlan] = []
    taken: set[str] = set()
    read: set[str] = set()
    for block, mode, sweeps in zip(blocks, modes, swept, strict=True):
        before = len(plans)
        blind = [unread(one, mode, digest) for one in block.unreadable]
        for one in sweeps:
            for target in one.targets:
                # Azure takes a name in any case, and no cloud has two that differ in case alone.
                # One that is in small letters is held once, and not as its own copy.
                small = target.lower()
                if small in taken:
                    raise UsageError(
                        block.settings.where,
                        f"{target} is a target of an earlier block too",
                        todo="Select it in one block only.",
                    )
                taken.add(target if small == target else small)
                read.add(target)
            plans += one.plans
            for seen in one.unreadable:
                blind += unread_scope(seen, known, mode, digest, read)
        plans += blind
        lacking = absent(block, read, known, blind, mode, digest)
        plans += (plan for plan in lacking if concerns(only, plan.target))
        here = {scope.name for scope in block.scopes}
        seen_here = any(scope_of(target, here) for target in known)
        if len(plans) == before and not seen_here and not only:
            raise UsageError(
                block.settings.at("select"),
                "no target matched, in "
                + (", ".join(scope.name for scope in block.scopes) or "no scope"),
                todo="Correct select: tag what guards mail servers as it says, or name it there.",
            )
    for block, mode in zip(blocks, modes, strict=True):
        for lost in block.unreadable:
            told = {*read, *(plan.target for plan in plans)}
            more = unlisted(lost, known, mode, digest, told)
            plans += (plan for plan in more if concerns(only, plan.target))
    plans += gone(blocks, known, {*read, *(plan.target for plan in plans)}, digest)
    return plans


def _name(item: tuple[Any, Scope]) -> str:
    return item[1].name
