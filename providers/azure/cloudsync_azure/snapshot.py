"""What one page of network security groups looked like, as a frozen value; it reads nothing itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import lru_cache
from typing import Any

from cloudsync.immutable import immutable
from cloudsync.provider import Scope
from cloudsync_azure.behind import UNGUARDED, Behind
from cloudsync_azure.clauses import ALL, Protect
from cloudsync_azure.rule import (
    DEFAULTS,
    REMEMBERED,
    Packed,
    Rule,
    inbound,
    packed,
    properties_of,
    rules_of,
    unpacked,
)


@immutable
class Nsg:
    """One network security group: its rules of each direction, the default ones among them.

    ``interfaces`` and ``subnets`` are ARM ids of what it filters for. ``version`` is its etag.
    ``behind`` is what is known of another group in front of the same machines.
    """

    group: str
    name: str
    ingress: Packed = field(repr=False)
    egress: Packed = field(repr=False)
    interfaces: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    version: str = field(default="", compare=False)
    behind: Behind = field(default=UNGUARDED, repr=False)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The inbound rules in the order in which they are asked."""
        return rules_of(self.ingress)


@immutable
class AzureSnapshot:
    """Some groups of one subscription, by target, and whom their targets guard."""

    scope: Scope
    groups: Mapping[str, Nsg]
    protect: Protect = ALL

    @property
    def targets(self) -> tuple[str, ...]:
        """``azure:SUBSCRIPTION/GROUP/NSG`` of each, in the order ARM gave them."""
        return tuple(self.groups)

    @property
    def version(self) -> str:
        """The group's etag where there is one group; else empty."""
        versions = [group.version for group in self.groups.values()]
        return versions[0] if len(versions) == 1 else ""

    @property
    def subscription(self) -> str:
        """The subscription's id."""
        return self.scope.name.removeprefix("azure:")

    def outbound(self, target: str) -> str:
        """``sha256:…`` of the group's outbound rules, the default ones among them."""
        return digest(self.groups[target].egress)

    def of(self, targets: Iterable[str]) -> AzureSnapshot:
        """These targets alone: no two groups share an object that is changed here."""
        chosen = {target: self.groups[target] for target in targets if target in self.groups}
        return replace(self, groups=chosen)


def read(
    scope: Scope, groups: Iterable[Mapping[str, Any]], protect: Protect = ALL
) -> AzureSnapshot:
    """The snapshot of ``groups`` as ARM answered them.

    Raises:
        KeyError, TypeError, ValueError: an answer isn't a network security group's.
    """
    found = [nsg(group) for group in groups]
    return AzureSnapshot(
        scope, {f"{scope.name}/{one.group}/{one.name}": one for one in found}, protect
    )


def nsg(answer: Mapping[str, Any]) -> Nsg:
    """One group as ARM answered it.

    Raises:
        KeyError, TypeError, ValueError: the answer isn't a network security group's.
    """
    properties: Mapping[str, Any] = answer["properties"]
    defaults = properties.get("defaultSecurityRules") or DEFAULTS
    ways: dict[bool, list[tuple[str, Mapping[str, Any]]]] = {True: [], False: []}
    for one in (*(properties.get("securityRules") or ()), *defaults):
        ways[inbound(one["properties"])].append((one["name"], one["properties"]))
    ingress = packed(ways[True])
    rules_of(ingress)  # a rule that can't be read makes the group unreadable, here and now
    return Nsg(
        resource_group(answer["id"]),
        str(answer["name"]),
        ingress,
        packed(ways[False]),
        _ids(properties, "networkInterfaces"),
        _ids(properties, "subnets"),
        str(answer.get("etag") or ""),
    )


def _ids(properties: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(str(one["id"]) for one in properties.get(key) or ())


def resource_group(identity: str) -> str:
    """The resource group in an ARM id.

    Raises:
        ValueError: it holds none.
    """
    parts = identity.split("/")
    lower = [part.lower() for part in parts]
    return parts[lower.index("resourcegroups") + 1]


def changed(group: Nsg, gone: str, new: Rule | None) -> Nsg:
    """``group`` without the rule called ``gone``, and with ``new`` where there is one.

    Rules are told apart by name, whatever its case.
    """
    kept = [
        (name, properties)
        for name, properties in unpacked(group.ingress)
        if name.lower() != gone.lower()
    ]
    if new is not None:
        kept.append((new.name, properties_of(new)))
    return replace(group, ingress=packed(kept), version="")


@lru_cache(maxsize=REMEMBERED)
def digest(rules: Packed) -> str:
    """Over rules of one direction with all they say, whatever their order in the answer."""
    lines = sorted(json.dumps([name, each], sort_keys=True) for name, each in unpacked(rules))
    return f"sha256:{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"
