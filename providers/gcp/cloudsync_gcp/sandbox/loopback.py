"""The sandbox itself: started, seeded, looked into and disturbed from outside the API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from cloudsync_gcp.sandbox import firewalls, networks, seeding
from cloudsync_gcp.sandbox.cloud import Cloud
from cloudsync_gcp.sandbox.faults import Faults
from cloudsync_gcp.sandbox.server import Loopback
from cloudsync_gcp.sandbox.values import Body, Call, Dialect
from cloudsync_gcp.sandbox.wire import Reply
from cloudsync_gcp.sandbox.world import World


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
            seeding.project(
                self.world,
                project,
                folders=folders,
                organization=organization,
                host=host,
                labels=labels or {},
                quota=self._quota if quota is None else quota,
            )

    def change_project(self, project: str, **changes: Any) -> None:
        """Change a project: `enabled`, `visible`, `firewalls` and the like."""
        with self.world.lock:
            self.world.projects[project] = replace(self.world.projects[project], **changes)

    def seed_network(
        self, name: str, *, project: str = "mail-prod", before_classic: bool = False
    ) -> str:
        """A network without any rule; its path. `before_classic`: policies are asked first."""
        with self.world.lock:
            return seeding.network(self.world, name, project, before_classic=before_classic)

    def seed_firewall(self, body: Mapping[str, Any], *, project: str = "mail-prod") -> str:
        """A rule that was always there, as firewalls.insert takes it; its name. No quota holds.

        Raises:
            ValueError: the API would refuse it.
        """
        with self.world.lock:
            return seeding.rule(self.world, body, project, settled=True)

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
            return seeding.policy(
                self.world,
                name,
                rules,
                network=network,
                project=project,
                region=region,
                system=system,
            )

    def seed_hierarchical_policy(
        self, short: str, rules: Sequence[Mapping[str, Any]], *, target: str
    ) -> str:
        """A policy on `organizations/N` or `folders/N`; its numeric name.

        Raises:
            ValueError: the API would refuse a rule.
        """
        with self.world.lock:
            return seeding.hierarchical_policy(self.world, short, rules, target)

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
            seeding.instance(
                self.world,
                name,
                project=project,
                zone=zone,
                network=network,
                tags=tags,
                account=account,
            )

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
            return seeding.or_value_error(
                lambda: self.world.get(networks.policies(project, region), name)
            )

    # --- somebody else's hand --------------------------------------------------------------

    def plant(self, body: Mapping[str, Any], *, project: str = "mail-prod") -> str:
        """Somebody makes or replaces a rule; its name. Late reads don't show it yet.

        Raises:
            ValueError: the API would refuse it.
        """
        with self.world.lock:
            return seeding.rule(self.world, body, project, settled=False)

    def uproot(self, name: str, *, project: str = "mail-prod") -> None:
        """Somebody deletes a rule.

        Raises:
            ValueError: it isn't there.
        """
        with self.world.lock:
            path = firewalls.collection(project)
            seeding.or_value_error(lambda: self.world.get(path, name))
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
            seeding.other_rules(self.world, networks.policies(project, region), name, rules)
