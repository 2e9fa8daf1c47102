from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import pytest

from cloudsync.abreast import Abreast
from cloudsync.errors import UsageError
from cloudsync.model import Mode, Note, Wanted
from cloudsync.plan import make
from cloudsync.provider import Outcome, Remark, Scope, Unreadable
from cloudsync_aws.provider import Provider
from cloudsync_aws.sandbox import Sandbox
from cloudsync_aws.snapshot import AwsSnapshot
from tests.providers.aws.fleets import own
from tests.providers.aws.test_provider import EAST, seen_by, settings

HUB, MAIL, SHOP, LAB = "123456789012", "111111111111", "222222222222", "333333333333"
WEST = "eu-west-1"
UNTRUSTED = (
    "Make the role there, have it trust these credentials (with external_id, where it asks for "
    "one), and allow them sts:AssumeRole on it; or leave the account out."
)


def _at_once(seconds: float) -> None:
    """Sleep no second."""


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A cloud with an organization of three accounts, two of them in units, one below the other."""
    with Sandbox(regions=(EAST, WEST)) as found:
        for name, value in found.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("botocore.endpoint.time.sleep", _at_once)
        units = found.organization.unit("mail")
        found.organization.account(MAIL, name="mail", parent=units)
        found.organization.account(
            SHOP, name="shop", parent=found.organization.unit("shops", units)
        )
        found.organization.account(LAB, name="lab")
        yield found


@pytest.fixture
def provider() -> Provider:
    """A provider for one run."""
    return Provider(sleep=_at_once)


def tagged(sandbox: Sandbox, account: str, region: str = EAST) -> str:
    """A group that the block selects; its target."""
    group = sandbox.seed_group(
        region=region, name="mail", tags={"cloudsync": "smtp"}, account=account,
        permissions=[own("192.0.2.1/32")],
    )  # fmt: skip
    return f"aws:{account}/{region}/{group}"


def named(found: list[Scope | Unreadable]) -> list[str]:
    """The names of scopes; whatever couldn't be read is an error here."""
    assert not [one for one in found if isinstance(one, Unreadable)], found
    return [str(one) for one in found]


def called(sandbox: Sandbox) -> Counter[str]:
    """What was called since the last time, with the account that it was called as."""
    found = Counter(f"{call.action} {call.account}" for call in sandbox.calls)
    sandbox.calls.clear()
    return found


# --- accounts that are named -------------------------------------------------------------------


def test_a_role_is_assumed_once_for_all_regions(sandbox: Sandbox, provider: Provider) -> None:
    """An account is worked in by its role, which one loan serves in every region."""
    target = tagged(sandbox, MAIL)
    block = settings(accounts=[{"id": MAIL, "role": "cloudsync"}], regions=[EAST, WEST])
    scopes = list(provider.scopes(block))
    assert named(scopes) == [f"aws:{MAIL}/{EAST}", f"aws:{MAIL}/{WEST}"]
    seen = [
        target
        for scope in scopes
        if isinstance(scope, Scope)
        for snapshot in provider.observe(scope)
        if isinstance(snapshot, AwsSnapshot)
        for target in snapshot.targets
    ]
    assert seen == [target]
    assert called(sandbox) == {
        f"GetCallerIdentity {HUB}": 1,
        f"AssumeRole {HUB}": 1,
        f"DescribeSecurityGroups {MAIL}": 2,
    }


def test_a_step_is_made_in_the_account_of_its_target(sandbox: Sandbox, provider: Provider) -> None:
    """What is changed is changed by the role, in the account that was looked at and in no other."""
    target = tagged(sandbox, MAIL)
    block = settings(accounts=[{"id": MAIL, "role": "cloudsync"}])
    (scope,) = provider.scopes(block)
    assert isinstance(scope, Scope)
    (snapshot,) = provider.observe(scope)
    assert isinstance(snapshot, AwsSnapshot)
    want = Wanted("mail", Mode.ADD, (ip_network("192.0.2.1/32"), ip_network("192.0.2.2/32")))
    (step,) = provider.rules.steps(snapshot, {target: want}).steps
    sandbox.calls.clear()
    assert provider.apply(step) == Outcome("done")
    assert called(sandbox) == {f"AuthorizeSecurityGroupIngress {MAIL}": 1}


