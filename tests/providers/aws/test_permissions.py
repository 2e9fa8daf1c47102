"""The files in the permissions folder hold what the life of a target calls for, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, Final

import pytest

from cloudsync.model import Mode, Wanted
from cloudsync.plan import make
from cloudsync.provider import Order, Outcome, Scope, Unreadable
from cloudsync_aws.actions import Need, needs
from cloudsync_aws.provider import Provider
from cloudsync_aws.sandbox import Sandbox
from cloudsync_aws.settings import AwsSettings
from cloudsync_aws.snapshot import AwsSnapshot
from tests.providers.aws.fleets import own, permission
from tests.providers.aws.sandboxed import client
from tests.tree import tree

FOLDER: Final = tree() / "providers" / "aws" / "permissions"
FILES: Final = ("watch", "write", "prefix-list", "organization", "trail")
MANAGED_POLICY: Final = 6_144
"""Characters that a managed policy may hold (IAM quotas)."""

MEMBER: Final = "111111111111"
REGION: Final = "us-east-1"
SELECT: Final = {"tags": {"cloudsync": "smtp"}}
TAG: Final = {"StringEquals": {"aws:ResourceTag/cloudsync": "smtp"}}


def statements(name: str) -> list[dict[str, Any]]:
    """The statements of a policy in the provider's folder."""
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))[
        "Statement"
    ]
    return found


def allowed(*names: str) -> set[Need]:
    """What policies allow, by action and type of resource."""
    return {
        Need(action, re.sub(r"^arn:aws:[^/]*:([a-z-]+)/.*$", r"\1", one["Resource"]))
        for name in names
        for one in statements(name)
        for action in one["Action"]
    }


def needed(sandbox: Sandbox, account: str) -> set[Need]:
    """What the calls made in ``account`` had to be allowed, as the sandbox's log shows them."""
    return {
        need
        for call in sandbox.calls
        if call.account == account
        for need in needs(call.service, call.action, call.params)
    }


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A cloud with an organization: the caller's account, and a member in a unit."""
    with Sandbox(regions=(REGION,), quota=100) as found:
        for name, value in found.environment().items():
            monkeypatch.setenv(name, value)
        found.organization.account(MEMBER, name="mail", parent=found.organization.unit("mail"))
        yield found


def _close(provider: Provider, scope: Scope) -> AwsSnapshot:
    """A close look at every target of a scope, after a sweep of it."""
    (sweep,) = provider.observe(scope)
    assert isinstance(sweep, AwsSnapshot)
    (close,) = provider.observe(scope, frozenset(sweep.targets))
    assert isinstance(close, AwsSnapshot)
    return close


def groups(sandbox: Sandbox, account: str = "123456789012", **where: Any) -> None:
    """The life of a group: found in every region, added to, closed, tidied, and taken back."""
    partners = sandbox.seed_prefix_list(
        region=REGION, name="p", entries=["192.0.2.0/24"], account=account
    )
    group = sandbox.seed_group(
        region=REGION, name="mail", tags=SELECT["tags"], account=account,
        permissions=[permission(partners), own("198.18.0.0/32", purpose="also"),
                     own("198.18.9.9/32")],
    )  # fmt: skip
    stranger = [permission("203.0.113.0/24")]
    if account == sandbox.account:
        tags = [{"Key": "team", "Value": "net"}]
        client(sandbox).authorize_security_group_ingress(
            GroupId=group, IpPermissions=stranger,
            TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": tags}],
        )  # fmt: skip
    else:
        sandbox.plant(REGION, group, stranger, account=account)
    sandbox.calls.clear()
    provider = Provider()
    networks = tuple(ip_network(f"198.18.0.{number}/32") for number in range(61))
    want = Wanted("mail", Mode.ENFORCE, networks, internal="keep")
    block = AwsSettings.model_validate({"mode": "enforce", "select": SELECT, **where})
    scopes = [scope for scope in provider.scopes(block) if str(scope).startswith(f"aws:{account}")]
    (scope,) = scopes
    assert isinstance(scope, Scope)
    close = _close(provider, scope)
    (target,) = close.targets
    assert {one.held for one in provider.permissions(scope, [target])} == {True}
    (plan,) = make(provider.rules, close, {target: want}, "d")
    assert [provider.apply(step) for step in plan.steps] == [Outcome("done")] * 4
    order = Order("undo", tuple(one.record for one in plan.reversals if one.record))
    (back,) = make(provider.rules, _close(provider, scope), {target: want}, "d", order)
    assert {provider.apply(step) for step in back.steps} == {Outcome("done")}


