"""The pure half of the AWS provider: who gets in, whose rules those are, what a step leaves behind.

It calls nothing. A security group only ever allows, and its rules add up (VPC user guide, "Security
group rules"), so its exposure is a union; what should change is proposed in ``steps``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.exposure import Clause, Exposure, Name
from cloudsync.model import OUR_MARKS, Purpose, Wanted
from cloudsync.provider import (
    Foreign,
    Order,
    Proposal,
    Reversal,
    Sources,
    Step,
)
from cloudsync.tells import Managed, Resource
from cloudsync_aws import orders
from cloudsync_aws.calls import Call, revised
from cloudsync_aws.ingress import (
    Ingress,
    alone,
    ingress,
    lets_in,
    packed,
    restored,
    rules_of,
    sources_in,
    wide,
)
from cloudsync_aws.marks import marks, owner
from cloudsync_aws.others import by_modules, by_terraform
from cloudsync_aws.remarks import lent
from cloudsync_aws.rule import REMEMBERED, addresses
from cloudsync_aws.snapshot import AwsSnapshot
from cloudsync_aws.steps import propose
from cloudsync_aws.terraform import resources

LAYER: Final = "security group"


class AwsRules:
    """Security groups, as the core asks about them. It holds nothing; everything is in snapshots."""

    @property
    def probes(self) -> AddressSet:
        """Nobody: AWS's balancers check health from private addresses that nothing tells apart."""
        return NOBODY

    def exposure(self, snapshot: AwsSnapshot, port: int) -> Mapping[str, Exposure]:
        """Who can reach TCP ``port``, per target; equal groups share one exposure."""
        return {target: exposed(group.ingress, port) for target, group in snapshot.groups.items()}

    def steps(self, snapshot: AwsSnapshot, wanted: Mapping[str, Wanted]) -> Proposal:
        """What would make the targets right: adds, new descriptions, own removals, revokes.

        A group of another account, shared with this one, is looked at and left to its owner.
        """
        groups = snapshot.groups
        others = [one for one in wanted if one in groups and groups[one].owner is not None]
        if not others:
            return propose(snapshot, wanted)
        found = propose(snapshot, {one: wanted[one] for one in wanted if one not in others})
        said = [*found.remarks, *(lent(snapshot, one) for one in others)]
        return replace(found, remarks=tuple(said))

    def ordered(
        self, snapshot: AwsSnapshot, wanted: Mapping[str, Wanted], order: Order
    ) -> Proposal:
        """The rules that a run revoked, back again."""
        return orders.proposed(snapshot, wanted, order)

    def reversal(self, snapshot: AwsSnapshot, step: Step) -> Reversal:
        """The commands of AWS's own that take ``step`` back."""
        return orders.reversal(snapshot, step)

    def after(self, snapshot: AwsSnapshot, step: Step) -> AwsSnapshot:
        """The snapshot once ``step`` is done."""
        call: Call = step.call
        groups = dict(snapshot.groups)
        for target in step.targets:
            group = groups[target]
            permissions = revised(rules_of(group.ingress), call)
            lists = {one.id: one for one in group.ingress.lists} | dict(snapshot.lists)
            # Tags go with their rule, and are needed when a later step is to be taken back.
            touched = (
                {rule.key for rule in call.rules} if call.operation == "revoke" else set[str]()
            )
            tags = {key: each for key, each in group.tags.items() if key not in touched}
            groups[target] = replace(
                group, ingress=ingress(permissions, snapshot.account, lists), tags=tags
            )
        return replace(snapshot, groups=groups)

    def shows(self, snapshot: AwsSnapshot, call: Call) -> bool:
        """Whether the call's group is in ``snapshot`` as ``call`` was to leave it."""
        group = snapshot.groups.get(f"{snapshot.scope.name}/{call.group}")
        if group is None:
            return False
        standing = {rule.key: rule.description for rule in rules_of(group.ingress)}
        if call.operation == "revoke":
            return all(rule.key not in standing for rule in call.rules)
        return all(standing.get(rule.key) == rule.description for rule in call.rules) and not any(
            rule.key in standing for rule in call.replaced
        )

    def own(
        self, snapshot: AwsSnapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[Purpose, Sources]]:
        """Who stands in the installation's rules: mark, and one of ``ports`` alone."""
        return {
            target: _owned(group.ingress, installation, ports)
            for target, group in snapshot.groups.items()
        }

    def foreign(
        self, snapshot: AwsSnapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[str, Foreign]]:
        """The other rules that let a port of ``ports`` in, by protocol, ports and source."""
        return {
            target: _foreign(group.ingress, installation, ports)
            for target, group in snapshot.groups.items()
        }

    def managed(self, snapshot: AwsSnapshot) -> Mapping[str, Managed]:
        """Who else keeps which group: by its tags, its name, or the mark of our own modules."""
        return {
            target: who
            for target, group in snapshot.groups.items()
            if (who := group.managed or by_terraform(group.ingress))
        }

    def modules(self, snapshot: AwsSnapshot, ports: tuple[int, ...]) -> Mapping[str, Sources]:
        """Who the rules of our Terraform modules let in, per group that has such rules."""
        return {
            target: by_modules(group.ingress, ports)
            for target, group in snapshot.groups.items()
            if by_terraform(group.ingress)
        }

    def resources(
        self, snapshot: AwsSnapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Sequence[Resource]]:
        """The own rules as Terraform's resources; a group of another account is its owner's."""
        return {
            target: tuple(resources(group, snapshot.region, installation, ports))
            for target, group in snapshot.groups.items()
            if group.owner is None
        }

    def elsewhere(self, snapshot: AwsSnapshot, ports: tuple[int, ...]) -> Mapping[str, str]:
        """A digest of every inbound rule that opens more, or other things, than one of ``ports``."""
        return {
            target: _elsewhere(group.ingress, ports) for target, group in snapshot.groups.items()
        }


