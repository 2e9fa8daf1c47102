"""What a member's region sends, by the real template, to the hub's bus, by the pattern that is deployed.

EventBridge is moto's here, which matches patterns and hands on from bus to bus across accounts and
regions; what the template says is made by its calls, since moto's CloudFormation wants dozens of
packages. It writes the hub's account into the envelope, which AWS
doesn't; the record inside is as it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from importlib import import_module
from typing import Any, Final

import pytest
from moto import mock_aws

from cloudsync_aws import events as aws
from tests.deploy.folders import AWS
from tests.deploy.test_events import AWS as SAMPLES
from tests.deploy.test_events import GROUP, trail
from tests.providers.aws.test_roles_to_deploy import Loader, yaml
from tests.tree import tree

# Its stubs know one service each.
boto3: Any = import_module("boto3")

TEMPLATE: Final = (tree() / "deploy/onboarding/aws/member-events.yaml").read_text("utf-8")
HUB, MEMBER = "123456789012", "111111111111"
HOME, FAR = "eu-west-1", "us-east-1"


def of_hcl(text: str) -> Any:
    """A literal of Terraform's, as JSON would have it."""
    said = re.sub(r"#.*", "", text)
    said = re.sub(r'"?([$\w-]+)"?\s*=\s*', r'"\1": ', said)
    said = re.sub(r"([^\s,{[])[ ]*\n", r"\1,\n", said)
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", said).rstrip().rstrip(","))


def pattern() -> dict[str, Any]:
    """The pattern of the rule on this region's own bus."""
    text = (AWS / "events.tf").read_text("utf-8")
    found: dict[str, Any] = of_hcl(text.split("  pattern = ", 1)[1].split("\n  }\n", 1)[0] + "\n}")
    return found


def elsewhere() -> dict[str, Any]:
    """The pattern of the rule on the hub's bus."""
    text = (AWS / "bus.tf").read_text("utf-8")
    more = text.split("merge(local.pattern.detail, ", 1)[1].split("\n    })", 1)[0] + "\n}"
    for said, value in (("data.aws_caller_identity.here.account_id", HUB), ("data.aws_region.here.id", HOME)):  # fmt: skip
        more = more.replace(said, f'"{value}"')
    whole = pattern()
    return {**whole, "detail": {**whole["detail"], **of_hcl(more)}}


def test_members_send_what_the_function_reads() -> None:
    """The template's pattern is the function's own, and its events are those that the code knows."""
    rule = yaml.load(TEMPLATE, Loader)["Resources"]["Rule"]["Properties"]
    assert rule["EventPattern"] == pattern()
    names = rule["EventPattern"]["detail"]["eventName"]
    assert names == sorted(aws.NAMES)


def client(service: str, account: str, region: str) -> Any:
    """A client of moto's, in an account."""
    sts: Any = boto3.client("sts", region_name=HOME)
    role = f"arn:aws:iam::{account}:role/somebody"
    lent = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.client(
        service, region_name=region, aws_access_key_id=lent["AccessKeyId"],
        aws_secret_access_key=lent["SecretAccessKey"], aws_session_token=lent["SessionToken"],
    )  # fmt: skip


