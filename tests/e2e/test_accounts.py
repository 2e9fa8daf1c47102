from __future__ import annotations

import pytest

from tests.e2e.world import GUARDED, LIST, REGION, World, tcp

MAIL, SHOP = "111111111111", "222222222222"
UNTRUSTED = (
    "Make the role there, have it trust these credentials (with external_id, where it asks for "
    "one), and allow them sts:AssumeRole on it; or leave the account out."
)


def block(*lines: str) -> str:
    """A target block in add, in the sandbox's region."""
    return "\n".join(
        ["mode: add", f"regions: [{REGION}]", "select: {tags: {cloudsync: smtp}}", *lines]
    )


@pytest.fixture
def organized(world: World) -> World:
    """Two accounts with a group each, one of which lets cloudsync in, and a list that is in force."""
    world.sandbox.organization.account(MAIL, name="mail")
    world.sandbox.organization.account(SHOP, name="shop", roles={"cloudsync": "x9"})
    for account in (MAIL, SHOP):
        world.sandbox.seed_group(
            region=REGION, name="mx", tags=GUARDED, permissions=tcp("192.0.2.1/32"), account=account
        )
    world.config(block("organization: true"))
    world.accepted()
    return world


def standing(world: World, account: str) -> int:
    """How many networks of the list stand in the account's group."""
    (group,) = [
        one for one in world.sandbox.groups(REGION, account=account).values() if one.get("Tags")
    ]
    networks = {
        one["CidrIp"] for permission in group["IpPermissions"] for one in permission["IpRanges"]
    }
    return len(networks & {one if "/" in one else f"{one}/32" for one in LIST})


def test_an_account_that_lets_nobody_in_holds_up_no_other(organized: World) -> None:
    """The organization's accounts are kept right; one that can't be entered is named, with why."""
    done = organized.run("apply", "--yes")
    assert (done.code, standing(organized, MAIL), standing(organized, SHOP)) == (3, 15, 0)
    assert f"aws:{SHOP}/{REGION}" in done.out
    assert (
        f"arn:aws:iam::{SHOP}:role/cloudsync can't be assumed (AccessDenied). {UNTRUSTED}"
        in " ".join(done.out.split())
    )
    assert "Traceback" not in done.out + done.err
    organized.forget()
    again = organized.run("apply", "--yes")
    assert (again.code, organized.mutations) == (3, [])


def test_an_account_that_leaves_is_missed(organized: World) -> None:
    """A target whose account left the organization is said to be gone until it is forgotten."""
    organized.run("apply", "--yes")
    organized.sandbox.organization.leaves(MAIL)
    looked = organized.run("drift")
    assert looked.code == 3
    assert "in an account or region that isn't listed any more" in " ".join(looked.out.split())


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            [f'accounts: [{{id: "{SHOP}", role: cloudsync}}]'],
            f"arn:aws:iam::{SHOP}:role/cloudsync can't be assumed (AccessDenied). {UNTRUSTED}",
        ),
        (
            [f'accounts: [{{id: "{MAIL}", role: nobody}}]'],
            f"arn:aws:iam::{MAIL}:role/nobody can't be assumed (AccessDenied). {UNTRUSTED}",
        ),
        (
            ["organization: {units: [ou-mail-99999999]}"],
            (
                "ou-mail-99999999: ListAccountsForParent: You specified parent that doesn't exist "
                "(ParentNotFoundException). Correct organization.units: an id is ou-… or r-…, of "
                "this very organization."
            ),
        ),
        (
            ["organization: {include: [moil]}"],
            (
                "it is included, and isn't an account of the organization. Correct "
                "organization.include: it takes ids and names as AWS writes them."
            ),
        ),
    ],
    ids=["no external id", "unknown role", "unknown unit", "unknown account"],
)
def test_whom_nobody_can_look_at_is_unreadable(
    organized: World, lines: list[str], said: str
) -> None:
    """What leads nowhere is in the report with its reason and the way out, and ends with 3."""
    organized.config(block(*lines))
    done = organized.run("apply", "--yes")
    assert (done.code, organized.mutations) == (3, [])
    assert said in " ".join(done.out.split())
    assert "Traceback" not in done.out + done.err


def test_an_organization_that_may_not_be_listed(organized: World) -> None:
    """Without the right to list accounts nothing is guessed: known targets are unreadable too."""
    organized.run("apply", "--yes")
    organized.sandbox.faults.denied("ListAccounts")
    looked = organized.run("drift", "--format", "json")
    assert looked.code == 3
    assert f'"aws:{MAIL}/{REGION}/' in looked.out
    assert "access to ListAccounts was denied (AccessDeniedException)" in looked.out


def test_a_run_that_has_no_time(organized: World) -> None:
    """What a run didn't reach before its deadline is said, and nothing is changed."""
    organized.config(block("organization: true"), more="deadline: 1s")
    organized.sandbox.faults.latency(1.1, "ListAccounts", times=1)
    done = organized.run("apply", "--yes")
    assert (done.code, organized.mutations) == (3, [])
    assert "not reached before the deadline" in " ".join(done.out.split())
