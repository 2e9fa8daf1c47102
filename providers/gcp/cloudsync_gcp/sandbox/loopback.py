"""The sandbox itself: started, seeded, looked into and disturbed from outside the API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from cloudsync_gcp.sandbox import firewalls, networks, policy, projects
from cloudsync_gcp.sandbox.cloud import Cloud
from cloudsync_gcp.sandbox.faults import Faults
from cloudsync_gcp.sandbox.networks import HIERARCHICAL
from cloudsync_gcp.sandbox.server import Loopback
from cloudsync_gcp.sandbox.values import Body, Call, Dialect
from cloudsync_gcp.sandbox.wire import Refused, Reply
from cloudsync_gcp.sandbox.world import Project, World, link


class Sandbox:
    """Compute Engine's firewalls and Cloud Asset's search on 127.0.0.1, with faults to order.

    A context manager: the server runs inside. Seeding works before, inside and after. What the
    methods here do is neither logged in `calls` nor met by `faults`. Without the server, `cloud`
    answers requests in this process, on `clock`.
    """

    def __init__(
        self,
        *,
        projects: Sequence[str] = ("mail-prod",),
        dialect: Dialect = Dialect(),  # noqa: B008 - frozen
        quota: int = 100,
        clock: Callable[[], float] = time.monotonic,
        port: int = 0,
        token: str = "",
    ) -> None:
        self.cloud = Cloud(dialect=dialect, clock=clock, token=token)
        self._quota = quota
        self._port = port
        self._server: Loopback | None = None
        for project in projects:
            self.seed_project(project)

    # --- running ---------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen; the port is free again after `stop`."""
        if self._server is None:
            self._server = Loopback(self.cloud, self._port)
        return self

    def stop(self) -> None:
        """Stop listening and close every connection; the state stays."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """http://127.0.0.1:PORT.

        Raises:
            RuntimeError: where the sandbox doesn't run.
        """
        if self._server is None:
            message = "the sandbox isn't running: use it as a context manager, or call start()"
            raise RuntimeError(message)
        return self._server.url

    @property
    def url(self) -> str:
        """The same as `endpoint`."""
        return self.endpoint

    def environment(self) -> dict[str, str]:
        """The variables that lead Google's command line here, and no SDK to real credentials."""
        return {
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": f"{self.endpoint}/compute/v1/",
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_CORE_PROJECT": next(iter(self.world.projects), ""),
            "GCE_METADATA_HOST": "127.0.0.1:9",
            "NO_GCE_CHECK": "true",
        }

    @property
    def world(self) -> World:
        """The state."""
        return self.cloud.world

    @property
    def calls(self) -> list[Call]:
        """Every request that has reached the sandbox."""
        return self.cloud.calls

    @property
    def faults(self) -> Faults:
        """What shall go wrong."""
        return self.cloud.faults

    @property
    def dialect(self) -> Dialect:
        """What Google's documents leave open, as it is here."""
        return self.world.dialect

    def after_call(self, watch: Callable[[Call, Reply | None], None] | None) -> None:
        """Have `watch` called after each request, before its answer goes out."""
        self.cloud.after_call = watch

    def freeze(self) -> None:
        """Answer reading calls from recorded bytes until the next change."""
        self.cloud.freeze(on=True)

    def thaw(self) -> None:
        """Render every answer anew."""
        self.cloud.freeze(on=False)

    # --- seeding ---------------------------------------------------------------------------

    def seed_project(
        self,
        project: str,
        *,
        folders: Sequence[str] = (),
        organization: str = "",
        host: str = "",
        labels: Mapping[str, str] | None = None,
        quota: int | None = None,
    ) -> None:
        """A project with an empty network `default`; `folders` from the top one down.

        `host` is the shared VPC host project that it is attached to, which must be there.
        """
        with self.world.lock:
            self.world.projects[project] = Project(
                id=project,
                number=str(100_000_000_000 + len(self.world.projects)),
                folders=tuple(folders),
                organization=organization,
                firewalls=self._quota if quota is None else quota,
                host=host,
                labels=tuple((labels or {}).items()),
            )
            if host:
                owner = self.world.project(host)
                self.change_project(host, services=(*owner.services, project))
        self.seed_network("default", project=project)

    def change_project(self, project: str, **changes: Any) -> None:
        """Change a project: `enabled`, `visible`, `firewalls` and the like."""
        with self.world.lock:
            self.world.projects[project] = replace(self.world.projects[project], **changes)

    def seed_network(
        self, name: str, *, project: str = "mail-prod", before_classic: bool = False
    ) -> str:
        """A network without any rule; its path. `before_classic`: policies are asked first."""
        with self.world.lock:
            path = networks.collection(project)
            order = "BEFORE" if before_classic else "AFTER"
            old = self.world.now(path).get(name)
            body: Body = old or {
                "kind": "compute#network",
                "id": self.world.next_id(),
                "creationTimestamp": self.world.timestamp(),
                "name": name,
                "selfLink": link(f"{path}/{name}"),
                "autoCreateSubnetworks": True,
                "routingConfig": {"routingMode": "REGIONAL"},
            }
            order_field = "networkFirewallPolicyEnforcementOrder"
            body = {**body, order_field: f"{order}_CLASSIC_FIREWALL"}
            self.world.put(path, name, body, settled=True)
            return f"{path}/{name}"

    def seed_firewall(self, body: Mapping[str, Any], *, project: str = "mail-prod") -> str:
        """A rule that was always there, as firewalls.insert takes it; its name. No quota holds.

        Raises:
            ValueError: the API would refuse it.
        """
        return self._put_rule(body, project, settled=True)

    def seed_policy(
        self,
        name: str,
        rules: Sequence[Mapping[str, Any]] = (),
        *,
        network: str = "",
        project: str = "mail-prod",
        region: str = "",
        system: bool = False,
    ) -> str:
        """A network firewall policy, associated with `network` of the project; its path.

        Raises:
            ValueError: the API would refuse a rule.
        """
        with self.world.lock:
            path = networks.policies(project, region)
            net = link(f"{networks.collection(project)}/{network}") if network else ""
            more = {"region": link(f"projects/{project}/regions/{region}")} if region else {}
            if system:
                more["policySource"] = "SYSTEM"
            self._put_policy(path, name, rules, [net] if net else [], more)
            if network and not region:
                body = self.world.get(networks.collection(project), network)
                named = {**body, "firewallPolicy": link(f"{path}/{name}")}
                self.world.put(networks.collection(project), network, named, settled=True)
            return f"{path}/{name}"

    def seed_hierarchical_policy(
        self, short: str, rules: Sequence[Mapping[str, Any]], *, target: str
    ) -> str:
        """A policy on `organizations/N` or `folders/N`; its numeric name.

        Raises:
            ValueError: the API would refuse a rule.
        """
        with self.world.lock:
            name = self.world.next_id()
            more = {"shortName": short, "displayName": short, "parent": target}
            self._put_policy(HIERARCHICAL, name, rules, [target], more)
            return name

    def seed_instance(
        self,
        name: str,
        *,
        project: str = "mail-prod",
        zone: str = "europe-west1-b",
        network: str = "default",
        tags: Sequence[str] = (),
        account: str = "",
    ) -> None:
        """A machine with its tags and its service account."""
        with self.world.lock:
            path = projects.instances(project, zone)
            body: Body = {
                "kind": "compute#instance",
                "id": self.world.next_id(),
                "creationTimestamp": self.world.timestamp(),
                "name": name,
                "status": "RUNNING",
                "zone": link(f"projects/{project}/zones/{zone}"),
                "selfLink": link(f"{path}/{name}"),
                "tags": {"items": list(tags), "fingerprint": self.world.fingerprint()},
                "networkInterfaces": [
                    {"name": "nic0", "network": link(f"{networks.collection(project)}/{network}")}
                ],
            }
            if account:
                body["serviceAccounts"] = [{"email": account, "scopes": []}]
            self.world.put(path, name, body, settled=True)

    def set_permissions(self, permissions: Sequence[str] | None) -> None:
        """What testIamPermissions says that the identity has; None: everything."""
        held = None if permissions is None else frozenset(permissions)
        self.world.permissions = held

    # --- the truth -------------------------------------------------------------------------

    def firewalls(self, project: str = "mail-prod") -> dict[str, Body]:
        """Every rule of a project by name, as it truly is."""
        with self.world.lock:
            self.world.settle()
            return dict(self.world.now(firewalls.collection(project)))

    def policy(self, name: str, project: str = "mail-prod", region: str = "") -> Body:
        """A network policy as it truly is.

        Raises:
            ValueError: it isn't there.
        """
        with self.world.lock:
            self.world.settle()
            return _or_value_error(lambda: self.world.get(networks.policies(project, region), name))

    # --- somebody else's hand --------------------------------------------------------------

    def plant(self, body: Mapping[str, Any], *, project: str = "mail-prod") -> str:
        """Somebody makes or replaces a rule; its name. Late reads don't show it yet.

        Raises:
            ValueError: the API would refuse it.
        """
        return self._put_rule(body, project, settled=False)

    def uproot(self, name: str, *, project: str = "mail-prod") -> None:
        """Somebody deletes a rule.

        Raises:
            ValueError: it isn't there.
        """
        with self.world.lock:
            path = firewalls.collection(project)
            _or_value_error(lambda: self.world.get(path, name))
            self.world.drop(path, name)

    def replant_policy(
        self,
        name: str,
        rules: Sequence[Mapping[str, Any]],
        *,
        project: str = "mail-prod",
        region: str = "",
    ) -> None:
        """Somebody gives a policy other rules, default rules included or added.

        Raises:
            ValueError: the API would refuse one, or the policy isn't there.
        """
        with self.world.lock:
            path = networks.policies(project, region)
            old = _or_value_error(lambda: self.world.get(path, name))
            own = [dict(one) for one in rules if one["priority"] < policy.FIRST_DEFAULT]
            new = _or_value_error(lambda: policy.made(self.world, path, name, own, ()))
            kept = {key: new[key] for key in ("rules", "ruleTupleCount", "fingerprint")}
            self.world.put(path, name, {**old, **kept})

    # --- inside ----------------------------------------------------------------------------

    def _put_rule(self, body: Mapping[str, Any], project: str, *, settled: bool) -> str:
        with self.world.lock:
            made = _or_value_error(lambda: firewalls.complete(self.world, project, dict(body)))
            path = firewalls.collection(project)
            self.world.put(path, made["name"], made, settled=settled)
            return str(made["name"])

    def _put_policy(
        self,
        path: str,
        name: str,
        rules: Sequence[Mapping[str, Any]],
        targets: Sequence[str],
        more: Mapping[str, Any],
    ) -> None:
        own = [dict(rule) for rule in rules]
        made = _or_value_error(lambda: policy.made(self.world, path, name, own, targets, **more))
        self.world.put(path, name, made, settled=True)


def _or_value_error(build: Callable[[], Body]) -> Body:
    """What ``build`` makes; a refusal becomes a mistake of whoever seeds."""
    try:
        return build()
    except Refused as refused:
        raise ValueError(refused.message) from refused