def test_session_and_external_id_are_sent(sandbox: Sandbox, provider: Provider) -> None:
    """The account's logs name the session as configured, and its trust policy gets what it asks."""
    sandbox.organization.account(MAIL, roles={"team-cloudsync": "x9"})
    entry = {"id": MAIL, "role": "team-cloudsync", "external_id": "x9", "session_name": "mail-prod"}
    assert seen_by(provider, settings(accounts=[entry])) == []
    (asked,) = [call.params for call in sandbox.calls if call.action == "AssumeRole"]
    assert {key: asked[key] for key in ("RoleArn", "RoleSessionName", "ExternalId")} == {
        "RoleArn": f"arn:aws:iam::{MAIL}:role/team-cloudsync",
        "RoleSessionName": "mail-prod",
        "ExternalId": "x9",
    }


@pytest.mark.parametrize(
    ("role", "external_id"), [("cloudsync", None), ("cloudsync", "x8"), ("other", "x9")]
)
def test_a_role_that_lets_nobody_in_is_unreadable(
    sandbox: Sandbox, provider: Provider, role: str, external_id: str | None
) -> None:
    """An unknown role and a missing or wrong external id are said, and what to do about them."""
    sandbox.organization.account(MAIL, roles={"cloudsync": "x9"})
    block = settings(accounts=[{"id": MAIL, "role": role, "external_id": external_id}])
    what = f"arn:aws:iam::{MAIL}:role/{role} can't be assumed (AccessDenied)"
    assert seen_by(provider, block) == [Unreadable(f"aws:{MAIL}/{EAST}", what, UNTRUSTED)]
    assert list(provider.scopes(replace(block, regions=None))) == [
        Unreadable(f"aws:{MAIL}", what, UNTRUSTED)
    ]


def test_a_role_that_is_lost_before_a_step_denies_it(sandbox: Sandbox, provider: Provider) -> None:
    """A step whose role can't be assumed any more was never sent, and says so."""
    sandbox.end_sessions_after(60)
    target = tagged(sandbox, MAIL)
    (snapshot,) = seen_by(provider, settings(accounts=[{"id": MAIL, "role": "cloudsync"}]))
    assert isinstance(snapshot, AwsSnapshot)
    want = Wanted("mail", Mode.ADD, (ip_network("192.0.2.1/32"), ip_network("192.0.2.2/32")))
    (step,) = provider.rules.steps(snapshot, {target: want}).steps
    sandbox.organization.account(MAIL, roles=())
    what = f"arn:aws:iam::{MAIL}:role/cloudsync can't be assumed (AccessDenied)"
    assert provider.apply(step) == Outcome("denied", what, UNTRUSTED)


def test_a_loan_near_its_end_is_renewed(sandbox: Sandbox, provider: Provider) -> None:
    """Credentials are renewed before they end, not when a call has failed by them."""
    sandbox.end_sessions_after(300)
    block = settings(accounts=[{"id": MAIL, "role": "cloudsync"}])
    seen_by(provider, block)
    called(sandbox)
    seen_by(provider, block)
    assert called(sandbox)[f"AssumeRole {HUB}"] > 0


def test_an_account_of_somebody_else_without_a_role(sandbox: Sandbox, provider: Provider) -> None:
    """Of several accounts, only the caller's own may do without a role."""
    with pytest.raises(UsageError) as raised:
        provider.scopes(settings(accounts=[{"id": HUB}, {"id": MAIL}]))
    assert str(raised.value) == (
        f"targets[0].accounts[1]: names account {MAIL}, and the credentials belong to {HUB}. "
        "Nothing was changed. Use credentials of the account that is named, or name the role: to "
        "assume there."
    )


@pytest.mark.parametrize(
    ("region", "partition"),
    [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), (EAST, "aws")],
)
def test_roles_are_named_in_the_callers_partition(
    monkeypatch: pytest.MonkeyPatch, region: str, partition: str
) -> None:
    """In China and GovCloud a role's ARN has their partition."""
    with Sandbox(regions=(region,)) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        sandbox.organization.account(MAIL)
        block = settings(organization=True, regions=[region])
        assert seen_by(Provider(), block) == []
        (asked,) = [call.params for call in sandbox.calls if call.action == "AssumeRole"]
        assert asked["RoleArn"] == f"arn:{partition}:iam::{MAIL}:role/cloudsync"


