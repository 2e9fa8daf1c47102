"""What the sandbox's EC2 shows: pages, filters, and the shapes of answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from cloudsync_aws.sandbox import Sandbox
from tests.providers.aws.sandboxed import REGION, client, post, refusal, tcp25

SMTP = [{"Name": "tag:cloudsync", "Values": ["smtp"]}]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox."""
    with Sandbox() as running:
        for number in range(12):
            running.seed_group(
                region=REGION,
                name=f"mail-{number}",
                tags={"cloudsync": "smtp" if number else "SMTP"},
                permissions=tcp25(f"10.0.{number}.0/24"),
            )
        yield running


@pytest.fixture
def ec2(sandbox: Sandbox) -> Iterator[Any]:
    """A client of it in us-east-1."""
    made = client(sandbox)
    yield made
    made.close()


def names(answer: Any) -> list[str]:
    """The names in one answer, sorted."""
    return sorted(group["GroupName"] for group in answer["SecurityGroups"])


def test_boto3_reads_the_truth(sandbox: Sandbox, ec2: Any) -> None:
    """What boto3 parses is what `groups` says, for rules of every kind."""
    listed = sandbox.seed_prefix_list(region=REGION, name="l", max_entries=1)
    head = {"IpProtocol": "tcp", "FromPort": 20, "ToPort": 30}
    group = sandbox.seed_group(
        region=REGION,
        name="all",
        description="every <kind> & more",
        permissions=[
            *tcp25("0.0.0.0/0", "::/0", text="a & b"),
            {**head, "PrefixListIds": [{"PrefixListId": listed, "Description": "list"}]},
            {**head, "UserIdGroupPairs": [{"GroupId": "sg-0123456789abcdef0"}]},
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
            {"IpProtocol": "icmpv6", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        ],
        egress=[],
    )
    answer = ec2.describe_security_groups()
    found = {each["GroupId"]: each for each in answer["SecurityGroups"]}
    assert found == sandbox.groups(REGION)
    assert found[group]["IpPermissionsEgress"] == []
    assert [each["IpProtocol"] for each in found[group]["IpPermissions"]] == [
        "tcp",
        "tcp",
        "-1",
        "icmpv6",
    ]


def test_pages(ec2: Any) -> None:
    """Pages of five hold eleven matching groups once each, and the last has no token."""
    pages = list(
        ec2.get_paginator("describe_security_groups").paginate(
            Filters=SMTP, PaginationConfig={"PageSize": 5}
        )
    )
    assert [len(page["SecurityGroups"]) for page in pages] == [5, 5, 1]
    found = sorted(name for page in pages for name in names(page))
    assert found == sorted(f"mail-{number}" for number in range(1, 12))
    assert "NextToken" not in pages[-1]


def test_a_deleted_group_shifts_no_page(sandbox: Sandbox, ec2: Any) -> None:
    """A group deleted between two pages makes the next page skip nothing."""
    first = ec2.describe_security_groups(Filters=SMTP, MaxResults=5)
    gone = first["SecurityGroups"][0]["GroupId"]
    sandbox.delete_group(REGION, gone)
    rest = ec2.describe_security_groups(Filters=SMTP, MaxResults=1000, NextToken=first["NextToken"])
    assert len(rest["SecurityGroups"]) == 6


@pytest.mark.parametrize("size", [4, 1001])
@pytest.mark.parametrize("call", ["describe_security_groups", "describe_security_group_rules"])
def test_page_size_bounds(ec2: Any, call: str, size: int) -> None:
    """A page holds 5 to 1,000."""
    assert refusal(getattr(ec2, call), MaxResults=size) == (
        f"InvalidParameterValue (400): Value ( {size} ) for parameter maxResults is invalid. "
        "Expecting a value between 5 and 1000."
    )


def test_tokens_are_bound_to_their_query(ec2: Any) -> None:
    """A made-up token, and one of another query, are refused."""
    said = (
        "InvalidPaginationToken (400): The specified pagination token is not valid or is expired."
    )
    token = ec2.describe_security_groups(Filters=SMTP, MaxResults=5)["NextToken"]
    call = ec2.describe_security_groups
    assert refusal(call, MaxResults=5, NextToken=token) == said
    assert refusal(call, MaxResults=5, NextToken="made up") == said


@pytest.mark.parametrize(
    ("name", "values", "count"),
    [
        ("tag:cloudsync", ["SMTP"], 1),
        ("tag:cloudsync", ["sm*", "SMT?"], 12),
        ("tag-key", ["cloudsync"], 12),
        ("group-name", ["mail-1", "mail-2", "other"], 2),
        ("group-name", ["mail-1*"], 3),
        ("ip-permission.cidr", ["10.0.3.0/24"], 1),
        ("ip-permission.from-port", ["25"], 12),
        ("ip-permission.to-port", ["443"], 0),
        ("egress.ip-permission.cidr", ["0.0.0.0/0"], 13),
        ("owner-id", ["123456789012"], 13),
    ],
)
def test_filters(ec2: Any, name: str, values: list[str], count: int) -> None:
    """A filter passes groups with any of its values, in their case, wildcards honoured."""
    answer = ec2.describe_security_groups(Filters=[{"Name": name, "Values": values}])
    assert len(answer["SecurityGroups"]) == count


@pytest.mark.parametrize(
    ("call", "filters", "said"),
    [
        (
            "describe_security_groups",
            [{"Name": "group_id", "Values": ["x"]}],
            "InvalidParameterValue (400): The filter 'group_id' is invalid",
        ),
        (
            "describe_security_group_rules",
            [{"Name": "ip-permission.cidr", "Values": ["x"]}],
            "InvalidParameterValue (400): The filter 'ip-permission.cidr' is invalid",
        ),
        (
            "describe_managed_prefix_lists",
            [{"Name": "tag:k", "Values": ["x"]}],
            "InvalidParameterValue (400): The filter 'tag:k' is invalid",
        ),
        (
            "describe_security_groups",
            [{"Name": "group-id", "Values": [str(number) for number in range(201)]}],
            (
                "FilterLimitExceeded (400): "
                "The maximum number of filter values specified on a single call is 200"
            ),
        ),
        (
            "describe_security_groups",
            [{"Name": f"tag:{number}", "Values": ["x"]} for number in range(51)],
            (
                "FilterLimitExceeded (400): "
                "The maximum number of filters specified on a single call is 50"
            ),
        ),
    ],
)
def test_filters_refused(ec2: Any, call: str, filters: Any, said: str) -> None:
    """An unknown filter and too many values are refused in EC2's words."""
    assert refusal(getattr(ec2, call), Filters=filters) == said


def test_unknown_group_id(ec2: Any) -> None:
    """A group asked for by an id that isn't there is an error, not an empty answer."""
    assert refusal(ec2.describe_security_groups, GroupIds=["sg-0123456789abcdef0"]) == (
        "InvalidGroup.NotFound (400): The security group 'sg-0123456789abcdef0' does not exist"
    )


def test_rules_by_group(sandbox: Sandbox, ec2: Any) -> None:
    """Rules come for the groups asked for, both directions, page by page."""
    ids = sorted(sandbox.groups(REGION))[:6]
    pages = ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": ids}], PaginationConfig={"PageSize": 5}
    )
    rules = [rule for page in pages for rule in page["SecurityGroupRules"]]
    assert sorted((rule["GroupId"], rule["IsEgress"]) for rule in rules) == [
        (group, egress) for group in ids for egress in (False, True)
    ]
    assert len({rule["SecurityGroupRuleId"] for rule in rules}) == 12


