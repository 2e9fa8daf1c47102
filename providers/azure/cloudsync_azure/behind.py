"""The interfaces behind a group, and the other group that each of them is guarded by; it calls nothing.

What comes in passes the subnet's group and then the interface's, and both must let it in; a level
that has none lets everything in (Azure documentation, "How network security groups filter network
traffic"). An interface, its network and both groups are of one subscription.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from cloudsync.addresses import AddressSet
from cloudsync.immutable import immutable
from cloudsync_azure.clauses import Protect
from cloudsync_azure.rule import Packed, rules_of


@immutable
class Interface:
    """A network interface: the group of its own, its subnets, and its places in the network.

    ``group`` is ``GROUP/NSG`` in lower case, empty where it has none. ``subnets`` and ``asgs`` are
    ARM ids in lower case, ``addresses`` private addresses.
    """

    name: str
    group: str
    subnets: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    asgs: tuple[str, ...] = ()


@immutable
class Attached:
    """A group that hangs on something: its name as Azure spells it, its rules, and on what."""

    name: str
    ingress: Packed = field(repr=False)
    interfaces: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()


@immutable
class Stand:
    """Where an interface stands: behind one group, and behind ``other`` as well.

    ``other`` is ``GROUP/NSG`` in lower case, empty where there is no other.
    """

    interface: Interface
    other: str = ""


@immutable
class Host:
    """A guarded interface, and the inbound rules of the other group that it is behind."""

    interface: Interface
    other: str
    ingress: Packed = field(repr=False)


@immutable
class Behind:
    """What is known of the guarded interfaces behind a group.

    ``hosts`` are those with another group as well, ``bare`` says that there are others. ``unseen``
    is why something isn't known, empty where all is.
    """

    hosts: tuple[Host, ...] = ()
    bare: bool = False
    unseen: str = ""


UNGUARDED = Behind()
"""No interface is behind another group as well."""


def key(identity: str) -> str:
    """``GROUP/NAME`` of a resource by its ARM id, in lower case: ids are the same in any case.

    Raises:
        ValueError: it is no id of a resource in a group.
    """
    parts = identity.lower().split("/")
    return f"{parts[parts.index('resourcegroups') + 1]}/{parts[-1]}"


def interface(answer: Mapping[str, Any]) -> Interface:
    """One interface as ARM answered it.

    Raises:
        KeyError, TypeError, ValueError: the answer isn't an interface's.
    """
    properties: Mapping[str, Any] = answer["properties"]
    group = properties.get("networkSecurityGroup")
    places: list[Mapping[str, Any]] = [
        one["properties"] for one in properties.get("ipConfigurations") or ()
    ]
    return Interface(
        key(answer["id"]),
        key(group["id"]) if group else "",
        _ids(one["subnet"] for one in places if one.get("subnet")),
        tuple(str(one["privateIPAddress"]) for one in places if one.get("privateIPAddress")),
        _ids(asg for one in places for asg in one.get("applicationSecurityGroups") or ()),
    )


def _ids(found: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one["id"]).lower() for one in found))


def guarded_twice(chosen: Iterable[str], groups: Mapping[str, Attached]) -> bool:
    """Whether some interface behind a group of ``chosen`` could be behind another one too.

    A subnet has one group and so has an interface: the second is on the other level.
    """
    on_subnets = {name for name, one in groups.items() if one.subnets}
    on_interfaces = {name for name, one in groups.items() if one.interfaces}
    return any(
        (name in on_subnets and on_interfaces - {name})
        or (name in on_interfaces and on_subnets - {name})
        for name in chosen
    )


def stands(
    chosen: Iterable[str], interfaces: Iterable[Interface], groups: Mapping[str, Attached]
) -> dict[str, tuple[Stand, ...]]:
    """Which interfaces are behind each group of ``chosen``, and behind which other one."""
    of_subnet = {subnet: name for name, one in groups.items() for subnet in one.subnets}
    found: dict[str, list[Stand]] = {name: [] for name in chosen}
    for one in interfaces:
        levels = {of_subnet.get(subnet, "") for subnet in one.subnets} or {""}
        for subnet_group in sorted(levels):
            for mine, other in ((subnet_group, one.group), (one.group, subnet_group)):
                # One group on both levels is asked twice the same.
                if mine in found and (mine != other or other == one.group == subnet_group):
                    found[mine].append(Stand(one, "" if mine == other else other))
    return {name: tuple(dict.fromkeys(all_of_it)) for name, all_of_it in found.items()}


def behind(
    found: Iterable[Stand], groups: Mapping[str, Attached], protect: Protect, unseen: str = ""
) -> Behind:
    """What is known of the guarded ones of ``found``; ``groups`` are the other groups as read."""
    guarded = [one for one in found if _guarded(one.interface, protect)]
    named = {one.other for one in guarded if one.other}
    readable = {name for name in named if name in groups and _readable(groups[name].ingress)}
    hosts = tuple(
        Host(one.interface, groups[one.other].name, groups[one.other].ingress)
        for one in guarded
        if one.other in readable
    )
    unread = sorted(named - readable)
    reasons = [unseen, f"the rules of {', '.join(unread)} couldn't be read" if unread else ""]
    said = "; ".join(one for one in reasons if one)
    if not hosts:
        return Behind(unseen=said)
    return Behind(hosts, len(hosts) < len(guarded), said)


def _readable(rules: Packed) -> bool:
    try:
        rules_of(rules)
    except (KeyError, TypeError, ValueError):
        return False
    return True


def _guarded(one: Interface, protect: Protect) -> bool:
    if protect.groups:
        return bool(set(protect.groups) & set(one.asgs))
    if protect.addresses:
        return bool(AddressSet.of(*one.addresses) & protect.addresses)
    return True
