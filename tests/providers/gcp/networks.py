"""Networks made of rules, and runs over them without any cloud; it holds no test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any

from cloudsync.exposure import Exposure
from cloudsync.model import Mode, Wanted
from cloudsync.plan import TargetPlan, make
from cloudsync.provider import Scope, Step
from cloudsync_gcp.layers import Kind, Layer
from cloudsync_gcp.rule import Action, Protocol, Rule, Source
from cloudsync_gcp.rules import GcpRules
from cloudsync_gcp.snapshot import GcpSnapshot, Network, Quota
from cloudsync_gcp.target import Target

PROJECT = "mail-prod"
SCOPE = Scope(f"gcp:{PROJECT}")
SMTP = Target("tag", "smtp")
MX = Target("tag", "mx")
LISTED = ("69.20.58.226/32", "69.20.58.234/32", "2001:4800:10::/48")
EVERYONE = ("0.0.0.0/0",), ("::/0",)
RULES = GcpRules()


def rule(
    number: int,
    *ranges: str,
    name: str = "",
    action: Action = "allow",
    protocol: str = "tcp",
    ports: tuple[str, ...] = ("25",),
    sources: Iterable[str] = (),
    **more: Any,
) -> Rule:
    """A stranger's rule for port 25, for every machine."""
    return Rule(
        name=name or f"r{number}-{action}",
        number=number,
        action=action,
        protocols=(Protocol(protocol, ports),),
        ranges=tuple(sorted(ranges)),
        sources=tuple(Source(one) for one in sources),
        **more,
    )


def everyone(number: int, **more: Any) -> tuple[Rule, Rule]:
    """Two rules that let in, or stop, all of both families."""
    action = more.get("action", "allow")
    return (
        rule(number, "0.0.0.0/0", name=f"four{number}-{action}", **more),
        rule(number, "::/0", name=f"six{number}-{action}", **more),
    )


def network(
    *rules: Rule,
    ahead: Iterable[Layer] = (),
    behind: Iterable[Layer] = (),
    edited: Kind = "classic",
) -> Network:
    """A network with these classic rules, and policies on either side."""
    layers = (*ahead, Layer("classic", rules), *behind)
    return Network(PROJECT, "default", layers, edited, outbound=("65535 out: everything",))


def policy(kind: Kind, *rules: Rule, name: str = "policy") -> Layer:
    """A policy with these rules."""
    return Layer(kind, tuple(replace(one, layer=name) for one in rules), name, name)


def snapshot(on: Network, *targets: Target, quota: Quota | None = None) -> GcpSnapshot:
    """What a look would show."""
    places = {f"{SCOPE}/default/{one}": one for one in targets or (SMTP,)}
    return GcpSnapshot(SCOPE, on, places, lambda: quota)


def want(mode: Mode, *listed: str, also: tuple[str, ...] = (), **more: Any) -> Wanted:
    """What is wanted, from strings."""
    if mode is Mode.ENFORCE:
        more.setdefault("internal", "keep")
    return Wanted(
        "ours",
        mode,
        networks=tuple(map(ip_network, listed or LISTED)),
        also=tuple(map(ip_network, also)),
        **more,
    )


def exposure(seen: GcpSnapshot, target: Target = SMTP, port: int = 25) -> Exposure:
    """Who gets in at one target."""
    return RULES.exposure(seen, port)[f"{SCOPE}/default/{target}"]


@dataclass
class World:
    """A network that runs change as the plan says, each step proved."""

    seen: GcpSnapshot
    done: list[Step] = field(default_factory=list[Step])

    def plan(self, wanted: Wanted | Mapping[str, Wanted]) -> tuple[TargetPlan, ...]:
        """The plans of all targets."""
        wants = dict.fromkeys(self.seen.targets, wanted) if isinstance(wanted, Wanted) else wanted
        return make(RULES, self.seen, wants, "sha256:test")

    def run(self, wanted: Wanted | Mapping[str, Wanted]) -> tuple[TargetPlan, ...]:
        """Do what the plan says, all of it."""
        plans = self.plan(wanted)
        for step in dict.fromkeys(step for plan in plans for step in plan.steps):
            self.seen = RULES.after(self.seen, step)
            self.done.append(step)
        return plans

    def settle(self, wanted: Wanted | Mapping[str, Wanted]) -> tuple[TargetPlan, ...]:
        """Run until nothing is left to do, which takes at most two runs."""
        first = self.run(wanted)
        self.run(wanted)
        (rest,) = {plan.steps for plan in self.plan(wanted)}
        assert rest == ()
        return first

    def plant(self, *rules: Rule) -> None:
        """Somebody adds rules to the layer that own ones stand in."""
        layer = self.seen.network.own
        assert layer is not None
        changed = replace(layer, rules=(*layer.rules, *rules))
        self.seen = replace(self.seen, network=self.seen.network.editing(changed))

    @property
    def own(self) -> list[Rule]:
        """The rules of ours, in order."""
        layer = self.seen.network.own
        return [] if layer is None else [
            one for one in layer.ordered if one.description.startswith("cloudsync/ours ")
        ]  # fmt: skip