# --- organizations -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("organization", "accounts"),
    [
        (True, [MAIL, SHOP, LAB]),
        ({"units": ["ou-mail-00000001"]}, [MAIL, SHOP]),
        ({"units": ["ou-mail-00000002", "ou-mail-00000001"]}, [MAIL, SHOP]),
        ({"units": ["r-mail"]}, [MAIL, SHOP, LAB]),
        ({"include": ["shop", LAB]}, [SHOP, LAB]),
        ({"exclude": ["shop", LAB]}, [MAIL]),
        ({"units": ["ou-mail-00000001"], "exclude": ["mail"]}, [SHOP]),
    ],
)
@pytest.mark.parametrize("empty_pages", [False, True])
def test_accounts_of_an_organization(
    sandbox: Sandbox, provider: Provider, organization: object, accounts: list[str],
    empty_pages: bool,
) -> None:  # fmt: skip
    """All of it, or some units with all below them, less whom the configuration leaves out."""
    sandbox.organization.empty_pages = empty_pages
    found = list(provider.scopes(settings(organization=organization)))
    assert named(found) == [f"aws:{account}/{EAST}" for account in accounts]


def test_only_accounts_that_are_asked_for_are_scopes(sandbox: Sandbox, provider: Provider) -> None:
    """A process with a share of them takes no role in another, not even to ask for its regions."""
    roles = [{"id": one, "role": "cloudsync"} for one in (MAIL, SHOP)]
    for more in ({"organization": True}, {"accounts": roles}):
        block = settings(regions=None, **more).within(f"aws:{SHOP}".__eq__)
        assert named(list(provider.scopes(block))) == [f"aws:{SHOP}/{WEST}", f"aws:{SHOP}/{EAST}"]
    roles_taken = {call.params["RoleArn"] for call in sandbox.calls if call.action == "AssumeRole"}
    assert roles_taken == {f"arn:aws:iam::{SHOP}:role/cloudsync"}
    assert {call.account for call in sandbox.calls} == {HUB, SHOP}


@pytest.mark.parametrize(
    ("organization", "account", "meant", "asked"),
    [
        (True, SHOP, True, 1),
        (True, "999999999999", False, 1),
        ({"units": ["ou-mail-00000001"]}, SHOP, True, 3),
        ({"units": ["ou-mail-00000001"]}, LAB, False, 2),
        ({"units": ["r-mail"]}, LAB, True, 2),
        ({"exclude": ["shop"]}, SHOP, False, 1),
        ({"include": ["mail"]}, SHOP, False, 1),
        ({"include": ["shop"]}, SHOP, True, 1),
    ],
)
def test_one_account_of_an_organization_is_found_without_a_list(
    sandbox: Sandbox, provider: Provider, organization: object, account: str, meant: bool, asked: int
) -> None:  # fmt: skip
    """By its own name and its units' parents, and by nothing less than a list would say of it."""
    only = f"aws:{account}"
    block = settings(organization=organization)
    expected = [str(one) for one in provider.scopes(block.within(only.__eq__))]
    sandbox.calls.clear()
    found = named(list(provider.scopes(block.within(only.__eq__, frozenset({only})))))
    assert found == expected == ([f"{only}/{EAST}"] if meant else [])
    calls = called(sandbox)
    assert sum(calls[f"{one} {HUB}"] for one in ("DescribeAccount", "ListParents")) == asked
    assert not [one for one in calls if one.startswith(("ListAccounts", "ListOrganiz"))]


def test_a_suspended_account_that_is_alone_is_not_meant(
    sandbox: Sandbox, provider: Provider
) -> None:
    """As in a list."""
    sandbox.organization.account(SHOP, name="shop", state="SUSPENDED")
    only = f"aws:{SHOP}"
    block = settings(organization=True).within(only.__eq__, frozenset({only}))
    assert list(provider.scopes(block)) == []


@pytest.mark.parametrize("denied", ["DescribeAccount", "ListParents"])
def test_whoever_may_only_list_lists(sandbox: Sandbox, provider: Provider, denied: str) -> None:
    """The permissions of an older release find the account all the same."""
    sandbox.faults.denied(denied)
    only = f"aws:{SHOP}"
    block = settings(organization={"units": ["ou-mail-00000002"]})
    found = provider.scopes(block.within(only.__eq__, frozenset({only})))
    assert named(list(found)) == [f"{only}/{EAST}"]


def test_a_large_organization_is_listed_whole(sandbox: Sandbox, provider: Provider) -> None:
    """Pages of twenty, and accounts that aren't active are left out."""
    for number in range(60):
        state = "SUSPENDED" if number == 7 else "ACTIVE"
        sandbox.organization.account(f"9{number:011d}", state=state)
    found = named(list(provider.scopes(settings(organization=True))))
    assert (len(found), f"aws:900000000007/{EAST}" in found) == (62, False)
    assert called(sandbox)[f"ListAccounts {HUB}"] == 4