def swaps(sandbox: Sandbox) -> None:
    """A group whose quota is full: what it no longer needs is rewritten in place."""
    sandbox.set_quota(61, region=REGION)
    old = [f"198.18.1.{number}/32" for number in range(61)]
    sandbox.seed_group(
        region=REGION, name="full", tags={"full": "yes"}, permissions=[own(*old)],
    )  # fmt: skip
    provider = Provider()
    block = AwsSettings.model_validate({"mode": "add", "select": {"tags": {"full": "yes"}}})
    (scope,) = provider.scopes(block)
    assert isinstance(scope, Scope)
    close = _close(provider, scope)
    new = tuple(ip_network(f"198.18.2.{number}/32") for number in range(61))
    want = Wanted("mail", Mode.ADD, new)
    (plan,) = make(provider.rules, close, dict.fromkeys(close.targets, want), "d")
    assert {provider.apply(step) for step in plan.steps} == {Outcome("done")}


def lists(sandbox: Sandbox) -> None:
    """The life of a prefix list: grown, written, tidied, and taken back."""
    listed = sandbox.seed_prefix_list(
        region=REGION, name="mail", entries=[("198.18.9.9/32", "cloudsync/mail list"), ("203.0.113.0/24", "partner")],
        max_entries=9, tags=SELECT["tags"],
    )  # fmt: skip
    sandbox.seed_group(
        region=REGION, name="by-list", tags=SELECT["tags"], permissions=[permission(listed)]
    )
    provider = Provider()
    block = AwsSettings.model_validate(
        {"mode": "enforce", "kind": "prefix-list", "select": SELECT, "regions": [REGION]}
    )
    (scope,) = provider.scopes(block)
    assert isinstance(scope, Scope)
    asked = provider.permissions(scope, [f"{scope}/{listed}"])
    assert [one.held for one in asked] == [True, True]
    networks = tuple(ip_network(f"198.18.3.{number}/32") for number in range(12))
    want = Wanted("mail", Mode.ENFORCE, networks, internal="keep")

    def close(order: Order | None = None) -> Any:
        (sweep,) = provider.observe(scope)
        assert not isinstance(sweep, Unreadable)
        (seen,) = provider.observe(scope, frozenset(sweep.targets))
        assert not isinstance(seen, Unreadable)
        wants = dict.fromkeys(seen.targets, want)
        (plan,) = make(provider.rules, seen, wants, "d", order)
        assert plan.steps
        assert {provider.apply(step) for step in plan.steps} == {Outcome("done")}
        return plan

    done = close()
    close(Order("undo", tuple(one.record for one in done.reversals if one.record)))


def test_watch_and_write_are_what_the_life_of_targets_calls_for(sandbox: Sandbox) -> None:
    """Both ways: nothing is called that isn't allowed, nothing is allowed that isn't called."""
    groups(sandbox)
    swaps(sandbox)
    lists(sandbox)
    calls = needed(sandbox, sandbox.account)
    assert calls == allowed("watch", "write", "prefix-list")
    changes = {one for one in calls if one.resource != "*"}
    assert allowed("watch") == calls - changes
    assert allowed("write") | allowed("prefix-list") == changes


