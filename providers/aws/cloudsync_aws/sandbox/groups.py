"""The EC2 actions that make and delete security groups; it never touches a single rule."""

from __future__ import annotations

import re

from cloudsync_aws.sandbox.ids import check_group_id, no_group
from cloudsync_aws.sandbox.render import group_arn, tags_xml
from cloudsync_aws.sandbox.request import Action, Request
from cloudsync_aws.sandbox.tagging import read_tags
from cloudsync_aws.sandbox.values import Group
from cloudsync_aws.sandbox.wire import Refused, tag

_NAME = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")


def find_group(request: Request) -> Group:
    """The group that a request names.

    Raises:
        Refused: InvalidGroupId.Malformed, InvalidGroup.NotFound, MissingParameter.
    """
    group_id = request.params.text("GroupId")
    if group_id:
        check_group_id(group_id)
        return request.region.group(group_id)
    name = request.params.text("GroupName")
    if not name:
        raise Refused(
            "MissingParameter", "The request must contain the parameter groupName or groupId"
        )
    for group in request.region.groups.values():
        # SDK, GroupName: names are for the default VPC alone.
        if group.name == name and group.vpc == request.region.default_vpc:
            return group
    raise no_group(name)


def create_group(request: Request) -> str:
    """CreateSecurityGroup."""
    params, region = request.params, request.region
    name, text = params.need("GroupName"), params.need("GroupDescription")
    vpc = params.text("VpcId") or region.default_vpc
    if vpc not in region.vpcs:
        raise Refused("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist")
    # SDK, CreateSecurityGroup.GroupName.
    if name.startswith("sg-") or not _NAME.fullmatch(name):
        raise Refused(
            "InvalidParameterValue", f"Value ({name}) for parameter GroupName is invalid."
        )
    if not _NAME.fullmatch(text):
        raise Refused(
            "InvalidParameterValue", f"Value ({text}) for parameter GroupDescription is invalid."
        )
    if any(group.name == name and group.vpc == vpc for group in region.groups.values()):
        raise Refused(
            "InvalidGroup.Duplicate",
            f"The security group '{name}' already exists for VPC '{vpc}'",
        )
    group = Group(
        id=region.world.ids.next("sg"),
        name=name,
        description=text,
        vpc=vpc,
        owner=region.account,
        region=region.name,
        rules=(region.open_egress(),),
        tags=read_tags(params, "security-group"),
    )
    region.put_group(group)
    return (
        tag("return", value=True)
        + tag("groupId", group.id)
        + tags_xml(group.tags)
        + tag("securityGroupArn", group_arn(group))
    )


def delete_group(request: Request) -> str:
    """DeleteSecurityGroup."""
    group = find_group(request)
    if group.name == "default":
        raise Refused(
            "CannotDelete",
            f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
        )
    for other in request.region.groups.values():
        if other.id != group.id and any(
            rule.kind == "group" and rule.peer == group.id for rule in other.rules
        ):
            # SDK, DeleteSecurityGroup.
            raise Refused("DependencyViolation", f"resource {group.id} has a dependent object")
    request.region.drop_group(group.id)
    return tag("return", value=True) + tag("groupId", group.id)


ACTIONS: dict[str, Action] = {
    "CreateSecurityGroup": create_group,
    "DeleteSecurityGroup": delete_group,
}
