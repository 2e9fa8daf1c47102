"""The shapes of Azure's answers, as recorded traffic and the published examples show them."""

from __future__ import annotations

import json
from typing import Any

from cloudsync_azure.sandbox.defaults import DEFAULTS
from cloudsync_azure.sandbox.values import Asg, Dialect, Nsg, Rule, etag_of, guid

_LISTS = (
    "sourcePortRanges",
    "destinationPortRanges",
    "sourceAddressPrefixes",
    "destinationAddressPrefixes",
)


def rule_shape(nsg: Nsg, rule: Rule, dialect: Dialect, *, default: bool = False) -> dict[str, Any]:
    """One rule, with its NSG's etag."""
    kind = "defaultSecurityRules" if default else "securityRules"
    empty: dict[str, Any] = {}
    if dialect.plurals == "empty":
        empty = {field: [] for field in _LISTS if field not in rule.properties}
    return {
        "name": rule.name,
        "id": f"{nsg.id}/{kind}/{rule.name}",
        "etag": nsg.etag,
        "type": f"Microsoft.Network/networkSecurityGroups/{kind}",
        "properties": {"provisioningState": state_of(nsg), **rule.properties, **empty},
    }


def nsg_shape(nsg: Nsg, dialect: Dialect) -> dict[str, Any]:
    """An NSG with its rules; what isn't there, subnets or interfaces, is left out as recorded."""
    properties: dict[str, Any] = {
        "provisioningState": state_of(nsg),
        "resourceGuid": nsg.guid,
        "securityRules": [rule_shape(nsg, rule, dialect) for rule in nsg.rules],
        "defaultSecurityRules": [rule_shape(nsg, rule, dialect, default=True) for rule in DEFAULTS],
    }
    if nsg.subnets:
        properties["subnets"] = [{"id": each} for each in nsg.subnets]
    if nsg.interfaces:
        properties["networkInterfaces"] = [{"id": each} for each in nsg.interfaces]
    return {
        "name": nsg.name,
        "id": nsg.id,
        "etag": nsg.etag,
        "type": "Microsoft.Network/networkSecurityGroups",
        "location": nsg.location,
        **({"tags": dict(nsg.tags)} if nsg.tags else {}),
        "properties": properties,
    }


def asg_shape(asg: Asg) -> dict[str, Any]:
    """An application security group. Who is in it, it doesn't say: that stands at the interfaces."""
    return {
        "name": asg.name,
        "id": asg.id,
        "etag": etag_of(asg.serial),
        "type": "Microsoft.Network/applicationSecurityGroups",
        "location": asg.location,
        **({"tags": dict(asg.tags)} if asg.tags else {}),
        "properties": {"provisioningState": "Succeeded", "resourceGuid": guid(-1 - asg.serial)},
    }


def state_of(nsg: Nsg) -> str:
    """Updating while a write is under way, and Succeeded otherwise."""
    return "Updating" if nsg.operation else "Succeeded"


class Rendered:
    """NSGs as JSON text, each rendered once for as long as it stays the same."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[str, tuple[Nsg, str]] = {}

    def text(self, nsg: Nsg) -> str:
        """The NSG's JSON."""
        known = self._known.get(nsg.key)
        if known is not None and known[0] is nsg:
            return known[1]
        text = json.dumps(nsg_shape(nsg, self._dialect), separators=(",", ":"))
        self._known[nsg.key] = (nsg, text)
        return text
