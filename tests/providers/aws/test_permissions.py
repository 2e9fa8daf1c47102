from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest

from cloudsync.model import Mode, Wanted
from cloudsync.provider import Outcome, Scope
from cloudsync_aws.calls import ACTION
from cloudsync_aws.provider import Provider
from cloudsync_aws.sandbox import Sandbox
from cloudsync_aws.settings import AwsSettings
from cloudsync_aws.snapshot import AwsSnapshot
from tests.providers.aws.fleets import own, permission
from tests.tree import tree

PREFIX = {"ec2": "ec2", "service-quotas": "servicequotas", "servicequotas": "servicequotas"}


def statements(name: str) -> list[dict[str, Any]]:
    """The statements of a policy in the provider's folder."""
    text = (tree() / "providers" / "aws" / "permissions" / name).read_text("utf-8")
    found: list[dict[str, Any]] = json.loads(text)["Statement"]
    return found


def allowed(name: str) -> set[str]:
    """What a policy allows."""
    return {action for one in statements(name) for action in one["Action"]}


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every action of a run that uses all there is: regions, lists, ids, quota, and each change."""
    with Sandbox(quota=100) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        partners = sandbox.seed_prefix_list(region="us-east-1", name="p", entries=["192.0.2.0/24"])
        sandbox.seed_group(
            region="us-east-1",
            name="mail",
            tags={"cloudsync": "smtp"},
            permissions=[
                permission(partners),
                own("198.18.0.0/32", purpose="also"),
                own("198.18.9.9/32"),
            ],
        )
        provider = Provider()
        networks = tuple(ip_network(f"198.18.0.{number}/32") for number in range(61))
        want = Wanted("mail", Mode.ENFORCE, networks, internal="keep")
        block = AwsSettings.model_validate(
            {"mode": "enforce", "select": {"tags": {"cloudsync": "smtp"}}}
        )
        for scope in provider.scopes(block):
            assert isinstance(scope, Scope)
            for sweep in provider.observe(scope):
                assert isinstance(sweep, AwsSnapshot)
                (close,) = provider.observe(scope, frozenset(sweep.targets))
                assert isinstance(close, AwsSnapshot)
                steps = provider.rules.steps(close, dict.fromkeys(close.targets, want)).steps
                assert [provider.apply(step) for step in steps] == [Outcome("done")] * 4
        return {
            f"{PREFIX[call.service]}:{call.action}"
            for call in sandbox.calls
            if call.service != "sts"
        }


def test_write_is_what_is_called(called: set[str]) -> None:
    """The policy for changes allows exactly what a run calls."""
    assert allowed("write.json") == called


def test_watch_changes_nothing(called: set[str]) -> None:
    """The policy for looking allows exactly what a run calls, less the changes."""
    changes = {f"ec2:{action}" for action in ACTION.values()}
    assert allowed("watch.json") == called - changes


def test_changes_are_bound_to_the_tag() -> None:
    """Whatever changes a group is allowed on tagged groups alone, and nothing is allowed by star."""
    for one in statements("write.json"):
        changes = {f"ec2:{action}" for action in ACTION.values()} & set(one["Action"])
        assert not any("*" in action for action in one["Action"])
        if changes:
            assert one["Resource"] == "arn:aws:ec2:*:*:security-group/*"
            assert one["Condition"] == {"StringEquals": {"aws:ResourceTag/cloudsync": "smtp"}}
