"""The mutating calls as values, and the SDK requests they stand for; it sends none of them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Final, Literal

from cloudsync.immutable import immutable
from cloudsync_aws.roles import Role
from cloudsync_aws.rule import Rule
from cloudsync_aws.snapshot import Tags

PER_CALL: Final = 1_000
"""Rules in one call. The API's model names no limit; EC2 takes 1,000 (aws-controllers-k8s #2186)."""
SWAPS_PER_CALL: Final = 100
"""Rules whose contents change in one call. No limit is known, so what no caller can miss is used."""

Operation = Literal["authorize", "revoke", "describe", "modify"]

# What throttling and permissions are counted by.
ACTION: Final[Mapping[Operation, str]] = {
    "authorize": "AuthorizeSecurityGroupIngress",
    "revoke": "RevokeSecurityGroupIngress",
    "describe": "UpdateSecurityGroupRuleDescriptionsIngress",
    "modify": "ModifySecurityGroupRules",
}


@immutable
class Call:
    """One mutating call on one group. ``ids`` holds the ids of ``replaced``, read just before it.

    ``tags`` are put on the rules that an authorize makes: one call gives all of them the same.
    ``endpoint`` is where the configuration points the SDK for this target, or None; ``role`` is
    assumed for it, unless the account is the caller's own. ``replaced`` are the rules whose ids are
    to stand for ``rules``, one for one, where contents are modified.
    """

    operation: Operation
    account: str
    region: str
    group: str
    rules: tuple[Rule, ...]
    ids: tuple[str, ...] = field(default=(), compare=False)
    endpoint: str | None = None
    tags: Tags = ()
    role: Role | None = None
    replaced: tuple[Rule, ...] = ()


def request(call: Call) -> dict[str, Any]:
    """The arguments of the SDK's method for ``call``.

    Rules are named by what they let in, never by id: contents can change under an id, and a late
    read would show what it stood for before. Only a change in place can't be asked for otherwise.
    """
    if call.operation == "modify":
        return {
            "GroupId": call.group,
            "SecurityGroupRules": [
                {"SecurityGroupRuleId": identity, "SecurityGroupRule": _content(rule)}
                for identity, rule in zip(call.ids, call.rules, strict=True)
            ],
        }
    asked = {"GroupId": call.group, "IpPermissions": permissions(call.rules, call.account)}
    return {**asked, "TagSpecifications": tagging(call.tags)} if call.tags else asked


def tagging(tags: Tags) -> list[dict[str, Any]]:
    """``tags`` as the SDK's ``TagSpecifications`` for rules."""
    return [
        {
            "ResourceType": "security-group-rule",
            "Tags": [{"Key": key, "Value": value} for key, value in tags],
        }
    ]


def permissions(
    rules: Iterable[Rule], account: str, *, described: bool = True
) -> list[dict[str, Any]]:
    """``rules`` as the SDK's ``IpPermissions``, one of them a protocol and port range."""
    found: dict[tuple[str, int | None, int | None], dict[str, Any]] = {}
    for rule in rules:
        bundle = found.setdefault((rule.protocol, rule.first, rule.last), _bundle(rule))
        field_name, source = _source(rule.source, account)
        if described and rule.description:
            source["Description"] = rule.description
        bundle.setdefault(field_name, []).append(source)
    return list(found.values())


def _content(rule: Rule) -> dict[str, Any]:
    """A network's rule in full: of what is left out, the API doesn't say that it stays."""
    return {
        **_bundle(rule),
        "CidrIpv6" if ":" in rule.source else "CidrIpv4": rule.source,
        "Description": rule.description,
    }


def _bundle(rule: Rule) -> dict[str, Any]:
    ports = {"FromPort": rule.first, "ToPort": rule.last}
    return {
        "IpProtocol": rule.protocol,
        **{name: port for name, port in ports.items() if port is not None},
    }


def _source(source: str, account: str) -> tuple[str, dict[str, str]]:
    if source.startswith("pl-"):
        return "PrefixListIds", {"PrefixListId": source}
    if "-" in source:
        owner, _, group = source.rpartition("/")
        return "UserIdGroupPairs", {"UserId": owner or account, "GroupId": group}
    if ":" in source:
        return "Ipv6Ranges", {"CidrIpv6": source}
    return "IpRanges", {"CidrIp": source}


# Changed contents are taken back by a revoke and an authorize: rule ids may be new by then.
_COMMAND: Final[Mapping[Operation, str]] = {
    "authorize": "authorize-security-group-ingress",
    "revoke": "revoke-security-group-ingress",
    "describe": "update-security-group-rule-descriptions-ingress",
}


def by_hand(call: Call) -> str:
    """``call`` as a person would make it with AWS's command line, quoted for a POSIX shell."""
    described = call.operation != "revoke"
    written = _compact(permissions(call.rules, call.account, described=described))
    command = ["aws", "ec2", _COMMAND[call.operation], "--region", call.region,
               "--group-id", call.group, "--ip-permissions", written]  # fmt: skip
    if call.tags:
        command += ["--tag-specifications", _compact(tagging(call.tags))]
    return shlex.join(command)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def revised(standing: Iterable[Rule], call: Call) -> list[dict[str, Any]]:
    """The permissions of a group with the rules ``standing``, once ``call`` is done."""
    touched = {rule.key for rule in (*call.rules, *call.replaced)}
    kept = [rule for rule in standing if rule.key not in touched]
    if call.operation != "revoke":
        kept += call.rules
    return permissions(sorted(kept, key=lambda rule: rule.key), call.account)
