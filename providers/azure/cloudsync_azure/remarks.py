"""What a person should be told of a network security group that cloudsync can't make right; it changes none."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Final

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.model import Mode, Note, Wanted
from cloudsync.place import Placement
from cloudsync.plural import counted
from cloudsync.provider import Remark
from cloudsync_azure.clauses import Protect, clauses
from cloudsync_azure.decide import Decision
from cloudsync_azure.marks import marked, owner
from cloudsync_azure.rule import Rule, short
from cloudsync_azure.snapshot import Nsg

_NAMED: Final = 5
"""Interfaces or subnets that are named one by one."""


def remarks(
    target: str, group: Nsg, want: Wanted, decision: Decision, protect: Protect
) -> Iterator[Remark]:
    """What stands in the way of ``want`` and stays, each with what a person can do."""
    for placement in decision.placements.values():
        yield from _placed(target, placement)
    for rule in group.rules:
        if marked(rule) and owner(rule, want.installation, want.ports) is None:
            yield from _contested(target, rule, want, protect)
    if want.mode is not Mode.WATCH and protect.addresses:
        yield from _unnamed_family(target, want, protect)


def _placed(target: str, placement: Placement) -> Iterator[Remark]:
    if placement.blocked:
        yield Remark(
            target,
            f"{placement.blocked} is wanted, and a deny of somebody else stops it; set "
            "override_denies: true to go ahead of it",
            Note.BLOCKED,
        )
    if placement.no_room:
        yield Remark(target, f"{placement.no_room}; set priority, or move the rules", Note.NO_ROOM)
    if placement.opaque:
        names = ", ".join(sorted(name.text for name in placement.opaque))
        yield Remark(
            target,
            f"closing would stop {names}; list it in also_allow, or set close_opaque: true",
        )
    if placement.left_over:
        yield Remark(target, f"own denies still stand; `cloudsync relax {target}` takes them away")


def _contested(target: str, rule: Rule, want: Wanted, protect: Protect) -> Iterator[Remark]:
    """A marked rule that isn't own: reshaped, or another installation's that opens."""
    if rule.description.startswith(f"cloudsync/{want.installation} "):
        yield Remark(
            target,
            f"{rule} carries this installation's mark, but not the name and shape of a rule of its "
            "own. It counts as somebody else's and is left alone. Change its description, or take "
            f"it away: `{by_hand(target, rule)}`",
            Note.CONTESTED,
        )
        return
    open_to = _opens(rule, want, protect) - want.addresses - want.kept
    if open_to and rule.allow:
        yield Remark(
            target,
            f"{rule} belongs to another installation of cloudsync, and names {open_to.witness()} "
            "and others that this one doesn't want. It is left alone. Agree on one list, or one "
            "installation.",
            Note.CONTESTED,
        )


def _opens(rule: Rule, want: Wanted, protect: Protect) -> AddressSet:
    if not any(rule.decides(port) for port in want.ports):
        return NOBODY
    return AddressSet.union(one.source for one in clauses(rule, protect))


def _unnamed_family(target: str, want: Wanted, protect: Protect) -> Iterator[Remark]:
    for family, named, listed in (
        ("IPv4", protect.addresses.ipv4, want.addresses.ipv4),
        ("IPv6", protect.addresses.ipv6, want.addresses.ipv6),
    ):
        if not named and (listed or want.mode is Mode.ENFORCE):
            yield Remark(
                target,
                f"protect names no {family} address, so own rules for {family} hold for every "
                f"machine behind this group; name these machines' {family} addresses to bind them",
            )


def touched(target: str, group: Nsg) -> Iterator[Remark]:
    """Which interfaces and subnets a change of the group reaches."""
    parts = [
        _listed(count, kind)
        for count, kind in ((group.interfaces, "interface"), (group.subnets, "subnet"))
        if count
    ]
    reach = " and ".join(parts) or "no interface and no subnet yet"
    yield Remark(target, f"it filters for {reach}")


def _listed(ids: tuple[str, ...], kind: str) -> str:
    names = sorted(map(short, ids))
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{counted(len(names), kind)} ({', '.join(names[:_NAMED])}{more})"


def by_hand(target: str, rule: Rule) -> str:
    """The command with which a person would take ``rule`` away, quoted for a POSIX shell."""
    subscription, group, nsg = target.removeprefix("azure:").split("/")
    return shlex.join(
        ["az", "network", "nsg", "rule", "delete", "--subscription", subscription,
         "--resource-group", group, "--nsg-name", nsg, "--name", rule.name]
    )  # fmt: skip
