"""Which request is which of the vendor's operations, and which permission it takes.

Source: the operationIds of Azure/azure-rest-api-specs; the actions, azure-docs,
role-based-access-control/permissions/networking. Paths are the same in any case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cloudsync_azure.sandbox import containers, graph, interfaces, reading, tenant, writing
from cloudsync_azure.sandbox.asked import Handler

_NSG: Final = "Microsoft.Network/networkSecurityGroups"
_ASG: Final = "Microsoft.Network/applicationSecurityGroups"
_RESOURCE_GROUPS: Final = "Microsoft.Resources/subscriptions/resourceGroups"
_SUBSCRIPTION: Final = "/subscriptions/{subscription}"
_GROUP: Final = _SUBSCRIPTION + "/resourceGroups/{group}"
_NSGS: Final = "/providers/" + _NSG
_NICS: Final = "/providers/Microsoft.Network/networkInterfaces"
_RULE: Final = _GROUP + _NSGS + "/{nsg}/securityRules/{rule}"
_OPERATION: Final = _SUBSCRIPTION + "/providers/Microsoft.Network/locations/{location}"


@dataclass(frozen=True, slots=True)
class Route:
    """An operation. ``filters``: it answers what the caller may read, instead of refusing him."""

    operation: str
    action: str
    method: str
    path: re.Pattern[str]
    handler: Handler
    filters: bool = False

    @property
    def mutating(self) -> bool:
        """Whether it changes something."""
        return self.method in {"PUT", "PATCH", "DELETE"}


def _route(
    method: str, path: str, operation: str, action: str, handler: Handler, *, filters: bool = False
) -> Route:
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
    return Route(operation, action, method, re.compile(pattern, re.IGNORECASE), handler, filters)


_SCOPED: Final = re.compile(
    r"(?P<scope>/subscriptions/.+)/providers/Microsoft\.Authorization/"
    r"(?P<kind>permissions|roleDefinitions)",
    re.IGNORECASE,
)

ROUTES: Final[tuple[Route, ...]] = (
    _route(
        "GET", "/subscriptions", "Subscriptions_List", "", tenant.list_subscriptions, filters=True
    ),
    _route("GET", _SUBSCRIPTION, "Subscriptions_Get", "", tenant.get_subscription, filters=True),
    _route("GET", _GROUP, "ResourceGroups_Get", _RESOURCE_GROUPS + "/read", containers.get_group),
    _route(
        "PUT", _GROUP, "ResourceGroups_CreateOrUpdate", _RESOURCE_GROUPS + "/write",
        containers.put_group,
    ),
    _route(
        "DELETE", _GROUP, "ResourceGroups_Delete", _RESOURCE_GROUPS + "/delete",
        containers.delete_group,
    ),
    _route(
        "GET", _SUBSCRIPTION + _NSGS, "NetworkSecurityGroups_ListAll", _NSG + "/read",
        reading.list_all, filters=True,
    ),
    _route(
        "GET", _GROUP + _NSGS, "NetworkSecurityGroups_List", _NSG + "/read",
        reading.list_in_group, filters=True,
    ),
    _route(
        "GET", _GROUP + _NSGS + "/{nsg}", "NetworkSecurityGroups_Get", _NSG + "/read",
        reading.get_nsg,
    ),
    _route(
        "PUT", _GROUP + _NSGS + "/{nsg}", "NetworkSecurityGroups_CreateOrUpdate", _NSG + "/write",
        writing.put_nsg,
    ),
    _route(
        "DELETE", _GROUP + _NSGS + "/{nsg}", "NetworkSecurityGroups_Delete", _NSG + "/delete",
        writing.delete_nsg,
    ),
    _route(
        "PATCH", _GROUP + _NSGS + "/{nsg}", "NetworkSecurityGroups_UpdateTags", _NSG + "/write",
        writing.patch_tags,
    ),
    _route(
        "GET", _GROUP + _NSGS + "/{nsg}/securityRules", "SecurityRules_List",
        _NSG + "/securityRules/read", reading.list_rules,
    ),
    _route("GET", _RULE, "SecurityRules_Get", _NSG + "/securityRules/read", reading.get_rule),
    _route(
        "PUT", _RULE, "SecurityRules_CreateOrUpdate", _NSG + "/securityRules/write",
        writing.put_rule,
    ),
    _route(
        "DELETE", _RULE, "SecurityRules_Delete", _NSG + "/securityRules/delete",
        writing.delete_rule,
    ),
    _route(
        "GET", _GROUP + _NSGS + "/{nsg}/defaultSecurityRules", "DefaultSecurityRules_List",
        _NSG + "/defaultSecurityRules/read", reading.list_defaults,
    ),
    _route(
        "GET", _GROUP + _NSGS + "/{nsg}/defaultSecurityRules/{rule}", "DefaultSecurityRules_Get",
        _NSG + "/defaultSecurityRules/read", reading.get_default,
    ),
    _route(
        "GET", _SUBSCRIPTION + "/providers/" + _ASG, "ApplicationSecurityGroups_ListAll",
        _ASG + "/read", reading.list_asgs,
    ),
    _route(
        "GET", _GROUP + "/providers/" + _ASG, "ApplicationSecurityGroups_List", _ASG + "/read",
        reading.list_asgs_in_group,
    ),
    _route(
        "GET", _GROUP + "/providers/" + _ASG + "/{asg}", "ApplicationSecurityGroups_Get",
        _ASG + "/read", reading.get_asg,
    ),
    _route(
        "GET", _SUBSCRIPTION + _NICS, "NetworkInterfaces_ListAll", interfaces.READ_INTERFACE,
        interfaces.list_interfaces, filters=True,
    ),
    _route(
        "GET", _GROUP + _NICS, "NetworkInterfaces_List", interfaces.READ_INTERFACE,
        interfaces.list_interfaces_in_group, filters=True,
    ),
    _route(
        "GET", _GROUP + _NICS + "/{interface}", "NetworkInterfaces_Get", interfaces.READ_INTERFACE,
        interfaces.get_interface,
    ),
    _route(
        "GET", _OPERATION + "/operations/{operation}", "Operations_Get", "", reading.get_operation
    ),
    _route(
        "GET", _OPERATION + "/operationResults/{operation}", "OperationResults_Get", "",
        reading.get_result,
    ),
    _route(
        "POST", "/providers/Microsoft.ResourceGraph/resources", "Resources", "", graph.resources
    ),
    _route(
        "GET", "/providers/Microsoft.Management/managementGroups", "ManagementGroups_List",
        "", tenant.list_management_groups,
    ),
    _route(
        "GET", "/providers/Microsoft.Management/managementGroups/{name}/descendants",
        "ManagementGroups_GetDescendants", "", tenant.list_descendants,
    ),
    Route("Permissions_List", "Microsoft.Authorization/permissions/read", "GET", _SCOPED, tenant.list_permissions),
    Route("RoleDefinitions_List", "", "GET", _SCOPED, tenant.list_roles),
)  # fmt: skip


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    """The operation that a request asks for and the names in its path; None where there is none."""
    at = path.rstrip("/") or "/"
    for route in ROUTES:
        if route.method != method:
            continue
        found = route.path.fullmatch(at)
        if found is None:
            continue
        parts = found.groupdict()
        kind = parts.pop("kind", "")
        if kind and not route.operation.lower().startswith(kind.lower()):
            continue
        return route, parts
    return None
