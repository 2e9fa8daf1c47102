"""A global network policy as the SDK holds it: its rules, and the one that it becomes; it calls nothing."""

from __future__ import annotations

import importlib
from typing import Any

from cloudsync_gcp.calls import Call, policy_rule
from cloudsync_gcp.reading import policy_rules
from cloudsync_gcp.rule import Rule


def rules_of(policy: Any, call: Call) -> tuple[Rule, ...]:
    """The policy's inbound rules for the call's network."""
    layer = next(rule.layer for rule in (call.new, call.old) if rule)
    path = f"projects/{call.project}/global/networks/{call.network}"
    return policy_rules(policy.rules, path, layer)[0]


def changed(policy: Any, call: Call) -> Any:
    """The policy's rules as ``call`` is to leave them, under the fingerprint that it has."""
    sdk: Any = importlib.import_module("google.cloud.compute_v1")
    rules: list[Any] = []
    for rule in policy.rules:
        if call.old is not None and rule.priority == call.old.number:
            continue
        kept = sdk.FirewallPolicyRule(rule)
        # Both are Google's to say, and refused from anybody else.
        for given in ("kind", "rule_tuple_count"):
            kept._pb.ClearField(given)  # noqa: SLF001 - the wrapper has no word for leaving out
        rules.append(kept)
    if call.new is not None:
        rules.append(sdk.FirewallPolicyRule(policy_rule(call.new)))
    rules.sort(key=lambda rule: rule.priority)
    return sdk.FirewallPolicy(fingerprint=policy.fingerprint, rules=rules)