@pytest.mark.parametrize("organization", [True, {"units": ["ou-mail-00000001"]}])
def test_what_was_listed_for_a_block_is_not_asked_for_again(
    sandbox: Sandbox, provider: Provider, organization: object
) -> None:
    """The scopes are the same, and Organizations hears of it once; between calls a lease is kept."""
    block = settings(organization=organization)
    scopes = named(list(provider.scopes(block)))
    asked = [call.action for call in sandbox.calls if call.service == "organizations"]
    sandbox.calls.clear()
    kept: list[int] = []
    listed = provider.accounts(block, lambda: kept.append(len(sandbox.calls)))
    assert listed
    assert [call.action for call in sandbox.calls if call.service == "organizations"] == asked
    assert len(kept) == len(asked)
    sandbox.calls.clear()
    assert named(list(provider.scopes(block.knowing(listed)))) == scopes
    assert not [call for call in sandbox.calls if call.service == "organizations"]


def test_a_block_that_names_its_accounts_has_none_to_list(
    sandbox: Sandbox, provider: Provider
) -> None:
    """Nobody is asked."""
    block = settings(accounts=[{"id": SHOP, "role": "cloudsync"}])
    assert provider.accounts(block, lambda: None) is None
    assert not sandbox.calls


def test_what_could_not_be_listed_goes_with_what_was(sandbox: Sandbox, provider: Provider) -> None:
    """Whoever goes by a listing says of it what whoever listed would."""
    block = settings(organization={"include": ["mail", "nobody"]})
    listed = provider.accounts(block, lambda: None)
    assert listed
    assert list(provider.scopes(block.knowing(listed))) == list(provider.scopes(block))
    assert [one.scope for one in listed.unlisted] == ["aws:nobody"]


def test_enabled_regions_are_each_accounts_own(sandbox: Sandbox, provider: Provider) -> None:
    """Without regions each account is asked for its own; some may be excluded by name."""
    sandbox.opt_out(WEST, SHOP)
    block = settings(organization=True, regions=None)
    assert named(list(provider.scopes(block))) == [
        f"aws:{MAIL}/{WEST}", f"aws:{MAIL}/{EAST}", f"aws:{SHOP}/{EAST}",
        f"aws:{LAB}/{WEST}", f"aws:{LAB}/{EAST}",
    ]  # fmt: skip
    block = settings(organization=True, regions=None, exclude_regions=[EAST])
    assert named(list(provider.scopes(block))) == [f"aws:{MAIL}/{WEST}", f"aws:{LAB}/{WEST}"]


def test_a_region_that_an_account_opted_out_of_is_unreadable(
    sandbox: Sandbox, provider: Provider
) -> None:
    """A region that is named and that the account doesn't have is said, never taken for empty."""
    sandbox.opt_out(EAST, MAIL)
    block = settings(organization={"include": ["mail"]})
    assert seen_by(provider, block) == [
        Unreadable(
            f"aws:{MAIL}/{EAST}",
            (
                "DescribeSecurityGroups: AWS was not able to validate the provided access "
                "credentials (AuthFailure)"
            ),
            "Enable the region for this account, or leave it out of regions.",
        )
    ]


def test_who_is_included_and_isnt_there_is_said(sandbox: Sandbox, provider: Provider) -> None:
    """An account that is meant by name and isn't an active member is never passed over."""
    sandbox.organization.account(SHOP, name="shop", state="SUSPENDED")
    block = settings(organization={"include": ["mail", "shop", "moil"]})
    assert list(provider.scopes(block)) == [
        Scope(f"aws:{MAIL}/{EAST}"),
        Unreadable(
            f"aws:{SHOP}",
            "the account is SUSPENDED, not ACTIVE",
            "Take it out of organization.include, if that is right.",
        ),
        Unreadable(
            "aws:moil",
            "it is included, and isn't an account of the organization",
            "Correct organization.include: it takes ids and names as AWS writes them.",
        ),
    ]


