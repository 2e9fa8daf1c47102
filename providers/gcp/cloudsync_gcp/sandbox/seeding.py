"""What stands in the sandbox from the beginning, put there past the API; it logs nothing.

Every function expects its caller to hold the world's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cloudsync_gcp.sandbox import firewalls, networks, projects
from cloudsync_gcp.sandbox.policy import FIRST_DEFAULT, made
from cloudsync_gcp.sandbox.values import Body
from cloudsync_gcp.sandbox.wire import Refused
from cloudsync_gcp.sandbox.world import Project, World, link


def project(
    world: World,
    identity: str,
    *,
    folders: Sequence[str],
    organization: str,
    host: str,
    labels: Mapping[str, str],
    quota: int,
) -> None:
    """A project with an empty network `default`, attached to `host` where that is named."""
    world.projects[identity] = Project(
        id=identity,
        number=str(100_000_000_000 + len(world.projects)),
        folders=tuple(folders),
        organization=organization,
        firewalls=quota,
        host=host,
        labels=tuple(labels.items()),
    )
    if host:
        owner = world.project(host)
        world.projects[host] = replace(owner, services=(*owner.services, identity))
    network(world, "default", identity)


def network(world: World, name: str, owner: str, *, before_classic: bool = False) -> str:
    """A network of a project, new or changed; its path."""
    path = networks.collection(owner)
    order = "BEFORE" if before_classic else "AFTER"
    body: Body = world.now(path).get(name) or {
        "kind": "compute#network",
        "id": world.next_id(),
        "creationTimestamp": world.timestamp(),
        "name": name,
        "selfLink": link(f"{path}/{name}"),
        "autoCreateSubnetworks": True,
        "routingConfig": {"routingMode": "REGIONAL"},
    }
    order_field = "networkFirewallPolicyEnforcementOrder"
    body = {**body, order_field: f"{order}_CLASSIC_FIREWALL"}
    world.put(path, name, body, settled=True)
    return f"{path}/{name}"


def rule(world: World, body: Mapping[str, Any], owner: str, *, settled: bool) -> str:
    """A rule of a project, seen at once by late reads too where it is `settled`; its name.

    Raises:
        ValueError: the API would refuse it.
    """
    whole = or_value_error(lambda: firewalls.complete(world, owner, dict(body)))
    world.put(firewalls.collection(owner), whole["name"], whole, settled=settled)
    return str(whole["name"])


def policy(
    world: World,
    name: str,
    rules: Sequence[Mapping[str, Any]],
    *,
    network: str,
    project: str,
    region: str,
    system: bool,
) -> str:
    """A network firewall policy, associated with the network if one is named; its path.

    Raises:
        ValueError: the API would refuse a rule.
    """
    path = networks.policies(project, region)
    net = link(f"{networks.collection(project)}/{network}") if network else ""
    more = {"region": link(f"projects/{project}/regions/{region}")} if region else {}
    if system:
        more["policySource"] = "SYSTEM"
    _put_policy(world, path, name, rules, [net] if net else [], more)
    if network and not region:
        body = world.get(networks.collection(project), network)
        named = {**body, "firewallPolicy": link(f"{path}/{name}")}
        world.put(networks.collection(project), network, named, settled=True)
    return f"{path}/{name}"


def hierarchical_policy(
    world: World, short: str, rules: Sequence[Mapping[str, Any]], target: str
) -> str:
    """A policy on an organization or a folder; its numeric name.

    Raises:
        ValueError: the API would refuse a rule.
    """
    name = world.next_id()
    more = {"shortName": short, "displayName": short, "parent": target}
    _put_policy(world, networks.HIERARCHICAL, name, rules, [target], more)
    return name


def _put_policy(
    world: World,
    path: str,
    name: str,
    rules: Sequence[Mapping[str, Any]],
    targets: Sequence[str],
    more: Mapping[str, Any],
) -> None:
    own = [dict(one) for one in rules]
    body = or_value_error(lambda: made(world, path, name, own, targets, **more))
    world.put(path, name, body, settled=True)


def other_rules(world: World, path: str, name: str, rules: Sequence[Mapping[str, Any]]) -> None:
    """Other rules for a policy that is there; late reads don't show them yet.

    Raises:
        ValueError: the API would refuse one, or the policy isn't there.
    """
    old = or_value_error(lambda: world.get(path, name))
    own = [dict(one) for one in rules if one["priority"] < FIRST_DEFAULT]
    new = or_value_error(lambda: made(world, path, name, own, ()))
    kept = {key: new[key] for key in ("rules", "ruleTupleCount", "fingerprint")}
    world.put(path, name, {**old, **kept})


def instance(
    world: World,
    name: str,
    *,
    project: str,
    zone: str,
    network: str,
    tags: Sequence[str],
    account: str,
) -> None:
    """A machine with its tags and its service account."""
    path = projects.instances(project, zone)
    body: Body = {
        "kind": "compute#instance",
        "id": world.next_id(),
        "creationTimestamp": world.timestamp(),
        "name": name,
        "status": "RUNNING",
        "zone": link(f"projects/{project}/zones/{zone}"),
        "selfLink": link(f"{path}/{name}"),
        "tags": {"items": list(tags), "fingerprint": world.fingerprint()},
        "networkInterfaces": [
            {"name": "nic0", "network": link(f"{networks.collection(project)}/{network}")}
        ],
    }
    if account:
        body["serviceAccounts"] = [{"email": account, "scopes": []}]
    world.put(path, name, body, settled=True)


def or_value_error(build: Callable[[], Body]) -> Body:
    """What ``build`` makes; a refusal becomes a mistake of whoever seeds."""
    try:
        return build()
    except Refused as refused:
        raise ValueError(refused.message) from refused
