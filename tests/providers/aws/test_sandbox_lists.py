"""What the sandbox's EC2 does with managed prefix lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cloudsync_aws.sandbox import Dialect, Sandbox
from tests.providers.aws.sandboxed import REGION, client, refusal, tcp25


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
def listed(sandbox: Sandbox) -> str:
    """A list with room for three that holds two."""
    return sandbox.seed_prefix_list(
        region=REGION,
        name="mail",
        entries=["192.0.2.0/24", ("198.51.100.0/24", "partner")],
        max_entries=3,
    )


def cidrs(*networks: str) -> list[dict[str, str]]:
    """Entries as a call takes them."""
    return [{"Cidr": network} for network in networks]


def test_create_and_modify(sandbox: Sandbox, ec2: Any) -> None:
    """A change answers in progress with the version that was, and makes the next version."""
    made = ec2.create_managed_prefix_list(
        PrefixListName="l", AddressFamily="IPv6", MaxEntries=2, Entries=cidrs("2001:db8::1/32")
    )["PrefixList"]
    assert (made["State"], made["Version"], made["MaxEntries"]) == ("create-in-progress", 1, 2)
    changed = ec2.modify_managed_prefix_list(
        PrefixListId=made["PrefixListId"],
        CurrentVersion=1,
        AddEntries=cidrs("2001:db9::/32"),
        RemoveEntries=cidrs("2001:db8::/32"),
    )["PrefixList"]
    assert (changed["State"], changed["Version"]) == ("modify-in-progress", 1)
    (now,) = ec2.describe_managed_prefix_lists(PrefixListIds=[made["PrefixListId"]])["PrefixLists"]
    assert (now["State"], now["Version"]) == ("modify-complete", 2)
    assert sandbox.prefix_lists(REGION)[made["PrefixListId"]] == ["2001:db9::/32"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"CurrentVersion": 2, "AddEntries": cidrs("10.0.0.0/8")},
            "PrefixListVersionMismatch (400): The prefix list has the incorrect version number.",
        ),
        (
            {"AddEntries": cidrs("10.0.0.0/8")},
            "MissingParameter (400): The request must contain the parameter CurrentVersion",
        ),
        (
            {"CurrentVersion": 1, "AddEntries": cidrs("10.0.0.0/8", "11.0.0.0/8")},
            (
                "PrefixListMaxEntriesExceeded (400): "
                "You've reached the maximum number of entries for the prefix list ({})."
            ),
        ),
        (
            {"CurrentVersion": 1, "AddEntries": cidrs("2001:db8::/32")},
            "InvalidParameterValue (400): CIDR block 2001:db8::/32 is malformed",
        ),
        (
            {"CurrentVersion": 1, "AddEntries": cidrs(*[f"10.0.{n}.0/24" for n in range(101)])},
            (
                "InvalidParameterValue (400): "
                "The number of entries per request cannot exceeds limit (100)."
            ),
        ),
        (
            {
                "CurrentVersion": 1,
                "AddEntries": cidrs("192.0.2.0/24"),
                "RemoveEntries": cidrs("192.0.2.0/24"),
            },
            (
                "InvalidParameterValue (400): Request cannot contain Cidr 192.0.2.0/24 in both "
                "AddPrefixListEntries and RemovePrefixListEntries"
            ),
        ),
        (
            {"CurrentVersion": 1, "AddEntries": cidrs("192.0.2.0/24")},
            "InvalidRequest (400): The request received was invalid.",
        ),
        (
            {"CurrentVersion": 1, "RemoveEntries": cidrs("10.0.0.0/8")},
            (
                "InvalidPrefixListModification (400): "
                "The entry 10.0.0.0/8 does not exist in prefix list ({})."
            ),
        ),
        (
            {"CurrentVersion": 1, "MaxEntries": 4, "AddEntries": cidrs("10.0.0.0/8")},
            (
                "InvalidParameterCombination (400): "
                "You cannot modify the entries of a prefix list and its size at the same time"
            ),
        ),
        (
            {"MaxEntries": 1001},
            "InvalidParameterValue (400): Must specify a max size between 1 and 1000",
        ),
        (
            {"MaxEntries": 1},
            (
                "PrefixListMaxEntriesExceeded (400): "
                "You've reached the maximum number of entries for the prefix list ({})."
            ),
        ),
    ],
)
def test_modify_refuses(
    sandbox: Sandbox, ec2: Any, listed: str, asked: dict[str, Any], said: str
) -> None:
    """What EC2 refuses is refused, and the list stays as it was."""
    call = ec2.modify_managed_prefix_list
    assert refusal(call, PrefixListId=listed, **asked) == said.format(listed)
    assert sandbox.prefix_lists(REGION)[listed] == ["192.0.2.0/24", "198.51.100.0/24"]


@pytest.mark.parametrize("counting", ["net", "gross"])
def test_counting(counting: Any) -> None:
    """Removes make room for the adds of the same call, or, in the other dialect, don't."""
    with Sandbox(dialect=Dialect(prefix_list_counting=counting)) as sandbox:
        full = sandbox.seed_prefix_list(region=REGION, name="l", entries=["192.0.2.0/24"])
        ec2 = client(sandbox)
        asked: dict[str, Any] = {
            "PrefixListId": full,
            "CurrentVersion": 1,
            "AddEntries": cidrs("10.0.0.0/8"),
            "RemoveEntries": cidrs("192.0.2.0/24"),
        }
        if counting == "net":
            ec2.modify_managed_prefix_list(**asked)
            assert sandbox.prefix_lists(REGION)[full] == ["10.0.0.0/8"]
        else:
            assert refusal(ec2.modify_managed_prefix_list, **asked) == (
                "PrefixListMaxEntriesExceeded (400): "
                f"You've reached the maximum number of entries for the prefix list ({full})."
            )
        ec2.close()


