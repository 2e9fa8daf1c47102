"""Who else keeps the rules of a network's targets, by the names that they give them; it calls nothing.

Source: GKE guide, "Automatically created firewall rules": the rules of clusters begin with ``gke-``,
those of services with ``k8s-``, and what a service lets in comes from its ``loadBalancerSourceRanges``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.model import TERRAFORM_MARK
from cloudsync.provider import Sources
from cloudsync.tells import Managed
from cloudsync_gcp.rule import Rule
from cloudsync_gcp.snapshot import GcpSnapshot

_THEIRS: Final = ("gke-", "k8s-")
_SMTP: Final = (25,)


def managed(snapshot: GcpSnapshot) -> Mapping[str, Managed]:
    """Every target of a network where Terraform or Kubernetes keeps a rule for one of them.

    Every one, since a machine may belong to several: what closes one would close it to the others.
    """
    return {**_by_terraform(snapshot), **_by_kubernetes(snapshot)}


def by_modules(snapshot: GcpSnapshot, ports: tuple[int, ...]) -> Mapping[str, Sources]:
    """Who the rules with our modules' mark let in to one of ``ports``, per target that has such rules."""
    marked = _marked(snapshot)
    found: dict[str, Sources] = {}
    for target, protected in snapshot.places.items() if marked else ():
        here = [rule for rule in marked if rule.covers(protected)]
        stand = [
            rule
            for rule in here
            if rule.action == "allow" and any(rule.decides(port) for port in ports)
        ]
        if here:
            found[target] = Sources(
                AddressSet.union([NOBODY, *(rule.addresses for rule in stand if rule.ranges)]),
                frozenset(name for rule in stand for name in rule.names),
            )
    return found


def _marked(snapshot: GcpSnapshot) -> list[Rule]:
    return [
        rule
        for layer in snapshot.network.layers
        for rule in layer.rules
        if rule.description.startswith(TERRAFORM_MARK) and not rule.disabled
    ]


def _by_terraform(snapshot: GcpSnapshot) -> Mapping[str, Managed]:
    """Every target of a network where our modules keep a rule, in whichever layer, for one of them."""
    marked = _marked(snapshot)
    kept = {
        target: sorted(rule.description for rule in marked if rule.covers(protected))
        for target, protected in (snapshot.places.items() if marked else ())
    }
    first = next((target for target, marks in kept.items() if marks), None)
    return {
        target: Managed(
            "Terraform",
            f"what is marked {marks[0]}" if marks else (
                f"what is marked {kept[first][0]}, for {first}, whose machines may be this target's too"
            ),
            "The list comes in with the module at the next terraform apply.",
        )
        for target, marks in kept.items()
        if first is not None
    }  # fmt: skip


def _by_kubernetes(snapshot: GcpSnapshot) -> Mapping[str, Managed]:
    layer = snapshot.network.own
    ports: tuple[int, ...] = getattr(snapshot.scope.settings, "ports", _SMTP)
    theirs = [rule for rule in (layer.rules if layer else ()) if _made(rule, ports)]
    kept = {
        target: names
        for target, protected in (snapshot.places.items() if theirs else ())
        if (names := sorted(rule.name for rule in theirs if rule.covers(protected)))
    }
    if not kept:
        return {}
    first = min(kept)
    return {
        target: _by(", ".join(kept[target]))
        if target in kept
        else _by(f"{', '.join(kept[first])}, for {first}, whose machines may be this target's too")
        for target in snapshot.places
    }


def _made(rule: Rule, ports: tuple[int, ...]) -> bool:
    """Whether Kubernetes made it, for some machines and one of ``ports``."""
    return (
        rule.name.startswith(_THEIRS)
        and bool(rule.tags or rule.accounts)
        and any(rule.decides(port) for port in ports)
    )


def _by(rules: str) -> Managed:
    return Managed(
        "Google Kubernetes Engine",
        f"by its rules {rules}",
        "Give the list to the Service, as loadBalancerSourceRanges.",
    )
