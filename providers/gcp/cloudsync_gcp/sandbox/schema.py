"""Which fields a request's JSON may carry, and of which JSON type; it knows no meaning.

Source: Google's description of Compute Engine v1 (the schemas Firewall, FirewallPolicyRule,
FirewallPolicyRuleMatcher, FirewallPolicy).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloudsync_gcp.sandbox.wire import Refused, is_list, is_object

Shape = Any
"""A JSON type's name, a list of one shape, or a mapping of field names to shapes."""

_PROTOCOLS: Final[Shape] = [{"IPProtocol": "string", "ports": ["string"]}]

FIREWALL: Final[Mapping[str, Shape]] = {
    "allowed": _PROTOCOLS,
    "creationTimestamp": "string",
    "denied": _PROTOCOLS,
    "description": "string",
    "destinationRanges": ["string"],
    "direction": "string",
    "disabled": "boolean",
    "id": "string",
    "kind": "string",
    "logConfig": {"enable": "boolean", "metadata": "string"},
    "name": "string",
    "network": "string",
    "params": {"resourceManagerTags": "any"},
    "priority": "integer",
    "selfLink": "string",
    "sourceRanges": ["string"],
    "sourceServiceAccounts": ["string"],
    "sourceTags": ["string"],
    "targetServiceAccounts": ["string"],
    "targetTags": ["string"],
}

_TAGS: Final[Shape] = [{"name": "string", "state": "string"}]

MATCHER: Final[Mapping[str, Shape]] = {
    "destAddressGroups": ["string"],
    "destFqdns": ["string"],
    "destIpRanges": ["string"],
    "destNetworkContext": "string",
    "destNetworkType": "string",
    "destRegionCodes": ["string"],
    "destThreatIntelligences": ["string"],
    "layer4Configs": [{"ipProtocol": "string", "ports": ["string"]}],
    "srcAddressGroups": ["string"],
    "srcFqdns": ["string"],
    "srcIpRanges": ["string"],
    "srcNetworkContext": "string",
    "srcNetworkType": "string",
    "srcNetworks": ["string"],
    "srcRegionCodes": ["string"],
    "srcSecureTags": _TAGS,
    "srcThreatIntelligences": ["string"],
}

RULE: Final[Mapping[str, Shape]] = {
    "action": "string",
    "description": "string",
    "direction": "string",
    "disabled": "boolean",
    "enableLogging": "boolean",
    "kind": "string",
    "match": MATCHER,
    "priority": "integer",
    "ruleName": "string",
    "ruleTupleCount": "integer",
    "securityProfileGroup": "string",
    "targetForwardingRules": ["string"],
    "targetResources": ["string"],
    "targetSecureTags": _TAGS,
    "targetServiceAccounts": ["string"],
    "targetType": "string",
    "tlsInspect": "boolean",
}

POLICY: Final[Mapping[str, Shape]] = {
    "associations": "any",
    "creationTimestamp": "string",
    "description": "string",
    "displayName": "string",
    "fingerprint": "string",
    "id": "string",
    "kind": "string",
    "name": "string",
    "packetMirroringRules": [RULE],
    "parent": "string",
    "policySource": "string",
    "policyType": "string",
    "region": "string",
    "ruleTupleCount": "integer",
    "rules": [RULE],
    "selfLink": "string",
    "selfLinkWithId": "string",
    "shortName": "string",
}

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
}


def check(value: Any, shape: Shape, where: str = "resource") -> None:
    """Refuse unknown fields and wrong types, as the API's front door does before anything else.

    Raises:
        Refused: with the path of the field.
    """
    if value is None or shape == "any":
        return
    if is_list(shape):
        if not is_list(value):
            raise _payload(f"Invalid value at '{where}' (repeated), Expected a list.")
        for index, one in enumerate(value):
            check(one, shape[0], f"{where}[{index}]")
        return
    if is_object(shape):
        if not is_object(value):
            raise _payload(f"Invalid value at '{where}', Expected an object.")
        for name, one in value.items():
            if name not in shape:
                raise _payload(f"Unknown name \"{name}\" at '{where}': Cannot find field.")
            check(one, shape[name], f"{where}.{name}")
        return
    right = isinstance(value, _TYPES[shape])
    if shape == "integer":
        # true is no number, and JSON may carry a number as text.
        right = (right and not isinstance(value, bool)) or str(value).isdecimal()
    if not right:
        raise _payload(f"Invalid value at '{where}' (TYPE_{str(shape).upper()}), {value!r}")


def _payload(what: str) -> Refused:
    return Refused(400, "badRequest", f"Invalid JSON payload received. {what}")


def merged(old: Any, new: Any) -> Any:
    """What a JSON merge patch makes of a value: null removes, objects merge, the rest replaces.

    Source: the description of firewalls.patch names JSON merge patch, and RFC 7396 what that is.
    """
    if not is_object(new):
        return new
    result = dict(old) if is_object(old) else {}
    for name, value in new.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
