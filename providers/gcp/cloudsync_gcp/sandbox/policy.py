"""A firewall policy and its rules as they are stored, and what they can't be; it answers no call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cloudsync_gcp.sandbox import fields
from cloudsync_gcp.sandbox.values import Body
from cloudsync_gcp.sandbox.wire import invalid, is_list, missing, too_many
from cloudsync_gcp.sandbox.world import World, link

LAST_PRIORITY: Final = 2_147_483_647
FIRST_DEFAULT: Final = LAST_PRIORITY - 3
"""From here on stand the four rules that every new policy has, one a direction and family."""

_ACTIONS: Final = frozenset({"allow", "deny", "goto_next", "apply_security_profile_group"})
_SOURCES: Final = (
    "srcIpRanges", "srcAddressGroups", "srcFqdns", "srcSecureTags", "srcRegionCodes",
    "srcThreatIntelligences", "srcNetworks", "srcNetworkType", "srcNetworkContext",
)  # fmt: skip
_MOST: Final = {"srcAddressGroups": 10, "srcFqdns": 100, "srcSecureTags": 256}


def defaults() -> list[Body]:
    """The rules that a new policy has, all of them goto_next."""
    return [
        {
            "kind": "compute#firewallPolicyRule",
            "description": f"default {way.lower()} rule{' ipv6' if ':' in everyone else ''}",
            "priority": FIRST_DEFAULT + index,
            "match": {
                ("srcIpRanges" if way == "INGRESS" else "destIpRanges"): [everyone],
                "layer4Configs": [{"ipProtocol": "all"}],
            },
            "action": "goto_next",
            "direction": way,
            "ruleTupleCount": 2,
        }
        for index, (way, everyone) in enumerate(
            (("EGRESS", "::/0"), ("INGRESS", "::/0"), ("EGRESS", "0.0.0.0/0"), ("INGRESS", "0.0.0.0/0"))
        )
    ]  # fmt: skip


def counted(policy: Body, world: World) -> Body:
    """A policy with its rules in order, and with what a change of them gives it: a size, a fingerprint."""
    rules = sorted(policy["rules"], key=lambda rule: rule["priority"])
    return {
        **policy,
        "rules": rules,
        "ruleTupleCount": sum(rule["ruleTupleCount"] for rule in rules),
        "fingerprint": world.fingerprint(),
    }


def complete(body: Body) -> Body:
    """A policy rule as it is stored.

    Raises:
        Refused: it can't be so, each for a reason of its own.
    """
    said = {key: value for key, value in body.items() if value is not None}
    if "priority" not in said:
        raise missing("resource.priority")
    action = str(said.get("action", ""))
    if action not in _ACTIONS:
        raise invalid("resource.action", action, f"Must be one of {', '.join(sorted(_ACTIONS))}.")
    if "direction" not in said:
        raise missing("resource.direction")
    direction = fields.direction(said["direction"])
    given: Body = said.get("match") or {}
    match: Body = {key: value for key, value in given.items() if value}
    if not match.get("layer4Configs"):
        raise missing("resource.match.layer4Configs")
    fields.protocols(match["layer4Configs"], "resource.match.layer4Configs", "ipProtocol")
    fields.one_family(
        *(
            (key, fields.ranges(match.get(key, ()), f"resource.match.{key}"))
            for key in ("srcIpRanges", "destIpRanges")
        )
    )
    for key, most in _MOST.items():
        if len(match.get(key, ())) > most:
            raise too_many(f"resource.match.{key}", most, len(match[key]))
    if direction == "INGRESS" and not any(match.get(key) for key in _SOURCES):
        raise missing("resource.match.srcIpRanges")
    fields.accounts(said.get("targetServiceAccounts", ()), "resource.targetServiceAccounts")
    if said.get("targetSecureTags") and said.get("targetServiceAccounts"):
        # The description of targetSecureTags.
        raise fields.conflict("Secure tags and service accounts can't be used in the same rule.")
    made: Body = {
        "kind": "compute#firewallPolicyRule",
        "priority": fields.priority(said["priority"], LAST_PRIORITY),
        "action": action,
        "direction": direction,
        "match": match,
        "disabled": bool(said.get("disabled", False)),
        "enableLogging": bool(said.get("enableLogging", False)),
        "ruleTupleCount": _tuples(match),
    }
    for key in (
        "description", "ruleName", "securityProfileGroup", "targetResources", "targetSecureTags",
        "targetServiceAccounts", "targetType", "targetForwardingRules", "tlsInspect",
    ):  # fmt: skip
        if said.get(key):
            made[key] = said[key]
    return made


def _tuples(match: Body) -> int:
    """Each range, protocol and port counts: Google's page on the quotas of Cloud NGFW."""
    count = 0
    for key, value in match.items():
        if key == "layer4Configs":
            count += sum(1 + len(one.get("ports", ())) for one in value)
        else:
            count += len(value) if is_list(value) else 1
    return count


def made(
    world: World,
    collection: str,
    name: str,
    rules: Sequence[Body],
    targets: Sequence[str],
    **more: Any,
) -> Body:
    """A policy that was always there, with the default rules behind its own."""
    identity = world.next_id()
    policy: Body = {
        "kind": "compute#firewallPolicy",
        "id": identity,
        "name": name,
        "creationTimestamp": world.timestamp(),
        "description": "",
        "rules": [*(complete(rule) for rule in rules), *defaults()],
        "associations": [
            {"name": f"association-{index}", "attachmentTarget": target}
            for index, target in enumerate(targets, 1)
        ],
        "selfLink": link(f"{collection}/{name}"),
        "selfLinkWithId": link(f"{collection}/{identity}"),
        **more,
    }
    return counted(policy, world)
