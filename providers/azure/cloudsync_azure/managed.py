"""Who else keeps a group's rules, by the names of the group and of its rules; it calls nothing.

Sources: AKS guide, "Node resource group lockdown": networking is changed through Kubernetes, not at
the resources of its node resource group, of which ``aks-agentpool-NUMBER-nsg`` is one; cloud
provider of Kubernetes for Azure, package securitygroup: the rules of its services begin with
``k8s-azure-lb``; Defender for Cloud guide, "Just-in-time VM access", and the rules that it is seen
to make (azure-quickstart and terraformer examples): ``SecurityCenter-JITRule_-…`` stops everybody
from a port, and ``SecurityCenter-JITRule-…`` lets one in for a while, after which Defender puts the
group back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.model import TERRAFORM_MARK
from cloudsync.provider import Sources
from cloudsync.tells import Managed
from cloudsync_azure.clauses import sources
from cloudsync_azure.snapshot import AzureSnapshot, Nsg

# Names are the same in any case here.
_CLUSTER: Final = re.compile(r"aks-agentpool-\d+-nsg", re.IGNORECASE)
_SERVICE: Final = "k8s-azure-lb"
_JUST_IN_TIME: Final = "securitycenter-jitrule"
_SMTP: Final = (25,)


def managed(snapshot: AzureSnapshot) -> Mapping[str, Managed]:
    """Every target that Kubernetes, Defender or Terraform keeps, with the first sign of it."""
    ports: tuple[int, ...] = getattr(snapshot.scope.settings, "ports", _SMTP)
    return {
        target: who
        for target, group in snapshot.groups.items()
        if (who := _kubernetes(group, ports) or _defender(group, ports) or _terraform(group))
    }


def by_modules(snapshot: AzureSnapshot, ports: tuple[int, ...]) -> Mapping[str, Sources]:
    """Who the rules with our modules' mark let in to one of ``ports``, per target that has such rules."""
    found: dict[str, Sources] = {}
    for target, group in snapshot.groups.items():
        marked = [rule for rule in group.rules if rule.description.startswith(TERRAFORM_MARK)]
        stand = [
            sources(rule, snapshot.protect)
            for rule in marked
            if rule.allow and any(rule.decides(port) for port in ports)
        ]
        if marked:
            found[target] = Sources(
                AddressSet.union([NOBODY, *(addresses for addresses, _ in stand)]),
                frozenset(name for _, names in stand for name in names),
            )
    return found


def _kubernetes(group: Nsg, ports: tuple[int, ...]) -> Managed | None:
    if _CLUSTER.fullmatch(group.name):
        return _cluster("Azure Kubernetes Service", f"by the group's name, {group.name}")
    theirs = _named(group, _SERVICE, ports)
    return _cluster("Kubernetes", f"by {theirs}") if theirs else None


def _cluster(who: str, sign: str) -> Managed:
    return Managed(who, sign, "Give the list to the Service, as loadBalancerSourceRanges.")


def _defender(group: Nsg, ports: tuple[int, ...]) -> Managed | None:
    theirs = _named(group, _JUST_IN_TIME, ports)
    if not theirs:
        return None
    said = ", ".join(map(str, ports))
    return Managed(
        "Defender for Cloud's just-in-time access",
        f"by {theirs}",
        f"Take port {said} out of the machines' just-in-time policy.",
    )


def _terraform(group: Nsg) -> Managed | None:
    marks = sorted(
        rule.description for rule in group.rules if rule.description.startswith(TERRAFORM_MARK)
    )
    if not marks:
        return None
    return Managed(
        "Terraform",
        f"what is marked {marks[0]}",
        "The list comes in with the module at the next terraform apply.",
    )


def _named(group: Nsg, beginning: str, ports: tuple[int, ...]) -> str:
    """The rules that begin so and decide one of ``ports``, in words; empty where there are none."""
    found = [
        rule.name
        for rule in group.rules
        if rule.name.lower().startswith(beginning) and any(rule.decides(port) for port in ports)
    ]
    return f"its rule{'s'[: len(found) - 1]} {', '.join(found)}" if found else ""
