"""VPC networks and what is in force on them, hierarchical and network policies included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudsync_gcp.sandbox import firewalls
from cloudsync_gcp.sandbox.listing import answer, page
from cloudsync_gcp.sandbox.operations import Asked
from cloudsync_gcp.sandbox.values import Body
from cloudsync_gcp.sandbox.wire import missing
from cloudsync_gcp.sandbox.world import World, link, path_of

HIERARCHICAL: Final = "locations/global/firewallPolicies"
FILTERED: Final = frozenset(
    {"autoCreateSubnetworks", "creationTimestamp", "description", "id", "name", "selfLink"}
)


def collection(project: str) -> str:
    """The path of a project's networks."""
    return f"projects/{project}/global/networks"


def policies(project: str, region: str = "") -> str:
    """The path of a project's network policies, global or of a region."""
    place = f"regions/{region}" if region else "global"
    return f"projects/{project}/{place}/firewallPolicies"


def listed(asked: Asked) -> Body:
    """A page of networks."""
    path = collection(asked.project.id)
    items, token = page(asked, asked.world.seen(path), fields=FILTERED)
    return answer("compute#networkList", path, items, token)


def get(asked: Asked) -> Body:
    """One network."""
    return asked.world.get(collection(asked.project.id), asked.params["network"], late=True)


def effective(asked: Asked) -> Body:
    """Rules and policies in force on a network: hierarchical and global ones, no regional ones.

    Source: the description of NetworksGetEffectiveFirewallsResponse.
    """
    network = link(f"{collection(asked.project.id)}/{get(asked)['name']}")
    return _effective(asked, network, [
        *_hierarchical(asked, network),
        *_network(asked.world, policies(asked.project.id), network, "NETWORK"),
    ])  # fmt: skip


def regionally_effective(asked: Asked) -> Body:
    """As `effective`, and the region's policies too.

    Source: the description of RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse.
    """
    given = asked.query.get("network", "")
    if not given:
        raise missing("network")
    path = path_of(given)
    path = f"projects/{asked.project.id}/{path}" if path.startswith("global/") else path
    asked.world.get(collection(asked.project.id), path.rpartition("/")[2], late=True)
    network, project, region = link(path), asked.project.id, asked.params["region"]
    above = [
        # This answer's description knows no shortName.
        {key: value for key, value in one.items() if key != "shortName"}
        for one in _hierarchical(asked, network)
    ]
    return _effective(asked, network, [
        *above,
        *_network(asked.world, policies(project, region), network, "SYSTEM_REGIONAL"),
        *_network(asked.world, policies(project), network, "NETWORK"),
        *_network(asked.world, policies(project, region), network, "NETWORK_REGIONAL"),
    ])  # fmt: skip


def _effective(asked: Asked, network: str, policies: list[Body]) -> Body:
    rules = [
        rule
        for rule in asked.world.seen(firewalls.collection(asked.project.id)).values()
        if rule["network"] == network
    ]
    body: Body = {}
    if rules:
        body["firewalls"] = rules
    if policies:
        body["firewallPolicys"] = policies
    return body


def _hierarchical(asked: Asked, network: str) -> Iterator[Body]:
    """From the organization down; a rule with other target networks isn't in force here."""
    stored = asked.world.seen(HIERARCHICAL).values()
    for ancestor in asked.project.ancestors:
        for policy in stored:
            if any(one["attachmentTarget"].endswith(ancestor) for one in policy["associations"]):
                rules = [
                    rule
                    for rule in policy["rules"]
                    if not rule.get("targetResources")
                    or network in {link(path_of(one)) for one in rule["targetResources"]}
                ]
                yield {
                    "name": policy["name"], "shortName": policy["shortName"],
                    "displayName": policy["shortName"], "type": "HIERARCHY", "rules": rules,
                }  # fmt: skip


def _network(world: World, path: str, network: str, kind: str) -> Iterator[Body]:
    for policy in world.seen(path).values():
        system = policy.get("policySource") == "SYSTEM"
        if system is not kind.startswith("SYSTEM"):
            continue
        for association in policy["associations"]:
            if association["attachmentTarget"] == network:
                yield {
                    "name": policy["name"], "displayName": policy["name"], "type": kind,
                    "priority": association.get("priority", 1000), "rules": policy["rules"],
                }  # fmt: skip
