"""Events of other accounts and regions: each leads to the one place that it is of, by that account's role."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cloudsync.change import ours
from cloudsync.function import PassFailed, answer_change
from cloudsync_aws.sandbox import Sandbox
from tests.deploy.folders import AWS
from tests.deploy.stage import begun
from tests.deploy.test_events import trail
from tests.e2e.world import tcp

HERE: Final = "123456789012"
MAIL, SHOP, LAB = "111111111111", "222222222222", "333333333333"
HOME, FAR = "us-east-1", "eu-west-1"

Told = Callable[[str, str, str], dict[str, Any]]
"""``told(account, region, group)``: what came of an event of that place."""


@pytest.fixture
def cloud(fresh: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An organization of three accounts beside the caller's own, each with two regions."""
    with Sandbox(regions=(HOME, FAR)) as found:
        for name, value in found.environment().items():
            monkeypatch.setenv(name, value)
        for account in (MAIL, SHOP, LAB):
            found.organization.account(account, name=f"n{account[0]}")
        yield found


@pytest.fixture
def told(
    cloud: Sandbox, fresh: Callable[[str], str], unpacked: Callable[[str, str], Path]
) -> Callable[..., Told]:
    """A function over the organization, or with ``where`` over other places of it."""

    def made(where: str = "organization: {exclude: [n3]}") -> Told:
        state = fresh("s3")
        begun(state)
        bundle = unpacked(
            "aws-lambda",
            f"name: mail\nlist: {{source: list.txt, format: cidr}}\nstate: {state}\nsettle: 0s\n"
            f"targets:\n- {{provider: aws, {where}, endpoint: '{cloud.url}', mode: add,\n"
            "   select: {tags: {cloudsync: smtp}}}\n",
        )

        def event(account: str, region: str, group: str) -> dict[str, Any]:
            about = trail(
                "RevokeSecurityGroupIngress", {"groupId": group},
                recipientAccountId=account, awsRegion=region,
            )  # fmt: skip
            return answer_change("aws", about, 300.0, bundle, {})

        return event

    return made


def tagged(cloud: Sandbox, account: str, region: str) -> str:
    """A group of mail servers that lets nobody in."""
    return cloud.seed_group(
        region=region, name="mx", tags={"cloudsync": "smtp"}, permissions=[], account=account
    )


def test_an_event_of_another_account_and_region_has_that_one_place_put_right(
    cloud: Sandbox, told: Callable[..., Told]
) -> None:
    """By the role there; of the organization's other accounts nothing is asked, not even a list."""
    event = told()
    group, other = tagged(cloud, MAIL, FAR), tagged(cloud, SHOP, FAR)
    cloud.calls.clear()
    found = event(MAIL, FAR, group)
    assert (found["exit"], found["targets"], found["errors"]) == (0, {"in_sync": 1}, [])
    assert found["change"]["where"] == [f"aws:{MAIL}/{FAR}/{group}"]
    asked = {call.action for call in cloud.calls if call.account == HERE}
    assert asked == {"GetCallerIdentity", "DescribeAccount", "AssumeRole"}
    changed = {(call.action, call.account) for call in cloud.calls if call.account != HERE}
    assert ("AuthorizeSecurityGroupIngress", MAIL) in changed
    assert {account for _, account in changed} == {MAIL}
    again = event(MAIL, FAR, group)
    assert (again["targets"], again["done"]) == ({"in_sync": 1}, 0)
    assert event(SHOP, FAR, other)["done"] > 0


@pytest.mark.parametrize("where", [(LAB, FAR), ("999999999999", HOME)])
def test_an_event_of_an_account_that_nobody_looks_into_is_refused(
    cloud: Sandbox, told: Callable[..., Told], where: tuple[str, str]
) -> None:
    """In words and not as a failure of the platform's, which would send it again."""
    event = told()
    cloud.calls.clear()
    found = event(*where, "sg-0abc")
    assert (found["exit"], found["means"]) == (1, "error in use or configuration")
    assert found["errors"] == [
        f"aws:{where[0]}/{where[1]}/sg-0abc: it was changed, and no target block looks into its account, subscription or project, or its region. Nothing was changed. Add it to the configuration, or have its events sent here no more."
    ]
    assert {call.account for call in cloud.calls} == {HERE}


def test_an_event_of_a_region_that_nobody_looks_into_is_refused(
    cloud: Sandbox, told: Callable[..., Told]
) -> None:
    """The account is looked into, and this region isn't."""
    event = told(f"organization: true, regions: [{HOME}]")
    group = tagged(cloud, MAIL, FAR)
    found = event(MAIL, FAR, group)
    assert (found["exit"], found["elsewhere"]) == (1, [f"aws:{MAIL}/{FAR}/{group}"])


def test_a_group_of_a_far_account_that_is_not_selected_is_left_alone(
    cloud: Sandbox, told: Callable[..., Told]
) -> None:
    """Most events of a fleet are of such: no error, and nothing is done."""
    event = told()
    group = cloud.seed_group(
        region=FAR, name="web", tags={}, permissions=tcp("0.0.0.0/0"), account=SHOP
    )
    found = event(SHOP, FAR, group)
    assert (found["exit"], found["targets"], found["errors"]) == (0, {}, [])


def test_an_account_whose_role_lets_nobody_in_is_a_failure_with_its_name(
    cloud: Sandbox, told: Callable[..., Told]
) -> None:
    """What can't be looked at is never taken for nothing there: the platform sends it again."""
    event = told()
    group = tagged(cloud, MAIL, FAR)
    cloud.organization.account(MAIL, roles=())
    with pytest.raises(PassFailed) as failed:
        event(MAIL, FAR, group)
    found = json.loads(str(failed.value))
    assert (found["exit"], found["look_at"][0]["target"]) == (3, f"aws:{MAIL}")
    assert f"arn:aws:iam::{MAIL}:role/cloudsync can't be assumed" in found["look_at"][0]["why"]
    assert "elsewhere" not in found


@pytest.mark.parametrize(("role", "ignored"), [("cloudsync", True), ("admin", False)])
def test_what_we_did_in_any_account_is_ignored(tmp_path: Path, role: str, ignored: bool) -> None:
    """By the role's name in an account that nobody knew ahead, and no configuration is read for it."""
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{MAIL}:role/{role}"}
    who = {"arn": f"arn:aws:sts::{MAIL}:assumed-role/{role}/x", "sessionContext": {"sessionIssuer": issuer}}  # fmt: skip
    event = trail("RevokeSecurityGroupIngress", {"groupId": "sg-0abc"}, userIdentity=who)
    own = {"CLOUDSYNC_ACTORS": f"arn:aws:iam::{HERE}:role/hub,arn:aws:iam::*:role/cloudsync"}
    if ignored:
        found = answer_change("aws", event, None, tmp_path, own)
        assert found["ignored"] == "we made it ourselves"
        return
    with pytest.raises(PassFailed):  # it is looked at, and there is no configuration
        answer_change("aws", event, None, tmp_path, own)


def test_the_roles_that_may_be_taken_are_those_that_are_known_as_our_own() -> None:
    """What the deployed Terraform tells the function of them is what organization.json allows."""
    said = json.loads((AWS / "permissions/organization.json").read_text("utf-8"))
    (own,) = (one["Resource"] for one in said["Statement"] if one["Sid"] == "TakeTheRole")
    assert ours([f"arn:aws:iam::{MAIL}:role/cloudsync"], [own])
    assert not ours([f"arn:aws:iam::{MAIL}:role/cloudsync-hub"], [own])