def test_a_change_under_way_refuses_another() -> None:
    """Until a change has settled, entries stay as they were and a second change is refused."""
    now = [0.0]
    with Sandbox(dialect=Dialect(lists_settle=5), clock=lambda: now[0]) as sandbox:
        listed = sandbox.seed_prefix_list(region=REGION, name="l", max_entries=9)
        ec2 = client(sandbox)
        call = ec2.modify_managed_prefix_list
        call(PrefixListId=listed, CurrentVersion=1, AddEntries=cidrs("10.0.0.0/8"))
        assert ec2.get_managed_prefix_list_entries(PrefixListId=listed)["Entries"] == []
        assert refusal(call, PrefixListId=listed, PrefixListName="other") == (
            f"IncorrectState (400): The request cannot be completed for prefix list ({listed}) "
            "in the current state (modify-in-progress)"
        )
        now[0] = 5.0
        (entry,) = ec2.get_managed_prefix_list_entries(PrefixListId=listed)["Entries"]
        assert entry == {"Cidr": "10.0.0.0/8"}
        ec2.close()


def test_a_size_that_a_group_cannot_carry(sandbox: Sandbox, ec2: Any, listed: str) -> None:
    """A size for which a referring group has no room ends as failed, naming the group."""
    group = sandbox.seed_group(
        region=REGION,
        name="g",
        permissions=[{**tcp25()[0], "PrefixListIds": [{"PrefixListId": listed}]}],
    )
    ec2.modify_managed_prefix_list(PrefixListId=listed, MaxEntries=61)
    (now,) = ec2.describe_managed_prefix_lists(PrefixListIds=[listed])["PrefixLists"]
    assert (now["State"], now["MaxEntries"], now["StateMessage"]) == (
        "modify-failed",
        3,
        f"These resources do not support the size: {group}",
    )


def test_entries_in_pages_and_versions(ec2: Any, sandbox: Sandbox) -> None:
    """Entries come in pages of at most 100, and an old version can still be read and restored."""
    many = [f"10.0.{number}.0/24" for number in range(120)]
    listed = sandbox.seed_prefix_list(region=REGION, name="l", entries=many)
    ec2.modify_managed_prefix_list(
        PrefixListId=listed, CurrentVersion=1, RemoveEntries=cidrs(*many[:100])
    )
    first = ec2.get_managed_prefix_list_entries(
        PrefixListId=listed, TargetVersion=1, MaxResults=100
    )
    rest = ec2.get_managed_prefix_list_entries(
        PrefixListId=listed, TargetVersion=1, MaxResults=100, NextToken=first["NextToken"]
    )
    assert sorted(e["Cidr"] for e in first["Entries"] + rest["Entries"]) == sorted(many)
    assert refusal(ec2.describe_managed_prefix_lists, MaxResults=101) == (
        "InvalidParameterValue (400): Value ( 101 ) for parameter maxResults is invalid. "
        "Expecting a value between 1 and 100."
    )
    ec2.restore_managed_prefix_list_version(
        PrefixListId=listed, PreviousVersion=1, CurrentVersion=2
    )
    (now,) = ec2.describe_managed_prefix_lists(PrefixListIds=[listed])["PrefixLists"]
    assert (now["State"], now["Version"]) == ("restore-complete", 3)
    assert sandbox.prefix_lists(REGION)[listed] == many


