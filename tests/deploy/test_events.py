"""The clouds' events, each sample in the shape that its vendor documents: where it says to look.

Shapes and sources: CloudTrail's record contents, and EC2's two ways of writing parameters (AWS's own
samples of AuthorizeSecurityGroupIngress and ModifySecurityGroupRules events); Azure's "Azure
subscription as an Event Grid source"; Google's AuditLog and LogEntry, and a push of Pub/Sub. Names
and numbers are made up.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudsync.change import TellsChanges
from cloudsync.errors import UsageError
from cloudsync.function import PassFailed, answer_change
from cloudsync.registry import find
from cloudsync_aws import events as aws
from cloudsync_aws.fleet import Fleet
from cloudsync_azure import events as azure
from cloudsync_gcp import events as gcp
from tests.deploy.stage import around, begun, enforced, told
from tests.e2e.world import tcp

SCOPE = "aws:123456789012/eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/cloudsync"
SESSION = "arn:aws:sts::123456789012:assumed-role/cloudsync/run"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
NSG = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/mail/providers/Microsoft.Network/networkSecurityGroups/mx"


def trail(name: str, asked: Any, answered: Any = None, **more: Any) -> dict[str, Any]:
    """An event of EventBridge around a record of CloudTrail."""
    return {
        "version": "0", "source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail",
        "account": "123456789012", "region": "eu-west-1",
        "detail": {
            "eventSource": "ec2.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
            "recipientAccountId": "123456789012", "requestParameters": asked,
            "responseElements": answered,
            "userIdentity": {
                "type": "AssumedRole", "arn": SESSION,
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}},
            },
            **more,
        },
    }  # fmt: skip


GROUP = {"groupId": "sg-0abc"}
OPENED = {
    "groupId": "sg-0abc",
    "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 25, "toPort": 25,
                                 "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]},
}  # fmt: skip
RULE = {"SecurityGroupRuleId": "sgr-01", "SecurityGroupRule": {"CidrIpv4": "0.0.0.0/0"}}
MODIFIED = {"ModifySecurityGroupRulesRequest": {"GroupId": "sg-0abc", "SecurityGroupRule": RULE}}
SEVERAL = {"ModifySecurityGroupRulesRequest": {"GroupId": "sg-0abc", "SecurityGroupRule": [RULE]}}
LIST = {"ModifyManagedPrefixListRequest": {"PrefixListId": "pl-0abc"}}
RESTORED = {"RestoreManagedPrefixListVersionRequest": {"PrefixListId": "pl-0abc"}}
TAGGED: Any = {"resourcesSet": {"items": [{"resourceId": "sg-0abc"}]}, "tagSet": {"items": []}}
LIST_TAGGED: Any = {"resourcesSet": {"items": [{"resourceId": "pl-0abc"}]}}
IN_GROUPS: Any = {"groupSet": {"items": [{"groupId": "sg-0abc"}]}}
MOVED = {"networkInterfaceId": "eni-0abc", **IN_GROUPS}
RAN = {"instancesSet": {"items": [{"groupSet": {"items": [{"groupId": "sg-0abc"}]}}]}}

AWS: list[tuple[str, Any, Any, str]] = [
    ("AuthorizeSecurityGroupIngress", OPENED, {"_return": True}, "/sg-0abc"),
    ("AuthorizeSecurityGroupIngress", {"groupName": "default"}, None, ""),
    ("RevokeSecurityGroupIngress", GROUP, None, "/sg-0abc"),
    ("ModifySecurityGroupRules", MODIFIED, None, "/sg-0abc"),
    ("ModifySecurityGroupRules", SEVERAL, None, "/sg-0abc"),
    ("UpdateSecurityGroupRuleDescriptionsIngress", GROUP, None, "/sg-0abc"),
    ("CreateSecurityGroup", {"groupName": "mx"}, GROUP, "/sg-0abc"),
    ("DeleteSecurityGroup", GROUP, None, "/sg-0abc"),
    ("ModifyManagedPrefixList", LIST, None, ""),
    ("RestoreManagedPrefixListVersion", RESTORED, None, ""),
    ("CreateTags", TAGGED, None, "/sg-0abc"),
    ("DeleteTags", TAGGED, None, "/sg-0abc"),
    ("DeleteTags", LIST_TAGGED, None, ""),
    ("ModifyInstanceAttribute", {"instanceId": "i-0abc", **IN_GROUPS}, None, "/sg-0abc"),
    ("ModifyNetworkInterfaceAttribute", MOVED, None, "/sg-0abc"),
    ("RunInstances", {}, RAN, "/sg-0abc"),
]


@pytest.mark.parametrize(("name", "asked", "answered", "where"), AWS)
def test_cloudtrail_says_where_to_look(name: str, asked: Any, answered: Any, where: str) -> None:
    """The group, in either way of writing; the whole region where it isn't said which."""
    found = aws.change(trail(name, asked, answered))
    assert found
    assert (found.what, set(found.where)) == (name, {f"{SCOPE}{where}"})
    assert found.actors == {SESSION, ROLE}


