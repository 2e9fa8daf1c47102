"""One change of one rule, and the request that makes it; it sends nothing.

A classic rule is inserted, patched or deleted (resource `firewalls`); a patch leaves what it doesn't
name and replaces every array that it names whole. A rule of a policy is changed by writing the
policy's rules whole under its fingerprint (resource `networkFirewallPolicies`, method `patch`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Literal

from cloudsync.immutable import immutable
from cloudsync_gcp.rule import Rule


@immutable
class Call:
    """What one step sends. ``before`` are the rules that it was planned on."""

    verb: Literal["add", "replace", "remove"]
    project: str
    network: str
    policy: str
    old: Rule | None
    new: Rule | None
    before: tuple[Rule, ...] = field(default=(), repr=False)
    endpoint: str | None = None

    @property
    def name(self) -> str:
        """The name of the rule."""
        rule = self.new or self.old
        return rule.name if rule else ""

    @property
    def action(self) -> str:
        """What Google calls it, as permissions and errors name it."""
        if self.policy:
            return "networkFirewallPolicies.patch"
        verb = {"add": "insert", "replace": "patch", "remove": "delete"}[self.verb]
        return f"firewalls.{verb}"

    def applied(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """The inbound rules of the layer, once it is done."""
        kept = [rule for rule in rules if rule != self.old]
        return (*kept, self.new) if self.new else tuple(kept)

    def shown(self, rules: Iterable[Rule]) -> bool:
        """Whether ``rules`` are as it was to leave them, as far as its own rule goes."""
        standing = set(rules)
        return self.new in standing if self.new else self.old not in standing


def network_url(project: str, network: str) -> str:
    """What a rule says of the network that it is on."""
    return f"https://www.googleapis.com/compute/v1/projects/{project}/global/networks/{network}"


def resource(call: Call) -> dict[str, Any]:
    """The body of an insert, or of a patch, in the words of the SDK.

    Raises:
        ValueError: the rule names no source, and would let in everyone.
    """
    rule = call.new
    if rule is None or rule.everyone:
        raise ValueError(f"{call.name} names no source: such a rule is for everyone")
    entries = [_protocol(rule, "I_p_protocol")]
    body: dict[str, Any] = {
        "name": rule.name,
        "description": rule.description,
        "priority": rule.number,
        "allowed" if rule.action == "allow" else "denied": entries,
    }
    if rule.ranges:
        body["source_ranges"] = list(rule.ranges)
    tags = [one.text for one in rule.sources if "@" not in one.text]
    accounts = [one.text for one in rule.sources if "@" in one.text]
    if tags:
        body["source_tags"] = tags
    if accounts:
        body["source_service_accounts"] = accounts
    if call.verb == "replace":
        # Whom it protects is part of what makes it ours, so it is right already.
        return body
    body |= {"network": network_url(call.project, call.network), "direction": "INGRESS"}
    if rule.tags:
        body["target_tags"] = list(rule.tags)
    if rule.accounts:
        body["target_service_accounts"] = list(rule.accounts)
    return body


def policy_rule(rule: Rule) -> dict[str, Any]:
    """An own rule as a policy holds it, in the words of the SDK.

    Raises:
        ValueError: the rule names no source, and would let in everyone.
    """
    if rule.everyone:
        raise ValueError(f"{rule.name} names no source: such a rule is for everyone")
    match: dict[str, Any] = {"layer4_configs": [_protocol(rule, "ip_protocol")]}
    if rule.ranges:
        match["src_ip_ranges"] = list(rule.ranges)
    if rule.sources:
        match["src_secure_tags"] = [{"name": one.text} for one in rule.sources]
    body: dict[str, Any] = {
        "rule_name": rule.name,
        "description": rule.description,
        "priority": rule.number,
        "action": rule.action,
        "direction": "INGRESS",
        "match": match,
    }
    if rule.accounts:
        body["target_service_accounts"] = list(rule.accounts)
    return body


def _protocol(rule: Rule, key: str) -> Mapping[str, Any]:
    (one,) = rule.protocols
    return {key: one.name, "ports": list(one.ports)}
