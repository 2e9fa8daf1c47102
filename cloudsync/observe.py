"""What the target blocks see: scopes, targets and their plans, page by page; it changes nothing.

Whatever can't be looked at, or was there and isn't, gets a plan that says so: never silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from cloudsync import intime
from cloudsync.addresses import Network
from cloudsync.allowlist import Entry, InForce, cost_of_widening
from cloudsync.blocks import Block, blocks_of, narrowed
from cloudsync.change import concerns
from cloudsync.config import Config, TargetSettings
from cloudsync.errors import UsageError
from cloudsync.history.replay import Frozen, frozen
from cloudsync.holds import Gate, Hold, held_back
from cloudsync.job import Job
from cloudsync.model import Mode, Note, Purpose, Wanted
from cloudsync.plan import TargetPlan, make
from cloudsync.preflight import arming, ledger
from cloudsync.preflight.arming import Ruling
from cloudsync.provider import Provider, Remark, Scope, Snapshot, Unreadable
from cloudsync.remember import seen_before, standing_orders
from cloudsync.standing import Standing, overlaid, remarks
from cloudsync.status.tally import saw
from cloudsync.vanished import absent, gone, scope_of, unlisted, unread, unread_scope
from cloudsync.vetting.leaving import recovered
from cloudsync.wants import wanted_of
from cloudsync.waves import together


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


@dataclass(frozen=True, slots=True)
class _Sweep:
    """What one target block sees in one of its scopes; of the snapshots only the plans are left."""

    scope: Scope
    plans: tuple[TargetPlan, ...]
    targets: tuple[str, ...]
    unreadable: tuple[Unreadable, ...]
    holds: tuple[Hold, ...] = ()
    waits: tuple[str, ...] = ()
    """The targets that are held, and those that one call would touch with them."""
    rulings: Mapping[str, Ruling] = field(default_factory=dict[str, Ruling])
    kept: tuple[Frozen, ...] = ()
    """What the plans with steps were made from, packed, where they may be carried out."""


@dataclass(frozen=True, slots=True)
class Planned:
    """Every target's plan, what is wanted of it, where it is, and what preflight says of closing it."""

    plans: list[TargetPlan] = field(default_factory=list[TargetPlan])
    wanted: dict[str, Wanted] = field(default_factory=dict[str, Wanted])
    scopes: dict[str, tuple[Provider, Scope]] = field(
        default_factory=dict[str, tuple[Provider, Scope]]
    )
    rulings: dict[str, Ruling] = field(default_factory=dict[str, Ruling])
    holds: list[Hold] = field(default_factory=list[Hold])
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
    """The plan of every target, page by page: no snapshot outlives its page, but for what is kept.

    With a ``gate``, a target whose first enforce it holds is planned, and wanted, as in add; and so
    is one that preflight holds.
    """
    found = Planned()
    plans, wanted, scopes = found.plans, found.wanted, found.scopes
    blocks, entries = tuple(narrowed(blocks, job.only)), tuple(entries)
    taken: set[str] = set()
    known = {name: seen for name, seen in seen_before(job).items() if concerns(job.only, name)}
    wants = [wanted_of(job.config, block.settings, entries, now) for block in blocks]
    if unsettled:
        wants = [replace(want, unsettled=True) for want in wants]
    if unsure:
        wants = [replace(want, mode=Mode.ADD) if want.mode is Mode.ENFORCE else want
                 for want in wants]  # fmt: skip
    standing = standing_orders(job)
    swept = _swept(job, blocks, wants, entries, digest, standing, now, deadline, gate)
    for block, want, sweeps in zip(blocks, wants, swept, strict=True):
        before = len(plans)
        blind = [unread(one, want.mode, digest) for one in block.unreadable]
        for sweep in sweeps:
            for target in sweep.targets:
                # Azure takes a name in any case, and no cloud has two that differ in case alone.
                if target.lower() in taken:
                    raise UsageError(
                        block.settings.where,
                        f"{target} is a target of an earlier block too",
                        todo="Select it in one block only.",
                    )
                taken.add(target.lower())
                gated = arming.gated(want, sweep.rulings.get(target))
                wanted[target] = overlaid(gated, target, standing)
                scopes[target] = (block.provider, sweep.scope)
            for target in sweep.waits:
                wanted[target] = replace(wanted[target], mode=Mode.ADD)
            found.holds.extend(sweep.holds)
            found.kept.extend(sweep.kept)
            plans += sweep.plans
            found.rulings.update(sweep.rulings)
            for seen in sweep.unreadable:
                blind += unread_scope(seen, known, want.mode, digest, scopes)
        plans += blind
        lacking = absent(block, scopes, known, blind, want.mode, digest)
        plans += (plan for plan in lacking if concerns(job.only, plan.target))
        here = {scope.name for scope in block.scopes}
        seen_here = any(scope_of(target, here) for target in known)
        if len(plans) == before and not seen_here and not job.only:
            raise UsageError(
                block.settings.at("select"),
                "no target matched, in "
                + (", ".join(scope.name for scope in block.scopes) or "no scope"),
                todo="Correct select: tag what guards mail servers as it says, or name it there.",
            )
    for block, want in zip(blocks, wants, strict=True):
        for one in block.unreadable:
            told = {*scopes, *(plan.target for plan in plans)}
            more = unlisted(one, known, want.mode, digest, told)
            plans += (plan for plan in more if concerns(job.only, plan.target))
    plans += gone(blocks, known, {*scopes, *(plan.target for plan in plans)}, digest)
    return found