def stack(account: str, region: str, bus: str) -> None:
    """Make what the template says, property by property; nothing in it is left out."""
    made = yaml.load(TEMPLATE, Loader)["Resources"]
    assert {name: one["Type"] for name, one in made.items()} == {
        "Role": "AWS::IAM::Role", "Rule": "AWS::Events::Rule",
    }  # fmt: skip
    role, rule = (made[name]["Properties"] for name in ("Role", "Rule"))
    iam, rules = client("iam", account, region), client("events", account, region)
    name = f"cloudsync-member-events-Role-{region}"
    arn: str = iam.create_role(
        RoleName=name, Description=role.pop("Description"),
        AssumeRolePolicyDocument=json.dumps(role.pop("AssumeRolePolicyDocument")),
    )["Role"]["Arn"]  # fmt: skip
    for policy in role.pop("Policies"):
        document = json.dumps(policy["PolicyDocument"]).replace('{"Ref": "Bus"}', f'"{bus}"')
        iam.put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)
    pattern = json.dumps(rule.pop("EventPattern"))
    rules.put_rule(Name="member", Description=rule.pop("Description"), EventPattern=pattern)
    targets = json.dumps(rule.pop("Targets")).replace('{"Ref": "Bus"}', f'"{bus}"')
    rules.put_targets(
        Rule="member", Targets=json.loads(targets.replace('{"GetAtt": "Role.Arn"}', f'"{arn}"'))
    )
    assert (role, rule) == ({}, {})


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> Generator[Any]:
    """``arrived(account, region, event)``: what comes to the function of an event there.

    A queue stands in the function's place.
    """
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with mock_aws():
        hub, queues = client("events", HUB, HOME), client("sqs", HUB, HOME)
        queue = queues.create_queue(QueueName="function")["QueueUrl"]
        target = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        bus = hub.create_event_bus(Name="cloudsync-change")["EventBusArn"]
        hub.put_rule(
            Name="fleet", EventBusName="cloudsync-change", EventPattern=json.dumps(elsewhere())
        )
        sent_to = [{"Id": "1", "Arn": target["Attributes"]["QueueArn"]}]
        hub.put_targets(Rule="fleet", EventBusName="cloudsync-change", Targets=sent_to)
        for account, region in ((MEMBER, FAR), (MEMBER, HOME), (HUB, FAR), (HUB, HOME)):
            stack(account, region, bus)

        def there(account: str, region: str, event: dict[str, Any]) -> list[dict[str, Any]]:
            entry = {
                "Source": event["source"], "DetailType": event["detail-type"],
                "Detail": json.dumps(event["detail"]),
            }  # fmt: skip
            client("events", account, region).put_events(Entries=[entry])
            got = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
            bodies = got.get("Messages", [])
            for one in bodies:
                queues.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
            return [json.loads(one["Body"]) for one in bodies]

        yield there


def at(account: str, region: str, name: str, asked: Any, answered: Any = None) -> dict[str, Any]:
    """An event of a place."""
    return trail(name, asked, answered, recipientAccountId=account, awsRegion=region)


def test_each_event_of_a_member_comes_once_and_leads_to_its_place(arrived: Any) -> None:
    """In either way that CloudTrail writes it, from another region and account."""
    for name, asked, answered, where in SAMPLES:
        (event,) = arrived(MEMBER, FAR, at(MEMBER, FAR, name, asked, answered))
        found = aws.change(event)
        assert found
        assert (found.what, set(found.where)) == (name, {f"aws:{MEMBER}/{FAR}{where}"})


@pytest.mark.parametrize(
    ("account", "region", "times"), [(MEMBER, HOME, 1), (HUB, FAR, 1), (HUB, HOME, 0)]
)
def test_what_the_own_rule_hears_of_comes_by_no_bus(
    arrived: Any, account: str, region: str, times: int
) -> None:
    """A stack in the hub's own region does no harm, and another region of its account is heard of."""
    event = at(account, region, "RevokeSecurityGroupIngress", GROUP)
    assert len(arrived(account, region, event)) == times


def test_what_changes_nothing_is_not_sent(arrived: Any) -> None:
    """A read, and a call that failed: neither costs anything."""
    read = at(MEMBER, FAR, "DescribeSecurityGroups", GROUP)
    failed = at(MEMBER, FAR, "RevokeSecurityGroupIngress", GROUP)
    failed["detail"]["errorCode"] = "Client.UnauthorizedOperation"
    assert [arrived(MEMBER, FAR, one) for one in (read, failed)] == [[], []]


def test_who_sends_can_send_to_the_bus_and_nothing_else(arrived: Any) -> None:
    """One action on one bus, for EventBridge alone; and the rule sends as that role."""
    del arrived
    iam, rules = client("iam", MEMBER, FAR), client("events", MEMBER, FAR)
    roles = [one for one in iam.list_roles()["Roles"] if "cloudsync" in one["RoleName"]]
    assert len(roles) == 2  # one a region
    bus = f"arn:aws:events:{HOME}:{HUB}:event-bus/cloudsync-change"
    for role in roles:
        (said,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert said["Principal"] == {"Service": "events.amazonaws.com"}
        policy = iam.get_role_policy(RoleName=role["RoleName"], PolicyName="send")
        (given,) = policy["PolicyDocument"]["Statement"]
        assert (given["Action"], given["Resource"]) == ("events:PutEvents", bus)
    (rule,) = rules.list_rules()["Rules"]
    (target,) = rules.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"] == bus
    assert target["RoleArn"] in {one["Arn"] for one in roles}
