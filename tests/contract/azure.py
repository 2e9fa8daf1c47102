"""A network security group in the sandbox with the oracle beside it; the sandbox's truth is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Final

from cloudsync.exposure import Exposure
from cloudsync.model import Wanted
from cloudsync.provider import Provider as Contract
from cloudsync.provider import Scope, Snapshot, Step
from cloudsync_azure.provider import Provider
from cloudsync_azure.sandbox import Sandbox
from cloudsync_azure.settings import AzureSelect, AzureSettings
from tests.contract.driver import Run, look, run, same
from tests.contract.ec2 import Clock
from tests.contract.judged import misread, points, wish_of
from tests.oracle import packets
from tests.oracle.azure import Nsg, from_nsg, machines, spelt, split
from tests.oracle.packets import Meaning
from tests.oracle.promises import broken

PROBE: Final = "168.63.129.16/32"
NAMES: Final = ("VirtualNetwork", "AzureLoadBalancer", "Storage.WestEurope")
NOBODY: Final[Meaning] = {name: packets.networks(()) for name in NAMES}
_numbers = count()


class JudgedNsg:
    """One group, and the judge of whatever is done to it."""

    def __init__(
        self,
        sandbox: Sandbox,
        rules: Sequence[Mapping[str, Any]] = (),
        meanings: Sequence[Mapping[str, Sequence[str]]] = (NOBODY,),
        *,
        clock: Clock | None = None,
        forecast: bool = True,
    ) -> None:
        self.sandbox = sandbox
        self.clock = clock or Clock()
        self.name = f"nsg{next(_numbers)}"
        sandbox.seed_nsg(self.name, list(rules))
        settings = AzureSettings(
            mode="watch",
            endpoint=sandbox.endpoint,
            tenant=None,
            select=AzureSelect(ids=(f"mail/{self.name}",)),
            protect="all",
            also_allow=(),
        )
        self.scope = Scope(f"azure:{sandbox.subscription}", settings)
        self.target = f"{self.scope.name}/mail/{self.name}"
        self.provider: Contract = Provider(clock=self.clock, sleep=self.clock.sleep)
        self.meanings: tuple[Meaning, ...] = tuple(map(split, meanings))
        self.forecast = forecast
        self.faults: list[str] = []

    @property
    def calls(self) -> int:
        """How many mutating calls this sandbox ever got."""
        return len(self.sandbox.mutations())

    def truths(self, *nsgs: Nsg) -> list[packets.World]:
        """The group at several times as the oracle sees it, told of the same machines."""
        kinds = machines(nsgs)
        return [spelt(from_nsg(nsg, kinds), NAMES) for nsg in nsgs]

    def look(self) -> Snapshot:
        """What a read shows."""
        return look(self.provider, self.scope)

    def exposure(self, port: int = 25) -> Exposure:
        """Who gets in, as the evaluator says."""
        return self.provider.rules.exposure(self.look(), port)[self.target]

    def plant(self, *rules: Mapping[str, Any]) -> None:
        """Somebody adds rules, or rewrites those of the same names."""
        self.sandbox.plant(self.name, list(rules))

    def uproot(self, *names: str) -> None:
        """Somebody takes rules away."""
        self.sandbox.uproot(self.name, names)

    def run(
        self,
        wanted: Wanted,
        *,
        stop_after: int | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> Run:
        """One run, judged after every mutation; what was broken stands in ``faults``."""
        wish = wish_of(wanted, self.meanings, (PROBE,), revokes=False)
        last = self.sandbox.nsg(self.name)
        if self.forecast:
            self.faults += misread(self.exposure(), self.truths(last)[0], wish)

        def watcher(step: Step, before: Snapshot) -> None:
            nonlocal last
            earlier, last = last, self.sandbox.nsg(self.name)
            was, now = self.truths(earlier, last)
            if was == now:
                return
            found = broken(was, now, wish, points([was, now], wish))
            self.faults += [f"{step.changes}: {one}" for one in found]
            if self.forecast:
                after, seen = self.provider.rules.after(before, step), self.look()
                self.faults += same(self.provider.rules, after, seen, wanted.installation)
                exposure = self.provider.rules.exposure(seen, 25)[self.target]
                self.faults += misread(exposure, now, wish)

        return run(
            self.provider,
            self.scope,
            {self.target: wanted},
            watcher=watcher,
            stop_after=stop_after,
            sleep=sleep or self.clock.sleep,
            monotonic=self.clock,
        )


def rule(
    name: str,
    priority: int,
    *sources: str,
    allow: bool = True,
    ports: str = "25",
    protocol: str = "Tcp",
    to: str = "*",
    source_ports: str = "*",
    label: str = "",
) -> dict[str, Any]:
    """An inbound rule as the API takes it; no source means everyone."""
    many = sources or ("*",)
    source: dict[str, Any] = (
        {"sourceAddressPrefix": many[0]} if len(many) == 1 else {"sourceAddressPrefixes": [*many]}
    )
    return {
        "name": name,
        "properties": {
            "priority": priority,
            "direction": "Inbound",
            "access": "Allow" if allow else "Deny",
            "protocol": protocol,
            **source,
            "sourcePortRange": source_ports,
            "destinationAddressPrefix": to,
            "destinationPortRange": ports,
            "description": label,
        },
    }
