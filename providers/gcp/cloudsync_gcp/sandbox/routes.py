"""Which method and path is which call, with the query parameters it takes; it answers none.

Source: Google's description of Compute Engine v1 and the Cloud Asset API v1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cloudsync_gcp.sandbox import (
    assets,
    firewalls,
    networks,
    operations,
    policies,
    projects,
)
from cloudsync_gcp.sandbox.listing import answer, page
from cloudsync_gcp.sandbox.operations import Asked
from cloudsync_gcp.sandbox.values import Body

Handler = Callable[[Asked], Body]
_PAGED: Final = frozenset({"filter", "maxResults", "orderBy", "pageToken", "returnPartialSuccess"})
EVERYWHERE: Final = frozenset({"$alt", "alt", "key", "prettyPrint", "quotaUser", "userIp"})
"""Query parameters that every call takes."""


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the API."""

    method: str
    template: str
    operation: str
    handler: Handler
    query: frozenset[str] = frozenset()
    mutating: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a path of this call looks like."""
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.template))


def _operations_listed(asked: Asked) -> Body:
    path = f"projects/{asked.project.id}/global/operations"
    found = operations.listing(asked)
    items, token = page(asked, found, fields={"name", "status", "operationType", "id"})
    return answer("compute#operationList", path, items, token)


def _get(
    template: str, operation: str, handler: Handler, *query: str, paged: bool = False
) -> Route:
    taken = frozenset((*query, *(_PAGED if paged else ())))
    return Route("GET", template, operation, handler, taken)


def _write(method: str, template: str, operation: str, handler: Handler, *query: str) -> Route:
    taken = frozenset({"requestId", *query})
    return Route(method, template, operation, handler, taken, mutating=True)


_P = "/compute/v1/projects/{project}"
_F = f"{_P}/global/firewalls"
_N = f"{_P}/global/networks"
_O = f"{_P}/global/operations"
_H = f"/compute/v1/{networks.HIERARCHICAL}"


def _network_policies(base: str, group: str) -> tuple[Route, ...]:
    one = f"{base}/{{firewallPolicy}}"
    return (
        _get(base, f"{group}.list", policies.listed, paged=True),
        _get(one, f"{group}.get", policies.get),
        _get(f"{one}/getRule", f"{group}.getRule", policies.get_rule, "priority"),
        _write("PATCH", one, f"{group}.patch", policies.patch),
        _write(
            "POST", f"{one}/addRule", f"{group}.addRule", policies.add_rule,
            "minPriority", "maxPriority",
        ),
        _write("POST", f"{one}/patchRule", f"{group}.patchRule", policies.patch_rule, "priority"),
        _write("POST", f"{one}/removeRule", f"{group}.removeRule", policies.remove_rule, "priority"),
    )  # fmt: skip


_REGIONAL = f"{_P}/regions/{{region}}/firewallPolicies"

ROUTES: Final[tuple[tuple[re.Pattern[str], Route], ...]] = tuple(
    (route.pattern, route)
    for route in (
        _get(_F, "compute.firewalls.list", firewalls.listed, paged=True),
        _get(f"{_F}/{{firewall}}", "compute.firewalls.get", firewalls.get),
        _write("POST", _F, "compute.firewalls.insert", firewalls.insert),
        _write("PATCH", f"{_F}/{{firewall}}", "compute.firewalls.patch", firewalls.patch),
        _write("PUT", f"{_F}/{{firewall}}", "compute.firewalls.update", firewalls.update),
        _write("DELETE", f"{_F}/{{firewall}}", "compute.firewalls.delete", firewalls.delete),
        Route(
            "POST", f"{_F}/{{resource}}/testIamPermissions",
            "compute.firewalls.testIamPermissions", firewalls.allowed_permissions,
        ),
        _get(_N, "compute.networks.list", networks.listed, paged=True),
        _get(f"{_N}/{{network}}", "compute.networks.get", networks.get),
        _get(
            f"{_N}/{{network}}/getEffectiveFirewalls",
            "compute.networks.getEffectiveFirewalls", networks.effective,
        ),
        # Before the policies, whose names it would pass for.
        _get(
            f"{_REGIONAL}/getEffectiveFirewalls",
            "compute.regionNetworkFirewallPolicies.getEffectiveFirewalls",
            networks.regionally_effective, "network",
        ),
        *_network_policies(f"{_P}/global/firewallPolicies", "compute.networkFirewallPolicies"),
        *_network_policies(_REGIONAL, "compute.regionNetworkFirewallPolicies"),
        _get(
            f"{_P}/aggregated/firewallPolicies", "compute.networkFirewallPolicies.aggregatedList",
            projects.policies_everywhere, "includeAllScopes", "serviceProjectNumber", paged=True,
        ),
        _get(
            f"{_H}/listAssociations", "compute.firewallPolicies.listAssociations",
            policies.hierarchical_associations, "targetResource", "includeInheritedPolicies",
        ),
        _get(
            _H, "compute.firewallPolicies.list", policies.hierarchical_listed, "parentId",
            paged=True,
        ),
        _get(f"{_H}/{{firewallPolicy}}", "compute.firewallPolicies.get", policies.hierarchical_get),
        _get(
            f"{_H}/{{firewallPolicy}}/getRule", "compute.firewallPolicies.getRule",
            policies.hierarchical_rule, "priority",
        ),
        _get(_P, "compute.projects.get", projects.get),
        _get(f"{_P}/getXpnHost", "compute.projects.getXpnHost", projects.shared_host),
        _get(
            f"{_P}/getXpnResources", "compute.projects.getXpnResources",
            projects.shared_services, paged=True,
        ),
        _get(
            f"{_P}/aggregated/instances", "compute.instances.aggregatedList",
            projects.instances_everywhere, "includeAllScopes", "serviceProjectNumber", paged=True,
        ),
        _get(
            f"{_P}/zones/{{zone}}/instances", "compute.instances.list",
            projects.instances_listed, paged=True,
        ),
        _get(f"{_P}/zones/{{zone}}/instances/{{instance}}", "compute.instances.get", projects.instance),
        _get(_O, "compute.globalOperations.list", _operations_listed, paged=True),
        _get(f"{_O}/{{operation}}", "compute.globalOperations.get", operations.get),
        Route("POST", f"{_O}/{{operation}}/wait", "compute.globalOperations.wait", operations.get),
        Route(
            "POST", "/v3/projects/{project}:testIamPermissions",
            "cloudresourcemanager.projects.testIamPermissions", projects.allowed_permissions,
        ),
        Route(
            "GET", "/v1/{kind}/{scope}:searchAllResources", "cloudasset.searchAllResources",
            assets.search,
            frozenset({"assetTypes", "query", "pageSize", "pageToken", "orderBy", "readMask"}),
        ),
    )
)  # fmt: skip


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The call that a method and path mean, and what its path names."""
    for pattern, route in ROUTES:
        if route.method == method and (match := pattern.fullmatch(path)):
            params = match.groupdict()
            if "scope" in params:
                params["scope"] = f"{params.pop('kind')}/{params['scope']}"
            return route, params
    return None
