"""Groups as the simulator holds them: the real provider and Azure's SDK over the sandbox itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from ipaddress import ip_network
from random import Random
from typing import Any, Final

from cloudsync.provider import Provider
from cloudsync_azure.client import Clients
from cloudsync_azure.provider import Provider as AzureProvider
from cloudsync_azure.sandbox import Dialect, Sandbox
from cloudsync_azure.settings import AzureSettings
from tests.oracle import packets
from tests.oracle.azure import BALANCER, PRIVATE, Kind, from_nsg, spelt, split
from tests.oracle.packets import Meaning
from tests.simulator.azure_wire import ENDPOINT, Wire
from tests.simulator.clock import Clock
from tests.simulator.pools import ANYWHERE, OURS, PURPOSES, STRANGE_LABELS

ASG: Final = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/mail/providers/"
    "Microsoft.Network/applicationSecurityGroups/relays"
)
OUTSIDE: Final = "AzureCloud"
"""A tag that stands for somebody on the public internet."""
# A rule for some machines speaks of one of these two, whatever tells them apart.
ONE: Final = Kind("10.1.0.4", "fd00:1::4", frozenset(), 40_000)
TWO: Final = Kind("10.1.0.5", "fd00:1::5", frozenset({ASG.lower()}), 1_000)
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    ASG: ("10.0.0.0/8", "192.168.1.0/24", "fd00::/8"),
    "VirtualNetwork": PRIVATE,
    OUTSIDE: ("8.8.8.0/24", "69.20.58.226/32", "203.0.113.0/24", "2001:4800:10::/48"),
}
Body = dict[str, Any]
_NUMBERS: Final = (100, 101, 102, 103, 105, 110, 200, 1000, 4095, 4096)
_PORTS: Final = ("25", "25", "25", "25", "20-30", "443", "25-26", "24", "*")
_OWN_PORTS: Final = ("25", "25", "25", "25-26")
_PROTOCOLS: Final = ("Tcp", "Tcp", "Tcp", "tcp", "Udp", "*")
_WORDS: Final = ("*", "*", "Internet", OUTSIDE, "VirtualNetwork", "AzureLoadBalancer")


class _Unhurried:
    """A pace without waiting: the simulated time is for the product's own waits."""

    def wait(self, *_call: Any) -> bool:
        """At once."""
        return True


