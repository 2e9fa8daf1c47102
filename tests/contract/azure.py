"""A network security group in the sandbox with the oracle beside it; the sandbox's truth is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Final

from cloudsync.addresses import AddressSet
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
from tests.oracle.packets import Meaning
from tests.oracle.promises import INTERNAL, broken

PROBE: Final = "168.63.129.16/32"
NAMES: Final = ("VirtualNetwork", "AzureLoadBalancer", "Storage.WestEurope")
MACHINES: Final = ("one", "two")
_EVERYONE: Final = ("0.0.0.0/0", "::/0")
# What the tag Internet stands for.
_PUBLIC: Final = tuple((AddressSet.of(*_EVERYONE) - AddressSet.of(*INTERNAL)).cidrs())

NOBODY: Final[Meaning] = {name: packets.networks(()) for name in NAMES}
_numbers = count()


def world_of(nsg: Mapping[str, Any]) -> packets.World:
    """A group as the oracle sees it: both machines behind it are guarded.

    What holds for some destinations or source ports alone holds for one of the two.
    """
    properties = nsg["properties"]
    rules = [*properties["securityRules"], *properties["defaultSecurityRules"]]
    rows = tuple(
        _row(rule["name"], rule["properties"])
        for rule in rules
        if rule["properties"]["direction"] == "Inbound"
    )
    outbound = sorted(
        repr((rule["name"], sorted({**rule["properties"], "provisioningState": ""}.items())))
        for rule in rules
        if rule["properties"]["direction"] != "Inbound"
    )
    return packets.World(rows, MACHINES, "\n".join(outbound))


def _row(name: str, said: Mapping[str, Any]) -> packets.Row:
    sources, names = list[str](), list[str]()
    for word in _both(said, "sourceAddressPrefix", "sourceAddressPrefixes"):
        if word == "*":
            sources += _EVERYONE
        elif word == "Internet":
            sources += _PUBLIC
        elif "/" in word:
            sources.append(word)
        else:
            names.append(word)
    names += [one["id"].lower() for one in said.get("sourceApplicationSecurityGroups") or ()]
    targets = _both(said, "destinationAddressPrefix", "destinationAddressPrefixes")
    everywhere = bool({"*", "VirtualNetwork"} & set(targets)) and "*" in _both(
        said, "sourcePortRange", "sourcePortRanges"
    )
    ports = [
        (0, 65_535) if text == "*" else tuple(map(int, (text.split("-") * 2)[:2]))
        for text in _both(said, "destinationPortRange", "destinationPortRanges")
    ]
    return {
        "number": said["priority"],
        "allow": said["access"] == "Allow",
        "sources": tuple(sources),
        "names": tuple(names),
        "ports": ports[0],
        "protocol": _protocol(said["protocol"], ports[0] == (0, 65_535)),
        "machines": () if everywhere else MACHINES[:1],
        "label": said.get("description") or "",
        "id": name,
    }


def _protocol(said: str, all_ports: bool) -> str:
    # The oracle's `all` disregards ports; every protocol at some ports is TCP at these.
    if said == "*":
        return "all" if all_ports else "tcp"
    return said.lower()


def _both(said: Mapping[str, Any], one: str, many: str) -> list[str]:
    return [*([said[one]] if said.get(one) else []), *(said.get(many) or ())]


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
        settings = AzureSettings.model_construct(
            endpoint=sandbox.endpoint,
            tenant=None,
            select=AzureSelect.model_construct(tags=None, ids=(f"mail/{self.name}",)),
            protect="all",
            also_allow=(),
        )
        self.scope = Scope(f"azure:{sandbox.subscription}", settings)
        self.target = f"{self.scope.name}/mail/{self.name}"
        self.provider: Contract = Provider(clock=self.clock, sleep=self.clock.sleep)
        self.meanings: tuple[Meaning, ...] = tuple(
            {name: packets.networks(tuple(cidrs)) for name, cidrs in meaning.items()}
            for meaning in meanings
        )
        self.forecast = forecast
        self.faults: list[str] = []

    @property
    def calls(self) -> int:
        """How many mutating calls this sandbox ever got."""
        return len(self.sandbox.mutations())

    def truth(self) -> packets.World:
        """The group as the oracle sees it."""
        return world_of(self.sandbox.nsg(self.name))

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
        last = self.truth()
        if self.forecast:
            self.faults += misread(self.exposure(), last, wish)

        def watcher(step: Step, before: Snapshot) -> None:
            nonlocal last
            was, last = last, self.truth()
            if was == last:
                return
            found = broken(was, last, wish, points([was, last], wish))
            self.faults += [f"{step.changes}: {one}" for one in found]
            if self.forecast:
                after = self.provider.rules.after(before, step)
                self.faults += same(self.provider.rules, after, self.look(), wanted.installation)
                self.faults += misread(self.exposure(), last, wish)

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