def test_associations_and_deletion(sandbox: Sandbox, ec2: Any, listed: str) -> None:
    """A list names the groups that refer to it, and can't be deleted while one does."""
    permissions = [{**tcp25()[0], "PrefixListIds": [{"PrefixListId": listed}]}]
    group = sandbox.seed_group(region=REGION, name="g", permissions=permissions)
    answer = ec2.get_managed_prefix_list_associations(PrefixListId=listed)
    assert answer["PrefixListAssociations"] == [
        {"ResourceId": group, "ResourceOwner": "123456789012"}
    ]
    assert refusal(ec2.delete_managed_prefix_list, PrefixListId=listed) == (
        f"DependencyViolation (400): The prefix list ({listed}) has a dependent object"
    )
    sandbox.uproot(REGION, group, permissions)
    ec2.delete_managed_prefix_list(PrefixListId=listed)
    assert refusal(ec2.describe_managed_prefix_lists, PrefixListIds=[listed]) == (
        f"InvalidPrefixListID.NotFound (400): The prefix list ID '{listed}' does not exist"
    )


def test_lists_of_aws(sandbox: Sandbox, ec2: Any) -> None:
    """AWS's own lists are seen without a size, can't be changed, and weigh what AWS says."""
    answer = ec2.describe_managed_prefix_lists(Filters=[{"Name": "owner-id", "Values": ["AWS"]}])
    found = {each["PrefixListName"]: each for each in answer["PrefixLists"]}
    front = found["com.amazonaws.global.cloudfront.origin-facing"]
    assert {"MaxEntries", "Version"}.isdisjoint(front)
    listed = front["PrefixListId"]
    assert refusal(ec2.modify_managed_prefix_list, PrefixListId=listed, PrefixListName="mine") == (
        f"OperationNotPermitted (400): The prefix list ({listed}) is not owned by you."
    )
    group = sandbox.seed_group(
        region=REGION, name="g", permissions=tcp25(*[f"10.0.{n}.0/24" for n in range(6)])
    )
    assert refusal(
        ec2.authorize_security_group_ingress,
        GroupId=group,
        IpPermissions=[{**tcp25()[0], "PrefixListIds": [{"PrefixListId": listed}]}],
    ) == (
        "RulesPerSecurityGroupLimitExceeded (400): "
        "The maximum number of rules per security group has been reached."
    )


def test_a_repeated_create_makes_one_list(ec2: Any) -> None:
    """The same client token twice is the same list."""
    asked = {"PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": 1, "ClientToken": "t"}
    one, two = (ec2.create_managed_prefix_list(**asked)["PrefixList"] for _ in range(2))
    assert one["PrefixListId"] == two["PrefixListId"]


def test_a_list_that_the_address_manager_writes(sandbox: Sandbox, ec2: Any) -> None:
    """It says so, and nobody else may write it (SDK, ManagedPrefixList)."""
    made = sandbox.seed_prefix_list(region=REGION, name="ipam", resolver="ipam-plrt-0a1b2c3d")
    (shown,) = ec2.describe_managed_prefix_lists(PrefixListIds=[made])["PrefixLists"]
    assert (
        shown["IpamPrefixListResolverTargetId"],
        shown["IpamPrefixListResolverSyncEnabled"],
    ) == ("ipam-plrt-0a1b2c3d", True)
    assert refusal(ec2.modify_managed_prefix_list, PrefixListId=made, MaxEntries=5) == (
        f"OperationNotPermitted (400): The prefix list ({made}) is managed by ipam-plrt-0a1b2c3d."
    )


def test_whatever_refers_to_a_list(sandbox: Sandbox, ec2: Any) -> None:
    """Its owner is told of every resource, of other kinds and accounts too; nobody else is."""
    made = sandbox.seed_prefix_list(
        region=REGION, name="l", referrers=[("rtb-1", sandbox.account), ("sg-9", "999999999999")]
    )
    found = ec2.get_managed_prefix_list_associations(PrefixListId=made)
    assert found["PrefixListAssociations"] == [
        {"ResourceId": "rtb-1", "ResourceOwner": sandbox.account},
        {"ResourceId": "sg-9", "ResourceOwner": "999999999999"},
    ]
    lent = sandbox.seed_prefix_list(region=REGION, name="lent", owner="999999999999")
    assert refusal(ec2.get_managed_prefix_list_associations, PrefixListId=lent) == (
        f"OperationNotPermitted (400): The prefix list ({lent}) is not owned by you."
    )