class AzureCloud:
    """Fulfils ``tests.simulator.cloud.Cloud``."""

    revokes = False
    together = False
    form = ""
    probes: tuple[str, ...] = (BALANCER,)
    names: tuple[dict[str, str], ...] = ({"group": ASG}, {"tag": OUTSIDE})

    def __init__(self, clock: Clock, targets: int, random: Random) -> None:
        self._clock = clock
        self._sandbox = Sandbox(
            clock=clock.monotonic,
            dialect=Dialect(
                if_match=random.choice(("nsg", "rule", "ignored")),
                lro=random.choice(("done", "done", "async")),
                lro_seconds=random.choice((0.0, 3.0)),
                plurals=random.choice(("empty", "absent")),
                protocol=random.choice(("sent", "lower")),
                overlaps=random.choice(("kept", "kept", "refused")),
            ),
        )
        ids = [f"mx{index}" for index in range(targets)]
        for name in ids:
            self._sandbox.seed_nsg(name, tags={"cloudsync": "smtp"})
        self._sandbox.seed_asg("relays")
        self._scope = f"azure:{self._sandbox.subscription}"
        self.targets: Sequence[str] = [f"{self._scope}/mail/{name}" for name in ids]
        self._planted = 0
        self._previous: dict[str, dict[str, Body]] = {}
        self._seen: dict[str, tuple[object, packets.World]] = {}
        some = {name: tuple(random.sample(bound, 1)) for name, bound in NAMES.items()}
        self.meanings: tuple[Meaning, ...] = tuple(
            split({**meaning, "AzureLoadBalancer": (BALANCER,)})
            for meaning in (dict.fromkeys(NAMES, ()), NAMES, some)
        )

    @property
    def late(self) -> float:
        """How late reads are, in seconds."""
        return self._sandbox.world.dialect.reads_late

    @late.setter
    def late(self, seconds: float) -> None:
        world = self._sandbox.world
        world.dialect = replace(world.dialect, reads_late=seconds)

    def provider(self) -> Provider:
        """The product's provider with Azure's clients, whose wire ends in this sandbox."""
        found: Any = AzureProvider(clock=self._clock.monotonic, sleep=self._clock.sleep)
        wire().sandbox = self._sandbox
        found._caller.clients, found._caller.pace = clients(), _Unhurried()
        # What was to befall a call that was never made befalls no other process.
        self._sandbox.faults.clear()
        return found  # type: ignore[no-any-return]

    def block(self, settings: dict[str, Any]) -> AzureSettings:
        """A target block that selects by the tag that all groups carry."""
        return AzureSettings.model_validate(
            {
                "subscriptions": [self._sandbox.subscription],
                "select": {"tags": {"cloudsync": "smtp"}},
                "protect": "all",
                "endpoint": ENDPOINT,
                # Marks of Terraform's lie about here, and must not keep the run from its work.
                "managed_by": "cloudsync",
                **settings,
            }
        )

    def truth(self, target: str) -> packets.World | None:
        """The group as it is."""
        held = self._held(target)
        if held is None:
            return None
        known = self._seen.get(target)
        if known is None or known[0] is not held.rules:
            world = _true(self._sandbox.nsg(_name(target)))
            known = self._seen[target] = held.rules, world
        return known[1]

    def fail(self, kind: str) -> None:
        """The next call ends so."""
        faults = self._sandbox.faults
        if kind == "lost":
            faults.lost_after("mutating")
        elif kind == "never arrived":
            faults.lost_before("mutating")
        elif kind == "throttled":
            faults.throttle("mutating", times=4)
        elif kind == "denied":
            faults.denied("mutating", times=1)
        elif self._sandbox.dialect.lro == "async":
            faults.ends_badly()
        else:
            faults.stale(times=2)

    def remember(self, target: str) -> None:
        """Keep how the group is, for ``undo``."""
        if self._held(target) is not None:
            self._previous[target] = self._rules(target)

    def undo(self, target: str) -> None:
        """The group as it was before the product's last call."""
        if target in self._previous and self._held(target) is not None:
            self._put(target, self._previous[target])

    def delete(self, target: str) -> None:
        """The group is gone."""
        self._sandbox.drop(_name(target))

    def edit(self, target: str, kind: str, random: Random) -> str:
        """A rule comes, goes or changes."""
        if self._held(target) is None:
            return ""
        rules = self._rules(target)
        if kind in {"plant", "copy"}:
            self._planted += 1
            new = (_foreign if kind == "plant" else _marked)(random, self._planted)
            return self._given(target, {**rules, new["name"]: new}, f"{_said(new)} is planted")
        if not rules:
            return ""
        name = random.choice(sorted(rules))
        old, others = rules[name], {key: one for key, one in rules.items() if key != name}
        if kind == "delete":
            return self._given(target, others, f"{_said(old)} is deleted")
        new = _reshaped(old, random)
        return self._given(target, {**others, name: new}, f"{_said(old)} becomes {_said(new)}")

    # ------------------------------------------------------------------ the sandbox's own state

    def _held(self, target: str) -> Any:
        name = target.removeprefix(f"{self._scope}/mail/")
        return next((one for one in self._sandbox.world.nsgs.values() if one.name == name), None)

    def _rules(self, target: str) -> dict[str, Body]:
        rules: list[Body] = self._sandbox.nsg(_name(target))["properties"]["securityRules"]
        return {rule["name"]: _plain_body(rule) for rule in rules}

    def _given(self, target: str, rules: Mapping[str, Body], said: str) -> str:
        """The group with ``rules``, unless Azure refuses them; a number serves one rule alone."""
        numbers = [rule["properties"]["priority"] for rule in rules.values()]
        if len(set(numbers)) < len(numbers):
            return ""
        before = self._rules(target)
        try:
            self._put(target, rules)
        except ValueError:
            self._put(target, before)
            return ""
        return f"{target}: {said}"

    def _put(self, target: str, rules: Mapping[str, Body]) -> None:
        name, standing = _name(target), self._rules(target)
        changed = [rule for key, rule in rules.items() if standing.get(key) != rule]
        gone = [key for key in standing if rules.get(key) != standing[key]]
        if gone:
            self._sandbox.uproot(name, gone)
        if changed:
            self._sandbox.plant(name, changed)


@cache
def wire() -> Wire:
    """The one wire of this process."""
    return Wire()


@cache
def clients() -> Clients:
    """Azure's clients, made once: making them costs more than a run."""
    return wire().clients()


