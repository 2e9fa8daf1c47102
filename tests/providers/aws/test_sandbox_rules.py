"""What the sandbox's EC2 does with rules, call by call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cloudsync_aws.sandbox import Dialect, Sandbox
from tests.providers.aws.sandboxed import REGION, client, networks, refusal, tcp25

MAIL_VPC = "vpc-0123456789abcdef0"
NO_RULE = (
    "InvalidPermission.NotFound (400): The specified rule does not exist in this security group."
)
DUPLICATE = (
    'InvalidPermission.Duplicate (400): the specified rule "peer: 192.0.2.0/24, TCP, '
    'from port: 25, to port: 25, ALLOW" already exists'
)
FULL = (
    "RulesPerSecurityGroupLimitExceeded (400): "
    "The maximum number of rules per security group has been reached."
)
BAD_TEXT = (
    "InvalidParameterValue (400): Invalid rule description. Valid descriptions are strings less "
    "than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def ec2(sandbox: Sandbox) -> Iterator[Any]:
    """A client of it in us-east-1."""
    made = client(sandbox)
    yield made
    made.close()


@pytest.fixture
def group(sandbox: Sandbox) -> str:
    """A group with one rule, outside the default VPC."""
    return sandbox.seed_group(
        region=REGION, name="mail", vpc=MAIL_VPC, permissions=tcp25("192.0.2.0/24")
    )


def rule_ids(ec2: Any, group: str) -> dict[str, str]:
    """Rule ids by network, inbound only."""
    answer = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}], MaxResults=1000
    )
    return {
        rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId", ""): rule[
            "SecurityGroupRuleId"
        ]
        for rule in answer["SecurityGroupRules"]
        if not rule["IsEgress"]
    }


def test_authorize_answers_the_new_rules(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """Authorize answers each created rule with its id, and drops host bits."""
    answer = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=tcp25("198.51.100.77/24", "2001:DB8:0::1/32", text="ours")
    )
    ids = rule_ids(ec2, group)
    assert answer["Return"] is True
    assert answer["SecurityGroupRules"] == [
        {
            "SecurityGroupRuleId": ids[network],
            "GroupId": group,
            "GroupOwnerId": "123456789012",
            "IsEgress": False,
            "IpProtocol": "tcp",
            "FromPort": 25,
            "ToPort": 25,
            field: network,
            "Description": "ours",
            "SecurityGroupRuleArn": (
                f"arn:aws:ec2:us-east-1:123456789012:security-group-rule/{ids[network]}"
            ),
        }
        for field, network in (("CidrIpv4", "198.51.100.0/24"), ("CidrIpv6", "2001:db8::/32"))
    ]
    assert networks(sandbox, group) == ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("authorize", "left"),
    [("atomic", ["192.0.2.0/24"]), ("partial", ["192.0.2.0/24", "198.51.100.0/24"])],
)
def test_authorize_with_a_duplicate(authorize: Any, left: list[str]) -> None:
    """A duplicate, host bits or not, refuses all of a call or, in the other dialect, only itself."""
    with Sandbox(dialect=Dialect(authorize=authorize)) as sandbox:
        group = sandbox.seed_group(region=REGION, name="m", permissions=tcp25("192.0.2.0/24"))
        ec2 = client(sandbox)
        said = refusal(
            ec2.authorize_security_group_ingress,
            GroupId=group,
            IpPermissions=tcp25("198.51.100.0/24", "192.0.2.9/24", text="again"),
        )
        ec2.close()
        assert (said, networks(sandbox, group)) == (DUPLICATE, left)


@pytest.mark.parametrize(
    ("permissions", "said"),
    [
        (
            tcp25("198.51.100.0/24", "198.51.100.1/24"),
            "InvalidParameterValue (400): The same permission must not appear multiple times",
        ),
        (
            tcp25("198.51.100.0/33"),
            "InvalidParameterValue (400): CIDR block 198.51.100.0/33 is malformed",
        ),
        (
            tcp25("198.51.100.0"),
            "InvalidParameterValue (400): CIDR block 198.51.100.0 is malformed",
        ),
        (
            [{**tcp25()[0], "IpRanges": [{"CidrIp": "2001:db8::/32"}]}],
            "InvalidParameterValue (400): CIDR block 2001:db8::/32 is malformed",
        ),
        (
            [{**tcp25()[0], "Ipv6Ranges": [{"CidrIpv6": "192.0.2.0/24"}]}],
            "InvalidParameterValue (400): CIDR block 192.0.2.0/24 is malformed",
        ),
        (tcp25("198.51.100.0/24", text="x" * 256), BAD_TEXT),
        (tcp25("198.51.100.0/24", text="über"), BAD_TEXT),
        (tcp25("198.51.100.0/24", text='a "quote"'), BAD_TEXT),
        (
            [
                {
                    **tcp25()[0],
                    "PrefixListIds": [{"PrefixListId": "pl-1", "Description": "you & me"}],
                }
            ],
            BAD_TEXT,
        ),
        (
            [{"IpProtocol": "smtp", "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}],
            "InvalidParameterValue (400): Invalid value 'smtp' for IP protocol. Unknown protocol.",
        ),
        (
            [{"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}],
            (
                "InvalidParameterValue (400): "
                "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
            ),
        ),
        (
            tcp25("198.51.100.0/24", port=65536),
            "InvalidPermission.Malformed (400): TCP/UDP port (65536) out of range",
        ),
        (tcp25(), "InvalidPermission.Malformed (400): A permission must name a source"),
        (
            [{**tcp25()[0], "PrefixListIds": [{"PrefixListId": "pl-1"}]}],
            "InvalidPrefixListID.NotFound (400): The prefix list ID 'pl-1' does not exist",
        ),
        (
            [{**tcp25()[0], "UserIdGroupPairs": [{"GroupId": "sg-0123456789abcdef0"}]}],
            "InvalidGroup.NotFound (400): The security group 'sg-0123456789abcdef0' does not exist",
        ),
        (
            tcp25(*[f"10.{n // 256}.{n % 256}.0/24" for n in range(1001)]),
            "InvalidParameterValue (400): The number of rules per request cannot exceed 1000",
        ),
    ],
)
def test_authorize_refuses(
    sandbox: Sandbox, ec2: Any, group: str, permissions: Any, said: str
) -> None:
    """What EC2 can't take is refused in its words, and nothing is added."""
    call = ec2.authorize_security_group_ingress
    assert refusal(call, GroupId=group, IpPermissions=permissions) == said
    assert networks(sandbox, group) == ["192.0.2.0/24"]


