"""The EC2 actions that change a security group's rules; it never answers a describe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from cloudsync_aws.sandbox import permissions
from cloudsync_aws.sandbox.groups import find_group
from cloudsync_aws.sandbox.ids import check_group_id, check_rule_id, no_rule
from cloudsync_aws.sandbox.quota import used
from cloudsync_aws.sandbox.render import permissions_xml, revoked_xml, rule_xml
from cloudsync_aws.sandbox.request import Action, Request
from cloudsync_aws.sandbox.tagging import read_tags
from cloudsync_aws.sandbox.values import Group, Rule
from cloudsync_aws.sandbox.wire import Params, Refused, items, tag
from cloudsync_aws.sandbox.world import Region, with_rules

_RULES_A_CALL = 1000


def _check_peers(region: Region, rules: Sequence[Rule]) -> None:
    for rule in rules:
        # A group of another account may stand behind a peering: it can't be looked up here.
        if rule.kind == "group" and rule.owner == region.account:
            check_group_id(rule.peer)
            region.group(rule.peer)
        if rule.kind == "list" and rule.peer not in region.lists:
            raise Refused(
                "InvalidPrefixListID.NotFound", f"The prefix list ID '{rule.peer}' does not exist"
            )


def _check_quota(region: Region, rules: tuple[Rule, ...], *, egress: bool) -> None:
    if max(used(region, rules, egress=egress)) > region.world.quota(region.account, region.name):
        raise Refused(
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
        )


def _duplicate(rule: Rule) -> Refused:
    name = "ALL" if rule.protocol == "-1" else rule.protocol.upper()
    between = "" if rule.first is None else f", from port: {rule.first}, to port: {rule.last}"
    return Refused(
        "InvalidPermission.Duplicate",
        f'the specified rule "peer: {rule.peer}, {name}{between}, ALLOW" already exists',
    )


def add_rules(region: Region, group: Group, asked: Sequence[Rule]) -> tuple[Group, list[Rule]]:
    """The group with those of the rules asked for that it doesn't have yet, and these rules."""
    present = {rule.key for rule in group.rules}
    fresh = [
        replace(rule, id=region.world.ids.next("sgr")) for rule in asked if rule.key not in present
    ]
    return with_rules(group, (*group.rules, *fresh)), fresh


def authorize(request: Request, *, egress: bool) -> str:
    """AuthorizeSecurityGroupIngress and -Egress."""
    region, group = request.region, find_group(request)
    rule_tags = read_tags(request.params, "security-group-rule")
    shapes = permissions.from_params(request.params)
    if not shapes:
        raise Refused("MissingParameter", "The request must contain the parameter ipPermissions")
    asked = [
        replace(rule, tags=rule_tags)
        for rule in permissions.read(shapes, egress=egress, owner=region.account)
    ]
    if len(asked) > _RULES_A_CALL:
        # gh aws-controllers-k8s/community#2186 gives the number; the code is UNVERIFIED.
        raise Refused(
            "InvalidParameterValue",
            f"The number of rules per request cannot exceed {_RULES_A_CALL}",
        )
    if max(Counter(rule.key for rule in asked).values()) > 1:
        # gh hashicorp/terraform-provider-aws#29492, #2587.
        raise Refused("InvalidParameterValue", "The same permission must not appear multiple times")
    _check_peers(region, asked)
    present = {rule.key for rule in group.rules}
    twice = [rule for rule in asked if rule.key in present]
    if twice and request.dialect.authorize == "atomic":
        raise _duplicate(twice[0])
    changed, fresh = add_rules(region, group, asked)
    _check_quota(region, changed.rules, egress=egress)
    if fresh:
        region.put_group(changed)
    if twice:
        raise _duplicate(twice[0])
    return tag("return", value=True) + items(
        "securityGroupRuleSet", (rule_xml(changed, rule) for rule in fresh)
    )


def revoke(request: Request, *, egress: bool) -> str:
    """RevokeSecurityGroupIngress and -Egress."""
    group = find_group(request)
    ids = request.params.texts("SecurityGroupRuleId")
    shapes = permissions.from_params(request.params)
    if ids and shapes:
        raise Refused(
            "InvalidParameterCombination",
            "The parameter ipPermissions cannot be used with the parameter securityGroupRuleIds",
        )
    unknown: list[Rule] = []
    if ids:
        gone = _by_id(group, ids, egress=egress)
    elif shapes:
        gone, unknown = _by_content(request, group, shapes, egress=egress)
    else:
        raise Refused("MissingParameter", "The request must contain the parameter ipPermissions")
    if gone:
        left = {rule.id for rule in gone}
        request.region.put_group(
            with_rules(group, tuple(rule for rule in group.rules if rule.id not in left))
        )
    return (
        tag("return", value=True)
        + items("unknownIpPermissionSet", permissions_xml(unknown))
        + items("revokedSecurityGroupRuleSet", (revoked_xml(group, rule) for rule in gone))
    )


def _by_id(group: Group, ids: Sequence[str], *, egress: bool) -> list[Rule]:
    held = {rule.id: rule for rule in group.rules if rule.egress == egress}
    for rule_id in ids:
        check_rule_id(rule_id)
        if rule_id not in held:
            raise no_rule(rule_id)
    return [held[rule_id] for rule_id in dict.fromkeys(ids)]


