"""Who undid a change, as CloudTrail tells it, and the sandbox's CloudTrail itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloudsync.provider import Scope
from cloudsync.tells import Actor, TellsActors
from cloudsync_aws.provider import Provider
from cloudsync_aws.sandbox import Sandbox
from tests.providers.aws.sandboxed import REGION, client, refusal, tcp25
from tests.providers.aws.test_permissions import allowed, needed
from tests.providers.aws.test_provider import settings

SINCE = datetime.now(UTC) - timedelta(hours=1)
BOB = "arn:aws:sts::123456789012:assumed-role/admins/bob"


def _at_once(_seconds: float) -> None:
    """Sleep no second."""


@pytest.fixture
def now() -> list[float]:
    """What the cloud's clock shows, as its one element."""
    return [0.0]


@pytest.fixture
def sandbox(now: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A cloud whose clock a test may move."""
    with Sandbox(regions=(REGION,), clock=lambda: now[0]) as found:
        for name, value in found.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("botocore.endpoint.time.sleep", _at_once)
        yield found


def bob(sandbox: Sandbox) -> Any:
    """A client of somebody else in the account."""
    lent = client(sandbox, "sts").assume_role(
        RoleArn="arn:aws:iam::123456789012:role/admins", RoleSessionName="bob"
    )
    return client(sandbox, key=lent["Credentials"]["AccessKeyId"])


def seen(sandbox: Sandbox, group: str, since: datetime = SINCE) -> Actor | None:
    """Whom the provider names for a group."""
    provider = Provider(sleep=_at_once)
    assert isinstance(provider, TellsActors)
    scope = Scope(f"aws:{sandbox.account}/{REGION}", settings(regions=[REGION]))
    return provider.actor(scope, f"{scope}/{group}", since)


def test_the_last_who_changed_it_is_named_and_never_ourselves(
    sandbox: Sandbox, now: list[float]
) -> None:
    """Bob's revocation is named, though we made the rule again after it, and Bob failed once more."""
    group = sandbox.seed_group(region=REGION, name="mail")
    other = sandbox.seed_group(region=REGION, name="other")
    ours, theirs, rule = client(sandbox), bob(sandbox), tcp25("192.0.2.1/32")
    assert seen(sandbox, group) is None
    now[0] = 9.0
    ours.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    theirs.revoke_security_group_ingress(GroupId=group, IpPermissions=rule)
    theirs.authorize_security_group_ingress(GroupId=other, IpPermissions=rule)
    ours.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    refusal(theirs.authorize_security_group_ingress, GroupId=group, IpPermissions=rule)
    found = seen(sandbox, group)
    assert found is not None
    assert (found.name, found.what) == (BOB, "RevokeSecurityGroupIngress")
    assert SINCE < found.at <= datetime.now(UTC)
    assert seen(sandbox, group, datetime.now(UTC) + timedelta(minutes=1)) is None


def test_who_may_not_ask_goes_without_the_name(sandbox: Sandbox) -> None:
    """A refusal of CloudTrail's is no refusal of the run's."""
    group = sandbox.seed_group(region=REGION, name="mail")
    bob(sandbox).authorize_security_group_ingress(GroupId=group, IpPermissions=tcp25("::/0"))
    sandbox.faults.denied("LookupEvents")
    assert seen(sandbox, group) is None


def test_asking_needs_the_permission_in_its_file_and_no_other(sandbox: Sandbox) -> None:
    """The file for the trail allows exactly what asking calls."""
    seen(sandbox, "sg-0123456789abcdef0")
    assert needed(sandbox, sandbox.account) == allowed("trail")


def test_the_trail_has_pages(sandbox: Sandbox, now: list[float]) -> None:
    """A token leads to the older events; two questions a second are answered, and no third."""
    group = sandbox.seed_group(region=REGION, name="mail")
    for number in range(3):
        rule = tcp25(f"192.0.2.{number}/32")
        client(sandbox).authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    trail, names = client(sandbox, "cloudtrail"), list[str]()
    asked: dict[str, Any] = {"MaxResults": 2}
    while True:
        answer = trail.lookup_events(**asked)
        names += [one["Resources"][0]["ResourceName"] for one in answer["Events"]]
        if "NextToken" not in answer:
            break
        asked["NextToken"] = answer["NextToken"]
    assert names == [group] * 3
    said = refusal(trail.lookup_events)
    assert said == "ThrottlingException (400): Rate exceeded"
    now[0] = 2.0
    assert len(trail.lookup_events()["Events"]) == 3


NAME = {"AttributeKey": "EventName", "AttributeValue": "x"}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"LookupAttributes": [NAME, NAME]}, "InvalidLookupAttributesException"),
        (
            {"LookupAttributes": [{"AttributeKey": "Port", "AttributeValue": "25"}]},
            "InvalidLookupAttributesException",
        ),
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"MaxResults": 0}, "InvalidMaxResultsException"),
        ({"StartTime": SINCE, "EndTime": SINCE - timedelta(1)}, "InvalidTimeRangeException"),
        ({"NextToken": "mine"}, "InvalidNextTokenException"),
    ],
)
def test_the_trail_refuses_what_cloudtrail_refuses(
    sandbox: Sandbox, asked: dict[str, Any], code: str
) -> None:
    """Two attributes, an unknown one, a page too large, a time that ends before it begins."""
    assert refusal(client(sandbox, "cloudtrail").lookup_events, **asked).startswith(f"{code} (400)")


def test_events_are_found_by_one_attribute(sandbox: Sandbox, now: list[float]) -> None:
    """By name, by user, by resource: what doesn't match isn't there."""
    group = sandbox.seed_group(region=REGION, name="mail")
    bob(sandbox).authorize_security_group_ingress(GroupId=group, IpPermissions=tcp25("::/0"))
    for key, value, count in (
        ("Username", "bob", 1), ("Username", "ann", 0), ("ResourceName", group, 1),
        ("ResourceType", "AWS::EC2::SecurityGroup", 1), ("EventName", "DeleteSecurityGroup", 0),
    ):  # fmt: skip
        now[0] += 2.0
        found = client(sandbox, "cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}]
        )
        assert len(found["Events"]) == count, key
