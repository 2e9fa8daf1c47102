"""Who the sandbox says one is, its quotas and regions, and what it leaves to moto."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from cloudsync_aws.sandbox import Sandbox
from tests.providers.aws.sandboxed import REGION, client, networks, refusal, tcp25

ROLE = "arn:aws:iam::210987654321:role/cloudsync"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox."""
    with Sandbox() as running:
        yield running


def test_caller_identity_and_another_account(sandbox: Sandbox) -> None:
    """A role assumed in another account sees that account, and not the first one's groups."""
    sandbox.seed_group(region=REGION, name="first")
    theirs = sandbox.seed_group(region=REGION, name="second", account="210987654321")
    sts = client(sandbox, "sts")
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/sandbox"
    lent = sts.assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    other_sts = client(sandbox, "sts", key=lent["AccessKeyId"])
    answer = other_sts.get_caller_identity()
    assert (answer["Account"], answer["Arn"]) == (
        "210987654321",
        "arn:aws:sts::210987654321:assumed-role/cloudsync/test",
    )
    ec2 = client(sandbox, key=lent["AccessKeyId"])
    answer = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["*o*"]}])
    assert [each["GroupId"] for each in answer["SecurityGroups"]] == [theirs]
    for each in (sts, other_sts, ec2):
        each.close()


def test_denials_in_each_services_words(sandbox: Sandbox) -> None:
    """STS and Service Quotas deny and throttle with their own codes."""
    sandbox.faults.denied(times=2)
    sandbox.faults.throttle(times=2)
    sts, quotas = client(sandbox, "sts"), client(sandbox, "service-quotas")
    asked = {"ServiceCode": "vpc", "QuotaCode": "L-0EA8095F"}
    assert refusal(sts.get_caller_identity) == (
        "AccessDenied (403): User is not authorized to perform: sts:GetCallerIdentity"
    )
    assert refusal(quotas.get_service_quota, **asked) == (
        "AccessDeniedException (400): "
        "User is not authorized to perform: servicequotas:GetServiceQuota"
    )
    sandbox.faults.clear()
    sandbox.faults.throttle(times=2)
    assert refusal(sts.get_caller_identity) == "Throttling (400): Rate exceeded"
    assert refusal(quotas.get_service_quota, **asked) == (
        "TooManyRequestsException (429): Slow down."
    )
    sts.close()
    quotas.close()


def test_quota_answers_what_is_enforced(sandbox: Sandbox) -> None:
    """Service Quotas answers the number that holds in that region, and knows no other quota."""
    sandbox.set_quota(75, region="eu-west-1")
    found = {}
    for region in sandbox.regions:
        quotas = client(sandbox, "service-quotas", region=region)
        answer = quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-0EA8095F")
        found[region] = answer["Quota"]["Value"]
        assert refusal(quotas.get_service_quota, ServiceCode="vpc", QuotaCode="L-1") == (
            "NoSuchResourceException (400): The specified quota does not exist."
        )
        quotas.close()
    assert found == {"us-east-1": 60.0, "eu-west-1": 75.0}


def test_regions(sandbox: Sandbox) -> None:
    """The enabled regions are told, each with its own groups, and another is refused."""
    group = sandbox.seed_group(region="eu-west-1", name="g", permissions=tcp25("192.0.2.0/24"))
    ec2 = client(sandbox)
    assert [each["RegionName"] for each in ec2.describe_regions()["Regions"]] == [
        "us-east-1",
        "eu-west-1",
    ]
    assert refusal(ec2.describe_security_groups, GroupIds=[group]) == (
        f"InvalidGroup.NotFound (400): The security group '{group}' does not exist"
    )
    away = client(sandbox, region="ap-south-1")
    assert refusal(away.describe_security_groups) == (
        "AuthFailure (401): AWS was not able to validate the provided access credentials"
    )
    ec2.close()
    away.close()


def test_two_sandboxes_in_one_process() -> None:
    """Two sandboxes with one account share nothing, not even what moto holds for them."""
    with Sandbox() as one, Sandbox() as two:
        group = one.seed_group(region=REGION, name="mine")
        assert group not in {
            each for each, shape in two.groups(REGION).items() if shape["GroupName"] == "mine"
        }
        found: list[str] = []
        for sandbox in (one, two):
            organizations = client(sandbox, "organizations")
            made = organizations.create_organization(FeatureSet="ALL")["Organization"]
            found.append(made["MasterAccountId"])
            assert len(organizations.list_accounts()["Accounts"]) == 1
            organizations.close()
        assert found == ["123456789012", "123456789012"]


def test_a_vpc_made_by_moto(sandbox: Sandbox) -> None:
    """A VPC made over the API has its default group, takes groups, and isn't the default VPC."""
    ec2 = client(sandbox)
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    (found,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert (found["CidrBlock"], found["IsDefault"]) == ("10.9.0.0/16", False)
    made = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    answer = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    assert sorted(each["GroupName"] for each in answer["SecurityGroups"]) == ["default", "g"]
    ec2.delete_security_group(GroupId=made)
    ec2.delete_vpc(VpcId=vpc)
    assert refusal(ec2.describe_vpcs, VpcIds=[vpc]) == (
        f"InvalidVpcID.NotFound (400): The vpc ID '{vpc}' does not exist"
    )
    ec2.close()


def test_what_moto_lacks(sandbox: Sandbox) -> None:
    """An unknown action or filter is refused in EC2's form, never with a page of HTML."""
    ec2 = client(sandbox)
    said = refusal(ec2.describe_aws_network_performance_metric_subscriptions)
    assert said == (
        "InvalidAction (400): The action DescribeAwsNetworkPerformanceMetricSubscriptions "
        "is not valid here."
    )
    assert refusal(ec2.describe_subnets, Filters=[{"Name": "colour", "Values": ["red"]}]) == (
        "InvalidParameterValue (400): A filter of the request is invalid"
    )
    ec2.close()


def test_a_subprocess_by_its_environment(sandbox: Sandbox) -> None:
    """A plain boto3 in a subprocess talks to the sandbox by its environment alone."""
    group = sandbox.seed_group(region=REGION, name="g")
    program = (
        "import boto3; boto3.client('ec2').authorize_security_group_ingress("
        f"GroupId='{group}', IpProtocol='tcp', FromPort=25, ToPort=25, CidrIp='192.0.2.0/24')"
    )
    subprocess.run(
        [sys.executable, "-c", program], check=True, env={**os.environ, **sandbox.environment()}
    )
    assert networks(sandbox, group) == ["192.0.2.0/24"]


def test_the_sandbox_starts_without_moto() -> None:
    """Importing and starting the sandbox loads neither moto nor an SDK, which take seconds."""
    program = (
        "import sys; from cloudsync_aws.sandbox import Sandbox; Sandbox().start().stop(); "
        "print(sorted({'moto', 'boto3', 'botocore', 'cloudsync', 'flask'} & set(sys.modules)))"
    )
    answer: Any = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert answer.stdout == "[]\n"
