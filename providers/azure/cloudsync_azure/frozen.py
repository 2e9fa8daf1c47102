"""A snapshot as JSON and back, so that a plan can be made again from it; it calls nothing.

Kept is what ARM answered, as far as a plan rests on it. What only a call needs (the endpoint, the
tenant) isn't: nobody could act by what is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cloudsync.addresses import AddressSet
from cloudsync.immutable import immutable
from cloudsync.provider import Scope
from cloudsync_azure.behind import UNGUARDED, Behind, Host, Interface
from cloudsync_azure.clauses import Protect
from cloudsync_azure.rule import packed, unpacked
from cloudsync_azure.snapshot import AzureSnapshot, Nsg

Frozen = dict[str, Any]


@immutable
class Block:
    """What the pure half asks of a target block."""

    ports: tuple[int, ...]


def freeze(snapshot: AzureSnapshot) -> Frozen:
    """``snapshot`` as JSON."""
    ports = getattr(snapshot.scope.settings, "ports", None)
    protect = snapshot.protect
    return {
        "scope": snapshot.scope.name,
        "ports": None if ports is None else list(ports),
        "protect": {
            "addresses": protect.addresses.cidrs(),
            "groups": list(protect.groups),
            "spelt": [list(pair) for pair in protect.spelt],
        },
        "groups": {
            target: {
                "group": one.group,
                "name": one.name,
                "ingress": unpacked(one.ingress),
                "egress": unpacked(one.egress),
                "interfaces": list(one.interfaces),
                "subnets": list(one.subnets),
                "version": one.version,
                "behind": _behind(one.behind),
            }
            for target, one in snapshot.groups.items()
        },
    }


def thaw(frozen: Mapping[str, Any]) -> AzureSnapshot:
    """The snapshot that ``freeze`` was given.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it isn't what ``freeze`` gave.
    """
    ports, protect = frozen["ports"], frozen["protect"]
    return AzureSnapshot(
        Scope(frozen["scope"], None if ports is None else Block(tuple(ports))),
        {target: _nsg(one) for target, one in frozen["groups"].items()},
        Protect(
            AddressSet.of(*protect["addresses"]),
            tuple(protect["groups"]),
            tuple((low, said) for low, said in protect["spelt"]),
        ),
    )


def _nsg(value: Mapping[str, Any]) -> Nsg:
    ingress, egress = (
        packed((name, properties) for name, properties in value[way])
        for way in ("ingress", "egress")
    )
    return Nsg(
        value["group"], value["name"], ingress, egress, tuple(value["interfaces"]),
        tuple(value["subnets"]), value["version"], _thawed(value.get("behind")),
    )  # fmt: skip


def _behind(known: Behind) -> Frozen | None:
    if known == UNGUARDED:
        return None
    hosts = [[asdict(host.interface), host.other, unpacked(host.ingress)] for host in known.hosts]
    return {"hosts": hosts, "bare": known.bare, "unseen": known.unseen}


def _thawed(kept: Mapping[str, Any] | None) -> Behind:
    if kept is None:
        return UNGUARDED
    return Behind(
        tuple(
            Host(_interface(one), other, packed((name, said) for name, said in rules))
            for one, other, rules in kept["hosts"]
        ),
        bool(kept["bare"]),
        str(kept["unseen"]),
    )


def _interface(kept: Mapping[str, Any]) -> Interface:
    return Interface(
        kept["name"], kept["group"], tuple(kept["subnets"]), tuple(kept["addresses"]),
        tuple(kept["asgs"]),
    )  # fmt: skip