def test_longest_description(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """255 characters of EC2's alphabet are kept as given."""
    text = "aZ09 ._-:/()#,@[]+=&;{}!$*".ljust(255, "x")
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=tcp25("198.51.100.0/24", text=text)
    )
    (permission,) = sandbox.groups(REGION)[group]["IpPermissions"]
    assert permission["IpRanges"][1]["Description"] == text


@pytest.mark.parametrize(
    ("group_id", "said"),
    [
        ("sg-1", 'InvalidGroupId.Malformed (400): Invalid id: "sg-1" (expecting "sg-...")'),
        (
            "sg-0123456789abcdef0",
            "InvalidGroup.NotFound (400): The security group 'sg-0123456789abcdef0' does not exist",
        ),
    ],
)
def test_unknown_group(ec2: Any, group_id: str, said: str) -> None:
    """A group that isn't there, or can't be, is named in the refusal."""
    for call in (ec2.authorize_security_group_ingress, ec2.revoke_security_group_ingress):
        assert refusal(call, GroupId=group_id, IpPermissions=tcp25("192.0.2.0/24")) == said


def test_ports_mean_nothing_outside_tcp_and_udp(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """A protocol without ports is kept without them, and a known number by its name."""
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "-1",
                "FromPort": 25,
                "ToPort": 25,
                "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
            },
            {
                "IpProtocol": "50",
                "FromPort": 1,
                "ToPort": 2,
                "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
            },
            {
                "IpProtocol": "17",
                "FromPort": 53,
                "ToPort": 54,
                "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
            },
        ],
    )
    kept = [
        (each["IpProtocol"], each.get("FromPort"), each.get("ToPort"))
        for each in sandbox.groups(REGION)[group]["IpPermissions"]
    ]
    assert kept == [("tcp", 25, 25), ("-1", None, None), ("50", None, None), ("udp", 53, 54)]


def test_quota_counts_families_apart(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """60 rules fit of each family, and the sixty-first of either is refused."""
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=tcp25(
            *[f"10.0.{n}.0/24" for n in range(59)], *[f"2001:db8:{n:x}::/48" for n in range(60)]
        ),
    )
    call = ec2.authorize_security_group_ingress
    assert refusal(call, GroupId=group, IpPermissions=tcp25("10.1.0.0/24")) == FULL
    assert refusal(call, GroupId=group, IpPermissions=tcp25("2001:db8:ffff::/48")) == FULL
    assert len(networks(sandbox, group)) == 120


