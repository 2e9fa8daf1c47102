"""The sandbox itself: started, seeded, looked into and disturbed from outside the API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cloudsync_azure.sandbox import seeding
from cloudsync_azure.sandbox.access import Principal
from cloudsync_azure.sandbox.dispatch import Dispatcher
from cloudsync_azure.sandbox.faults import Call, Faults
from cloudsync_azure.sandbox.render import nsg_shape
from cloudsync_azure.sandbox.ruleset import check_rules, read_rules
from cloudsync_azure.sandbox.values import Dialect, Limits, Nsg, nsg_id
from cloudsync_azure.sandbox.wire import Reply, Request
from cloudsync_azure.sandbox.world import World

if TYPE_CHECKING:
    from cloudsync_azure.sandbox.server import Loopback

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-00000000aaaa"

Body = Mapping[str, Any]


class Sandbox:
    """Resource Manager, its network provider and Resource Graph on 127.0.0.1, with faults to order.

    A context manager: the server runs inside. Seeding works before, inside and after. Without it,
    ``respond`` answers in this thread, on ``clock``: nothing here runs by itself. What the other
    methods do is neither logged in ``calls`` nor met by ``faults``.
    """

    def __init__(
        self,
        *,
        subscriptions: Sequence[str] = (SUBSCRIPTION,),
        tenant: str = TENANT,
        location: str = "westeurope",
        dialect: Dialect = Dialect(),  # noqa: B008 - frozen
        limits: Limits = Limits(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.monotonic,
        port: int = 0,
    ) -> None:
        self.subscription = subscriptions[0]
        self.tenant = tenant
        self.location = location
        self.dialect = dialect
        self.calls: list[Call] = []
        self.faults = Faults()
        self._subscriptions = tuple(subscriptions)
        self._limits = limits
        self._clock = clock
        self._stopped = Event()
        self.reset()
        self._port = port
        self._server: Loopback | None = None

    def reset(self) -> None:
        """Forget what was seeded, written, logged and ordered; where it runs, it goes on running."""
        self.calls.clear()
        self.faults.clear()
        self._world = World(
            dialect=self.dialect, limits=self._limits, tenant=self.tenant, clock=self._clock
        )
        for each in self._subscriptions:
            self.seed_subscription(each)
        self._dispatcher = Dispatcher(self._world, self.faults, self.calls, self._stopped.wait)

    # --- running ---------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen; the port is free again after ``stop``."""
        if self._server is None:
            # The web server takes longer to load than all the rest, and isn't needed in-process.
            from cloudsync_azure.sandbox.server import Loopback  # noqa: PLC0415

            self._stopped.clear()
            self._server = Loopback(self._respond, self._port)
        return self

    def stop(self) -> None:
        """Stop listening and close every connection; the state stays."""
        if self._server is not None:
            self._stopped.set()
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
    def url(self) -> str:
        """http://127.0.0.1:PORT.

        Raises:
            RuntimeError: where the sandbox doesn't run.
        """
        if self._server is None:
            message = "the sandbox isn't running: use it as a context manager, or call start()"
            raise RuntimeError(message)
        return self._server.url

    @property
    def endpoint(self) -> str:
        """The same address, by the name that a target block has for it."""
        return self.url

    def environment(self) -> dict[str, str]:
        """The variables that lead an SDK here: none, Azure's take their address by argument."""
        return {}

    def respond(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply | None:
        """Answer one request in this thread; None where the socket would be closed instead.

        ``target`` is path and query. It is logged, and met by faults, as one over the wire is.
        """
        base = self._server.url if self._server else "http://127.0.0.1"
        return self._respond(Request.read(method, target, headers or {}, body, base))

    def _respond(self, request: Request) -> Reply | None:
        return self._dispatcher.respond(request)  # looked up anew: `reset` makes another one

    def after_call(self, watch: Callable[[Call], None] | None) -> None:
        """Have ``watch`` called after each request, in its thread, before its answer goes out."""
        self._dispatcher.after_call = watch

    # --- seeding ---------------------------------------------------------------------------

    def seed_subscription(
        self, identity: str, *, name: str = "", parent: str = "", state: str = "Enabled"
    ) -> None:
        """A subscription under a management group; left out, under the tenant's root."""
        with self._world.lock:
            seeding.subscription(
                self._world, identity, name or f"sandbox {identity[-4:]}", parent, state
            )

    def seed_management_group(self, name: str, *, parent: str = "") -> None:
        """A management group under another one; left out, under the tenant's root."""
        with self._world.lock:
            self._world.parents[name] = parent or self.tenant

    def seed_principal(self, token: str, principal: Principal) -> None:
        """Whoever carries the bearer ``token`` is ``principal``; any other token is the owner's."""
        with self._world.lock:
            self._world.principals[token] = principal

    def seed_nsg(
        self,
        name: str,
        rules: Sequence[Body] = (),
        *,
        group: str = "mail",
        tags: Mapping[str, str] | None = None,
        subnets: Sequence[str] = (),
        interfaces: Sequence[str] = (),
        subscription: str | None = None,
        location: str | None = None,
    ) -> str:
        """An NSG that was always there; its id. ``rules`` are as in the API: name and properties.

        Resource groups come into being. Each rule must be one that Azure takes.

        Raises:
            Refused: a ValueError, for a rule that Azure would refuse.
        """
        with self._world.lock:
            return seeding.nsg(
                self._world,
                subscription or self.subscription,
                group,
                name,
                location or self.location,
                rules,
                dict(tags or {}),
                (tuple(subnets), tuple(interfaces)),
            ).id

    def seed_asg(self, name: str, *, group: str = "mail", subscription: str | None = None) -> str:
        """An application security group; its id."""
        with self._world.lock:
            return seeding.asg(
                self._world, subscription or self.subscription, group, name, self.location
            ).id

    def seed_interface(
        self,
        name: str,
        subnet: str,
        *addresses: str,
        nsg: str = "",
        asgs: Sequence[str] = (),
        group: str = "mail",
        subscription: str | None = None,
    ) -> str:
        """A network interface in a subnet, with a group of its own where ``nsg`` is one's id; its id."""
        with self._world.lock:
            return seeding.interface(
                self._world,
                subscription or self.subscription,
                group,
                name,
                self.location,
                subnet,
                addresses or ("10.0.0.4",),
                nsg,
                tuple(asgs),
            ).id

    # --- the truth -------------------------------------------------------------------------

    @property
    def world(self) -> World:
        """The state itself, for whoever plays with it in this thread."""
        return self._world

    def nsgs(self, *, subscription: str | None = None) -> dict[str, dict[str, Any]]:
        """Every NSG by its id as it is now, shaped as Azure answers it."""
        own = (subscription or self.subscription).lower()
        with self._world.lock:
            return {
                nsg.id: nsg_shape(nsg, self.dialect)
                for nsg in self._world.nsgs.values()
                if nsg.subscription.lower() == own
            }

    def nsg(self, name: str, *, group: str = "mail") -> dict[str, Any]:
        """One NSG as it is now, shaped as Azure answers it."""
        with self._world.lock:
            return nsg_shape(self._nsg(name, group), self.dialect)

    def mutations(self) -> list[str]:
        """The operations that changed something, or were asked to, in order."""
        return [call.operation for call in self.calls if call.mutating]

    # --- somebody else's hand --------------------------------------------------------------

    def plant(self, name: str, rules: Sequence[Body], *, group: str = "mail") -> None:
        """Somebody adds rules, or replaces those of the same names; late reads don't show it yet.

        Raises:
            Refused: a ValueError, for a rule that Azure would refuse.
        """
        with self._world.lock:
            held = self._nsg(name, group)
            fresh = {rule.name.lower(): rule for rule in read_rules(self._world, held, list(rules))}
            kept = [rule for rule in held.rules if rule.name.lower() not in fresh]
            after = check_rules(self._world, held, [*kept, *fresh.values()])
            self._world.put(self._world.changed(held, after))

    def uproot(self, name: str, rules: Sequence[str], *, group: str = "mail") -> None:
        """Somebody deletes rules, by name."""
        gone = {each.lower() for each in rules}
        with self._world.lock:
            held = self._nsg(name, group)
            kept = [rule for rule in held.rules if rule.name.lower() not in gone]
            self._world.put(self._world.changed(held, kept))

    def retag(self, name: str, tags: Mapping[str, str], *, group: str = "mail") -> None:
        """Somebody replaces an NSG's tags."""
        with self._world.lock:
            held = self._nsg(name, group)
            self._world.put(self._world.changed(replace(held, tags=dict(tags))))

    def drop(self, name: str, *, group: str = "mail") -> None:
        """Somebody deletes an NSG, whatever hangs on it."""
        with self._world.lock:
            self._world.drop(self._nsg(name, group).key)

    def _nsg(self, name: str, group: str) -> Nsg:
        key = nsg_id(self.subscription, group, name).lower()
        return self._world.nsgs[key]
