"""Groups as the simulator holds them: the real provider and Azure's SDK over the sandbox itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from ipaddress import ip_network
from random import Random
from typing import Any, Final

from cloudsync.provider import Provider, Step
from cloudsync_azure.client import Clients
from cloudsync_azure.provider import Provider as AzureProvider
from cloudsync_azure.sandbox import Dialect, Sandbox
from cloudsync_azure.settings import AzureSettings
from tests.oracle import packets
from tests.oracle.azure import BALANCER, PRIVATE, covered, from_nsg, spelt, split
from tests.oracle.packets import Meaning
from tests.oracle.promises import Wish, purpose
from tests.simulator.azure_part import ALL, MX, ONE, RELAYS, TWO, Part, destination
from tests.simulator.azure_wire import ENDPOINT, Wire
from tests.simulator.clock import Clock
from tests.simulator.pools import ANYWHERE, OURS, PURPOSES, STRANGE_LABELS

NONE: Final = ("none of them",)
_OURSELVES: Final = Wish(OURS, "add")
OUTSIDE: Final = "AzureCloud"
"""A tag that stands for somebody on the public internet."""
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    RELAYS: ("10.0.0.0/8", "192.168.1.0/24", "fd00::/8"),
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
    probes: tuple[str, ...] = (BALANCER,)

    def __init__(
        self, clock: Clock, targets: int, random: Random, *, parts: Sequence[Part] = (ALL,)
    ) -> None:
        self._clock = clock
        self._parts = parts
        self._part = random.choice(parts) if len(parts) > 1 else parts[0]
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
        for group in (RELAYS, MX):
            self._sandbox.seed_asg(group.rpartition("/")[2])
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
    def form(self) -> str:
        """What its target blocks depend on, but for the settings."""
        return json.dumps(self._part.protect)

    @property
    def names(self) -> tuple[dict[str, str], ...]:
        """Opaque sources; none where a rule of ours can't be bound to the machines for them."""
        return () if "addresses" in self._part.protect else ({"group": RELAYS}, {"tag": OUTSIDE})

    def regard(self, random: Random) -> None:
        """The operator guards other machines from now on, where the world has some."""
        if len(self._parts) > 1 and random.random() < 0.4:
            self._part = random.choice(self._parts)
            self._seen.clear()

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
                "protect": self._part.protect,
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
            world = _true(self._sandbox.nsg(_name(target)), self._part)
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

    def made(self, step: Step) -> bool:
        """Not told apart here."""
        del step
        return True

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
            new = (_foreign if kind == "plant" else _marked)(random, self._planted, self._part)
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


def _true(nsg: Body, part: Part) -> packets.World:
    found = spelt(from_nsg(nsg, part.kinds), (*NAMES, "AzureLoadBalancer"))
    rules = {one["name"]: one["properties"] for one in nsg["properties"]["securityRules"]}
    bound = {name for name, rule in rules.items() if _ours(name, rule)}
    # A rule for one family's machines lets in nobody of the other, and is one rule all the same.
    split = {row["id"] for row in found.rows if row["machines"] != NONE}
    rows = tuple(
        {
            **row,
            "beside": row["id"] in bound,
            "elsewhere": row["machines"] == NONE and _apart(rules.get(row["id"], {}), part),
            # One for a tag isn't as we make them, and the oracle sees no tags.
            "label": row["label"] + ("" if row["id"] in bound else " reshaped"),
        }
        for row in found.rows
        if row["machines"] != NONE or row["id"] not in split
    )
    own = {row["id"] for row in rows if purpose(row, _OURSELVES)} & bound
    beyond = frozenset(
        f"{name}: {json.dumps(_plain_body({'name': name, 'properties': rules[name]}))}"
        for name in own
        for version in part.versions
        if covered(rules[name], part.others, version) and _speaks_to(rules[name], version)
    )
    return replace(found, rows=rows, beyond=beyond)


def _apart(rule: Body, part: Part) -> bool:
    """Whether a rule is for addresses, and so are the guarded machines: then anybody can compare."""
    to = rule.get("destinationAddressPrefix", "")
    return "/" in to and "addresses" in part.protect


def _ours(name: str, rule: Body) -> bool:
    """Whether a rule has our name, and is for everything, for networks, or for groups."""
    to = rule.get("destinationAddressPrefix") or (rule.get("destinationAddressPrefixes") or [""])[0]
    groups = rule.get("destinationApplicationSecurityGroups")
    return (
        name.startswith(f"cloudsync-{OURS}-")
        and rule["sourcePortRange"] == "*"
        and bool(groups or to == "*" or "/" in to)
    )


def _speaks_to(rule: Body, version: int) -> bool:
    """Whether a rule names senders of a family, or may."""
    sources = [rule.get("sourceAddressPrefix"), *(rule.get("sourceAddressPrefixes") or ())]
    # The tag of health checks stands for one IPv4 address.
    known = [BALANCER if one == "AzureLoadBalancer" else one for one in sources if one]
    networks = [one for one in known if "/" in one]
    return not networks or any((":" in one) is (version == 6) for one in networks)


# ------------------------------------------------------------------ rules as people make them


def _foreign(random: Random, number: int, part: Part) -> Body:
    return _made(
        random,
        f"r{number}",
        random.random() < 0.66,
        _whence(random),
        ports=random.choice(_PORTS),
        protocol=random.choice(_PROTOCOLS),
        label=random.choice(STRANGE_LABELS),
        partial=random.choice(("", "", "", "", "address", "group", "port")),
        part=part,
    )


def _marked(random: Random, number: int, part: Part) -> Body:
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
        part=part,
        ours=True,
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
    part: Part,
    ours: bool = False,
    to: Sequence[str] = ("*", "*", "VirtualNetwork"),
) -> Body:
    six = ":" in str(source.get("sourceAddressPrefixes", source.get("sourceAddressPrefix", "")))
    said: Body = {
        "priority": random.choice(_NUMBERS), "direction": "Inbound", "protocol": protocol,
        "access": "Allow" if allow else "Deny", **source, "sourcePortRange": "*",
        "destinationPortRange": ports, "description": label,
        "destinationAddressPrefix": random.choice(to),
    }  # fmt: skip
    if part is not ALL and partial != "port":
        del said["destinationAddressPrefix"]
        own = ours and random.random() < 0.6
        said |= part.bound[6 if six else 4] if own else destination(random, six=six)
    elif partial == "port":
        said["sourcePortRange"] = random.choice(("1024-65535", "1000"))
    elif partial == "address":
        one = random.choice((ONE, TWO))
        said["destinationAddressPrefix"] = one.ipv6 if six else one.ipv4
    elif partial == "group":
        del said["destinationAddressPrefix"]
        said["destinationApplicationSecurityGroups"] = [{"id": RELAYS}]
    return {"name": name, "properties": {key: one for key, one in said.items() if one}}


def _whence(random: Random) -> Body:
    kind = random.choice(("word", "one", "one", "many", "many", "group"))
    if kind == "word":
        return {"sourceAddressPrefix": random.choice(_WORDS)}
    if kind == "group":
        return {"sourceApplicationSecurityGroups": [{"id": RELAYS}]}
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
