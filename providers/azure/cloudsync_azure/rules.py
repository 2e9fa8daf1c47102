"""The pure half of the Azure provider: who gets in, whose rules those are, what a step leaves behind.

It calls nothing. Rules are asked by priority, the lowest first, and the first that matches decides
(Azure documentation, "Network security groups"); what should change is proposed in ``steps``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.exposure import Exposure
from cloudsync.model import Purpose, Wanted
from cloudsync.provider import (
    Foreign,
    Order,
    Proposal,
    Reversal,
    Sources,
    Step,
)
from cloudsync.tells import Managed, Resource
from cloudsync_azure import frozen
from cloudsync_azure.beside import beside
from cloudsync_azure.calls import Call
from cloudsync_azure.clauses import PROBES, Protect, sources
from cloudsync_azure.evaluate import exposed
from cloudsync_azure.managed import by_modules, managed
from cloudsync_azure.marks import owner
from cloudsync_azure.orders import proposed, reversal
from cloudsync_azure.rule import REMEMBERED, Packed, rules_of
from cloudsync_azure.snapshot import AzureSnapshot, changed
from cloudsync_azure.steps import propose
from cloudsync_azure.terraform import resources


class AzureRules:
    """Network security groups, as the core asks about them. It holds nothing but what it is asked."""

    @property
    def probes(self) -> AddressSet:
        """168.63.129.16, from which the platform's balancers check health."""
        return PROBES

    def exposure(self, snapshot: AzureSnapshot, port: int) -> Mapping[str, Exposure]:
        """Who can reach TCP ``port``, per target; equal groups share one exposure."""
        return {
            target: exposed(group.ingress, port, snapshot.protect)
            for target, group in snapshot.groups.items()
        }

    def beside(self, snapshot: AzureSnapshot, port: int) -> Mapping[str, Sequence[Exposure]]:
        """Who gets past the other group that machines of a target are behind as well."""
        return {
            target: beside(group.behind, port, snapshot.protect)
            for target, group in snapshot.groups.items()
            if group.behind.hosts
        }

    def steps(self, snapshot: AzureSnapshot, wanted: Mapping[str, Wanted]) -> Proposal:
        """What would make the targets right: own allows, probes and denies, each one call."""
        return propose(snapshot, wanted)

    def ordered(
        self, snapshot: AzureSnapshot, wanted: Mapping[str, Wanted], order: Order
    ) -> Proposal:
        """Own denies go, or stop what they stopped before."""
        return proposed(snapshot, wanted, order)

    def reversal(self, snapshot: AzureSnapshot, step: Step) -> Reversal:
        """The rule as it stood, or its removal, by Azure's own command line."""
        return reversal(snapshot, step)

    def after(self, snapshot: AzureSnapshot, step: Step) -> AzureSnapshot:
        """The snapshot once ``step`` is done."""
        call: Call = step.call
        groups = dict(snapshot.groups)
        for target in step.targets:
            groups[target] = changed(groups[target], call.old.name if call.old else "", call.new)
        return replace(snapshot, groups=groups)

    def freeze(self, snapshot: AzureSnapshot) -> Mapping[str, Any]:
        """The snapshot as JSON."""
        return frozen.freeze(snapshot)

    def thaw(self, kept: Mapping[str, Any]) -> AzureSnapshot:
        """The snapshot that was kept as JSON."""
        return frozen.thaw(kept)

    def own(
        self, snapshot: AzureSnapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[Purpose, Sources]]:
        """Who stands in the installation's rules: mark, and one of ``ports`` alone."""
        return {
            target: _owned(group.ingress, installation, ports, snapshot.protect)
            for target, group in snapshot.groups.items()
        }

    def foreign(
        self, snapshot: AzureSnapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[str, Foreign]]:
        """The other rules that decide a port of ``ports``, by all that they say."""
        return {
            target: _foreign(group.ingress, installation, ports, snapshot.protect)
            for target, group in snapshot.groups.items()
        }

    def resources(
        self, snapshot: AzureSnapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Sequence[Resource]]:
        """The own rules as Terraform's resources."""
        return {
            target: tuple(resources(group, snapshot.subscription, installation, ports))
            for target, group in snapshot.groups.items()
        }

    def elsewhere(self, snapshot: AzureSnapshot, ports: tuple[int, ...]) -> Mapping[str, str]:
        """A digest of every inbound rule that decides more, or other things, than one of ``ports``."""
        return {
            target: _elsewhere(group.ingress, ports) for target, group in snapshot.groups.items()
        }

    def managed(self, snapshot: AzureSnapshot) -> Mapping[str, Managed]:
        """Targets that Kubernetes or Defender keeps, by the names that these give."""
        return managed(snapshot)

    def modules(self, snapshot: AzureSnapshot, ports: tuple[int, ...]) -> Mapping[str, Sources]:
        """Who the rules of our Terraform modules let in, per group that has such rules."""
        return by_modules(snapshot, ports)


@lru_cache(maxsize=REMEMBERED)
def _owned(
    rules: Packed, installation: str, ports: tuple[int, ...], protect: Protect
) -> Mapping[Purpose, Sources]:
    found: dict[Purpose, Sources] = {}
    for rule in rules_of(rules):
        purpose = owner(rule, installation, ports)
        if purpose:
            addresses, names = sources(rule, protect)
            stood = found.get(purpose, Sources())
            found[purpose] = Sources(stood.addresses | addresses, stood.names | names)
    return found


@lru_cache(maxsize=REMEMBERED)
def _foreign(
    rules: Packed, installation: str, ports: tuple[int, ...], protect: Protect
) -> Mapping[str, Foreign]:
    return {
        repr(rule): Foreign(
            text=str(rule),
            addresses=sources(rule, protect)[0] if rule.allow else NOBODY,
            alone=rule.alone(ports),
            untouchable=True,  # where a deny can close, nobody else's rule need be touched
        )
        for rule in rules_of(rules)
        if any(rule.decides(port) for port in ports) and owner(rule, installation, ports) is None
    }


@lru_cache(maxsize=REMEMBERED)
def _elsewhere(rules: Packed, ports: tuple[int, ...]) -> str:
    text = "\n".join(repr(rule) for rule in rules_of(rules) if not rule.alone(ports))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
