"""Projects: quotas, shared VPC, and the machines whose tags and accounts rules speak of."""

from __future__ import annotations

from typing import Final

from cloudsync_gcp.sandbox import firewalls, networks
from cloudsync_gcp.sandbox.listing import answer, page
from cloudsync_gcp.sandbox.operations import Asked, body_of
from cloudsync_gcp.sandbox.values import Body
from cloudsync_gcp.sandbox.wire import invalid
from cloudsync_gcp.sandbox.world import Project, World, link

FILTERED: Final = frozenset({"creationTimestamp", "id", "name", "selfLink", "status", "zone"})
_EMPTY: Final = {
    "code": "NO_RESULTS_ON_PAGE",
    "message": "There are no results for scope on this page.",
}


def _shown(world: World, project: Project) -> Body:
    body: Body = {
        "kind": "compute#project",
        "id": str(10**18 + int(project.number)),
        "creationTimestamp": world.timestamp(0.0),
        "name": project.id,
        "selfLink": link(f"projects/{project.id}"),
        "defaultServiceAccount": f"{project.number}-compute@developer.gserviceaccount.com",
        "quotas": [
            {
                "metric": "FIREWALLS",
                "limit": float(project.firewalls),
                "usage": float(len(world.now(firewalls.collection(project.id)))),
            },
            {
                "metric": "NETWORKS",
                "limit": 15.0,
                "usage": float(len(world.now(networks.collection(project.id)))),
            },
        ],
    }
    if project.services:
        body["xpnProjectStatus"] = "HOST"
    return body


def get(asked: Asked) -> Body:
    """A project with its quotas, read live. Source: the description of `Project.quotas`."""
    return _shown(asked.world, asked.project)


def allowed_permissions(asked: Asked) -> Body:
    """Which of the permissions asked for the identity has on the project.

    Source: Resource Manager's reference, `projects.testIamPermissions`: a wildcard isn't taken.
    """
    for one in body_of(asked).get("permissions", ()):
        if "*" in str(one):
            raise invalid("permissions", str(one), "Wildcards are not allowed.")
    return firewalls.allowed_permissions(asked)


def shared_host(asked: Asked) -> Body:
    """The shared VPC host that a service project is attached to; nothing where there is none."""
    host = asked.project.host
    return _shown(asked.world, asked.world.project(host)) if host else {}


def shared_services(asked: Asked) -> Body:
    """The service projects of a host."""
    found = asked.project.services
    body: Body = {"kind": "compute#projectsGetXpnResources"}
    if found:
        body["resources"] = [{"id": one, "type": "PROJECT"} for one in found]
    return body


def instances(project: str, zone: str) -> str:
    """The path of a zone's machines."""
    return f"projects/{project}/zones/{zone}/instances"


def instances_listed(asked: Asked) -> Body:
    """A page of a zone's machines."""
    path = instances(asked.project.id, asked.params["zone"])
    items, token = page(asked, asked.world.seen(path), fields=FILTERED)
    return answer("compute#instanceList", path, items, token)


def instance(asked: Asked) -> Body:
    """One machine."""
    path = instances(asked.project.id, asked.params["zone"])
    return asked.world.get(path, asked.params["instance"], late=True)


def instances_everywhere(asked: Asked) -> Body:
    """A page of the machines of every zone, by zone."""
    return _everywhere(asked, "zones", "instances", "compute#instanceAggregatedList")


def policies_everywhere(asked: Asked) -> Body:
    """A page of network policies, the global ones and those of every region."""
    return _everywhere(
        asked, "", "firewallPolicies", "compute#networkFirewallPoliciesAggregatedList"
    )


def _everywhere(asked: Asked, kinds: str, what: str, kind: str) -> Body:
    """An aggregated list: each scope has what it holds, or a warning that it holds nothing here."""
    project = asked.project.id
    if asked.query.get("orderBy", "name") != "name":
        raise invalid("orderBy", asked.query["orderBy"], "Only 'name' is supported here.")
    found: dict[str, Body] = {}
    scopes: set[str] = set()
    for path in asked.world.collections():
        parts = path.split("/")
        if parts[:2] != ["projects", project] or parts[-1] != what or (kinds and parts[2] != kinds):
            continue
        scope = "/".join(parts[2:-1])
        scopes.add(scope)
        found |= {f"{scope} {name}": one for name, one in asked.world.seen(path).items()}
    items, token = page(asked, found, fields=FILTERED)
    keys = {id(one): key for key, one in found.items()}
    by_scope: dict[str, list[Body]] = {scope: [] for scope in sorted(scopes)}
    for one in items:
        by_scope[keys[id(one)].split(" ")[0]].append(one)
    path = f"projects/{project}/aggregated/{what}"
    body = answer(kind, path, [], token)
    body["items"] = {
        scope: {what: held} if held else {"warning": _EMPTY} for scope, held in by_scope.items()
    }
    return body