@pytest.mark.parametrize(("room", "fits"), [(58, True), (59, False)])
def test_quota_counts_a_prefix_list_by_its_size(
    sandbox: Sandbox, ec2: Any, group: str, room: int, fits: bool
) -> None:
    """A prefix list of one entry counts its MaxEntries, and a referenced group one, in both."""
    listed = sandbox.seed_prefix_list(
        region=REGION, name="l", entries=["198.51.100.0/24"], max_entries=room
    )
    permissions = [
        {
            **tcp25()[0],
            "PrefixListIds": [{"PrefixListId": listed}],
            "UserIdGroupPairs": [{"GroupId": group}],
        }
    ]
    call = ec2.authorize_security_group_ingress
    if fits:
        assert call(GroupId=group, IpPermissions=permissions)["Return"] is True
        assert refusal(call, GroupId=group, IpPermissions=tcp25("10.1.0.0/24")) == FULL
        call(GroupId=group, IpPermissions=tcp25("2001:db8::/32"))
        assert refusal(call, GroupId=group, IpPermissions=tcp25("2001:db9::/32")) == FULL
    else:
        assert refusal(call, GroupId=group, IpPermissions=permissions) == FULL


def test_quota_is_the_sandboxes(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """The quota can be set, and outbound rules have their own."""
    sandbox.set_quota(1, region=REGION)
    call = ec2.authorize_security_group_ingress
    assert refusal(call, GroupId=group, IpPermissions=tcp25("10.1.0.0/24")) == FULL
    sandbox.set_quota(2, region=REGION)
    assert call(GroupId=group, IpPermissions=tcp25("10.1.0.0/24"))["Return"] is True
    out = ec2.authorize_security_group_egress(GroupId=group, IpPermissions=tcp25("10.1.0.0/24"))
    assert [rule["IsEgress"] for rule in out["SecurityGroupRules"]] == [True]


def test_revoke_reports_what_went(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """Revoke by content needs no description, takes host bits, and answers the rules revoked."""
    (rule_id,) = rule_ids(ec2, group).values()
    answer = ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=tcp25("192.0.2.7/24"))
    assert (answer["Return"], answer["UnknownIpPermissions"]) == (True, [])
    assert answer["RevokedSecurityGroupRules"] == [
        {
            "SecurityGroupRuleId": rule_id,
            "GroupId": group,
            "IsEgress": False,
            "IpProtocol": "tcp",
            "FromPort": 25,
            "ToPort": 25,
            "CidrIpv4": "192.0.2.0/24",
        }
    ]
    assert networks(sandbox, group) == []


def test_revoke_of_the_unknown_revokes_nothing(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """Outside the default VPC one unknown rule leaves all of them standing."""
    said = refusal(
        ec2.revoke_security_group_ingress,
        GroupId=group,
        IpPermissions=tcp25("192.0.2.0/24", "198.51.100.0/24"),
    )
    assert (said, networks(sandbox, group)) == (NO_RULE, ["192.0.2.0/24"])


def test_revoke_in_the_default_vpc_forgives(sandbox: Sandbox, ec2: Any) -> None:
    """In the default VPC unknown rules come back in UnknownIpPermissions and the rest goes."""
    group = sandbox.seed_group(region=REGION, name="m", permissions=tcp25("192.0.2.0/24"))
    answer = ec2.revoke_security_group_ingress(
        GroupId=group, IpPermissions=tcp25("192.0.2.0/24", "198.51.100.0/24", text="t")
    )
    assert answer["UnknownIpPermissions"] == [
        {
            "IpProtocol": "tcp",
            "FromPort": 25,
            "ToPort": 25,
            "IpRanges": [{"CidrIp": "198.51.100.0/24", "Description": "t"}],
            "Ipv6Ranges": [],
            "PrefixListIds": [],
            "UserIdGroupPairs": [],
        }
    ]
    assert networks(sandbox, group) == []


def test_revoke_by_id(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """Rule ids revoke; an unknown or malformed one among them leaves all standing."""
    (rule_id,) = rule_ids(ec2, group).values()
    call = ec2.revoke_security_group_ingress
    missing = "sgr-0123456789abcdef0"
    assert refusal(call, GroupId=group, SecurityGroupRuleIds=[rule_id, missing]) == (
        "InvalidSecurityGroupRuleId.NotFound (400): "
        f"The security group rule ID '{missing}' does not exist"
    )
    assert refusal(call, GroupId=group, SecurityGroupRuleIds=["sgr-x"]) == (
        'InvalidSecurityGroupRuleId.Malformed (400): Invalid id: "sgr-x" (expecting "sgr-...")'
    )
    assert networks(sandbox, group) == ["192.0.2.0/24"]
    call(GroupId=group, SecurityGroupRuleIds=[rule_id])
    assert networks(sandbox, group) == []


@pytest.mark.parametrize("content", ["ipv4", "ipv6", "list", "group"])
def test_modify_keeps_the_id(sandbox: Sandbox, ec2: Any, group: str, content: str) -> None:
    """A rule's content is replaced whole, of any kind, under the same id."""
    listed = sandbox.seed_prefix_list(region=REGION, name="l", max_entries=2)
    field, value = {
        "ipv4": ("CidrIpv4", "198.51.100.0/24"),
        "ipv6": ("CidrIpv6", "2001:db8::/32"),
        "list": ("PrefixListId", listed),
        "group": ("ReferencedGroupId", group),
    }[content]
    (rule_id,) = rule_ids(ec2, group).values()
    asked = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, field: value, "Description": "new"}
    ec2.modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": asked}],
    )
    (rule,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule_id])[
        "SecurityGroupRules"
    ]
    found = rule["ReferencedGroupInfo"]["GroupId"] if content == "group" else rule[field]
    assert (rule["SecurityGroupRuleId"], found, rule["Description"]) == (rule_id, value, "new")


