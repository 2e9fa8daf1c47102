"""Networks as the simulator holds them: the real provider and Google's SDK over the sandbox itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from ipaddress import ip_network
from random import Random
from typing import Any, Final, Literal, cast

from cloudsync.provider import Provider, Step
from cloudsync_gcp.client import Clients
from cloudsync_gcp.provider import Provider as GcpProvider
from cloudsync_gcp.rules import PROBES
from cloudsync_gcp.sandbox import Dialect, Sandbox
from cloudsync_gcp.settings import GcpSettings
from tests.oracle import gcp, packets
from tests.oracle.packets import Meaning, Row
from tests.simulator.clock import Clock
from tests.simulator.gcp_wire import ENDPOINT, Wire
from tests.simulator.pools import ANYWHERE, OURS, PURPOSES, STRANGE_LABELS

PROJECT: Final = "mail-prod"
OTHER: Final = "mail-test"
TAGS: Final = ("smtp", "mx")
ACCOUNTS: Final = (
    f"smtp@{PROJECT}.iam.gserviceaccount.com",
    f"mx@{PROJECT}.iam.gserviceaccount.com",
)
QUOTA: Final = 14
SOURCE: Final = "relay"
SECURE: Final = "tagValues/1"
HOST: Final = "mail.example.net"
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    SOURCE: ("10.0.0.0/8", "192.168.1.0/24", "fd00::/8"),
    SECURE: ("10.0.0.0/8", "192.168.1.0/24", "fd00::/8"),
    gcp.EVERYONE_6.partition(":")[2]: ("::/0",),
    HOST: ("8.8.8.0/24", "69.20.58.226/32", "203.0.113.0/24", "2001:4800:10::/48"),
}
Kind = Literal["vpc-firewall", "network-policy"]
Body = dict[str, Any]
_NUMBERS: Final = (0, 1, 2, 100, 100, 101, 200, 1000, 65_534, 65_535)
_PORTS: Final = ("25", "25", "25", "25", "20-30", "443", "25-26", "24")
_OWN_PORTS: Final = ("25", "25", "25", "25-26")
_PROTOCOLS: Final = ("tcp", "tcp", "tcp", "tcp", "6", "udp", "all")


class GcpCloud:
    """Fulfils ``tests.simulator.cloud.Cloud``."""

    revokes = False
    together = False
    probes: tuple[str, ...] = tuple(PROBES.cidrs())

    def __init__(self, clock: Clock, targets: int, random: Random, *, kind: Kind) -> None:
        self._clock = clock
        self._kind: Kind = kind
        self._sandbox = Sandbox(
            projects=(),
            quota=random.choice((QUOTA, QUOTA, 1_000)),
            clock=clock.monotonic,
            dialect=Dialect(
                concurrent=random.choice(("serialised", "refused")),
                quota=random.choice(("403", "413", "inside")),
                no_source=random.choice(("stored", "absent")),
                answers=random.choice(("running", "done")),
                operations_take=random.choice((0.0, 0.0, 2.0)),
            ),
        )
        # Two targets are two networks, or two kinds of machines on one: these may share machines.
        self._shared = targets > 1 and random.random() < 0.5
        self._projects = (PROJECT, OTHER)[: 1 if self._shared else targets]
        whom = (TAGS if kind == "vpc-firewall" else ACCOUNTS)[: targets if self._shared else 1]
        word = "tag" if kind == "vpc-firewall" else "sa"
        self._places = {
            f"gcp:{project}/default/{word}:{one}": (project, one)
            for project in self._projects
            for one in whom
        }
        self.targets: Sequence[str] = list(self._places)
        self._select = {
            "network": "default",
            ("tags" if kind == "vpc-firewall" else "service_accounts"): list(whom),
        }
        for project in self._projects:
            self._sandbox.seed_project(project)
            if kind == "network-policy":
                self._sandbox.seed_policy("default", network="default", project=project)
        self.names: tuple[dict[str, str], ...] = (
            {"tag": SOURCE if kind == "vpc-firewall" else SECURE},
        )
        self._planted = 0
        self._previous: dict[str, Mapping[str, Body]] = {}
        self._seen: dict[str, tuple[object, packets.World]] = {}
        some = {name: tuple(random.sample(bound, 1)) for name, bound in NAMES.items()}
        self.meanings: tuple[Meaning, ...] = tuple(
            {name: packets.networks(cidrs) for name, cidrs in meaning.items()}
            for meaning in (dict.fromkeys(NAMES, ()), NAMES, some)
        )

    @property
    def form(self) -> str:
        """What its target blocks depend on, but for the settings."""
        return f"{self._kind} {self.targets}"

    @property
    def late(self) -> float:
        """How late reads are, in seconds."""
        return self._sandbox.dialect.reads_late

    @late.setter
    def late(self, seconds: float) -> None:
        self._sandbox.world.dialect = replace(self._sandbox.dialect, reads_late=seconds)

    def provider(self) -> Provider:
        """The product's provider with Google's clients, whose wire ends in this sandbox."""
        found: Any = GcpProvider(clock=self._clock.monotonic, sleep=self._clock.sleep)
        wire().leads_to(self._sandbox.cloud, self._clock.sleep)
        found._caller.clients = clients()
        return found  # type: ignore[no-any-return]

    def block(self, settings: dict[str, Any]) -> GcpSettings:
        """A target block over all of its targets."""
        return GcpSettings.model_validate(
            # Marks of Terraform's lie about here, and must not keep the run from its work.
            {"kind": self._kind, "projects": self._projects, "select": self._select,
             "endpoint": ENDPOINT, "managed_by": "cloudsync", **settings}
        )  # fmt: skip

    def truth(self, target: str) -> packets.World | None:
        """The network as it is."""
        project, whom = self._places[target]
        world = self._sandbox.world
        world.settle()
        if "default" not in world.now(f"projects/{project}/global/networks"):
            return None
        held = world.now(self._held(project))
        known = self._seen.get(target)
        if known is None or known[0] is not held:
            known = self._seen[target] = held, self._true(project, whom)
        return known[1]

    def fail(self, kind: str) -> None:
        """The next call ends so, however often it is tried again."""
        faults = self._sandbox.faults
        if kind == "lost":
            faults.lost_after()
            faults.lost_before(times=2)
        elif kind == "never arrived":
            faults.lost_before(times=3)
        elif kind == "throttled":
            faults.rate_limited("mutating", times=3)
        elif kind == "denied":
            faults.denied("mutating", times=1)
        else:
            faults.fails_inside(times=3)

    def regard(self, random: Random) -> None:
        """There is one way to guard these targets."""

    def made(self, step: Step) -> bool:
        """Not told apart here."""
        del step
        return True

    def remember(self, target: str) -> None:
        """Keep how the network is, for ``undo``."""
        if self.truth(target) is not None:
            self._previous[target] = dict(self._rules(self._places[target][0]))

    def undo(self, target: str) -> None:
        """The network as it was before the product's last call."""
        if target in self._previous and self.truth(target) is not None:
            self._put(self._places[target][0], self._previous[target])

    def delete(self, target: str) -> None:
        """The network is gone, with its rules; one that other targets are on stays."""
        project, _ = self._places[target]
        if self._shared:
            return
        self._put(project, {})
        self._sandbox.world.drop(f"projects/{project}/global/networks", "default")

    def edit(self, target: str, kind: str, random: Random) -> str:
        """A rule comes, goes or changes."""
        project, _ = self._places[target]
        if self.truth(target) is None:
            return ""
        rules = self._rules(project)
        if kind in {"plant", "copy"}:
            self._planted += 1
            new = self._foreign(random) if kind == "plant" else self._marked(random)
            return self._given(target, {**rules, _key(new): new}, rules, f"{_said(new)} is planted")
        if not rules:
            return ""
        name = random.choice(sorted(rules))
        old, others = rules[name], {key: one for key, one in rules.items() if key != name}
        if kind == "delete":
            return self._given(target, others, rules, f"{_said(old)} is deleted")
        new = self._reshaped(old, random)
        return self._given(
            target, {**others, _key(new): new}, rules, f"{_said(old)} becomes {_said(new)}"
        )

    # ------------------------------------------------------------------ the sandbox's own state

    def _held(self, project: str) -> str:
        kind = "firewalls" if self._kind == "vpc-firewall" else "firewallPolicies"
        return f"projects/{project}/global/{kind}"

    def _rules(self, project: str) -> Mapping[str, Body]:
        if self._kind == "vpc-firewall":
            return self._sandbox.firewalls(project)
        rules: list[Body] = self._sandbox.policy("default", project)["rules"]
        return {_key(rule): rule for rule in rules if rule["priority"] <= max(_NUMBERS)}

    def _given(
        self, target: str, rules: Mapping[str, Body], before: Mapping[str, Body], said: str
    ) -> str:
        """The network with ``rules``, unless the API refuses them."""
        numbers = [rule["priority"] for rule in rules.values()]
        if self._kind == "network-policy" and len(set(numbers)) < len(numbers):
            return ""
        try:
            self._put(self._places[target][0], rules)
        except ValueError:
            self._put(self._places[target][0], before)
            return ""
        return f"{target}: {said}"

    def _put(self, project: str, rules: Mapping[str, Body]) -> None:
        if self._kind == "network-policy":
            self._sandbox.replant_policy("default", list(rules.values()), project=project)
            return
        standing = self._sandbox.firewalls(project)
        for name in standing.keys() - rules.keys():
            self._sandbox.uproot(name, project=project)
        for name, rule in rules.items():
            if standing.get(name) != rule:
                self._sandbox.plant(rule, project=project)

    def _true(self, project: str, whom: str) -> packets.World:
        if self._kind == "network-policy":
            rules = self._sandbox.policy("default", project)["rules"]
            inbound = [rule for rule in rules if rule["direction"] == "INGRESS"]
            world = gcp.Firewalls(
                policies=({"name": "policy", "type": "NETWORK", "rules": inbound},)
            )
            found = gcp.from_gcp(world, account=whom, outbound=_outbound(rules))
        else:
            rules = list(self._sandbox.firewalls(project).values())
            inbound = [rule for rule in rules if rule["direction"] == "INGRESS"]
            found = gcp.from_gcp(gcp.Firewalls(tuple(inbound)), tag=whom, outbound=_outbound(rules))
        beside = self._beside(inbound, whom)
        return replace(found, rows=tuple(_plain(row, beside) for row in found.rows))

    def _beside(self, rules: Iterable[Body], whom: str) -> frozenset[str]:
        """The ids of the rules that are for another target of the network alone."""
        word = "targetTags" if self._kind == "vpc-firewall" else "targetServiceAccounts"
        others = [[one] for _, one in self._places.values() if one != whom and self._shared]
        return frozenset(
            str(rule.get("name") or f"policy {rule['priority']}")
            for rule in rules
            if rule.get(word) in others
        )

    # ------------------------------------------------------------------ rules as people make them

    def _foreign(self, random: Random) -> Body:
        networks = _family(random, (*ANYWHERE, *self.probes[:1]), random.choice((0, 1, 1, 1, 2)))
        named = random.random() < 0.2
        if self._kind == "network-policy" and not networks:
            named = True
        return self._made(
            random,
            f"r{self._planted}",
            random.choice((True, True, False)),
            networks,
            protocol=random.choice(_PROTOCOLS),
            port=random.choice(_PORTS),
            machines=random.choice(((), (), (), (0,), (1,), (0, 1))),
            named=named,
            label=random.choice(STRANGE_LABELS),
        )

    def _marked(self, random: Random) -> Body:
        """A rule that bears our mark: as we would make it, a copy, or one that somebody spoilt."""
        purpose = random.choice(PURPOSES)
        return self._made(
            random,
            f"cloudsync-{OURS}-{purpose}-{self._planted}",
            purpose != "deny",
            _family(random, ANYWHERE, random.choice((1, 2))),
            port=random.choice(_OWN_PORTS),
            machines=random.choice(((0,), (0,), (0,), (1,))),
            label=f"cloudsync/{OURS} {purpose}",
        )

    def _made(
        self,
        random: Random,
        name: str,
        allow: bool,
        networks: Iterable[str],
        *,
        port: str,
        label: str,
        machines: Iterable[int],
        protocol: str = "tcp",
        named: bool = False,
    ) -> Body:
        ports = {"ports": [port]} if protocol != "all" else {}
        number = random.choice(_NUMBERS)
        if self._kind == "vpc-firewall":
            body: Body = {
                "name": name, "priority": number, "direction": "INGRESS", "description": label,
                "allowed" if allow else "denied": [{"IPProtocol": protocol, **ports}],
                "sourceRanges": list(networks), "disabled": random.random() < 0.04,
                "sourceTags": [SOURCE] if named else [],
                "targetTags": [TAGS[one] for one in machines],
            }  # fmt: skip
            return {key: value for key, value in body.items() if value != []}
        match: Body = {"layer4Configs": [{"ipProtocol": protocol, **ports}]}
        if networks := list(networks):
            match["srcIpRanges"] = networks
        if named and random.random() < 0.5:
            match["srcFqdns"] = [HOST]
        elif named:
            match["srcSecureTags"] = [{"name": SECURE}]
        return {
            "ruleName": name, "priority": number, "direction": "INGRESS", "description": label,
            "action": "allow" if allow else "deny", "match": match,
            "disabled": random.random() < 0.04,
            "targetServiceAccounts": [ACCOUNTS[one] for one in machines],
        }  # fmt: skip

    def _reshaped(self, rule: Body, random: Random) -> Body:
        """A rule changed in place; its name, and a classic one's action, stay."""
        kind = random.choice(("port", "number", "sources", "label", "off"))
        if kind == "number":
            return {**rule, "priority": random.choice(_NUMBERS)}
        if kind == "label":
            return {**rule, "description": random.choice(STRANGE_LABELS)}
        if kind == "off":
            return {**rule, "disabled": not rule.get("disabled", False)}
        networks = _family(random, ANYWHERE, 1)
        ports = [random.choice(_PORTS)]
        if self._kind == "network-policy":
            match = cast("Body", rule["match"])
            changed = (
                {"layer4Configs": [{"ipProtocol": "tcp", "ports": ports}]}
                if kind == "port"
                else {"srcIpRanges": networks}
            )
            return {**rule, "match": {**match, **changed}}
        if kind == "sources":
            return {**rule, "sourceRanges": networks}
        verb = "allowed" if "allowed" in rule else "denied"
        return {**rule, verb: [{"IPProtocol": "tcp", "ports": ports}]}


