"""What stands above the resources: subscriptions, management groups, permissions and roles."""

from __future__ import annotations

from typing import Any

from cloudsync_azure.sandbox.asked import Asked
from cloudsync_azure.sandbox.wire import Refused, Reply, answer
from cloudsync_azure.sandbox.world import Subscription


def _shape(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant,
        "displayName": subscription.name,
        "state": subscription.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def list_subscriptions(asked: Asked) -> Reply:
    """The subscriptions that the caller sees; no word of the others."""
    found = [
        _shape(each)
        for each in asked.world.subscriptions.values()
        if asked.principal.sees(each.id)
    ]  # fmt: skip
    return answer({"value": found, "count": {"type": "Total", "value": len(found)}})


def get_subscription(asked: Asked) -> Reply:
    """One subscription; one that the caller doesn't see isn't there."""
    found = asked.world.subscription(asked.subscription)
    if not asked.principal.sees(found.id):
        raise Refused(
            "SubscriptionNotFound", f"The subscription '{found.id}' could not be found.", 404
        )
    return answer(_shape(found))


def list_management_groups(asked: Asked) -> Reply:
    """The management groups of the tenant."""
    return answer(
        {
            "value": [
                {
                    "id": f"/providers/Microsoft.Management/managementGroups/{name}",
                    "type": "Microsoft.Management/managementGroups",
                    "name": name,
                    "properties": {"tenantId": asked.world.tenant, "displayName": name},
                }
                for name in asked.world.parents
            ]
        }
    )


def list_descendants(asked: Asked) -> Reply:
    """The management groups and subscriptions below one."""
    name = asked.parts["name"]
    known = {each.lower(): each for each in asked.world.parents}
    if name.lower() not in known:
        raise Refused(
            "NotFound", f"The management group '{name}' was not found.", 404
        )  # fmt: skip
    top = known[name.lower()]
    groups = [
        _descendant("Microsoft.Management/managementGroups", each, each, parent)
        for each, parent in asked.world.parents.items()
        if parent and top in _above(asked, each)
    ]
    subscriptions = [
        _descendant(
            "Microsoft.Management/managementGroups/subscriptions", each.id, each.name, each.parent
        )
        for each in asked.world.subscriptions.values()
        if top in asked.world.above(each) and asked.principal.sees(each.id)
    ]
    return answer({"value": [*groups, *subscriptions]})


def _above(asked: Asked, name: str) -> list[str]:
    found: list[str] = []
    at = asked.world.parents.get(name, "")
    while at and at not in found:
        found.append(at)
        at = asked.world.parents.get(at, "")
    return found


def _descendant(kind: str, name: str, title: str, parent: str) -> dict[str, Any]:
    prefix = (
        "/subscriptions/"
        if kind.endswith("/subscriptions")
        else "/providers/Microsoft.Management/managementGroups/"
    )
    return {
        "id": f"{prefix}{name}",
        "type": kind,
        "name": name,
        "properties": {
            "displayName": title,
            "parent": {"id": f"/providers/Microsoft.Management/managementGroups/{parent}"},
        },
    }


def list_permissions(asked: Asked) -> Reply:
    """What the caller may do at a scope. It takes a permission of its own, as role definitions have it."""
    return answer({"value": asked.principal.permissions(asked.parts["scope"])})


def list_roles(asked: Asked) -> Reply:
    """The role definitions that can be assigned at a scope."""
    scope = asked.parts["scope"]
    roles = [asked.principal, *asked.world.principals.values()]
    unique = {each.name: each for each in roles if each.holds(scope)}
    return answer({"value": [each.role() for each in unique.values()]})
