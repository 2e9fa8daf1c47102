"""What a security rule means for the machines that a target protects; it calls nothing.

Inbound filtering sees the private destination, after translation (Azure documentation, "Network
security groups", how traffic is evaluated), so destinations are compared with private addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from cloudsync.addresses import (
    EVERY_IPV4,
    EVERY_IPV6,
    EVERYONE,
    INTERNAL,
    NOBODY,
    PUBLIC,
    AddressSet,
)
from cloudsync.exposure import Clause, Name
from cloudsync.immutable import immutable
from cloudsync_azure.rule import ANY, Rule

PROBES: Final = AddressSet.of("168.63.129.16")
"""Where the platform checks health from; the tag AzureLoadBalancer stands for it (Azure
documentation, "What is IP address 168.63.129.16")."""

INTERNET: Final = "Internet"
VIRTUAL_NETWORK: Final = "VirtualNetwork"
LOAD_BALANCER: Final = "AzureLoadBalancer"
_BOUNDS: Final[Mapping[str, tuple[str, AddressSet]]] = {
    VIRTUAL_NETWORK.lower(): (VIRTUAL_NETWORK, INTERNAL),
    LOAD_BALANCER.lower(): (LOAD_BALANCER, PROBES),
}
_FAMILIES: Final = (("ipv4", EVERY_IPV4), ("ipv6", EVERY_IPV6))


@immutable
class Protect:
    """Whom a target guards among the machines behind its group: all, some addresses, or ASGs.

    A family of which no address is named is guarded whole: it can't be told which of its
    addresses these machines have. ``groups`` are ARM ids in lower case. ``spelt`` gives names
    as the configuration spells them, by their lower case.
    """

    addresses: AddressSet = NOBODY
    groups: tuple[str, ...] = ()
    spelt: tuple[tuple[str, str], ...] = ()

    def destinations(self, family: AddressSet) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Prefixes and groups that a rule of ours for ``family`` is bound to."""
        if self.groups:
            return (), self.groups
        part = self.addresses & family
        return (tuple(sorted(part.cidrs())) or (ANY,)), ()

    def name(self, text: str) -> Name:
        """An opaque source by its one spelling, and the most it can stand for."""
        said = dict(self.spelt).get(text.lower())
        if text.startswith("/"):  # an application security group holds interfaces of the network
            return Name(said or text, INTERNAL)
        known, bound = _BOUNDS.get(text.lower(), (text, PUBLIC))
        return Name(said or known, bound)


ALL: Final = Protect()


@lru_cache(maxsize=8_192)
def clauses(rule: Rule, protect: Protect) -> tuple[Clause, ...]:
    """``rule`` as the core sees it: one clause, or one a family where it covers them unequally.

    Empty where it covers nothing that is protected.
    """
    source, names = sources(rule, protect)
    covers = {part: _cover(rule, protect, family) for part, family in _FAMILIES}
    return tuple(_split(rule, source, names, covers))


def _split(
    rule: Rule, source: AddressSet, names: frozenset[Name], covers: Mapping[str, bool | None]
) -> Iterator[Clause]:
    held = [part for part, full in covers.items() if full is not None]
    if not held:
        return
    everywhere = rule.any_source_port
    kinds = {covers[part] for part in held}
    if len(kinds) == 1:
        reach = AddressSet.union(family for part, family in _FAMILIES if part in held)
        # Whoever comes by a name may come from any family that the name can stand for.
        beyond = [family for part, family in _FAMILIES if part not in held]
        full = (
            kinds == {True}
            and everywhere
            and not any(name.bound & family for name in names for family in beyond)
        )
        known = frozenset(
            Name(name.text, name.bound & reach) for name in names if name.bound & reach
        )
        yield Clause(rule.allow, source & reach, str(rule), known, full)
        return
    for part, family in _FAMILIES:
        yield Clause(
            rule.allow, source & family, str(rule), frozenset(), bool(covers[part]) and everywhere
        )
    if names:
        # Which family comes from a name isn't known: it may be the one that is covered in part.
        yield Clause(rule.allow, NOBODY, str(rule), names, full=False)


def sources(rule: Rule, protect: Protect) -> tuple[AddressSet, frozenset[Name]]:
    """Whom a rule speaks of, addresses and opaque names; whatever it covers."""
    names = {protect.name(group) for group in rule.source_groups}
    found: list[AddressSet] = []
    networks: list[str] = []
    for text in rule.sources:
        if text == ANY:
            found.append(EVERYONE)
        elif text.lower() == INTERNET.lower():
            # Everything outside the virtual network that is reachable publicly, in both families.
            found.append(PUBLIC)
        elif "/" in text:
            networks.append(text)
        else:
            names.add(protect.name(text))
    if networks:
        found.append(AddressSet.of(*networks))
    return AddressSet.union(found), frozenset(names)


def _cover(rule: Rule, protect: Protect, family: AddressSet) -> bool | None:
    """Whether ``rule`` covers all (True), some (False) or none (None) of what is protected.

    A machine may be in several application security groups, and who is in one isn't known here:
    a group that isn't among those protected covers perhaps some.
    """
    if any(text == ANY or text.lower() == VIRTUAL_NETWORK.lower() for text in rule.destinations):
        return True
    if protect.groups and set(protect.groups) <= set(rule.destination_groups):
        return True
    tags = [text for text in rule.destinations if "/" not in text]
    reach = AddressSet.of(*(text for text in rule.destinations if "/" in text)) & family
    if reach == family:
        return True
    guarded = protect.addresses & family
    if not protect.groups and guarded:
        if guarded <= reach:
            return True
        if not (guarded & reach or tags or rule.destination_groups):
            return None
    elif not (reach or tags or rule.destination_groups):
        return None  # the other family alone
    return False
