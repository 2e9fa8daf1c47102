"""Looking for the other group in front of the same machines; it changes nothing and judges nothing.

A listing of a subscription's groups tells which of them hang on subnets and which on interfaces. Only
where a second level is possible are the interfaces listed too, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from cloudsync.immutable import immutable
from cloudsync_azure.behind import (
    UNGUARDED,
    Attached,
    Interface,
    Stand,
    behind,
    guarded_twice,
    interface,
    key,
    stands,
)
from cloudsync_azure.caller import Caller, Failed, Late, Where
from cloudsync_azure.clauses import Protect
from cloudsync_azure.failures import Failure, unreadable
from cloudsync_azure.rule import DEFAULTS, inbound, packed
from cloudsync_azure.snapshot import AzureSnapshot, Nsg, resource_group

INTERFACES: Final = "Microsoft.Network/networkInterfaces/read"


@immutable
class Known:
    """Where the interfaces behind one group stand, and why not all of it is known."""

    stands: tuple[Stand, ...] = ()
    unseen: str = ""


def attached(answers: Iterable[Mapping[str, Any]]) -> dict[str, Attached]:
    """The groups among ``answers`` that hang on something; one that can't be read isn't among them."""
    found: dict[str, Attached] = {}
    for one in answers:
        properties: Mapping[str, Any] = one.get("properties") or {}
        if properties.get("networkInterfaces") or properties.get("subnets"):
            try:
                found[key(one["id"])] = _told(one, properties)
            except (KeyError, TypeError, ValueError):
                continue  # nothing is known of it, and that is said of the groups beside it
    return found


def _told(answer: Mapping[str, Any], properties: Mapping[str, Any]) -> Attached:
    """A group as ARM answered it; most are in front of nothing that counts, and stay packed."""
    defaults = properties.get("defaultSecurityRules") or DEFAULTS
    every = (*(properties.get("securityRules") or ()), *defaults)
    return Attached(
        f"{resource_group(answer['id'])}/{answer['name']}",
        packed((one["name"], one["properties"]) for one in every if inbound(one["properties"])),
        _ids(properties, "networkInterfaces"),
        _ids(properties, "subnets"),
    )


def _ids(properties: Mapping[str, Any], field: str) -> tuple[str, ...]:
    return tuple(str(one["id"]).lower() for one in properties.get(field) or ())


def _attached(one: Nsg) -> Attached:
    return Attached(
        f"{one.group}/{one.name}",
        one.ingress,
        tuple(map(str.lower, one.interfaces)),
        tuple(map(str.lower, one.subnets)),
    )


def here(snapshots: Iterable[AzureSnapshot]) -> dict[str, Attached]:
    """The targets' own groups that hang on something."""
    return {
        named(one): _attached(one)
        for snapshot in snapshots
        for one in snapshot.groups.values()
        if one.interfaces or one.subnets
    }


def named(one: Nsg) -> str:
    """``GROUP/NSG`` in lower case."""
    return f"{one.group}/{one.name}".lower()


def stood(
    caller: Caller,
    where: Where,
    chosen: Mapping[str, Attached],
    groups: Mapping[str, Attached],
    deadline: float | None,
) -> dict[str, Known]:
    """Where the interfaces behind each group of ``chosen`` stand; ``groups`` are all that there are.

    Raises:
        Late: the deadline would pass.
    """
    if not guarded_twice(chosen, groups):
        return dict.fromkeys(chosen, Known())
    try:
        listed = _interfaces(caller, where, chosen, groups, deadline)
    except Late:
        raise
    except Failed as failed:
        said = unreadable(where.subscription, failed.found, failed.action)
        return dict.fromkeys(chosen, Known(unseen=f"{said.reason}. {said.todo.rstrip('.')}"))
    found = stands(chosen, listed, groups)
    return {
        name: Known(places if any(one.other for one in places) else (), _unlisted(chosen[name], places))
        for name, places in found.items()
    }  # fmt: skip


def _interfaces(
    caller: Caller,
    where: Where,
    chosen: Mapping[str, Attached],
    groups: Mapping[str, Attached],
    deadline: float | None,
) -> list[Interface]:
    """The interfaces behind a chosen group."""
    ours = {subnet for name in chosen for subnet in groups[name].subnets}
    found: list[Interface] = []
    for page in caller.pages(
        where, INTERFACES, deadline,
        lambda client, options: client.network_interfaces.list_all(**options),
    ):  # fmt: skip
        try:
            every = [interface(one) for one in page]
        except (KeyError, TypeError, ValueError) as error:
            what = f"an interface can't be read ({type(error).__name__}: {error})"
            raise Failed(Failure("UnknownInterface", what), INTERFACES) from error
        found += (one for one in every if one.group in chosen or ours & set(one.subnets))
    return found


def _unlisted(one: Attached, places: Iterable[Stand]) -> str:
    """That interfaces hang on a group and weren't listed: a scale set's never are."""
    listed = {place.interface.name for place in places}
    lacking = [identity for identity in one.interfaces if key(identity) not in listed]
    if not lacking:
        return ""
    return (
        f"{len(lacking):,} of the {len(one.interfaces):,} interfaces with this group weren't listed: "
        "they are a scale set's, or the role doesn't reach them"
    )


def with_neighbours(
    snapshot: AzureSnapshot,
    known: Mapping[str, Known],
    groups: Mapping[str, Attached],
    protect: Protect,
    unseen: str = "",
) -> AzureSnapshot:
    """``snapshot`` with what is known of the machines behind its groups."""
    found: dict[str, Nsg] = {}
    for target, one in snapshot.groups.items():
        told = known.get(named(one), Known(unseen=unseen if one.interfaces or one.subnets else ""))
        plain = not told.stands and not told.unseen
        found[target] = replace(
            one,
            behind=UNGUARDED if plain else behind(told.stands, groups, protect, told.unseen),
        )
    return replace(snapshot, groups=found)
