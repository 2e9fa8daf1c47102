"""Tags on what the sandbox holds: read from a request, put on and taken off; nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

from cloudsync_aws.sandbox.paging import matching, page, read_filters, read_paging
from cloudsync_aws.sandbox.request import Action, Request
from cloudsync_aws.sandbox.values import Tags
from cloudsync_aws.sandbox.wire import Params, Refused, items, tag
from cloudsync_aws.sandbox.world import Region, with_rules

_TAGS_END = 50
_KEY_END = 127
_VALUE_END = 256


def check_tags(tags: Tags) -> Tags:
    """The tags in order of their keys, the last value of a key winning.

    Source: SDK, Tag.

    Raises:
        Refused: InvalidParameterValue, TagLimitExceeded.
    """
    for key, value in tags:
        if not key or len(key) > _KEY_END or key.startswith("aws:"):
            raise Refused("InvalidParameterValue", f"Value ({key}) for parameter key is invalid.")
        if len(value) > _VALUE_END:
            raise Refused(
                "InvalidParameterValue", f"Value ({value}) for parameter value is invalid."
            )
    found = tuple(sorted(dict(tags).items()))
    if len(found) > _TAGS_END:
        raise Refused("TagLimitExceeded", f"You can have at most {_TAGS_END} tags on a resource.")
    return found


def _pairs(members: list[Params]) -> Tags:
    return tuple((member.need("Key"), member.text("Value") or "") for member in members)


def read_tags(params: Params, resource_type: str) -> Tags:
    """The TagSpecification of a request for the kind of resource that it creates.

    Raises:
        Refused: InvalidParameterValue for another kind.
    """
    found: Tags = ()
    for member in params.structs("TagSpecification"):
        if member.text("ResourceType") != resource_type:
            raise Refused(
                "InvalidParameterValue",
                f"'{member.text('ResourceType')}' is not a valid taggable resource type "
                "for this operation.",
            )
        found += _pairs(member.structs("Tag"))
    return check_tags(found)


def owned(resource: str, region: Region) -> bool:
    """Whether the resource is of a kind that the sandbox holds itself."""
    return resource.partition("-")[0] in {"sg", "sgr", "pl"} or resource in region.vpcs


def _change(region: Region, resource: str, change: Callable[[Tags], Tags]) -> None:
    kind = resource.partition("-")[0]
    if resource in region.groups:
        group = region.groups[resource]
        region.put_group(replace(group, tags=change(group.tags)))
    elif resource in region.lists:
        prefix_list = region.lists[resource]
        region.put_list(replace(prefix_list, tags=change(prefix_list.tags)))
    elif resource in region.vpcs:
        vpc = region.vpcs[resource]
        region.vpcs[resource] = replace(vpc, tags=change(vpc.tags))
    else:
        for group in region.groups.values():
            if any(rule.id == resource for rule in group.rules):
                rules = tuple(
                    replace(rule, tags=change(rule.tags)) if rule.id == resource else rule
                    for rule in group.rules
                )
                region.put_group(with_rules(group, rules))
                return
        code = {"sg": "InvalidGroup.NotFound", "pl": "InvalidPrefixListID.NotFound"}
        raise Refused(
            code.get(kind, "InvalidSecurityGroupRuleId.NotFound"),
            f"The ID '{resource}' does not exist",
        )


def create_tags(request: Request) -> str:
    """CreateTags."""
    new = _pairs(request.params.structs("Tag"))
    for resource in request.params.texts("ResourceId"):
        _change(request.region, resource, lambda old: check_tags((*old, *new)))
    return tag("return", value=True)


def delete_tags(request: Request) -> str:
    """DeleteTags: a tag without a value goes whatever its value, one with a value only if equal."""
    members = request.params.structs("Tag")
    gone = {member.need("Key"): member.text("Value") for member in members}

    def without(old: Tags) -> Tags:
        if not members:
            return ()
        return tuple(
            (key, value) for key, value in old if key not in gone or gone[key] not in {None, value}
        )

    for resource in request.params.texts("ResourceId"):
        _change(request.region, resource, without)
    return tag("return", value=True)


Tagged = tuple[str, str, str, str]


def _tagged(request: Request) -> Iterator[Tagged]:
    view, region = request.region.view(), request.region
    resources = chain(
        ((group.id, "security-group", group.tags) for group in view.groups.values()),
        (
            (rule.id, "security-group-rule", rule.tags)
            for group in view.groups.values()
            for rule in group.rules
        ),
        ((each.id, "prefix-list", each.tags) for each in view.lists.values()),
        ((vpc.id, "vpc", vpc.tags) for vpc in region.vpcs.values()),
    )
    for resource, kind, tags in resources:
        for key, value in tags:
            yield resource, kind, key, value


def describe_tags(request: Request) -> str:
    """DescribeTags."""
    fields: dict[str, Callable[[Tagged], tuple[str, ...]]] = {
        "resource-id": lambda each: (each[0],),
        "resource-type": lambda each: (each[1],),
        "key": lambda each: (each[2],),
        "value": lambda each: (each[3],),
    }
    filters = read_filters(request.params, [*fields], tags=False)
    paging = read_paging(request.params, request.query, lowest=5, highest=1000)
    found, token = page(
        matching(_tagged(request), filters, fields), lambda each: f"{each[0]} {each[2]}", paging
    )
    return items(
        "tagSet",
        (
            tag("resourceId", resource)
            + tag("resourceType", kind)
            + tag("key", key)
            + tag("value", value)
            for resource, kind, key, value in found
        ),
    ) + tag("nextToken", token)


ACTIONS: dict[str, Action] = {
    "CreateTags": create_tags,
    "DeleteTags": delete_tags,
    "DescribeTags": describe_tags,
}
