"""A group's own rules as Terraform's azurerm provider has them; it calls nothing.

Source: the provider's page on azurerm_network_security_rule: the fields of ARM in snake case, one
prefix in the singular field, imported by the rule's ARM id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudsync.tells import Resource
from cloudsync_azure.marks import owner
from cloudsync_azure.rule import rule, unpacked
from cloudsync_azure.snapshot import Nsg

TYPE: Final = "azurerm_network_security_rule"
_GROUPS: Final = "sourceApplicationSecurityGroups"
_TAKEN: Final = (
    "description", "protocol", "access", "priority", "sourcePortRange", "sourcePortRanges",
    "destinationPortRange", "destinationPortRanges", "destinationAddressPrefix",
    "destinationAddressPrefixes",
)  # fmt: skip


def resources(
    group: Nsg, subscription: str, installation: str, ports: tuple[int, ...]
) -> Iterator[Resource]:
    """Each own rule, as ARM tells it: what Terraform reads there is the same."""
    for name, properties in unpacked(group.ingress):
        one = rule(name, properties)
        purpose = owner(one, installation, ports)
        if purpose is None:
            continue
        grouped = _ids(properties, _GROUPS)
        yield Resource(
            TYPE,
            f"/subscriptions/{subscription}/resourceGroups/{group.group}/providers/"
            f"Microsoft.Network/networkSecurityGroups/{group.name}/securityRules/{name}",
            purpose,
            one.ports[0][0],
            grouped or _prefixes(properties),
            None if grouped else "source_address_prefix",
            "source_application_security_group_ids" if grouped else "source_address_prefixes",
            {
                "name": name,
                "resource_group_name": group.group,
                "network_security_group_name": group.name,
                "direction": "Inbound",
                **{_snake(key): properties[key] for key in _TAKEN if properties.get(key)},
                "destination_application_security_group_ids": list(
                    _ids(properties, "destinationApplicationSecurityGroups")
                ),
            },
            {"subscription_id": subscription, "features": {}},
        )


def _prefixes(properties: Mapping[str, Any]) -> tuple[str, ...]:
    one = properties.get("sourceAddressPrefix")
    return (one,) if one else tuple(sorted(properties.get("sourceAddressPrefixes") or ()))


def _ids(properties: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(sorted(str(one["id"]) for one in properties.get(key) or ()))


def _snake(key: str) -> str:
    return re.sub(r"([A-Z])", lambda letter: f"_{letter[1].lower()}", key)
