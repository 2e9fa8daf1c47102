"""The state behind the sandbox: subscriptions, resource groups, NSGs and ASGs; it speaks no protocol.

Every method expects its caller to hold the world's lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from threading import RLock

from cloudsync_azure.sandbox.access import Principal
from cloudsync_azure.sandbox.render import Rendered
from cloudsync_azure.sandbox.values import (
    Asg,
    Dialect,
    Interface,
    Limits,
    Nsg,
    Operation,
    Rule,
    guid,
)
from cloudsync_azure.sandbox.wire import Refused


@dataclass(frozen=True, slots=True)
class Container:
    """A resource group."""

    name: str
    location: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Subscription:
    """A subscription, and its resource groups by name in lower case."""

    id: str
    name: str
    tenant: str
    parent: str
    state: str = "Enabled"
    groups: dict[str, Container] = field(default_factory=dict[str, Container])


class World:
    """Everything that one sandbox holds; a second sandbox in the process has its own."""

    def __init__(
        self, *, dialect: Dialect, limits: Limits, tenant: str, clock: Callable[[], float]
    ) -> None:
        self.dialect = dialect
        self.limits = limits
        self.tenant = tenant
        self.clock = clock
        self.lock = RLock()
        self.subscriptions: dict[str, Subscription] = {}
        self.parents: dict[str, str] = {tenant: ""}
        self.asgs: dict[str, Asg] = {}
        self.interfaces: dict[str, Interface] = {}
        self.principals: dict[str, Principal] = {}
        self.operations: dict[str, Operation] = {}
        self.graph_asked: dict[str, deque[float]] = {}
        self.rendered = Rendered(dialect)
        self.nsgs: dict[str, Nsg] = {}
        self._past: deque[tuple[float, dict[str, Nsg]]] = deque()
        self._serial = 0

    # --- numbers ---------------------------------------------------------------------------

    def serial(self) -> int:
        """The next number: of a change, an id or an operation."""
        self._serial += 1
        return self._serial

    # --- what there is ---------------------------------------------------------------------

    def subscription(self, identity: str) -> Subscription:
        """One subscription.

        Raises:
            Refused: SubscriptionNotFound.
        """
        found = self.subscriptions.get(identity.lower())
        if found is None:
            raise Refused(
                "SubscriptionNotFound", f"The subscription '{identity}' could not be found.", 404
            )
        return found

    def group(self, subscription: str, name: str) -> str:
        """A resource group's name in the case in which it was made.

        Raises:
            Refused: SubscriptionNotFound or ResourceGroupNotFound.
        """
        return self.container(subscription, name).name

    def container(self, subscription: str, name: str) -> Container:
        """A resource group.

        Raises:
            Refused: SubscriptionNotFound or ResourceGroupNotFound.
        """
        found = self.subscription(subscription).groups.get(name.lower())
        if found is None:
            raise Refused(
                "ResourceGroupNotFound", f"Resource group '{name}' could not be found.", 404
            )
        return found

    def above(self, subscription: Subscription) -> list[str]:
        """The management groups above a subscription, the nearest first, the tenant's root last."""
        found: list[str] = []
        at = subscription.parent
        while at and at not in found:
            found.append(at)
            at = self.parents.get(at, "")
        return found

    # --- reads -----------------------------------------------------------------------------

    def seen(self, late: float | None = None) -> Mapping[str, Nsg]:
        """The NSGs as reads show them now, by key: as they were that many seconds ago."""
        seconds = self.dialect.reads_late if late is None else late
        if not self._past or seconds <= 0:
            return self.nsgs
        then = self.clock() - seconds
        found = self._past[0][1]
        for at, state in self._past:
            if at > then:
                break
            found = state
        return found

    # --- writes ----------------------------------------------------------------------------

    def put(self, nsg: Nsg, *, settled: bool = False) -> None:
        """Create or replace one NSG; ``settled`` shows it to late reads at once."""
        self._change({**self.nsgs, nsg.key: nsg}, settled=settled)

    def drop(self, key: str) -> None:
        """Delete one NSG."""
        self._change({each: nsg for each, nsg in self.nsgs.items() if each != key}, settled=False)

    def _change(self, state: dict[str, Nsg], *, settled: bool) -> None:
        late = max(self.dialect.reads_late, self.dialect.graph_late)
        if settled or late <= 0:
            self._past.clear()
        else:
            if not self._past:
                self._past.append((float("-inf"), self.nsgs))
            self._past.append((self.clock(), state))
            while len(self._past) > 1 and self._past[1][0] <= self.clock() - late:
                self._past.popleft()
        self.nsgs = state

    def changed(self, nsg: Nsg, rules: Iterable[Rule] | None = None, **more: object) -> Nsg:
        """The NSG after one more change: a new etag, and perhaps other rules."""
        serials = (*nsg.serials, self.serial())[-1000:]
        kept = nsg.rules if rules is None else tuple(rules)
        return replace(nsg, rules=kept, serials=serials, **more)  # type: ignore[arg-type]

    def begin(self, nsg: Nsg, failure: str = "") -> Operation:
        """Take a write on ``nsg`` on: an operation that ends when its time has come."""
        operation = Operation(
            id=guid(self.serial()),
            subscription=nsg.subscription,
            location=nsg.location,
            done_at=self.clock() + self.dialect.lro_seconds,
            nsg=nsg.key,
            failure=failure,
        )
        self.operations[operation.id] = operation
        return operation

    def settle(self) -> None:
        """End every operation whose time has come: its NSG gets another etag (recorded traffic)."""
        now = self.clock()
        for nsg in [each for each in self.nsgs.values() if each.operation]:
            if self.operations[nsg.operation].done_at <= now:
                self.put(self.changed(nsg, operation=""))
