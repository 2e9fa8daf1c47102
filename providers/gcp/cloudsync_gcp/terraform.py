"""A network's own rules as Terraform's google provider has them; it calls nothing.

Sources: the provider's pages on google_compute_firewall and on
google_compute_network_firewall_policy_rule, and the import formats of its generator
(GoogleCloudPlatform/magic-modules, products/compute).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cloudsync.tells import Resource
from cloudsync_gcp.layers import Layer
from cloudsync_gcp.marks import owner
from cloudsync_gcp.rule import Rule
from cloudsync_gcp.snapshot import GcpSnapshot
from cloudsync_gcp.target import Target

CLASSIC: Final = "google_compute_firewall"
POLICY: Final = "google_compute_network_firewall_policy_rule"


def resources(
    snapshot: GcpSnapshot, target: Target, installation: str, ports: tuple[int, ...]
) -> Iterator[Resource]:
    """Each own rule that protects ``target``."""
    layer = snapshot.network.own
    for rule in layer.ordered if layer else ():
        owned = owner(rule, installation, ports)
        if layer is None or owned is None or owned.target != target:
            continue
        of = _in_policy if layer.resource else _classic
        yield of(snapshot, layer, rule, owned.purpose)


def _classic(snapshot: GcpSnapshot, layer: Layer, rule: Rule, purpose: Any) -> Resource:
    del layer
    network = snapshot.network
    return Resource(
        CLASSIC,
        f"projects/{network.project}/global/firewalls/{rule.name}",
        purpose,
        _port(rule),
        rule.ranges or tuple(one.text for one in rule.sources),
        None,
        _field(rule),
        {
            "name": rule.name,
            "project": network.project,
            "network": network.name,
            "direction": "INGRESS",
            "priority": rule.number,
            "description": rule.description,
            "target_tags": list(rule.tags),
            "target_service_accounts": list(rule.accounts),
            rule.action: {"protocol": rule.protocols[0].name, "ports": [str(_port(rule))]},
        },
    )


def _field(rule: Rule) -> str:
    if rule.ranges:
        return "source_ranges"
    return "source_service_accounts" if "@" in rule.sources[0].text else "source_tags"


def _in_policy(snapshot: GcpSnapshot, layer: Layer, rule: Rule, purpose: Any) -> Resource:
    project = snapshot.network.project
    config = {"ip_protocol": rule.protocols[0].name, "ports": [str(_port(rule))]}
    return Resource(
        POLICY,
        f"projects/{project}/global/firewallPolicies/{layer.resource}/rules/{rule.number}",
        purpose,
        _port(rule),
        rule.ranges,
        None,
        "match.src_ip_ranges",
        {
            "firewall_policy": layer.resource,
            "project": project,
            "rule_name": rule.name,
            "direction": "INGRESS",
            "action": rule.action,
            "priority": rule.number,
            "description": rule.description,
            "target_service_accounts": list(rule.accounts),
            "match": {"layer4_configs": config},
        },
    )


def _port(rule: Rule) -> int:
    return int(rule.protocols[0].ports[0].partition("-")[0])
