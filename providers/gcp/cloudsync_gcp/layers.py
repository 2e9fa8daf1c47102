"""The layers of rules that decide on a network, and what they come to together; it calls nothing.

They are asked one after the other (VPC guide, "Firewall policies", evaluation order): hierarchical
policies from the organization down, then classic rules, then the network's global policy, then its
regional ones; with BEFORE_CLASSIC_FIREWALL the network's policies come ahead of the classic rules.
``goto_next`` leaves the policy that it stands in, as does whatever no rule of it speaks of. Whoever
falls through all of them is stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

from cloudsync.addresses import EVERY_IPV6, NOBODY, AddressSet
from cloudsync.exposure import Clause, Exposure, first_match
from cloudsync.immutable import immutable
from cloudsync_gcp.rule import Rule, ordered
from cloudsync_gcp.target import Target

LAYER: Final = "network"
REMEMBERED: Final = 64
"""Networks at a time: as many scopes as are looked at side by side, with some layers each."""

Kind = Literal["classic", "hierarchy", "system", "global", "regional"]


@immutable
class Layer:
    """Rules that are asked together.

    ``name`` is for a person and ``resource`` is the policy's own, both empty for classic rules.
    ``taken`` are numbers and names that something other than an inbound rule holds: outbound rules.
    """

    kind: Kind
    rules: tuple[Rule, ...] = ()
    name: str = ""
    resource: str = ""
    taken: frozenset[int] = frozenset()

    @property
    def ordered(self) -> list[Rule]:
        """The rules as they are asked."""
        return ordered(self.rules)


@immutable
class Decided:
    """A rule, and a clause that it comes to where it stands."""

    rule: Rule
    clause: Clause


# Exposure, steps and remarks all ask, of one network after the other.
@lru_cache(maxsize=REMEMBERED)
def decided(layer: Layer, targets: tuple[Target, ...], port: int) -> tuple[Decided, ...]:
    """What the rules of one layer come to for ``port``, in order.

    A clause is full where the rule covers each of ``targets`` whole. Who has left the policy isn't
    spoken of by its later rules; who may have left it is spoken of only perhaps.
    """
    return tuple(_decided(layer, targets, port))


def _decided(layer: Layer, targets: tuple[Target, ...], port: int) -> Iterator[Decided]:
    gone = perhaps = NOBODY
    for rule in layer.ordered:
        if not rule.decides(port):
            continue
        full = all(rule.covers(target) for target in targets)
        if rule.action == "next":
            named = AddressSet.union(name.bound for name in rule.names)
            if full:
                gone |= rule.addresses
                perhaps |= named
            else:
                perhaps |= rule.addresses | named
            continue
        here = rule.addresses - gone if gone else rule.addresses
        maybe = here & perhaps if perhaps else NOBODY
        if rule.everyone:
            # It is for 0.0.0.0/0, says the vendor's page on VPC firewall rules; of IPv6 it says
            # nothing, so that it may let in or stop there, and nobody can rely on either.
            maybe |= here & EVERY_IPV6
        names = frozenset(name for name in rule.names if not name.bound <= gone)
        actions = {"allow": (True,), "deny": (False,)}
        # What this release doesn't know may let in, and may stop.
        for allow in actions.get(rule.action, (False, True)):
            sure = full and rule.action in actions
            if here - maybe or names:
                yield Decided(rule, Clause(allow, here - maybe, rule.title, names, sure))
            if maybe:
                yield Decided(rule, Clause(allow, maybe, rule.title, full=False))


@lru_cache(maxsize=REMEMBERED)
def exposed(layers: tuple[Layer, ...], target: Target, port: int) -> Exposure:
    """Who can reach TCP ``port`` at ``target`` through all of ``layers``, which come in order."""
    return first_match(
        (one.clause for layer in layers for one in decided(layer, (target,), port)), LAYER
    )