@cache
def wire() -> Wire:
    """The one wire of this process."""
    return Wire()


@cache
def clients() -> Clients:
    """Google's clients, made once: making them costs more than a run."""
    return wire().clients()


def _family(random: Random, pool: Iterable[str], count: int) -> list[str]:
    """Some networks of one family, which is all that a rule can hold."""
    six = random.random() < 0.4
    fitting = sorted({one for one in pool if (":" in one) is six}, key=lambda one: (one, six))
    return sorted(random.sample(fitting, count), key=ip_network)


def _key(rule: Body) -> str:
    return str(rule.get("name") or rule["priority"])


def _said(rule: Body) -> str:
    given = (
        "id",
        "kind",
        "creationTimestamp",
        "selfLink",
        "logConfig",
        "network",
        "ruleTupleCount",
    )
    return json.dumps({key: value for key, value in rule.items() if key not in given})


def _outbound(rules: Iterable[Body]) -> str:
    # A field that says nothing may be left out, or written out when a policy is.
    told = [
        {key: value for key, value in rule.items() if value}
        for rule in rules
        if rule["direction"] == "EGRESS"
    ]
    return json.dumps(told, sort_keys=True)


def _plain(row: Row, beside: Collection[str]) -> Row:
    """The row with names as the configuration says them, without their kinds."""
    names = tuple(name.partition(":")[2] for name in row["names"])
    return {**row, "names": names, "beside": row["id"] in beside}