def test_every_event_of_aws_is_tried() -> None:
    """What the rule in deploy/ lets through has a sample above."""
    assert {name for name, *_ in AWS} == aws.NAMES


@pytest.mark.parametrize(
    "event",
    [
        trail("DescribeSecurityGroups", GROUP),
        trail("AuthorizeSecurityGroupIngress", OPENED, errorCode="Client.UnauthorizedOperation"),
        trail("AuthorizeSecurityGroupIngress", OPENED, eventSource="rds.amazonaws.com"),
        trail("CreateTags", {"resourcesSet": {"items": [{"resourceId": "i-0abc"}]}}),
        trail("ModifyNetworkInterfaceAttribute", {"networkInterfaceId": "eni-0abc"}),
        trail("ModifyInstanceAttribute", {"instanceId": "i-0abc", "ebsOptimized": {"value": True}}),
    ],
)
def test_what_changes_no_rule_on_aws_is_of_no_concern(event: dict[str, Any]) -> None:
    """A read, a call that failed, another service, another resource."""
    assert aws.change(event) is None


def grid(operation: str, resource: str, **more: Any) -> dict[str, Any]:
    """An event of a subscription."""
    verb = "Delete" if operation.lower().endswith("delete") else "Write"
    return {
        "eventType": f"Microsoft.Resources.Resource{verb}Success", "subject": resource,
        "data": {"operationName": operation, "resourceUri": resource, "status": "Succeeded",
                 "claims": {"appid": "an-app"}, "correlationId": "1"},
        **more,
    }  # fmt: skip


AZURE = [
    (
        "Microsoft.Network/networkSecurityGroups/securityRules/write",
        f"{NSG}/securityRules/smtp",
        "/mail/mx",
    ),
    (
        "MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/SECURITYRULES/DELETE",
        f"{NSG}/securityRules/a".upper(),
        "/MAIL/MX",
    ),
    ("Microsoft.Network/networkSecurityGroups/write", NSG, "/mail/mx"),
    ("Microsoft.Network/networkSecurityGroups/delete", NSG, "/mail/mx"),
    *(
        (operation, f"/subscriptions/{SUBSCRIPTION}/resourceGroups/mail/providers/x/y", "")
        for operation in sorted(azure.ASSOCIATIONS)
    ),
]


@pytest.mark.parametrize(("operation", "resource", "where"), AZURE)
def test_event_grid_says_where_to_look(operation: str, resource: str, where: str) -> None:
    """The group, in any case; the whole subscription where an association changed."""
    found = azure.change(grid(operation, resource))
    assert found
    assert found.where == {f"azure:{SUBSCRIPTION}{where}"}
    assert found.actors == {"an-app"}


@pytest.mark.parametrize(
    "event",
    [
        grid("Microsoft.Compute/virtualMachines/write", NSG),
        grid(AZURE[0][0], NSG, eventType="Microsoft.Resources.ResourceWriteFailure"),
    ],
)
def test_what_changes_no_rule_on_azure_is_of_no_concern(event: dict[str, Any]) -> None:
    """Another service's resource, and a write that failed."""
    assert azure.change(event) is None


def pushed(method: str, resource: str, **more: Any) -> dict[str, Any]:
    """A push of Pub/Sub around an entry of the audit log."""
    entry = {
        "resource": {"type": "gce_firewall_rule", "labels": {"project_id": "mail-prod"}},
        "operation": {"id": "operation-1", "first": True},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "methodName": method,
            "resourceName": resource, "authenticationInfo": {"principalEmail": "a@example.com"},
            **more,
        },
    }  # fmt: skip
    return {"message": {"data": base64.b64encode(json.dumps(entry).encode()).decode()}}


FIREWALL = "projects/mail-prod/global/firewalls/smtp"


@pytest.mark.parametrize(
    ("method", "resource", "where"),
    [
        *((f"v1.compute.{name}", FIREWALL, "gcp:mail-prod") for name in sorted(gcp.RULES)),
        ("beta.compute.firewalls.patch", FIREWALL, "gcp:mail-prod"),
        ("compute.beta.firewalls.patch", FIREWALL, "gcp:mail-prod"),
        *(
            (f"v1.compute.{name}", "projects/mail-prod/zones/z/instances/mx", "gcp:mail-prod")
            for name in sorted(gcp.ASSOCIATIONS)
        ),
        ("v1.compute.networkFirewallPolicies.addRule",
         "projects/mail-prod/global/firewallPolicies/p", "gcp:mail-prod"),
        ("v1.compute.firewallPolicies.addAssociation", "locations/global/firewallPolicies/1", "gcp"),
    ],
)  # fmt: skip
def test_the_audit_log_says_where_to_look(method: str, resource: str, where: str) -> None:
    """The project, and every project for an organization's policy."""
    found = gcp.change(pushed(method, resource))
    assert found
    assert (set(found.where), set(found.actors)) == ({where}, {"a@example.com"})


