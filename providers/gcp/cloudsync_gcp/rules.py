"""The pure half of the GCP provider: who gets in, whose rules those are, what a step leaves behind.

It calls nothing. What should change is proposed in ``steps``; how layers decide stands in
``layers``, and how one rule is understood in ``rule``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

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
from cloudsync_gcp import frozen, orders
from cloudsync_gcp.calls import Call
from cloudsync_gcp.layers import exposed
from cloudsync_gcp.managed import by_modules, managed
from cloudsync_gcp.marks import owner
from cloudsync_gcp.rule import Rule
from cloudsync_gcp.snapshot import GcpSnapshot, digest
from cloudsync_gcp.steps import propose
from cloudsync_gcp.terraform import resources

PROBES: Final = AddressSet.of(
    "35.191.0.0/16", "130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22",
    "2600:2d00:1:b029::/64", "2600:2d00:1:1::/64", "2600:1901:8001::/48",
)  # fmt: skip
"""Where health checks come from (load balancing guide, "Probe IP ranges and firewall rules")."""


class GcpRules:
    """Firewalls of networks, as the core asks about them. It holds nothing."""

    @property
    def probes(self) -> AddressSet:
        """Google's health checks, those of proxies and of passthrough balancers."""
        return PROBES

    def exposure(self, snapshot: GcpSnapshot, port: int) -> Mapping[str, Exposure]:
        """Who can reach TCP ``port``, per target, through every layer."""
        return {
            target: exposed(snapshot.network.layers, protected, port)
            for target, protected in snapshot.places.items()
        }

    def steps(self, snapshot: GcpSnapshot, wanted: Mapping[str, Wanted]) -> Proposal:
        """Allows of every target, then probes, then denies, then what should go."""
        return propose(snapshot, wanted, PROBES)

    def ordered(
        self, snapshot: GcpSnapshot, wanted: Mapping[str, Wanted], order: Order
    ) -> Proposal:
        """Own denies go, or those of a run."""
        return orders.proposed(snapshot, wanted, order)

    def reversal(self, snapshot: GcpSnapshot, step: Step) -> Reversal:
        """The commands of Google's own that take ``step`` back."""
        return orders.reversal(snapshot, step)

    def after(self, snapshot: GcpSnapshot, step: Step) -> GcpSnapshot:
        """One rule added, rewritten or taken away."""
        call: Call = step.call
        layer = snapshot.network.own
        if layer is None:
            return snapshot
        changed = replace(layer, rules=call.applied(layer.rules))
        return replace(snapshot, network=snapshot.network.editing(changed))

    def freeze(self, snapshot: GcpSnapshot) -> Mapping[str, Any]:
        """The snapshot as JSON."""
        return frozen.freeze(snapshot)

    def thaw(self, kept: Mapping[str, Any]) -> GcpSnapshot:
        """The snapshot that was kept as JSON."""
        return frozen.thaw(kept)

    def own(
        self, snapshot: GcpSnapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[Purpose, Sources]]:
        """Who stands in the installation's rules, per target and purpose."""
        found: dict[str, dict[Purpose, Sources]] = {target: {} for target in snapshot.places}
        by_target = {protected: target for target, protected in snapshot.places.items()}
        for rule in _edited(snapshot):
            owned = owner(rule, installation, ports)
            if owned is None or owned.target not in by_target:
                continue
            purposes = found[by_target[owned.target]]
            stood = purposes.get(owned.purpose, Sources())
            reach = rule.addresses if rule.ranges else NOBODY
            purposes[owned.purpose] = Sources(stood.addresses | reach, stood.names | rule.names)
        return found

    def foreign(
        self, snapshot: GcpSnapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[str, Foreign]]:
        """The rules of others that decide one of ``ports``: the same for each target of a network.

        Where a deny can close, nobody else's rule need be touched.
        """
        found = {
            str(rule): Foreign(
                str(rule),
                rule.addresses if rule.action == "allow" and not rule.sources else NOBODY,
                rule.alone(ports),
                untouchable=True,
            )
            for rule in _every(snapshot)
            if any(rule.decides(port) for port in ports)
            and (rule.layer != _edited_name(snapshot) or owner(rule, installation, ports) is None)
        }
        return dict.fromkeys(snapshot.places, found)

    def managed(self, snapshot: GcpSnapshot) -> Mapping[str, Managed]:
        """Which targets Kubernetes keeps, by the names of rules."""
        return managed(snapshot)

    def modules(self, snapshot: GcpSnapshot, ports: tuple[int, ...]) -> Mapping[str, Sources]:
        """Who the rules of our Terraform modules let in, per target that has such rules."""
        return by_modules(snapshot, ports)

    def resources(
        self, snapshot: GcpSnapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Sequence[Resource]]:
        """The own rules as Terraform's resources."""
        return {
            target: tuple(resources(snapshot, place, installation, ports))
            for target, place in snapshot.places.items()
        }

    def elsewhere(self, snapshot: GcpSnapshot, ports: tuple[int, ...]) -> Mapping[str, str]:
        """A digest of every rule but those for ``ports`` alone, layer by layer, in order."""
        lines = [
            str(rule)
            for layer in snapshot.network.layers
            for rule in layer.ordered
            if not rule.alone(ports)
        ]
        return dict.fromkeys(snapshot.places, digest(lines))


def _edited(snapshot: GcpSnapshot) -> Iterable[Rule]:
    layer = snapshot.network.own
    return layer.ordered if layer else ()


def _edited_name(snapshot: GcpSnapshot) -> str:
    layer = snapshot.network.own
    return layer.name if layer else ""


def _every(snapshot: GcpSnapshot) -> Iterator[Rule]:
    for layer in snapshot.network.layers:
        yield from layer.rules
