"""The EC2 describes of security groups, their rules, VPCs and regions; it never changes a thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cloudsync_aws.sandbox.ids import check_group_id, check_rule_id, no_group, no_rule
from cloudsync_aws.sandbox.paging import Fields, matching, page, read_filters, read_paging
from cloudsync_aws.sandbox.render import rule_xml, tags_xml
from cloudsync_aws.sandbox.request import Action, Request
from cloudsync_aws.sandbox.values import Group, Rule, Vpc
from cloudsync_aws.sandbox.wire import Refused, items, tag

Pair = tuple[Group, Rule]
_PAGE_LOW, _PAGE_HIGH = 5, 1000


def _of_rules(
    read: Callable[[Rule], str | None], *, egress: bool
) -> Callable[[Group], Iterable[str]]:
    def values(group: Group) -> Iterable[str]:
        return [
            value
            for rule in group.rules
            if rule.egress == egress and (value := read(rule)) is not None
        ]

    return values


def _peer(kind: str) -> Callable[[Rule], str | None]:
    return lambda rule: rule.peer if rule.kind == kind else None


_RULE_FIELDS: dict[str, Callable[[Rule], str | None]] = {
    "cidr": _peer("ipv4"),
    "ipv6-cidr": _peer("ipv6"),
    "prefix-list-id": _peer("list"),
    "group-id": _peer("group"),
    "from-port": lambda rule: None if rule.first is None else str(rule.first),
    "to-port": lambda rule: None if rule.last is None else str(rule.last),
    "protocol": lambda rule: rule.protocol,
    "user-id": lambda rule: rule.owner or None,
}
# SDK, DescribeSecurityGroups.Filters.
GROUP_FIELDS: Fields[Group] = {
    "group-id": lambda group: (group.id,),
    "group-name": lambda group: (group.name,),
    "vpc-id": lambda group: (group.vpc,),
    "owner-id": lambda group: (group.owner,),
    "description": lambda group: (group.description,),
    **{
        f"ip-permission.{name}": _of_rules(read, egress=False)
        for name, read in _RULE_FIELDS.items()
    },
    **{
        f"egress.ip-permission.{name}": _of_rules(read, egress=True)
        for name, read in _RULE_FIELDS.items()
    },
}
# SDK, DescribeSecurityGroupRules.Filters.
RULE_FIELDS: Fields[Pair] = {
    "group-id": lambda pair: (pair[0].id,),
    "security-group-rule-id": lambda pair: (pair[1].id,),
}


def describe_groups(request: Request) -> str:
    """DescribeSecurityGroups."""
    params, view = request.params, request.region.view()
    filters = read_filters(params, GROUP_FIELDS)
    paging = read_paging(params, request.query, lowest=_PAGE_LOW, highest=_PAGE_HIGH)
    ids, names = params.texts("GroupId"), params.texts("GroupName")
    chosen: Iterable[Group] = view.groups.values()
    for group_id in ids:
        check_group_id(group_id)
        if group_id not in view.groups:
            raise no_group(group_id)
    if ids:
        chosen = [view.groups[group_id] for group_id in dict.fromkeys(ids)]
    if names:
        chosen = [
            each for each in chosen if each.name in names and each.vpc == request.region.default_vpc
        ]
        missing = set(names) - {each.name for each in chosen}
        if missing:
            raise no_group(min(missing))
    found, token = page(
        matching(chosen, filters, GROUP_FIELDS, lambda group: group.tags),
        lambda group: group.id,
        paging,
    )
    return tag("nextToken", token) + items("securityGroupInfo", map(request.region.xml, found))


def describe_rules(request: Request) -> str:
    """DescribeSecurityGroupRules: both directions, mixed."""
    params, view = request.params, request.region.view()
    filters = read_filters(params, RULE_FIELDS, tag_key=False)
    paging = read_paging(params, request.query, lowest=_PAGE_LOW, highest=_PAGE_HIGH)
    groups: Iterable[Group] = view.groups.values()
    for each in filters:
        # Without this short cut a sweep over many groups would be quadratic.
        if each.name == "group-id" and not each.patterns:
            groups = [view.groups[group_id] for group_id in each.exact if group_id in view.groups]
    pairs: list[Pair] = [(group, rule) for group in groups for rule in group.rules]
    ids = params.texts("SecurityGroupRuleId")
    if ids:
        known = {rule.id for _, rule in pairs}
        for rule_id in ids:
            check_rule_id(rule_id)
            if rule_id not in known:
                raise no_rule(rule_id)
        wanted = set(ids)
        pairs = [pair for pair in pairs if pair[1].id in wanted]
    found, token = page(
        matching(pairs, filters, RULE_FIELDS, lambda pair: pair[1].tags),
        lambda pair: pair[1].id,
        paging,
    )
    return tag("nextToken", token) + items(
        "securityGroupRuleSet", (rule_xml(group, rule) for group, rule in found)
    )


def describe_vpcs(request: Request) -> str:
    """DescribeVpcs."""
    region = request.region
    fields: Fields[Vpc] = {
        "vpc-id": lambda vpc: (vpc.id,),
        "cidr": lambda vpc: (vpc.cidr,),
        "cidr-block": lambda vpc: (vpc.cidr,),
        "is-default": lambda vpc: (str(vpc.default).lower(),),
        "isDefault": lambda vpc: (str(vpc.default).lower(),),
        "owner-id": lambda _: (region.account,),
        "state": lambda _: ("available",),
    }
    filters = read_filters(request.params, fields)
    paging = read_paging(request.params, request.query, lowest=_PAGE_LOW, highest=_PAGE_HIGH)
    ids = request.params.texts("VpcId")
    for vpc_id in ids:
        if vpc_id not in region.vpcs:
            raise Refused("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    chosen = [vpc for vpc in region.vpcs.values() if not ids or vpc.id in ids]
    found, token = page(
        matching(chosen, filters, fields, lambda vpc: vpc.tags), lambda vpc: vpc.id, paging
    )
    return items(
        "vpcSet",
        (
            tag("ownerId", region.account)
            + tag("vpcId", vpc.id)
            + tag("state", "available")
            + tag("cidrBlock", vpc.cidr)
            + tag("isDefault", vpc.default)
            + tag("instanceTenancy", "default")
            + tags_xml(vpc.tags)
            for vpc in found
        ),
    ) + tag("nextToken", token)


def describe_regions(request: Request) -> str:
    """DescribeRegions: the account's enabled ones; the sandbox tells of no others."""
    world, account = request.world, request.region.account
    enabled = [name for name in world.regions if world.enabled(account, name)]
    fields: Fields[str] = {
        "region-name": lambda name: (name,),
        "endpoint": lambda name: (f"ec2.{name}.amazonaws.com",),
        "opt-in-status": lambda _: ("opt-in-not-required",),
    }
    filters = read_filters(request.params, fields, tags=False)
    asked = request.params.texts("RegionName")
    for name in asked:
        if name not in enabled:
            raise Refused("InvalidParameterValue", f"Invalid region name: '{name}'")
    names = [name for name in enabled if not asked or name in asked]
    return items(
        "regionInfo",
        (
            tag("optInStatus", "opt-in-not-required")
            + tag("regionName", name)
            + tag("regionEndpoint", f"ec2.{name}.amazonaws.com")
            for name in matching(names, filters, fields)
        ),
    )


ACTIONS: dict[str, Action] = {
    "DescribeSecurityGroups": describe_groups,
    "DescribeSecurityGroupRules": describe_rules,
    "DescribeVpcs": describe_vpcs,
    "DescribeRegions": describe_regions,
}
