"""What the target blocks see: scopes, targets and their plans, page by page; it changes nothing.

Whatever can't be looked at, or was there and isn't, gets a plan that says so: never silence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cloudsync import intime, records
from cloudsync.addresses import Network
from cloudsync.allowlist import Entry, InForce, cost_of_widening
from cloudsync.config import Config, TargetSettings
from cloudsync.errors import TargetError, UsageError
from cloudsync.holds import Gate, Hold, held_back, with_remark
from cloudsync.job import Job
from cloudsync.leaving import recovered
from cloudsync.model import Mode, Note, Purpose, Verdict, Wanted
from cloudsync.plan import TargetPlan, make
from cloudsync.provider import Provider, Remark, Scope, Snapshot, Unreadable
from cloudsync.remember import seen_before, standing_orders
from cloudsync.standing import Standing, overlaid, remarks
from cloudsync.wants import wanted_of
from cloudsync.waves import together


@dataclass(frozen=True)
class Block:
    """One target block: its provider, its scopes, and those that couldn't even be named."""

    settings: TargetSettings
    provider: Provider
    scopes: tuple[Scope, ...]
    unreadable: tuple[Unreadable, ...]


def blocks_of(job: Job, deadline: float | None = None) -> list[Block]:
    """The job's target blocks with their scopes.

    A provider may have to ask for its scopes, account by account; those that it had no time to
    name before ``deadline`` are not reached.

    Raises:
        UsageError: a provider or its credentials are missing.
    """
    found: list[Block] = []
    for target in job.config.targets:
        provider = job.provider(target.provider)
        scopes: list[Scope] = []
        blind: list[Unreadable] = []
        for one in provider.scopes(target):
            if intime.late(deadline, job.pace.monotonic):
                blind.append(intime.unreached(target.provider))
                break
            if isinstance(one, Scope):
                scopes.append(one)
            else:
                blind.append(one)
        found.append(Block(target, provider, tuple(scopes), tuple(blind)))
    return found


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


@dataclass(frozen=True)
class Located:
    """One target, by the target block that selects it, and what a sweep saw of it."""

    target: str
    settings: TargetSettings
    provider: Provider
    scope: Scope
    snapshot: Snapshot


def locate(job: Job, target: str) -> Located:
    """Find the target that is named so.

    Raises:
        UsageError: no target block selects it.
        TargetError: where it is can't be read.
    """
    cloud = target.partition(":")[0]
    for settings in job.config.targets:
        if settings.provider != cloud:
            continue
        provider = job.provider(cloud)
        for scope in provider.scopes(settings):
            if isinstance(scope, Unreadable):
                if target.startswith(scope.scope):
                    raise TargetError(scope.scope, scope.reason, todo=scope.todo)
                continue
            if not target.startswith(f"{scope.name}/"):
                continue
            for seen in provider.observe(scope):
                if isinstance(seen, Unreadable):
                    raise TargetError(seen.scope, seen.reason, todo=seen.todo)
                if target in seen.targets:
                    return Located(target, settings, provider, scope, seen.of([target]))
    raise UsageError(
        target, "no target block of the configuration selects it",
        todo="Take a name from cloudsync plan.",
    )  # fmt: skip


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
) -> tuple[list[TargetPlan], dict[str, Wanted], dict[str, tuple[Provider, Scope]], list[Hold]]:
    """The plan of every target, page by page: no snapshot outlives its page.

    With a ``gate``, a target whose first enforce it holds is planned, and wanted, as in add.
    """
    plans: list[TargetPlan] = []
    wanted: dict[str, Wanted] = {}
    scopes: dict[str, tuple[Provider, Scope]] = {}
    holds: list[Hold] = []
    blocks, entries = tuple(blocks), tuple(entries)
    taken: set[str] = set()
    known = seen_before(job)
    wants = [wanted_of(job.config, block.settings, entries, now) for block in blocks]
    if unsettled:
        wants = [replace(want, unsettled=True) for want in wants]
    if unsure:
        wants = [replace(want, mode=Mode.ADD) if want.mode is Mode.ENFORCE else want
                 for want in wants]  # fmt: skip
    standing = standing_orders(job)
    swept = _swept(job, blocks, wants, entries, digest, standing, deadline, gate)
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
                wanted[target] = overlaid(want, target, standing)
                scopes[target] = (block.provider, sweep.scope)
            for target in sweep.waits:
                wanted[target] = replace(wanted[target], mode=Mode.ADD)
            holds += sweep.holds
            plans += sweep.plans
            for seen in sweep.unreadable:
                blind += _unreadable(seen, known, want.mode, digest, scopes)
        plans += blind
        plans += _absent(block, scopes, known, blind, want.mode, digest)
        here = {scope.name for scope in block.scopes}
        if len(plans) == before and not any(_scope_of(target, here) for target in known):
            raise UsageError(
                block.settings.at("select"),
                "no target matched, in "
                + (", ".join(scope.name for scope in block.scopes) or "no scope"),
                todo="Correct select: tag what guards mail servers as it says, or name it there.",
            )
    for block, want in zip(blocks, wants, strict=True):
        for one in block.unreadable:
            told = {*scopes, *(plan.target for plan in plans)}
            plans += _unlisted(one, known, want.mode, digest, told)
    plans += _gone(blocks, known, {*scopes, *(plan.target for plan in plans)}, digest)
    return plans, wanted, scopes, holds