def test_groups_need_no_word_on_lists_and_lists_none_on_groups(sandbox: Sandbox) -> None:
    """Who keeps lists alone may change no group, so that no port can be opened by that role."""
    lists(sandbox)
    assert needed(sandbox, sandbox.account) <= allowed("watch", "prefix-list")
    assert {one.resource for one in allowed("prefix-list")} == {"prefix-list"}
    assert {one.resource for one in allowed("write")} == {"security-group", "security-group-rule"}


def test_an_organization_needs_its_list_and_the_role_and_no_more(sandbox: Sandbox) -> None:
    """The caller's own account lists accounts and takes roles; all else is done as the role."""
    groups(sandbox, MEMBER, organization={"role": "cloudsync"})
    assert needed(sandbox, MEMBER) <= allowed("watch", "write")
    unit = sandbox.organization.unit("more")
    block = AwsSettings.model_validate(
        {
            "mode": "watch",
            "select": SELECT,
            "organization": {"role": "cloudsync", "units": [unit]},
        }
    )
    assert list(Provider().scopes(block)) == []
    # What an event of one account asks in place of the list.
    only = f"aws:{MEMBER}"
    assert list(Provider().scopes(block.within(only.__eq__, frozenset({only})))) == []
    assert needed(sandbox, sandbox.account) == allowed("organization")


@pytest.mark.parametrize("name", FILES)
def test_no_policy_is_wider_or_longer_than_it_may_be(name: str) -> None:
    """No star in an action, no change without a bound, and room in one managed policy."""
    text = (FOLDER / f"{name}.json").read_text("utf-8")
    assert len(text) <= MANAGED_POLICY
    for one in statements(name):
        assert not [action for action in one["Action"] if "*" in action]
        assert one["Action"] == sorted(one["Action"])
        kind = next(iter(allowed_by(one)))
        if kind in {"security-group", "prefix-list"}:
            assert one["Condition"] == TAG
        elif one["Action"] == ["ec2:CreateTags"]:
            create = {"ec2:CreateAction": "AuthorizeSecurityGroupIngress"}
            assert one["Condition"] == {"StringEquals": create}


def allowed_by(statement: dict[str, Any]) -> set[str]:
    """The types of resource of one statement."""
    return {re.sub(r"^arn:aws:[^/]*:([a-z-]+)/.*$", r"\1", statement["Resource"])}


def test_rules_are_changed_only_together_with_their_group() -> None:
    """What isn't bound to the tag is needed beside the group's own, which is: it opens nothing."""
    bound = {
        action for one in statements("write") if one.get("Condition") == TAG for action in one["Action"]
    }  # fmt: skip
    free = {
        action for one in statements("write") if "Condition" not in one for action in one["Action"]
    }
    assert free == {"ec2:AuthorizeSecurityGroupIngress", "ec2:ModifySecurityGroupRules"}
    assert free <= bound


@pytest.mark.parametrize(
    ("call", "parameters", "found"),
    [
        ("AuthorizeSecurityGroupIngress", ["GroupId", "IpPermissions"],
         {("AuthorizeSecurityGroupIngress", "security-group")}),
        ("AuthorizeSecurityGroupIngress", ["GroupId", "TagSpecifications"],
         {("AuthorizeSecurityGroupIngress", "security-group"),
          ("AuthorizeSecurityGroupIngress", "security-group-rule"),
          ("CreateTags", "security-group-rule")}),
        ("RevokeSecurityGroupIngress", ["SecurityGroupRuleId.1"],
         {("RevokeSecurityGroupIngress", "security-group")}),
    ],
)  # fmt: skip
def test_a_call_may_need_what_is_never_called(
    call: str, parameters: list[str], found: set[tuple[str, str]]
) -> None:
    """Tags at creation need CreateTags, whether the names are the SDK's or the wire's."""
    assert needs("ec2", call, parameters) == {Need(f"ec2:{one}", kind) for one, kind in found}


def test_a_call_that_is_never_made_is_in_no_table() -> None:
    """Whoever makes a new call has to say what it needs."""
    with pytest.raises(KeyError):
        needs("ec2", "DeleteSecurityGroup")
