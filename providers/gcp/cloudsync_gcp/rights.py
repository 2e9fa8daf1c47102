"""What may be changed, as Google answers which permissions the caller holds; it changes nothing.

``projects.testIamPermissions`` of Resource Manager gives back those of the permissions asked for
that the caller holds on the project, from above it too, and needs no permission itself (Resource
Manager API reference). What is granted on a single rule or network alone isn't in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudsync.provider import Scope
from cloudsync.tells import Permission
from cloudsync_gcp.caller import Caller, Failed

NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "vpc-firewall": (
        "compute.firewalls.create",
        "compute.firewalls.delete",
        "compute.firewalls.update",
        "compute.globalOperations.get",
        "compute.networks.updatePolicy",
    ),
    "network-policy": ("compute.firewallPolicies.update", "compute.globalOperations.get"),
}
"""What changes need, by the kind of target (each method's reference, "IAM Permissions")."""


def asked(caller: Caller, scope: Scope, deadline: float | None) -> Iterator[Permission]:
    """What changes in a project need: one call."""
    wanted = NEEDED[scope.settings.kind]
    request = {"project": scope.name.removeprefix("gcp:"), "permissions": list(wanted)}
    try:
        held = caller.read(
            "ResourceManager", "test_iam_permissions", request,
            endpoint=scope.settings.endpoint, deadline=deadline,
        )  # fmt: skip
    except Failed as failed:
        for one in wanted:
            yield Permission(scope.name, one, None, failed.found.what)
        return
    for one in wanted:
        why = "" if one in held else "no role that is held grants it"
        yield Permission(scope.name, one, one in held, why)