@lru_cache(maxsize=REMEMBERED)
def exposed(group: Ingress, port: int) -> Exposure:
    """Who can reach TCP ``port`` through ``group``; the rules behind it are made when asked for."""
    single = alone(group, port)
    certain, perhaps, names = [*single.networks], list[str](), [*single.names]
    for permission, surely in wide(group, port):
        networks, opaque = sources_in(permission, group.account)
        (certain if surely else perhaps).extend(networks)
        names += opaque
    sure, may = addresses(tuple(certain)), addresses(tuple(perhaps))
    known: set[Name] = set()
    if names:
        # Prefix lists and references are rare: the shape of each rule is looked at again.
        clauses = _clauses(group, port)
        sure = AddressSet.union([sure, *(one.source for one in clauses if one.full)])
        may = AddressSet.union([may, *(one.source for one in clauses)])
        known = {name for one in clauses for name in one.names}
    small, account, lists = packed(group), group.account, group.lists
    return Exposure(
        certain=sure,
        possible=sure | may,
        names=frozenset(known),
        layer=LAYER,
        fold="union",
        clauses=lambda: _clauses(restored(small, account, lists), port),
    )


@lru_cache(maxsize=REMEMBERED)
def _clauses(group: Ingress, port: int) -> tuple[Clause, ...]:
    found: list[Clause] = []
    for rule in rules_of(group):
        covers = rule.cover(port)
        if covers != "none":
            source, name = lets_in(group, rule.source)
            names = frozenset([name]) if name else frozenset[Name]()
            found.append(Clause(True, source, str(rule), names, covers == "full"))  # noqa: FBT003
    return tuple(found)


@lru_cache(maxsize=REMEMBERED)
def _owned(group: Ingress, installation: str, ports: tuple[int, ...]) -> Mapping[Purpose, Sources]:
    ours = marks(installation)
    networks: dict[Purpose, list[str]] = {}
    names: dict[Purpose, list[str]] = {}
    for port in ports:
        single = alone(group, port)
        for source, description in single.networks.items():
            if description in ours:
                networks.setdefault(ours[description], []).append(source)
        for source, description in single.names.items():
            if ours.get(description) is Purpose.ALSO:
                names.setdefault(Purpose.ALSO, []).append(source)
    found = {purpose: Sources(addresses(tuple(each))) for purpose, each in networks.items()}
    if Purpose.ALSO in names:
        known = [lets_in(group, source) for source in names[Purpose.ALSO]]
        found[Purpose.ALSO] = Sources(
            AddressSet.union(
                [found.get(Purpose.ALSO, Sources()).addresses, *(one for one, _ in known)]
            ),
            frozenset(name for _, name in known if name),
        )
    return found


@lru_cache(maxsize=REMEMBERED)
def _foreign(group: Ingress, installation: str, ports: tuple[int, ...]) -> Mapping[str, Foreign]:
    return {
        rule.key: Foreign(
            text=str(rule),
            addresses=lets_in(group, rule.source)[0],
            alone=rule.alone(ports),
            untouchable=rule.description.startswith(OUR_MARKS),
        )
        for rule in rules_of(group)
        if any(rule.cover(port) != "none" for port in ports)
        and owner(rule, installation, ports) is None
    }


@lru_cache(maxsize=REMEMBERED)
def _elsewhere(group: Ingress, ports: tuple[int, ...]) -> str:
    text = "\n".join(rule.key for rule in rules_of(group) if not rule.alone(ports))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