def _name(target: str) -> str:
    return target.rpartition("/")[2]


def _plain_body(rule: Body) -> Body:
    given = {"provisioningState"}
    told = {key: one for key, one in rule["properties"].items() if key not in given and one}
    return {"name": rule["name"], "properties": told}


def _true(nsg: Body) -> packets.World:
    return spelt(from_nsg(nsg, (ONE, TWO)), (*NAMES, "AzureLoadBalancer"))


# ------------------------------------------------------------------ rules as people make them


def _foreign(random: Random, number: int) -> Body:
    return _made(
        random,
        f"r{number}",
        random.random() < 0.66,
        _whence(random),
        ports=random.choice(_PORTS),
        protocol=random.choice(_PROTOCOLS),
        label=random.choice(STRANGE_LABELS),
        partial=random.choice(("", "", "", "", "address", "group", "port")),
    )


def _marked(random: Random, number: int) -> Body:
    """A rule that bears our mark: as we would make it, a copy, or one that somebody spoilt."""
    purpose = random.choice(PURPOSES)
    return _made(
        random,
        f"cloudsync-{OURS}-25-{purpose}-x{number}",
        purpose != "deny",
        {"sourceAddressPrefixes": _family(random, random.choice((1, 2)))},
        ports=random.choice(_OWN_PORTS),
        protocol="Tcp",
        label=f"cloudsync/{OURS} {purpose}",
        # Whether one for some machines, or for a tag, is ours the oracle can't tell, who sees rows.
        to=("*",),
        partial=random.choice(("", "", "", "", "port")),
    )


def _made(
    random: Random,
    name: str,
    allow: bool,
    source: Body,
    *,
    ports: str,
    protocol: str,
    label: str,
    partial: str,
    to: Sequence[str] = ("*", "*", "VirtualNetwork"),
) -> Body:
    six = ":" in str(source.get("sourceAddressPrefixes", source.get("sourceAddressPrefix", "")))
    said: Body = {
        "priority": random.choice(_NUMBERS), "direction": "Inbound", "protocol": protocol,
        "access": "Allow" if allow else "Deny", **source, "sourcePortRange": "*",
        "destinationPortRange": ports, "description": label,
        "destinationAddressPrefix": random.choice(to),
    }  # fmt: skip
    if partial == "port":
        said["sourcePortRange"] = random.choice(("1024-65535", "1000"))
    elif partial == "address":
        one = random.choice((ONE, TWO))
        said["destinationAddressPrefix"] = one.ipv6 if six else one.ipv4
    elif partial == "group":
        del said["destinationAddressPrefix"]
        said["destinationApplicationSecurityGroups"] = [{"id": ASG}]
    return {"name": name, "properties": {key: one for key, one in said.items() if one}}


def _whence(random: Random) -> Body:
    kind = random.choice(("word", "one", "one", "many", "many", "group"))
    if kind == "word":
        return {"sourceAddressPrefix": random.choice(_WORDS)}
    if kind == "group":
        return {"sourceApplicationSecurityGroups": [{"id": ASG}]}
    if kind == "one":
        return {"sourceAddressPrefix": _family(random, 1)[0]}
    return {"sourceAddressPrefixes": _family(random, random.choice((1, 2)))}


def _reshaped(rule: Body, random: Random) -> Body:
    """A rule changed in place; its name stays."""
    said = dict(rule["properties"])
    kind = random.choice(("ports", "number", "sources", "label", "verb"))
    if kind == "ports":
        said["destinationPortRange"] = random.choice(_PORTS)
    elif kind == "number":
        said["priority"] = random.choice(_NUMBERS)
    elif kind == "label":
        said["description"] = random.choice(STRANGE_LABELS)
    elif kind == "verb":
        said["access"] = "Deny" if said["access"] == "Allow" else "Allow"
    else:
        for key in [key for key in said if key.startswith(("sourceAddress", "sourceAppl"))]:
            del said[key]
        said["sourceAddressPrefixes"] = _family(random, 1)
    return {**rule, "properties": {key: one for key, one in said.items() if one}}


def _family(random: Random, count: int) -> list[str]:
    """Some networks of one family, which is all that a rule with addresses can hold."""
    six = random.random() < 0.4
    pool = sorted({one for one in ANYWHERE if (":" in one) is six})
    return sorted(random.sample(pool, count), key=ip_network)


def _said(rule: Body) -> str:
    return json.dumps(rule)
