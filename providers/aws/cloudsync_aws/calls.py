"""The mutating calls as values, and the SDK requests they stand for; it sends none of them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cloudsync_aws.ingress import Rule

PER_CALL: Final = 1_000
"""Rules in one call. The API's model names no limit; EC2 takes 1,000 (aws-controllers-k8s #2186)."""

Operation = Literal["authorize", "revoke", "describe"]

# What throttling and permissions are counted by.
ACTION: Final[Mapping[Operation, str]] = {
    "authorize": "AuthorizeSecurityGroupIngress",
    "revoke": "RevokeSecurityGroupIngress",
    "describe": "UpdateSecurityGroupRuleDescriptionsIngress",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One mutating call on one group. ``ids`` holds the rules' ids where a close look found them.

    ``endpoint`` is where the configuration points the SDK for this target, or None.
    """

    operation: Operation
    account: str
    region: str
    group: str
    rules: tuple[Rule, ...]
    ids: tuple[str, ...] = field(default=(), compare=False)
    endpoint: str | None = None


def request(call: Call) -> dict[str, Any]:
    """The arguments of the SDK's method for ``call``.

    A revoke by id can't hit a rule that somebody made anew in the meantime, and gives the same
    error in every VPC; so ids are used wherever they are known.
    """
    by_id = len(call.ids) == len(call.rules) and call.operation != "authorize"
    if not by_id:
        return {"GroupId": call.group, "IpPermissions": permissions(call.rules, call.account)}
    if call.operation == "revoke":
        return {"GroupId": call.group, "SecurityGroupRuleIds": list(call.ids)}
    return {
        "GroupId": call.group,
        "SecurityGroupRuleDescriptions": [
            {"SecurityGroupRuleId": identity, "Description": rule.description}
            for identity, rule in zip(call.ids, call.rules, strict=True)
        ],
    }


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


def by_hand(rule: Rule, account: str, region: str, group: str) -> str:
    """The command with which a person would revoke ``rule``, quoted for a POSIX shell."""
    written = json.dumps(
        permissions([rule], account, described=False), separators=(",", ":"), sort_keys=True
    )
    return shlex.join(
        ["aws", "ec2", "revoke-security-group-ingress", "--region", region,
         "--group-id", group, "--ip-permissions", written]
    )  # fmt: skip


def revised(standing: Iterable[Rule], call: Call) -> list[dict[str, Any]]:
    """The permissions of a group with the rules ``standing``, once ``call`` is done."""
    touched = {rule.key for rule in call.rules}
    kept = [rule for rule in standing if rule.key not in touched]
    if call.operation != "revoke":
        kept += call.rules
    return permissions(sorted(kept, key=lambda rule: rule.key), call.account)