def _swept(
    job: Job,
    blocks: Sequence[Block],
    wants: Sequence[Wanted],
    entries: tuple[Entry, ...],
    digest: str,
    standing: Standing,
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
        for seen in intime.pages(block.provider, scope, None, deadline, job.pace.monotonic):
            if isinstance(seen, Unreadable):
                blind.append(seen)
                continue
            targets += seen.targets
            asked = dict.fromkeys(seen.targets, want)
            if standing:
                asked = {target: overlaid(want, target, standing) for target in seen.targets}
            made = make(block.provider.rules, seen, asked, digest)
            if gate:
                made, held, waiting = _gated(made, block, seen, asked, gate, job.now())
                holds += held
                waits += waiting
            if standing:
                made = tuple(said(plan, remarks(plan.target, standing)) for plan in made)
            plans += (_with_cost(plan, cost) for plan in made) if cost else made
        return _Sweep(scope, tuple(plans), tuple(targets), tuple(blind), tuple(holds), tuple(waits))

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
        held = {plan.target: gate.holds(plan, adds[plan.target]) for plan in closing}
        first = next((target for target, waiting in held.items() if waiting), None)
        if first is None:
            continue
        waits += held
        for plan in closing:
            add, waiting = adds[plan.target], held[plan.target]
            if waiting:
                plans[plan.target], hold = held_back(plan, add, waiting, now)
                holds.append(hold)
            else:
                text = (
                    f"it waits for a person to approve {first}, which one call would close with it"
                )
                plans[plan.target] = with_remark(add, Remark(plan.target, text, Note.HELD))
    return tuple(plans.values()), holds, waits


def _name(item: tuple[Any, Scope]) -> str:
    return item[1].name


def _scope_of(target: str, scopes: Collection[str]) -> str | None:
    """The scope among ``scopes`` that a target is in, by their names."""
    where = target
    while "/" in where:
        where = where.rpartition("/")[0]
        if where in scopes:
            return where
    return None


def _cost(settings: TargetSettings, config: Config, entries: tuple[Entry, ...]) -> int:
    """How many addresses the block's own ``widen`` lets in that nobody listed."""
    shoreline = config.list.shoreline if settings.shoreline is None else settings.shoreline
    return cost_of_widening(entries, shoreline) if settings.widen == "24" else 0


def said(plan: TargetPlan, more: Iterable[Remark]) -> TargetPlan:
    """``plan`` with more to say, and the notes that go with it."""
    remarked = (*plan.remarks, *more)
    notes = {*plan.notes, *(one.note for one in remarked if one.note)}
    return replace(plan, remarks=remarked, notes=tuple(note for note in Note if note in notes))


def _with_cost(plan: TargetPlan, cost: int) -> TargetPlan:
    text = f"widen: 24 lets in {cost:,} addresses that nobody listed"
    return replace(plan, remarks=(*plan.remarks, Remark(plan.target, text)))


def unread(found: Unreadable, mode: Mode, digest: str, target: str = "") -> TargetPlan:
    """The plan of a target, or of a whole scope, that couldn't be looked at."""
    reason = f"{found.reason}. {found.todo}".rstrip()
    return TargetPlan(target or found.scope, mode, digest, reason=reason)


def _unreadable(
    found: Unreadable,
    known: Mapping[str, records.Seen],
    mode: Mode,
    digest: str,
    read: Collection[str],
) -> Iterator[TargetPlan]:
    """The scope itself, and each target that was there last time and wasn't reached."""
    yield unread(found, mode, digest)
    for target in known:
        if target.startswith(f"{found.scope}/") and target not in read:
            yield unread(found, mode, digest, target)


def _unlisted(
    found: Unreadable,
    known: Collection[str],
    mode: Mode,
    digest: str,
    told: Collection[str],
) -> Iterator[TargetPlan]:
    """The targets of last time that are in what couldn't be listed: an account, or a whole cloud."""
    for target in known:
        if target.startswith((f"{found.scope}/", f"{found.scope}:")) and target not in told:
            yield unread(found, mode, digest, target)


def _gone(
    blocks: Iterable[Block],
    known: Mapping[str, records.Seen],
    told: Collection[str],
    digest: str,
) -> Iterator[TargetPlan]:
    """Targets that were there last time and weren't found, in scopes that were read whole.

    Where the cloud says which scopes there are, one that it doesn't name any more took its targets
    with it.
    """
    told = set(told)
    blocks = tuple(blocks)
    reached = {scope.name for block in blocks for scope in block.scopes}
    for block in blocks:
        ids = frozenset(_ids(block))
        here = {scope.name for scope in block.scopes}
        for target, seen in known.items():
            if target in told or (ids and ids.isdisjoint(_names(target))):
                continue
            where = _scope_of(target, here)
            if where is not None:
                if where in told:
                    continue  # it couldn't be read, and that has been said
                what = "it was there on {} and isn't now"
            elif (
                block.settings.discovers
                and target.startswith(f"{block.settings.provider}:")
                and _scope_of(target, reached) is None
            ):
                what = "it was there on {}, in an account or region that isn't listed any more"
            else:
                continue
            told.add(target)
            when = what.format(f"{seen.seen_at:%Y-%m-%d %H:%M} UTC")
            yield TargetPlan(
                target, Mode(block.settings.mode), digest, absent=Verdict.GONE,
                reason=f"{when}; if that is right, say cloudsync forget {target}",
            )  # fmt: skip


def _ids(block: Block) -> tuple[str, ...]:
    """The targets that a block names, where it names them."""
    return tuple(getattr(getattr(block.settings, "select", None), "ids", None) or ())


def _names(target: str) -> Iterator[str]:
    """What a block may call ``target``: its end, from any slash on, as some names hold slashes."""
    rest = target
    while "/" in rest:
        rest = rest.partition("/")[2]
        yield rest


def _absent(
    block: Block,
    read: Collection[str],
    known: Collection[str],
    blind: Collection[TargetPlan],
    mode: Mode,
    digest: str,
) -> Iterator[TargetPlan]:
    """Targets that a block names and that nobody has ever seen.

    Where none of the named ones is there, the block matched nothing: an error in use.
    """
    expected = [one for scope in block.scopes for one in block.settings.expected(scope.name)]
    if not blind and any(one in read or one in known for one in expected):
        for target in expected:
            if target not in read and target not in known:
                yield TargetPlan(
                    target, mode, digest, absent=Verdict.GONE,
                    reason="the configuration names it, and it isn't there",
                )  # fmt: skip
    here = {name for target in (*read, *known) for name in _names(target)}
    ids = _ids(block)
    absent = [one for one in ids if one not in here]
    if blind or not block.scopes or len(absent) == len(ids):
        return
    where = ", ".join(scope.name for scope in block.scopes)
    for missing in absent:
        yield TargetPlan(
            f"{block.scopes[0].name}/{missing}", mode, digest, absent=Verdict.GONE,
            reason=f"it is named in the configuration and isn't in {where}",
        )  # fmt: skip
