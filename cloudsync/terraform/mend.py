"""What would have to change in Terraform's code at a target that is only watched since Terraform keeps it; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from cloudsync.addresses import AddressSet, Network
from cloudsync.allowlist import Entry
from cloudsync.config import Config, TargetSettings
from cloudsync.immutable import immutable
from cloudsync.managed import managed_by
from cloudsync.model import OUR_MARKS, Note, Purpose, Verdict, Wanted
from cloudsync.plan import Mend, State, TargetPlan
from cloudsync.provider import Rules, Snapshot, Sources
from cloudsync.report.facts import facts
from cloudsync.report.words import counted, listing, natural
from cloudsync.tells import Managed, TellsModules
from cloudsync.terraform.versions import Version, Versions, pinned
from cloudsync.wants import choice_of

_NAMES: Final = frozenset({"terraform", "opentofu"})
_DRIFT: Final = frozenset({Verdict.MISSING, Verdict.OPEN})
_APPLY: Final = "`terraform init -upgrade` and `terraform apply`"
_PUBLISH: Final = (
    "Publish the list in force with `cloudsync terraform publish`, which the worker does at the end "
    f"of a pass, or write it with `cloudsync terraform write DIR`. Name that version in the module's "
    f"source, then {_APPLY}."
)


@immutable
class Known:
    """What a mend is told by: what is published, and which networks of a list apply at the targets."""

    versions: Versions | None
    networks_of: Callable[[Iterable[Entry]], Sequence[Network]]


def known_of(config: Config, settings: TargetSettings, versions: Versions | None) -> Known:
    """What the mends at one block's targets are told by."""
    return Known(versions, choice_of(config, settings).of)


def mended(
    rules: Rules,
    snapshot: Snapshot,
    plans: tuple[TargetPlan, ...],
    wanted: Mapping[str, Wanted],
    known: Known,
) -> tuple[TargetPlan, ...]:
    """The plans, with the change to the code where Terraform keeps the target and it is missing or open."""
    drifting = [plan for plan in plans if Note.MANAGED_BY in plan.notes and plan.verdict in _DRIFT]
    if not drifting:
        return plans
    ports = wanted[drifting[0].target].ports  # one block's targets have the same
    who = managed_by(rules, snapshot)
    modules: Mapping[str, Sources] = {}
    if isinstance(rules, TellsModules):
        modules = rules.modules(snapshot, ports)
    found: dict[str, Mend] = {}
    for plan in drifting:
        target, want = plan.target, wanted[plan.target]
        assert plan.before, "missing or open is said of what was looked at"
        if target in modules:
            others = _others(rules, snapshot, target, want, plan.before)
            found[target] = _of_module(target, want, plan.before, modules[target], others, known)
        elif _terraforms(want, who.get(target)):
            others = _others(rules, snapshot, target, want, plan.before)
            owned = rules.own(snapshot, want.installation, ports).get(target, {})
            found[target] = _of_code(want, plan.before, others, taken_over=Purpose.LIST in owned)
    return tuple(replace(plan, mend=found.get(plan.target)) for plan in plans)


def again(plan: TargetPlan, want: Wanted, known: Known) -> TargetPlan:
    """The plan, with what it says of a module told again: another version may be published by now."""
    old = plan.mend
    if old is None or old.keeps is None or plan.before is None:
        return plan
    mend = _of_module(plan.target, want, plan.before, old.keeps, old.rules, known)
    return replace(plan, mend=mend)


def _terraforms(want: Wanted, managed: Managed | None) -> bool:
    by = want.managed_by or (managed.by if managed else "")
    return by.lower() in _NAMES


def _others(
    rules: Rules, snapshot: Any, target: str, want: Wanted, state: State
) -> tuple[str, ...]:
    """The rules for the port alone that let in somebody unwanted, and that no mark of ours stands on."""
    excess = facts(state).excess
    if not excess:
        return ()
    foreign = rules.foreign(snapshot, want.installation, want.ports)[target].values()
    return tuple(
        sorted(
            (
                one.text
                for one in foreign
                if one.alone
                and one.addresses & excess
                and not any(mark in one.text for mark in OUR_MARKS)
            ),
            key=natural,
        )
    )


def _of_module(
    target: str,
    want: Wanted,
    state: State,
    keeps: Sources,
    others: tuple[str, ...],
    known: Known,
) -> Mend:
    """What a module's block would have to say, and what the rules of it lack."""
    found, holds = facts(state), keeps.addresses
    lacking = [str(one) for one in want.networks if not AddressSet.of(one) <= holds]
    also = [str(one) for one in want.also if AddressSet.of(one) & found.missing]
    versions = known.versions
    has = pinned(versions, holds, known.networks_of) if versions else None
    source = _source(versions, target) if versions else None
    why, todo = _of_list(want, known, has, source, len(lacking))
    if also:
        todo += f" The module's additional_networks take {listing(also)}."
    if others:
        todo += " Then take away the rules that no module made, in whatever code made them."
    lists = sorted(name.text for name in keeps.names)
    if lists:
        why += (
            f" Its rules name {listing(lists)}: where somebody else keeps what stands on it "
            "(style = reference), mend it there."
        )
    return Mend(
        why, todo, (*lacking, *also), tuple((found.excess & holds).cidrs()), others,
        has.number if has else None, versions.number if versions else None, source, keeps,
    )  # fmt: skip


def _of_list(
    want: Wanted, known: Known, has: Version | None, source: str | None, lacking: int
) -> tuple[str, str]:
    """How the module's version stands to the list in force, and what to do about it."""
    versions = known.versions
    if versions is None:
        why = "No version of the modules is known to be published from here."
        return why, _PUBLISH
    newest = versions.newest
    number = newest.number
    since = f" since {newest.day}" if newest.day else ""
    now = tuple(known.networks_of(newest.entries))
    take = f'Let the module block say `source = "{source}"`, then {_APPLY}.'
    if versions.proposed:
        take = f"Merge the branch {versions.proposed}. {take}"
    if now != want.networks:
        why = (
            f"The newest version published is {number}{since}, which hasn't the list in force yet."
        )
        return why, _PUBLISH
    if has is None:
        return f"Its rules hold no published version whole; the newest is {number}{since}.", take
    if tuple(known.networks_of(has.entries)) == now:
        why = f"Its rules hold the list in force, of version {has.number}."
        return why, "What is wrong stands beside the module's rules."
    missing = f", {counted(lacking, 'network')} missing" if lacking else ""
    why = f"Its module is pinned at {has.number}; {number} has been published{since}{missing}."
    return why, f"{take} If it says so already, apply it."


def _of_code(want: Wanted, state: State, others: tuple[str, ...], *, taken_over: bool) -> Mend:
    """What code without a module of ours would have to say."""
    missing = facts(state).missing
    add = tuple(str(one) for one in (*want.networks, *want.also) if AddressSet.of(one) & missing)
    if taken_over:
        return Mend(
            "Its rules are those that cloudsync made, kept by a root of Terraform's.",
            "Run `cloudsync terraform write DIR` in the root's folder, whose list the rules follow, "
            "then `terraform apply`.",
            add, rules=others,
        )  # fmt: skip
    return Mend(
        "Terraform keeps it by code that has no module of ours.",
        "Change the code by these lines, or let it call the module, then `terraform apply`.",
        add, rules=others,
    )  # fmt: skip


def _source(versions: Versions, target: str) -> str:
    return versions.source.replace("/MODULE", f"/{target.partition(':')[0]}")
