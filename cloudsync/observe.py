"""What the target blocks see: scopes, targets and their plans, page by page; it changes nothing.

Whatever can't be looked at, or was there and isn't, gets a plan that says so: never silence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from cloudsync import records
from cloudsync.addresses import Network
from cloudsync.allowlist import Entry, InForce, cost_of_widening
from cloudsync.config import Config, TargetSettings
from cloudsync.errors import UsageError
from cloudsync.job import Job
from cloudsync.leaving import recovered
from cloudsync.model import Mode, Purpose, Verdict, Wanted
from cloudsync.plan import TargetPlan, make
from cloudsync.provider import Provider, Remark, Scope, Unreadable
from cloudsync.remember import seen_before
from cloudsync.wants import wanted_of


@dataclass(frozen=True)
class Block:
    """One target block: its provider, its scopes, and those that couldn't even be named."""

    settings: TargetSettings
    provider: Provider
    scopes: tuple[Scope, ...]
    unreadable: tuple[Unreadable, ...]


def blocks_of(job: Job) -> list[Block]:
    """The job's target blocks with their scopes.

    Raises:
        UsageError: a provider or its credentials are missing.
    """
    found: list[Block] = []
    for target in job.config.targets:
        provider = job.provider(target.provider)
        each = list(provider.scopes(target))
        found.append(
            Block(
                target,
                provider,
                tuple(one for one in each if isinstance(one, Scope)),
                tuple(one for one in each if isinstance(one, Unreadable)),
            )
        )
    return found


def recover(job: Job) -> InForce | None:
    """The list in force as our own rules in the clouds tell it, or None.

    Raises:
        CloudsyncError: the clouds can't be asked.
    """
    return recovered_from(job.config.name, blocks_of(job))


def recovered_from(installation: str, blocks: Iterable[Block]) -> InForce | None:
    """The list that own rules of purpose ``list`` hold, where every scope could be read.

    What stands where nobody could look would be taken for gone, without its grace: so with one
    scope unread there is no list in force, and a person accepts one.
    """
    networks: list[Network] = []
    for block in blocks:
        if block.unreadable:
            return None
        for scope in block.scopes:
            for seen in block.provider.observe(scope):
                if isinstance(seen, Unreadable):
                    return None
                own = block.provider.rules.own(seen, installation, block.settings.ports)
                for sources in own.values():
                    if Purpose.LIST in sources:
                        networks += sources[Purpose.LIST].addresses.networks()
    return recovered(networks)


def planned(
    job: Job,
    blocks: Iterable[Block],
    entries: Iterable[Entry],
    digest: str,
    now: datetime,
    *,
    unsure: bool,
) -> tuple[list[TargetPlan], dict[str, Wanted], dict[str, tuple[Provider, Scope]]]:
    """The plan of every target, page by page: no snapshot outlives its page."""
    plans: list[TargetPlan] = []
    wanted: dict[str, Wanted] = {}
    scopes: dict[str, tuple[Provider, Scope]] = {}
    entries = tuple(entries)
    known = seen_before(job)
    for block in blocks:
        want = wanted_of(job.config, block.settings, entries, now)
        if unsure and want.mode is Mode.ENFORCE:
            want = replace(want, mode=Mode.ADD)
        cost = _cost(block.settings, job.config, entries)
        before = len(plans)
        blind = [unread(one, want.mode, digest) for one in block.unreadable]
        for scope in block.scopes:
            for seen in block.provider.observe(scope):
                if isinstance(seen, Unreadable):
                    blind += _unreadable(seen, known, want.mode, digest, scopes)
                    continue
                for target in seen.targets:
                    if target in scopes:
                        raise UsageError(
                            block.settings.where,
                            f"{target} is a target of an earlier block too",
                            todo="Select it in one block only.",
                        )
                    wanted[target], scopes[target] = want, (block.provider, scope)
                made = make(block.provider.rules, seen, wanted, digest)
                plans += (_with_cost(plan, cost) for plan in made) if cost else made
        plans += blind
        plans += _absent(block, scopes, known, blind, want.mode, digest)
        here = {scope.name for scope in block.scopes}
        if len(plans) == before and not any(target.rpartition("/")[0] in here for target in known):
            raise UsageError(
                block.settings.at("select"),
                "no target matched, in "
                + (", ".join(scope.name for scope in block.scopes) or "no scope"),
                todo="Tag the groups that guard mail servers, or name them by ids.",
            )
    plans += _gone(blocks, known, {*scopes, *(plan.target for plan in plans)}, digest)
    return plans, wanted, scopes


def _cost(settings: TargetSettings, config: Config, entries: tuple[Entry, ...]) -> int:
    """How many addresses the block's own ``widen`` lets in that nobody listed."""
    shoreline = config.list.shoreline if settings.shoreline is None else settings.shoreline
    return cost_of_widening(entries, shoreline) if settings.widen == "24" else 0


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


def _gone(
    blocks: Iterable[Block],
    known: Mapping[str, records.Seen],
    told: Collection[str],
    digest: str,
) -> Iterator[TargetPlan]:
    """Targets that were there last time and weren't found, in scopes that were read whole."""
    for block in blocks:
        ids = _ids(block)
        for scope in block.scopes:
            if scope.name in told:
                continue  # it couldn't be read, and that has been said
            for target in known:
                where, _, name = target.rpartition("/")
                if where == scope.name and target not in told and (not ids or name in ids):
                    told = {*told, target}
                    yield TargetPlan(
                        target, Mode(block.settings.mode), digest, absent=Verdict.GONE,
                        reason=f"it was there on {known[target].seen_at:%Y-%m-%d %H:%M} UTC and "
                        f"isn't now; if that is right, say cloudsync forget {target}",
                    )  # fmt: skip


def _ids(block: Block) -> tuple[str, ...]:
    """The targets that a block names, where it names them."""
    return tuple(getattr(getattr(block.settings, "select", None), "ids", None) or ())


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
    here = {target.rpartition("/")[2] for target in (*read, *known)}
    ids = _ids(block)
    if blind or not any(one in here for one in ids):
        return
    where = ", ".join(scope.name for scope in block.scopes)
    for missing in ids:
        if missing not in here:
            yield TargetPlan(
                f"{block.scopes[0].name}/{missing}", mode, digest, absent=Verdict.GONE,
                reason=f"it is named in the configuration and isn't in {where}",
            )  # fmt: skip
