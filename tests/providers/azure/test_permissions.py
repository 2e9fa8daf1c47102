from __future__ import annotations

import json
from typing import Any, Final

import pytest

from cloudsync.model import Mode
from cloudsync.plan import make
from cloudsync.provider import Outcome, Scope
from cloudsync_azure.calls import ACTION
from cloudsync_azure.client import PLACEHOLDER
from cloudsync_azure.provider import Provider
from cloudsync_azure.sandbox import Dialect, Principal, Sandbox
from cloudsync_azure.settings import AzureSettings
from cloudsync_azure.snapshot import AzureSnapshot
from tests.providers.azure.nsgs import LISTED, own, rule, wanted
from tests.tree import tree

NETWORK: Final = "Microsoft.Network/"
# Actions of which Azure's log shows no call of their own: naming an application security group in a
# rule takes the right to join it (Azure resource provider operations, Microsoft.Network).
IMPLIED: Final = {NETWORK + "applicationSecurityGroups/joinNetworkSecurityRule/action"}
# What the log names no action for, since these answer with whatever the caller may see. Asking
# after an operation may take a right of its own (role definitions in use name it), so it is allowed.
UNNAMED: Final = {
    "Subscriptions_List": "Microsoft.Resources/subscriptions/read",
    "Operations_Get": NETWORK + "locations/operations/read",
}


def role(name: str) -> dict[str, Any]:
    """A custom role in the provider's folder."""
    text = (tree() / "providers" / "azure" / "permissions" / name).read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def run(name: str) -> tuple[set[str], list[Outcome]]:
    """What was called by a run with a role: discovery, a sweep, a close look, and each change."""
    with Sandbox(dialect=Dialect(lro="async")) as sandbox:
        sandbox.seed_principal(PLACEHOLDER, Principal("run", tuple(role(name)["Actions"])))
        group = sandbox.seed_asg("mx")
        subnet = (
            f"{group.partition('/providers/')[0]}/providers/{NETWORK}virtualNetworks/v/subnets/s"
        )
        own_group = sandbox.seed_nsg("host", [rule("smtp", 300)])
        sandbox.seed_interface("mx1", subnet, nsg=own_group, asgs=[group])
        sandbox.seed_nsg(
            "mx",
            [
                own("list", "ipv4", 100, "198.51.100.7/32"),
                own("also", "ipv4", 110, "192.0.2.1/32"),
                rule("open", 300),
            ],
            tags={"cloudsync": "smtp"},
            subnets=[subnet],
        )
        provider = Provider()
        block = AzureSettings.model_validate(
            {
                "provider": "azure", "mode": "enforce", "endpoint": sandbox.endpoint,
                "select": {"tags": {"cloudsync": "smtp"}}, "protect": {"asg": [group]},
            }
        )  # fmt: skip
        want = wanted(*LISTED, mode=Mode.ENFORCE)
        outcomes: list[Outcome] = []
        for scope in provider.scopes(block):
            assert isinstance(scope, Scope)
            for sweep in provider.observe(scope):
                assert isinstance(sweep, AzureSnapshot)
                may = {one.held for one in provider.permissions(scope, sweep.targets)}
                assert may == {name == "write.json"}
                (close,) = provider.observe(scope, frozenset(sweep.targets))
                assert isinstance(close, AzureSnapshot)
                wants = dict.fromkeys(close.targets, want)
                (plan,) = make(provider.rules, close, wants, "sha256:test")
                assert {step.verb for step in plan.steps} == {"add", "replace", "remove"}
                outcomes = [provider.apply(step) for step in plan.steps]
        return {call.action or UNNAMED[call.operation] for call in sandbox.calls}, outcomes


@pytest.fixture(scope="module")
def written() -> tuple[set[str], list[Outcome]]:
    """A run with the role for changes."""
    return run("write.json")


def test_write_is_what_is_called(written: tuple[set[str], list[Outcome]]) -> None:
    """The role for changes is enough for a whole run, and names nothing that no run calls."""
    called, outcomes = written
    assert {outcome.kind for outcome in outcomes} == {"done"}
    assert set(role("write.json")["Actions"]) == called | IMPLIED


def test_watch_is_enough_to_look_and_changes_nothing() -> None:
    """With the role for looking all is seen, each change is denied, and nothing else is named."""
    called, outcomes = run("watch.json")
    assert {outcome.kind for outcome in outcomes} == {"denied"}
    tried = {*ACTION.values(), NETWORK + "networkSecurityGroups/securityRules/read"}
    assert set(role("watch.json")["Actions"]) == called - tried


def test_nothing_is_allowed_by_a_star() -> None:
    """Each action is named whole; the changes are of rules alone."""
    for name in ("watch.json", "write.json"):
        actions = role(name)["Actions"]
        assert not any("*" in action for action in actions)
        assert actions == sorted(actions)
    changes = {one for one in role("write.json")["Actions"] if not one.endswith("/read")} - IMPLIED
    assert changes == set(ACTION.values())