def _swept(
    job: Job,
    blocks: Sequence[Block],
    wants: Sequence[Wanted],
    entries: tuple[Entry, ...],
    digest: str,
    standing: Standing,
    now: datetime,
    deadline: float | None,
    gate: Gate | None,
) -> list[list[_Sweep]]:
    """What each block sees in each of its scopes, the scopes side by side."""

    def sweep(item: tuple[int, Scope]) -> _Sweep:
        number, scope = item
        block, want, cost = blocks[number], wants[number], costs[number]
        plans: list[TargetPlan] = []
        targets: list[str] = []
        blind: list[Unreadable] = []
        holds: list[Hold] = []
        waits: list[str] = []
        rulings: dict[str, Ruling] = {}
        kept: list[Frozen] = []
        for seen in intime.pages(block.provider, scope, None, deadline, job.pace.monotonic):
            if isinstance(seen, Unreadable):
                saw(unreadable=1)
                blind.append(seen)
                continue
            if job.only:
                # Listed as a sweep lists, since a look at named targets asks nobody whether they
                # are selected: an event may name any group of the account.
                here_only = [one for one in seen.targets if concerns(job.only, one)]
                if not here_only:
                    continue
                seen = seen.of(here_only)  # noqa: PLW2901 - the page, cut down
            saw(targets=len(seen.targets))
            targets += seen.targets
            asked = dict.fromkeys(seen.targets, want)
            here: dict[str, Ruling] = {}
            if want.mode is Mode.ENFORCE:
                here = arming.rule_page(
                    block.settings, seen.targets, partial(_kin, seen), armed, now
                )
                asked = {target: arming.gated(want, here[target]) for target in seen.targets}
                rulings |= here
            if standing:
                asked = {target: overlaid(one, target, standing) for target, one in asked.items()}
            made = make(block.provider.rules, seen, asked, digest)
            if gate:
                made, held, waiting = _gated(made, block, seen, asked, gate, job.now())
                holds += held
                waits += waiting
            if here:
                made = tuple(
                    plan.saying(*arming.remarks(plan.target, here[plan.target])) for plan in made
                )
            if standing:
                made = tuple(plan.saying(*remarks(plan.target, standing)) for plan in made)
            # Only who works under a lease goes on to change something.
            if job.fence is not None and any(plan.steps for plan in made):
                name = block.settings.provider
                small = frozen(name, block.provider.rules, seen, made)
                kept += [small] if small else []
            plans += (_with_cost(plan, cost) for plan in made) if cost else made
        return _Sweep(
            scope, tuple(plans), tuple(targets), tuple(blind), tuple(holds), tuple(waits), rulings,
            tuple(kept),
        )  # fmt: skip

    armed = ledger.known(job.store)
    costs = [_cost(block.settings, job.config, entries) for block in blocks]
    items = [(number, scope) for number, block in enumerate(blocks) for scope in block.scopes]
    found: list[list[_Sweep]] = [[] for _ in blocks]
    for (number, _), one in zip(items, job.each(sweep, items, _name), strict=True):
        found[number].append(one)
    return found


def _gated(
    made: Iterable[TargetPlan],
    block: Block,
    seen: Snapshot,
    asked: Mapping[str, Wanted],
    gate: Gate,
    now: datetime,
) -> tuple[tuple[TargetPlan, ...], list[Hold], list[str]]:
    """The plans, with what add would do in the place of a first enforce that waits.

    What one call would touch with it waits too, since the call would close both.
    """
    plans: dict[str, TargetPlan] = {plan.target: plan for plan in made}
    holds: list[Hold] = []
    waits: list[str] = []
    for group in together(plans.values()):
        closing = [plan for plan in group if plan.mode is Mode.ENFORCE and plan.steps]
        if all(plan.target in gate.enforced for plan in closing):
            continue
        wanted = {plan.target: replace(asked[plan.target], mode=Mode.ADD) for plan in closing}
        digest = closing[0].list_digest
        adds = {
            plan.target: plan
            for plan in make(block.provider.rules, seen.of(list(wanted)), wanted, digest)
        }
        held = {
            plan.target: gate.holds(plan, adds[plan.target], asked[plan.target]) for plan in closing
        }
        first = next((target for target, waiting in held.items() if waiting), None)
        if first is None:
            continue
        waits += held
        for plan in closing:
            add, waiting = adds[plan.target], held[plan.target]
            if waiting:
                plans[plan.target], hold = held_back(plan, add, asked[plan.target], waiting, now)
                holds.append(hold)
            else:
                text = (
                    f"it waits for a person to approve {first}, which one call would close with it"
                )
                plans[plan.target] = add.saying(Remark(plan.target, text, Note.HELD))
    return tuple(plans.values()), holds, waits


def _kin(seen: Snapshot, target: str) -> tuple[str, ...]:
    return seen.of([target]).targets


def _name(item: tuple[Any, Scope]) -> str:
    return item[1].name


def _cost(settings: TargetSettings, config: Config, entries: tuple[Entry, ...]) -> int:
    """How many addresses the block's own ``widen`` lets in that nobody listed."""
    shoreline = config.list.shoreline if settings.shoreline is None else settings.shoreline
    return cost_of_widening(entries, shoreline) if settings.widen == "24" else 0


def _with_cost(plan: TargetPlan, cost: int) -> TargetPlan:
    text = f"widen: 24 lets in {cost:,} addresses that nobody listed"
    return plan.saying(Remark(plan.target, text))