def _by_content(
    request: Request, group: Group, shapes: Sequence[Mapping[str, Any]], *, egress: bool
) -> tuple[list[Rule], list[Rule]]:
    asked = permissions.read(shapes, egress=egress, owner=request.region.account)
    held = {rule.key: rule for rule in group.rules}
    unknown = [rule for rule in asked if rule.key not in held]
    # SDK, RevokeSecurityGroupIngress: the default VPC forgives, any other revokes nothing.
    if unknown and group.vpc != request.region.default_vpc:
        raise Refused(
            "InvalidPermission.NotFound",
            "The specified rule does not exist in this security group.",
        )
    found = dict.fromkeys(rule.key for rule in asked if rule.key in held)
    return [held[key] for key in found], unknown


def modify_rules(request: Request) -> str:
    """ModifySecurityGroupRules: the content of rules is replaced, their ids stay."""
    region, group = request.region, find_group(request)
    members = request.params.structs("SecurityGroupRule")
    if not members:
        raise Refused(
            "MissingParameter", "The request must contain the parameter securityGroupRules"
        )
    held = {rule.id: rule for rule in group.rules}
    changed: dict[str, Rule] = {}
    for member in members:
        rule_id = member.need("SecurityGroupRuleId")
        check_rule_id(rule_id)
        if rule_id not in held:
            raise no_rule(rule_id)
        if rule_id in changed:
            raise Refused(
                "InvalidParameterValue",
                f"The security group rule ID '{rule_id}' must not appear multiple times",
            )
        changed[rule_id] = _content(region, held[rule_id], member.struct("SecurityGroupRule"))
    _check_peers(region, list(changed.values()))
    refused: Refused | None = None
    if request.dialect.modify == "partial":
        # One after another: what clashes with the rules as they then stand is left as it is.
        rules = group.rules
        for rule in changed.values():
            if any(other.key == rule.key and other.id != rule.id for other in rules):
                refused = refused or _duplicate(rule)
            else:
                rules = tuple(rule if other.id == rule.id else other for other in rules)
    else:
        rules = tuple(changed.get(rule.id, rule) for rule in group.rules)
        counts = Counter(rule.key for rule in rules)
        for rule in changed.values():
            if counts[rule.key] > 1:
                raise _duplicate(rule)
    for egress in {rule.egress for rule in changed.values()}:
        _check_quota(region, rules, egress=egress)
    if rules != group.rules:
        region.put_group(with_rules(group, rules))
    if refused:
        raise refused
    return tag("return", value=True)


def _content(region: Region, old: Rule, asked: Params) -> Rule:
    """The rule with the content asked for; a description that is left out goes (UNVERIFIED)."""
    sources = [
        (plural, field, value)
        for plural, field, wire in (
            ("IpRanges", "CidrIp", "CidrIpv4"),
            ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
            ("PrefixListIds", "PrefixListId", "PrefixListId"),
            ("UserIdGroupPairs", "GroupId", "ReferencedGroupId"),
        )
        if (value := asked.text(wire)) is not None
    ]
    if len(sources) != 1:
        raise Refused(
            "InvalidParameterCombination",
            "Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId must be given",
        )
    plural, field, value = sources[0]
    source = {field: value}
    text = asked.text("Description")
    if text:
        source["Description"] = text
    shape = {
        "IpProtocol": asked.need("IpProtocol"),
        "FromPort": asked.number("FromPort"),
        "ToPort": asked.number("ToPort"),
        plural: [source],
    }
    (rule,) = permissions.read([shape], egress=old.egress, owner=region.account)
    # gh hashicorp/terraform-provider-aws: updating a rule's source type keeps the rule's id.
    return replace(rule, id=old.id, tags=old.tags)


def describe_anew(request: Request, *, egress: bool) -> str:
    """UpdateSecurityGroupRuleDescriptionsIngress and -Egress."""
    group = find_group(request)
    shapes = permissions.from_params(request.params)
    members = request.params.structs("SecurityGroupRuleDescription")
    if bool(shapes) == bool(members):
        raise Refused(
            "InvalidParameterCombination" if shapes else "MissingParameter",
            "The request must contain either ipPermissions or securityGroupRuleDescriptions",
        )
    texts: dict[str, str | None] = {}
    if members:
        asked = {each.need("SecurityGroupRuleId"): each.text("Description") for each in members}
        for rule in _by_id(group, list(asked), egress=egress):
            permissions.check_description(rule.kind, asked[rule.id])
            texts[rule.id] = asked[rule.id] or None
    else:
        held = {rule.key: rule for rule in group.rules}
        for rule in permissions.read(shapes, egress=egress, owner=request.region.account):
            if rule.key not in held:
                raise Refused(
                    "InvalidPermission.NotFound",
                    "The specified rule does not exist in this security group.",
                )
            texts[held[rule.key].id] = rule.description or None
    request.region.put_group(
        with_rules(
            group,
            tuple(
                replace(rule, description=texts[rule.id]) if rule.id in texts else rule
                for rule in group.rules
            ),
        )
    )
    return tag("return", value=True)


ACTIONS: dict[str, Action] = {
    "AuthorizeSecurityGroupIngress": partial(authorize, egress=False),
    "AuthorizeSecurityGroupEgress": partial(authorize, egress=True),
    "RevokeSecurityGroupIngress": partial(revoke, egress=False),
    "RevokeSecurityGroupEgress": partial(revoke, egress=True),
    "ModifySecurityGroupRules": modify_rules,
    "UpdateSecurityGroupRuleDescriptionsIngress": partial(describe_anew, egress=False),
    "UpdateSecurityGroupRuleDescriptionsEgress": partial(describe_anew, egress=True),
}
