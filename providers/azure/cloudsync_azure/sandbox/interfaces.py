"""Network interfaces: which group and which subnet each has; read and seeded, never written by a call.

Shape and paths: the NetworkInterfaces operations of Azure/azure-rest-api-specs. A listing names what
an interface hangs on by id alone, and never holds the interfaces of a scale set, which have
operations of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from cloudsync_azure.sandbox.access import check
from cloudsync_azure.sandbox.asked import Asked, missing
from cloudsync_azure.sandbox.reading import paged
from cloudsync_azure.sandbox.values import Interface, etag_of, guid, provider_id
from cloudsync_azure.sandbox.wire import Reply, answer

READ_INTERFACE: Final = "Microsoft.Network/networkInterfaces/read"


def interface_shape(one: Interface) -> dict[str, Any]:
    """An interface as Azure answers it: one IP configuration for each address, the first the primary."""
    etag = etag_of(one.serial)
    kind = "Microsoft.Network/networkInterfaces"
    configurations = [
        {
            "name": f"ipconfig{number}",
            "id": f"{one.id}/ipConfigurations/ipconfig{number}",
            "etag": etag,
            "type": f"{kind}/ipConfigurations",
            "properties": {
                "provisioningState": "Succeeded",
                "privateIPAddress": address,
                "privateIPAllocationMethod": "Dynamic",
                "privateIPAddressVersion": "IPv6" if ":" in address else "IPv4",
                "primary": number == 1,
                "subnet": {"id": one.subnet},
                **({"applicationSecurityGroups": [{"id": each} for each in one.asgs]} if one.asgs else {}),
            },
        }
        for number, address in enumerate(one.addresses, 1)
    ]  # fmt: skip
    return {
        "name": one.name,
        "id": one.id,
        "etag": etag,
        "type": kind,
        "location": one.location,
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": guid(-1 - one.serial),
            "ipConfigurations": configurations,
            "enableAcceleratedNetworking": False,
            "enableIPForwarding": False,
            **({"networkSecurityGroup": {"id": one.nsg}} if one.nsg else {}),
        },
    }


def get_interface(asked: Asked) -> Reply:
    """One interface."""
    group = asked.world.group(asked.subscription, asked.parts["group"])
    key = provider_id(
        asked.subscription, group, "networkInterfaces", asked.parts["interface"]
    ).lower()
    if key not in asked.world.interfaces:
        raise missing("networkInterfaces", asked.parts["interface"], group)
    return answer(interface_shape(asked.world.interfaces[key]))


def list_interfaces(asked: Asked) -> Reply:
    """The interfaces of a subscription that the caller may read; a scale set's are never among them."""
    asked.world.subscription(asked.subscription)
    return _interfaces(
        asked, f"/subscriptions/{asked.subscription}", asked.world.interfaces.values()
    )


def list_interfaces_in_group(asked: Asked) -> Reply:
    """The interfaces of a resource group that the caller may read."""
    group = asked.world.group(asked.subscription, asked.parts["group"])
    inside = (
        each for each in asked.world.interfaces.values() if each.group.lower() == group.lower()
    )
    return _interfaces(asked, f"/subscriptions/{asked.subscription}/resourceGroups/{group}", inside)


def _interfaces(asked: Asked, scope: str, found: Iterable[Interface]) -> Reply:
    own = asked.subscription.lower()
    every = sorted(
        (each for each in found if each.subscription.lower() == own), key=lambda one: one.key
    )
    if not asked.principal.may(READ_INTERFACE, scope):
        allowed = [each for each in every if asked.principal.may(READ_INTERFACE, each.id)]
        if not allowed:
            check(asked.principal, READ_INTERFACE, scope)
        every = allowed
    page, link = paged(asked, [one.key for one in every])
    shapes = [interface_shape(every[index]) for index in page]
    return answer({"value": shapes, **({"nextLink": link} if link else {})})
