"""Groups, rules and prefix lists as EC2's XML and as boto3 shapes them; it never changes one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cloudsync_aws.sandbox.values import Group, PrefixList, Rule, Tags
from cloudsync_aws.sandbox.wire import items, nest, tag

# kind of rule: (list element, its field) on the wire, (list, field) in boto3
_WIRE = {
    "group": ("groups", "groupId"),
    "ipv4": ("ipRanges", "cidrIp"),
    "ipv6": ("ipv6Ranges", "cidrIpv6"),
    "list": ("prefixListIds", "prefixListId"),
}
_BOTO = {
    "group": ("UserIdGroupPairs", "GroupId"),
    "ipv4": ("IpRanges", "CidrIp"),
    "ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "list": ("PrefixListIds", "PrefixListId"),
}

Range = tuple[str, int | None, int | None]


def tags_xml(tags: Tags) -> str:
    """A tagSet, or nothing where there are no tags."""
    if not tags:
        return ""
    return items("tagSet", (tag("key", key) + tag("value", value) for key, value in tags))


def tags_shape(tags: Tags) -> list[dict[str, str]]:
    """Tags as boto3 shapes them."""
    return [{"Key": key, "Value": value} for key, value in tags]


def _by_range(rules: Iterable[Rule]) -> dict[Range, dict[str, list[Rule]]]:
    ranges: dict[Range, dict[str, list[Rule]]] = {}
    for rule in rules:
        kinds = ranges.setdefault((rule.protocol, rule.first, rule.last), {})
        kinds.setdefault(rule.kind, []).append(rule)
    return ranges


def permissions_xml(rules: Iterable[Rule]) -> list[str]:
    """The rules as IpPermissions, gathered by protocol and ports, in order of first appearance."""
    found: list[str] = []
    for (protocol, first, last), kinds in _by_range(rules).items():
        parts = [tag("ipProtocol", protocol), tag("fromPort", first), tag("toPort", last)]
        for kind, (plural, field) in _WIRE.items():
            parts.append(
                items(
                    plural,
                    (
                        (tag("userId", rule.owner) if kind == "group" else "")
                        + tag(field, rule.peer)
                        + tag("description", rule.description)
                        for rule in kinds.get(kind, ())
                    ),
                )
            )
        found.append("".join(parts))
    return found


def permissions_shape(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """The rules as IpPermissions the way boto3 parses `permissions_xml`."""
    found: list[dict[str, Any]] = []
    for (protocol, first, last), kinds in _by_range(rules).items():
        shape: dict[str, Any] = {"IpProtocol": protocol}
        if first is not None:
            shape |= {"FromPort": first, "ToPort": last}
        for kind, (plural, field) in _BOTO.items():
            shape[plural] = [
                ({"Description": rule.description} if rule.description is not None else {})
                | ({"UserId": rule.owner} if kind == "group" else {})
                | {field: rule.peer}
                for rule in kinds.get(kind, ())
            ]
        found.append(shape)
    return found


def group_arn(group: Group) -> str:
    """The group's Amazon Resource Name."""
    return f"arn:aws:ec2:{group.region}:{group.owner}:security-group/{group.id}"


def group_xml(group: Group) -> str:
    """The group as an item of DescribeSecurityGroups, without the item element."""
    return (
        tag("groupId", group.id)
        + items("ipPermissionsEgress", permissions_xml(r for r in group.rules if r.egress))
        + tags_xml(group.tags)
        + tag("vpcId", group.vpc)
        + tag("securityGroupArn", group_arn(group))
        + tag("ownerId", group.owner)
        + tag("groupName", group.name)
        + tag("groupDescription", group.description)
        + items("ipPermissions", permissions_xml(r for r in group.rules if not r.egress))
    )


def group_shape(group: Group) -> dict[str, Any]:
    """The group the way boto3 parses `group_xml`."""
    shape: dict[str, Any] = {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "OwnerId": group.owner,
        "VpcId": group.vpc,
        "SecurityGroupArn": group_arn(group),
        "IpPermissions": permissions_shape(r for r in group.rules if not r.egress),
        "IpPermissionsEgress": permissions_shape(r for r in group.rules if r.egress),
    }
    if group.tags:
        shape["Tags"] = tags_shape(group.tags)
    return shape


def _rule_head(group: Group, rule: Rule) -> str:
    # Where ports mean nothing the rule calls answer -1, unlike DescribeSecurityGroups.
    return (
        tag("securityGroupRuleId", rule.id)
        + tag("groupId", group.id)
        + tag("isEgress", rule.egress)
        + tag("ipProtocol", rule.protocol)
        + tag("fromPort", -1 if rule.first is None else rule.first)
        + tag("toPort", -1 if rule.last is None else rule.last)
        + (tag("cidrIpv4", rule.peer) if rule.kind == "ipv4" else "")
        + (tag("cidrIpv6", rule.peer) if rule.kind == "ipv6" else "")
        + (tag("prefixListId", rule.peer) if rule.kind == "list" else "")
        + tag("description", rule.description)
    )


def rule_xml(group: Group, rule: Rule) -> str:
    """The rule as an item of DescribeSecurityGroupRules and of the authorize answers."""
    reference = ""
    if rule.kind == "group":
        reference = nest(
            "referencedGroupInfo", tag("groupId", rule.peer) + tag("userId", rule.owner)
        )
    arn = f"arn:aws:ec2:{group.region}:{group.owner}:security-group-rule/{rule.id}"
    return (
        _rule_head(group, rule)
        + tag("groupOwnerId", group.owner)
        + reference
        + tags_xml(rule.tags)
        + tag("securityGroupRuleArn", arn)
    )


def revoked_xml(group: Group, rule: Rule) -> str:
    """The rule as an item of the revoke answers (SDK: RevokedSecurityGroupRule)."""
    reference = tag("referencedGroupId", rule.peer) if rule.kind == "group" else ""
    return _rule_head(group, rule) + reference


def list_xml(prefix_list: PrefixList) -> str:
    """The prefix list as EC2 answers it; an AWS-managed one tells no size and no version."""
    managed = prefix_list.owner == "AWS"
    owner = "aws" if managed else prefix_list.owner
    return (
        tag("prefixListId", prefix_list.id)
        + tag("addressFamily", prefix_list.family)
        + tag("state", prefix_list.state)
        + tag("stateMessage", prefix_list.message)
        + tag(
            "prefixListArn",
            f"arn:aws:ec2:{prefix_list.region}:{owner}:prefix-list/{prefix_list.id}",
        )
        + tag("prefixListName", prefix_list.name)
        + tag("maxEntries", None if managed else prefix_list.max_entries)
        + tag("version", None if managed else prefix_list.version)
        + tags_xml(prefix_list.tags)
        + tag("ownerId", prefix_list.owner)
        + tag("ipamPrefixListResolverTargetId", prefix_list.resolver)
        + tag("ipamPrefixListResolverSyncEnabled", None if managed else bool(prefix_list.resolver))
    )