def test_modify_into_a_duplicate(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """A content that another rule has already is refused, and an exchange of two is not."""
    sandbox.plant(REGION, group, tcp25("198.51.100.0/24"))
    ids = rule_ids(ec2, group)

    def into(network: str) -> dict[str, Any]:
        return {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, "CidrIpv4": network}

    call = ec2.modify_security_group_rules
    one, two = ids["192.0.2.0/24"], ids["198.51.100.0/24"]
    said = refusal(
        call,
        GroupId=group,
        SecurityGroupRules=[
            {"SecurityGroupRuleId": two, "SecurityGroupRule": into("192.0.2.1/24")}
        ],
    )
    assert said == DUPLICATE
    call(
        GroupId=group,
        SecurityGroupRules=[
            {"SecurityGroupRuleId": one, "SecurityGroupRule": into("198.51.100.0/24")},
            {"SecurityGroupRuleId": two, "SecurityGroupRule": into("192.0.2.0/24")},
        ],
    )
    assert rule_ids(ec2, group) == {"192.0.2.0/24": two, "198.51.100.0/24": one}


def test_modify_refuses_an_unknown_id(ec2: Any, group: str) -> None:
    """A rule id that the group doesn't hold is refused by its name."""
    missing = "sgr-0123456789abcdef0"
    asked = {"IpProtocol": "-1", "CidrIpv4": "10.0.0.0/8"}
    assert refusal(
        ec2.modify_security_group_rules,
        GroupId=group,
        SecurityGroupRules=[{"SecurityGroupRuleId": missing, "SecurityGroupRule": asked}],
    ) == (
        "InvalidSecurityGroupRuleId.NotFound (400): "
        f"The security group rule ID '{missing}' does not exist"
    )


def test_descriptions_by_content_and_by_id(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """A description is put on, replaced and, when left out, taken off."""
    call = ec2.update_security_group_rule_descriptions_ingress

    def text() -> Any:
        (permission,) = sandbox.groups(REGION)[group]["IpPermissions"]
        return permission["IpRanges"][0].get("Description")

    call(GroupId=group, IpPermissions=tcp25("192.0.2.0/24", text="one"))
    assert text() == "one"
    (rule_id,) = rule_ids(ec2, group).values()
    call(
        GroupId=group,
        SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": rule_id, "Description": "two"}],
    )
    assert text() == "two"
    bad = [{"SecurityGroupRuleId": rule_id, "Description": "über"}]
    assert refusal(call, GroupId=group, SecurityGroupRuleDescriptions=bad) == BAD_TEXT
    assert refusal(call, GroupId=group, IpPermissions=tcp25("10.0.0.0/8", text="x")) == NO_RULE
    call(GroupId=group, IpPermissions=tcp25("192.0.2.0/24"))
    assert text() is None


def test_delete_group(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """A group that another refers to can't be deleted, and one that is free can."""
    other = sandbox.seed_group(
        region=REGION,
        name="other",
        vpc=MAIL_VPC,
        permissions=[{**tcp25()[0], "UserIdGroupPairs": [{"GroupId": group}]}],
    )
    assert refusal(ec2.delete_security_group, GroupId=group) == (
        f"DependencyViolation (400): resource {group} has a dependent object"
    )
    ec2.delete_security_group(GroupId=other)
    ec2.delete_security_group(GroupId=group)
    assert {group, other}.isdisjoint(sandbox.groups(REGION))


def test_create_group(sandbox: Sandbox, ec2: Any) -> None:
    """A new group lets nothing in and everything out, and its name is unique in its VPC."""
    made = ec2.create_security_group(
        GroupName="new",
        Description="a group",
        TagSpecifications=[
            {"ResourceType": "security-group", "Tags": [{"Key": "k", "Value": "v"}]}
        ],
    )
    found = sandbox.groups(REGION)[made["GroupId"]]
    vpc = sandbox.default_vpc(REGION)
    assert (found["IpPermissions"], found["Tags"], found["VpcId"]) == (
        [],
        [{"Key": "k", "Value": "v"}],
        vpc,
    )
    assert [each["IpProtocol"] for each in found["IpPermissionsEgress"]] == ["-1"]
    assert refusal(ec2.create_security_group, GroupName="new", Description="d") == (
        f"InvalidGroup.Duplicate (400): The security group 'new' already exists for VPC '{vpc}'"
    )