def test_an_unknown_unit_hides_no_other(sandbox: Sandbox, provider: Provider) -> None:
    """A unit that isn't there leaves the cloud unreadable beside the accounts that are."""
    block = settings(organization={"units": ["ou-mail-99999999", "ou-mail-00000002"]})
    assert list(provider.scopes(block)) == [
        Scope(f"aws:{SHOP}/{EAST}"),
        Unreadable(
            "aws",
            (
                "ou-mail-99999999: ListAccountsForParent: You specified parent that doesn't exist "
                "(ParentNotFoundException)"
            ),
            "Correct organization.units: an id is ou-… or r-…, of this very organization.",
        ),
    ]


@pytest.mark.parametrize("fault", ["denied", "throttled", "none"])
def test_an_organization_that_cant_be_listed_is_unreadable(
    sandbox: Sandbox, provider: Provider, fault: str
) -> None:
    """Where nobody says which accounts there are, the whole cloud is unreadable, with the reason."""
    if fault == "denied":
        sandbox.faults.denied("ListAccounts")
        what = "access to ListAccounts was denied (AccessDeniedException)"
        todo = (
            "Allow organizations:ListAccounts, in the management account or a delegated "
            "administrator's; or name accounts: in place of organization:."
        )
    elif fault == "throttled":
        sandbox.faults.throttle("ListAccounts", times=None)
        what = "AWS throttled ListAccounts (TooManyRequestsException)"
        todo = "Run again later; other tools of this account call the same actions."
    else:
        sandbox.organization.ends()
        what = (
            "ListAccounts: Your account isn't a member of an organization "
            "(AWSOrganizationsNotInUseException)"
        )
        todo = "Name accounts: in place of organization:, or leave both out."
    assert list(provider.scopes(settings(organization=True))) == [Unreadable("aws", what, todo)]


# --- what others own ---------------------------------------------------------------------------


def test_a_group_that_another_account_shares_is_only_looked_at(
    sandbox: Sandbox, provider: Provider
) -> None:
    """A shared group is seen with who gets in, nothing is planned on it, and its owner is named."""
    group = sandbox.seed_group(region=EAST, name="shared", account=SHOP)
    sandbox.share_group(EAST, group, MAIL, SHOP)
    block = settings(
        accounts=[{"id": MAIL, "role": "cloudsync"}], select={"ids": [group]}, mode="add"
    )
    (snapshot,) = seen_by(provider, block)
    assert isinstance(snapshot, AwsSnapshot)
    want = Wanted("mail", Mode.ADD, (ip_network("192.0.2.1/32"),))
    target = f"aws:{MAIL}/{EAST}/{group}"
    (plan,) = make(provider.rules, snapshot, {target: want}, "sha256:list")
    assert (plan.target, plan.verdict, plan.steps, plan.notes) == (
        target, "missing", (), (Note.SHARED,),
    )  # fmt: skip
    assert plan.remarks == (
        Remark(
            target,
            f"it belongs to account {SHOP}, which shares it with {MAIL}, so it is only looked at "
            f"here. Make it a target in {SHOP}: aws:{SHOP}/{EAST}/{group}.",
            Note.SHARED,
        ),
    )


# --- many --------------------------------------------------------------------------------------


def test_two_hundred_accounts_in_three_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every scope is read once or said to be unreadable, by few clients, whoever is denied."""
    regions = (EAST, WEST, "ap-south-1")
    with Sandbox(regions=regions) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        accounts = [f"{number:012d}" for number in range(1, 201)]
        denied, away = set(accounts[::10]), set(accounts[5::50])
        for account in accounts:
            sandbox.organization.account(account, roles=() if account in denied else ("cloudsync",))
        for account in away:
            sandbox.opt_out(EAST, account)
        groups = {
            tagged(sandbox, account, region)
            for account in accounts
            for region in regions
            if account not in denied and (account, region) not in {(one, EAST) for one in away}
        }
        provider = Provider()
        scopes = list(provider.scopes(settings(organization=True, regions=list(regions))))

        def look(scope: object) -> tuple[set[str], set[str]]:
            assert isinstance(scope, Scope)
            seen = list(provider.observe(scope))
            return (
                {one for each in seen if isinstance(each, AwsSnapshot) for one in each.targets},
                {each.scope for each in seen if isinstance(each, Unreadable)},
            )

        found = Abreast(16)(look, scopes, str)
        assert set().union(*(one for one, _ in found)) == groups
        assert set().union(*(one for _, one in found)) == {
            *(f"aws:{account}/{region}" for account in denied for region in regions),
            *(f"aws:{account}/{EAST}" for account in away),
        }
        assert len(scopes) == 600
        assert called(sandbox)[f"AssumeRole {HUB}"] == 180 + 20 * 3