def test_dry_run(sandbox: Sandbox, ec2: Any) -> None:
    """A dry run says that it would have succeeded, changes nothing, and counts as no change."""
    group = min(sandbox.groups(REGION))
    said = refusal(
        ec2.authorize_security_group_ingress,
        GroupId=group,
        IpPermissions=tcp25("192.0.2.0/24"),
        DryRun=True,
    )
    assert said == ("DryRunOperation (412): Request would have succeeded, but DryRun flag is set.")
    assert sandbox.calls[-1].mutating is False


def test_frozen_answers_melt_with_a_change(sandbox: Sandbox) -> None:
    """A frozen page keeps its very bytes until something changes."""
    sandbox.freeze()
    body = "Action=DescribeSecurityGroups&MaxResults=1000"
    first = post(sandbox, body)
    assert post(sandbox, body) == first
    group = min(sandbox.groups(REGION))
    sandbox.plant(REGION, group, tcp25("192.0.2.0/24"))
    assert "192.0.2.0/24" in post(sandbox, body)
    sandbox.thaw()
    assert post(sandbox, body) != post(sandbox, body)


def test_the_wire(sandbox: Sandbox) -> None:
    """An answer is EC2's XML with its namespace, and a refusal EC2's error document."""
    answer = post(sandbox, "Action=DescribeRegions&RegionName.1=us-east-1")
    assert re.sub(r"<requestId>[^<]+", "<requestId>ID", answer) == (
        '200 <?xml version="1.0" encoding="UTF-8"?>\n'
        '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>ID</requestId><regionInfo><item>"
        "<optInStatus>opt-in-not-required</optInStatus><regionName>us-east-1</regionName>"
        "<regionEndpoint>ec2.us-east-1.amazonaws.com</regionEndpoint>"
        "</item></regionInfo></DescribeRegionsResponse>"
    )
    refused = post(sandbox, "Action=DescribeSecurityGroups&MaxResults=many")
    assert re.sub(r"<RequestID>[^<]+", "<RequestID>ID", refused) == (
        '400 <?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
        "<Code>InvalidParameterValue</Code>"
        "<Message>Value (many) for parameter MaxResults is invalid.</Message>"
        "</Error></Errors><RequestID>ID</RequestID></Response>"
    )
    assert "MissingAuthenticationToken" in post(
        sandbox, "Action=DescribeSecurityGroups", service=""
    )


def test_tags_come_and_go(sandbox: Sandbox, ec2: Any) -> None:
    """Tags put on and taken off a group show in its answer and in DescribeTags."""
    group = sandbox.seed_group(region=REGION, name="tagged")
    ec2.create_tags(Resources=[group], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    listed = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [group]}])["Tags"]
    assert [(each["Key"], each["Value"]) for each in listed] == [("a", "1"), ("b", "")]
    ec2.delete_tags(Resources=[group], Tags=[{"Key": "a", "Value": "2"}, {"Key": "b"}])
    assert sandbox.groups(REGION)[group]["Tags"] == [{"Key": "a", "Value": "1"}]