@pytest.mark.parametrize(
    "event",
    [
        pushed("v1.compute.firewalls.list", FIREWALL),
        pushed("v1.compute.firewallPolicies.getRule", FIREWALL),
        pushed("storage.objects.create", FIREWALL),
        pushed("v1.compute.firewalls.insert", FIREWALL, status={"code": 7}),
    ],
)
def test_what_changes_no_rule_on_gcp_is_of_no_concern(event: dict[str, Any]) -> None:
    """A read, another service, and a call that failed."""
    assert gcp.change(event) is None


NESTED: Any = json.loads('{"a": ' * 50 + "1" + "}" * 50)
WRONG: list[tuple[str, Any, str]] = [
    ("aws", [], "it is no object"),
    ("aws", {}, "it has no detail, which EventBridge gives every event"),
    ("aws", {"detail": "x"}, "it has no detail, which EventBridge gives every event"),
    ("aws", {"detail": {}}, "its detail has no eventName, so CloudTrail didn't write it"),
    ("aws", trail("RunInstances", None, recipientAccountId="1/../2"), "it names no account of 12 digits"),
    ("aws", trail("RunInstances", None, awsRegion=7), "it names no region"),
    ("aws", trail("RunInstances", NESTED), "it is nested more than 20 deep"),
    ("azure", {}, "it has no eventType and data, which Event Grid gives every event"),
    ("azure", {"eventType": "x", "data": {}}, "its data has no operationName"),
    ("azure", grid(AZURE[0][0], "/x"), "its resourceUri is no resource of a subscription"),
    ("gcp", {}, "it has no protoPayload.methodName, so it is of no audit log"),
    ("gcp", {"message": {}}, "its message has no data"),
    ("gcp", {"message": {"data": "*"}}, "its message's data isn't JSON in base64"),
    ("gcp", {"message": {"data": "W10="}}, "its message's data is no log entry"),
    ("gcp", pushed("v1.compute.firewalls.insert", "organizations/1"), "its resourceName is of no project"),
    ("gcp", {"protoPayload": {"methodName": "v1.compute.firewalls.patch"}}, "its protoPayload has no resourceName"),
    ("memory", {}, "it reads no events"),
]  # fmt: skip


@pytest.mark.parametrize(("cloud", "event", "what"), WRONG)
def test_an_event_that_is_none_is_refused(
    cloud: str, event: Any, what: str, tmp_path: Path
) -> None:
    """With a message and no crash; the platform isn't made to send it again."""
    result = answer_change(cloud, event, None, tmp_path, {})
    assert result["exit"] == 1
    (error,) = result["errors"]
    assert f": {what}. Nothing was changed. " in error


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_each_provider_reads_its_events_without_its_sdk(cloud: str) -> None:
    """By its class, which needs nobody's credentials."""
    provider = find(cloud)
    assert isinstance(provider, TellsChanges)
    with pytest.raises(UsageError):
        provider.change({})


def test_own_changes_and_those_of_no_concern_are_ignored(tmp_path: Path) -> None:
    """By the role, whatever the session is called; no configuration is read for it."""
    event = trail("RevokeSecurityGroupIngress", GROUP)
    own = {"CLOUDSYNC_ACTORS": f"arn:aws:iam::1:role/x, {ROLE}"}
    assert answer_change("aws", event, None, tmp_path, own)["ignored"] == "we made it ourselves"
    other = trail("DescribeSecurityGroups", {})
    assert answer_change("aws", other, None, tmp_path, {})["ignored"] == "it is of no concern here"
    with pytest.raises(PassFailed):  # somebody else's is looked at, and there is no configuration
        answer_change("aws", event, None, tmp_path, {"CLOUDSYNC_ACTORS": ""})


def test_what_an_event_concerns_is_repaired_and_nothing_else(
    fresh: Callable[[str], str],
    unpacked: Callable[[str, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over the wire: the target that was broken by hand, twice told, once repaired; and a group that
    nobody selected is left as it is, though an event names it.
    """
    with Fleet() as fleet, around(fleet, monkeypatch):
        state = fresh("s3")
        begun(state)
        enforced(state, fleet)
        bundle = unpacked("aws-lambda", told(fleet, state, "settle: 2s"))
        target = fleet.break_by_hand().target
        account, region, group = target.removeprefix("aws:").split("/")
        about = {"recipientAccountId": account, "awsRegion": region}
        event = trail("RevokeSecurityGroupIngress", {"groupId": group}, **about)
        first = answer_change("aws", event, 300.0, bundle, {})
        assert (first["targets"], first["errors"]) == ({"in_sync": 1}, [])
        assert first["done"] > 0
        before = list(fleet.mutations())
        again = answer_change("aws", event, 300.0, bundle, {})
        assert (again["targets"], again["done"]) == ({"in_sync": 1}, 0)
        unselected = fleet._cloud.seed_group(  # pyright: ignore[reportPrivateUsage]
            region=region, name="somebody-elses", tags={}, permissions=tcp("0.0.0.0/0")
        )
        other = trail("AuthorizeSecurityGroupIngress", {"groupId": unselected}, **about)
        nobodys = answer_change("aws", other, 300.0, bundle, {})
        assert (nobodys["targets"], nobodys["exit"]) == ({}, 0)
        assert list(fleet.mutations()) == before
