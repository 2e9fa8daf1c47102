"""What one target block sees in one of its scopes, planned page by page; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime
from functools import partial

from cloudsync import intime
from cloudsync.allowlist import Entry, cost_of_widening
from cloudsync.blocks import Block
from cloudsync.change import concerns
from cloudsync.config import Config, TargetSettings
from cloudsync.history.replay import Frozen, frozen
from cloudsync.holds import Gate, Hold, held_back
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.model import Mode, Note, Wanted
from cloudsync.plan import TargetPlan, make
from cloudsync.plural import counted
from cloudsync.preflight import arming, ledger
from cloudsync.preflight.arming import Known, Ruling
from cloudsync.provider import Remark, Scope, Snapshot, Unreadable
from cloudsync.remember import standing_orders
from cloudsync.standing import Standing, overlaid, remarks
from cloudsync.status.tally import saw
from cloudsync.terraform.ledger import published
from cloudsync.terraform.mend import known_of, mended
from cloudsync.terraform.versions import Versions
from cloudsync.trace import span
from cloudsync.wants import choice_of, wanted_of
from cloudsync.waves import together


@immutable
class Sweep:
    """What one target block sees in one of its scopes; of the snapshots only the plans are left.

    ``waits`` are the targets that are held, and those that one call would touch with them; ``kept``
    is what the plans with steps were made from, packed, where they may be carried out.
    """

    scope: Scope
    plans: tuple[TargetPlan, ...] = ()
    targets: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    holds: tuple[Hold, ...] = ()
    waits: tuple[str, ...] = ()
    rulings: Mapping[str, Ruling] = field(default_factory=dict[str, Ruling])
    kept: tuple[Frozen, ...] = ()


@immutable
class Asked:
    """What a look asks of each block, made once for all of their scopes.

    With a ``gate``, a target whose first enforce it holds is planned, and wanted, as in add; and so
    is one that preflight holds.
    """

    job: Job
    blocks: tuple[Block, ...]
    wants: tuple[Wanted, ...]
    costs: tuple[int, ...]
    digest: str
    now: datetime
    standing: Standing
    armed: Known
    published: Versions | None = None
    deadline: float | None = None
    gate: Gate | None = None

    def wanted(self, number: int, seen: Sweep) -> dict[str, Wanted]:
        """What is wanted of each target that block ``number`` saw in a scope."""
        want = self.wants[number]
        found = {
            target: overlaid(arming.gated(want, seen.rulings.get(target)), target, self.standing)
            for target in seen.targets
        }
        return found | {target: replace(found[target], mode=Mode.ADD) for target in seen.waits}


def asked(
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
) -> Asked:
    """What a look by these ``entries`` asks of ``blocks``.

    Raises:
        StateError: the state can't be read.
    """
    blocks, entries = tuple(blocks), tuple(entries)
    wants = [wanted_of(job.config, block.settings, entries, now) for block in blocks]
    if unsettled:
        wants = [replace(want, unsettled=True) for want in wants]
    if unsure:
        wants = [
            replace(want, unsure=True, mode=Mode.ADD if want.mode is Mode.ENFORCE else want.mode)
            for want in wants
        ]
    return Asked(
        job, blocks, tuple(wants), tuple(_cost(one.settings, job.config, entries) for one in blocks),
        digest, now, standing_orders(job), ledger.known(job.store), published(job.store), deadline,
        gate,
    )  # fmt: skip


def sweep(asking: Asked, number: int, scope: Scope) -> Sweep:
    """What block ``number`` sees in one of its scopes."""
    with span("observe", {"cloudsync.scope": scope.name}) as part:
        found = _swept(asking, number, scope)
        part.say({"cloudsync.targets.seen": len(found.targets)})
        if found.unreadable:
            part.fail("unreadable", found.unreadable[0].reason)
    return found


def _swept(asking: Asked, number: int, scope: Scope) -> Sweep:
    job, gate = asking.job, asking.gate
    block, want, cost = asking.blocks[number], asking.wants[number], asking.costs[number]
    plans: list[TargetPlan] = []
    targets: list[str] = []
    blind: list[Unreadable] = []
    holds: list[Hold] = []
    waits: list[str] = []
    rulings: dict[str, Ruling] = {}
    kept: list[Frozen] = []
    for seen in intime.pages(block.provider, scope, None, asking.deadline, job.pace.monotonic):
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
        wanted = dict.fromkeys(seen.targets, want)
        here: dict[str, Ruling] = {}
        if want.mode is Mode.ENFORCE:
            here = arming.rule_page(
                block.settings, seen.targets, partial(_kin, seen), asking.armed, asking.now
            )
            wanted = {target: arming.gated(want, here[target]) for target in seen.targets}
            rulings |= here
        if asking.standing:
            wanted = {
                target: overlaid(one, target, asking.standing) for target, one in wanted.items()
            }
        with span("plan", {"cloudsync.targets.seen": len(wanted)}):
            made = _made(asking, block, seen, wanted)
        if gate:
            made, held, waiting = _gated(made, block, seen, wanted, gate, job.now())
            holds += held
            waits += waiting
        if here:
            made = tuple(
                plan.saying(*arming.remarks(plan.target, here[plan.target])) for plan in made
            )
        if asking.standing:
            made = tuple(plan.saying(*remarks(plan.target, asking.standing)) for plan in made)
        # Only who works under a lease goes on to change something.
        if job.fence is not None and any(plan.steps for plan in made):
            name = block.settings.provider
            small = frozen(name, block.provider.rules, seen, made)
            kept += [small] if small else []
        plans += (_with_cost(plan, cost) for plan in made) if cost else made
    return Sweep(
        scope, tuple(plans), tuple(targets), tuple(blind), tuple(holds), tuple(waits), rulings,
        tuple(kept),
    )  # fmt: skip


def _made(
    asking: Asked, block: Block, seen: Snapshot, wanted: Mapping[str, Wanted]
) -> tuple[TargetPlan, ...]:
    """The plans of a page, with what would mend Terraform's code where that keeps a target."""
    rules = block.provider.rules
    made = make(rules, seen, wanted, asking.digest)
    known = known_of(asking.job.config, block.settings, asking.published)
    return mended(rules, seen, made, wanted, known)


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


def _cost(settings: TargetSettings, config: Config, entries: tuple[Entry, ...]) -> int:
    """How many addresses the block's own ``widen`` lets in that nobody listed."""
    shoreline = choice_of(config, settings).shoreline
    return cost_of_widening(entries, shoreline) if settings.widen == "24" else 0


def _with_cost(plan: TargetPlan, cost: int) -> TargetPlan:
    text = f"widen: 24 lets in {counted(cost, 'address')} that nobody listed"
    return plan.saying(Remark(plan.target, text))
