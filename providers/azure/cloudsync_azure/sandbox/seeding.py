"""What stands in a sandbox before anybody asks; no call is logged for it and no quota asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cloudsync_azure.sandbox.checking import check_name
from cloudsync_azure.sandbox.ruleset import check_rules, read_rules
from cloudsync_azure.sandbox.values import Asg, Interface, Nsg, guid
from cloudsync_azure.sandbox.world import Container, Subscription, World


def subscription(world: World, identity: str, name: str, parent: str, state: str) -> None:
    """A subscription, new or changed; its resource groups stay."""
    known = world.subscriptions.get(identity.lower())
    world.subscriptions[identity.lower()] = Subscription(
        id=identity,
        name=name,
        tenant=world.tenant,
        parent=parent or world.tenant,
        state=state,
        groups=known.groups if known else {},
    )


def _group(world: World, identity: str, name: str, location: str) -> str:
    groups = world.subscription(identity).groups
    return groups.setdefault(name.lower(), Container(name, location)).name


def nsg(
    world: World,
    identity: str,
    group: str,
    name: str,
    location: str,
    rules: Sequence[Mapping[str, Any]],
    tags: Mapping[str, str],
    hangs: tuple[tuple[str, ...], tuple[str, ...]],
) -> Nsg:
    """An NSG with its rules; ``hangs`` are the ids of its subnets and of its interfaces.

    Raises:
        Refused: for what Azure would refuse.
    """
    check_name(name)
    serial = world.serial()
    made = Nsg(
        subscription=world.subscription(identity).id,
        group=_group(world, identity, group, location),
        name=name,
        location=location,
        guid=guid(serial),
        tags=tags,
        serials=(serial,),
        subnets=hangs[0],
        interfaces=hangs[1],
    )
    held = check_rules(world, made, read_rules(world, made, list(rules)))
    made = world.changed(replace(made, rules=held))
    world.put(made, settled=True)
    return made


def asg(world: World, identity: str, group: str, name: str, location: str) -> Asg:
    """An application security group."""
    made = Asg(
        subscription=world.subscription(identity).id,
        group=_group(world, identity, group, location),
        name=name,
        location=location,
        serial=world.serial(),
    )
    world.asgs[made.key] = made
    return made


def interface(
    world: World,
    identity: str,
    group: str,
    name: str,
    location: str,
    subnet: str,
    addresses: tuple[str, ...],
    nsg_id: str,
    asgs: tuple[str, ...],
) -> Interface:
    """A network interface; its group tells of it too.

    Raises:
        KeyError: there is no such group.
    """
    made = Interface(
        subscription=world.subscription(identity).id,
        group=_group(world, identity, group, location),
        name=name,
        location=location,
        subnet=subnet,
        addresses=addresses,
        nsg=nsg_id,
        asgs=asgs,
        serial=world.serial(),
    )
    world.interfaces[made.key] = made
    if nsg_id:
        held = world.nsgs[nsg_id.lower()]
        world.put(replace(held, interfaces=(*held.interfaces, made.id)), settled=True)
    return made
