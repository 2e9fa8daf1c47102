"""Who gets past the other group that an interface is behind as well; it calls nothing.

Kept apart from the group's own exposure, which alone says what steps may do: nothing is let in
because another layer, which cloudsync doesn't keep, happens to stop it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from cloudsync.addresses import (
    EVERY_IPV4,
    EVERY_IPV6,
    EVERYONE,
    NOBODY,
    AddressSet,
)
from cloudsync.exposure import Clause, Exposure, first_match
from cloudsync.model import Note, Wanted
from cloudsync.plural import counted
from cloudsync.provider import Remark
from cloudsync_azure.behind import Behind, Host
from cloudsync_azure.clauses import Protect, clauses
from cloudsync_azure.evaluate import LAYER
from cloudsync_azure.rule import ANY, REMEMBERED, Packed, Rule, rules_of

BARE: Final = Exposure(EVERYONE, EVERYONE, layer="no other group")
"""Past no other group: everybody gets there."""
_NAMED: Final = 5
"""Interfaces that are named one by one."""


def beside(known: Behind, port: int, protect: Protect) -> tuple[Exposure, ...]:
    """Who gets past the other groups, each kind of interface once; empty where there are none."""
    found = {id(one): one for one in (_past(host, port, protect) for host in known.hosts)}
    return (*found.values(), *([BARE] if known.bare else ()))


def _past(host: Host, port: int, protect: Protect) -> Exposure:
    one = host.interface
    particular = any(
        rule.destinations != (ANY,) for rule in rules_of(host.ingress) if rule.decides(port)
    )
    return _through(
        host.ingress, port, f"{LAYER} {host.other}", protect.spelt, _absent(one.addresses),
        one.addresses if particular else (), one.asgs if particular else (),
    )  # fmt: skip


def _absent(addresses: tuple[str, ...]) -> AddressSet:
    """The family in which an interface has no address: nobody can reach it there, group or none."""
    own = AddressSet.of(*addresses)
    if not own:
        return NOBODY  # none is known
    return AddressSet.union(
        family
        for family, part in ((EVERY_IPV4, own.ipv4), (EVERY_IPV6, own.ipv6))
        if not part
    )  # fmt: skip


@lru_cache(maxsize=REMEMBERED)
def _through(
    ingress: Packed,
    port: int,
    layer: str,
    spelt: tuple[tuple[str, str], ...],
    absent: AddressSet,
    addresses: tuple[str, ...],
    asgs: tuple[str, ...],
) -> Exposure:
    protect = Protect(AddressSet.of(*addresses), spelt=spelt)
    found = first_match(
        (
            one
            for rule in rules_of(ingress)
            if rule.decides(port)
            for one in _clauses(rule, protect, asgs)
        ),
        layer,
    )
    return replace(found, certain=found.certain | absent, possible=found.possible | absent)


def _clauses(rule: Rule, protect: Protect, asgs: tuple[str, ...]) -> Iterator[Clause]:
    """``rule`` for one interface, whose application security groups are known."""
    meant = rule
    if rule.destination_groups:
        here = bool(set(rule.destination_groups) & set(asgs))
        if not here and not rule.destinations:
            return
        to = (ANY,) if here else rule.destinations
        meant = replace(rule, destinations=to, destination_groups=())
    for one in clauses(meant, protect):
        yield replace(one, rule=str(rule))


def stopped(
    target: str, known: Behind, want: Wanted, own: AddressSet, port: int
) -> Iterator[Remark]:
    """What the other groups stop of what is wanted, and what they close of what ``own`` opens.

    ``own`` is what the target's group may let in to ``port``, less what is wanted or kept.
    """
    by_group: dict[int, tuple[Exposure, list[Host]]] = {}
    spelt = Protect(spelt=tuple((one.text.lower(), one.text) for one in want.names))
    for host in known.hosts:
        one = _past(host, port, spelt)
        by_group.setdefault(id(one), (one, []))[1].append(host)
    for one, hosts in by_group.values():
        lost = want.addresses - one.possible
        if lost:
            yield Remark(target, _lost(one, hosts, lost, port), Note.BLOCKED)
    past = AddressSet.union(one.possible for one, _ in by_group.values())
    if by_group and not known.bare and own and not own & past:
        yield Remark(
            target,
            f"what it opens of port {port} is stopped by another group at each interface that is "
            "known. It counts as open all the same, since that group isn't the one kept here",
        )


def unseen(target: str, known: Behind) -> Iterator[Remark]:
    """That nobody knows whether another group stops mail, and why."""
    if known.unseen:
        yield Remark(
            target,
            "whether another group stops mail at the machines behind this one isn't known: "
            f"{known.unseen}",
        )


def _lost(one: Exposure, hosts: list[Host], lost: AddressSet, port: int) -> str:
    witness = lost.witness()
    rules = [each.rule for each in one.stops(AddressSet.of(str(witness))) if each.full]
    names = sorted(host.interface.name for host in hosts)
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    by = f", by rule {rules[0]}" if rules else ""
    return (
        f"{witness} is wanted, and {one.layer} stops it on port {port}{by}, at "
        f"{counted(len(names), 'interface')} ({', '.join(names[:_NAMED])}{more}). What comes in has "
        f"to pass both groups: make {hosts[0].other} a target too, or let the list in there; where no "
        "mail is for these machines, name the others in protect"
    )
