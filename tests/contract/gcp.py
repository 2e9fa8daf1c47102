"""A network in the sandbox with the oracle beside it; the sandbox's own truth is judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from cloudsync.exposure import Exposure
from cloudsync.model import Wanted
from cloudsync.provider import Provider as Contract
from cloudsync.provider import Scope, Snapshot, Step
from cloudsync_gcp.provider import Provider
from cloudsync_gcp.rules import PROBES
from cloudsync_gcp.sandbox import Sandbox
from cloudsync_gcp.settings import GcpSettings
from tests.contract.driver import Run, look, run, same
from tests.contract.ec2 import Clock
from tests.contract.judged import misread, points, wish_of
from tests.oracle import gcp, packets
from tests.oracle.packets import Meaning
from tests.oracle.promises import broken

PROJECT = "mail-prod"
ACCOUNT = f"mx@{PROJECT}.iam.gserviceaccount.com"
Kind = Literal["vpc-firewall", "network-policy"]


class JudgedNetwork:
    """One target on a network of its own, and the judge of whatever is done to it."""

    def __init__(
        self,
        sandbox: Sandbox,
        rules: Sequence[Mapping[str, Any]] = (),
        meanings: Sequence[Mapping[str, Sequence[str]]] = ({},),
        *,
        kind: Kind = "vpc-firewall",
        clock: Clock | None = None,
        forecast: bool = True,
    ) -> None:
        self.sandbox = sandbox
        self.clock = clock or Clock()
        self.kind = kind
        # A project of its own: a listing goes through all that ever stood in one, the log too.
        self.project = f"{PROJECT}-{len(sandbox.world.projects)}"
        self.network = "n1"
        sandbox.calls.clear()
        sandbox.seed_project(self.project)
        sandbox.seed_network(self.network, project=self.project)
        self.select: dict[str, Any] = {"network": self.network}
        if kind == "network-policy":
            self.select["service_accounts"] = [ACCOUNT]
            sandbox.seed_policy(self.network, rules, network=self.network, project=self.project)
        else:
            self.select["tags"] = ["smtp"]
            for rule in rules:
                sandbox.seed_firewall(self._on(rule), project=self.project)
        settings = GcpSettings.model_validate(
            {"mode": "watch", "kind": kind, "endpoint": sandbox.endpoint, "projects": [self.project],
             "select": self.select}
        )  # fmt: skip
        self.scope = Scope(f"gcp:{self.project}", settings)
        self.target = f"gcp:{self.project}/{self.network}/{settings.select.targets[0]}"
        self.provider: Contract = Provider(clock=self.clock, sleep=self.clock.sleep)
        self.meanings: tuple[Meaning, ...] = tuple(
            {
                # The oracle says of what kind a name is; the configuration says the name alone.
                key: packets.networks(tuple(cidrs))
                for name, cidrs in meaning.items()
                for key in (name, f"tag:{name}")
            }
            for each in meanings
            # What a rule without sources means to IPv6 isn't said: nobody, or everyone.
            for meaning in ({**each, gcp.EVERYONE_6: ()}, {**each, gcp.EVERYONE_6: ("::/0",)})
        )
        self.forecast = forecast
        self.faults: list[str] = []

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules that are really there, where own ones stand."""
        if self.kind == "network-policy":
            found: list[dict[str, Any]] = self.sandbox.policy(self.network, self.project)["rules"]
            return found
        return [
            rule for rule in self.sandbox.firewalls(self.project).values()
            if rule["network"].endswith(f"/{self.network}")
        ]  # fmt: skip

    @property
    def calls(self) -> int:
        """How many mutating calls this sandbox ever got."""
        return sum(call.mutating for call in self.sandbox.calls)

    def truth(self) -> packets.World:
        """The target as the oracle sees it."""
        inbound = [rule for rule in self.rules if rule["direction"] == "INGRESS"]
        outbound = json.dumps(
            # A field that says nothing may be left out, or written out when a policy is.
            [{key: value for key, value in rule.items() if value}
             for rule in self.rules if rule["direction"] == "EGRESS"],
            sort_keys=True,
        )  # fmt: skip
        if self.kind == "network-policy":
            world = gcp.Firewalls(
                policies=({"name": "policy", "type": "NETWORK", "rules": inbound},)
            )
            return gcp.from_gcp(world, account=ACCOUNT, outbound=outbound)
        return gcp.from_gcp(gcp.Firewalls(tuple(inbound)), tag="smtp", outbound=outbound)

    def look(self) -> Snapshot:
        """What a read shows."""
        return look(self.provider, self.scope)

    def exposure(self, port: int = 25) -> Exposure:
        """Who gets in, as the evaluator says."""
        return self.provider.rules.exposure(self.look(), port)[self.target]

    def plant(self, rule: Mapping[str, Any]) -> None:
        """Somebody adds a rule."""
        if self.kind == "network-policy":
            self.sandbox.replant_policy(self.network, [*self.rules, rule], project=self.project)
        else:
            self.sandbox.plant(self._on(rule), project=self.project)

    def uproot(self, name: str) -> None:
        """Somebody takes a rule away."""
        if self.kind == "network-policy":
            left = [rule for rule in self.rules if rule.get("ruleName") != name]
            self.sandbox.replant_policy(self.network, left, project=self.project)
        else:
            self.sandbox.uproot(name, project=self.project)

    def run(
        self,
        wanted: Wanted,
        *,
        stop_after: int | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> Run:
        """One run, judged after every mutation; what was broken stands in ``faults``."""
        told = wish_of(wanted, self.meanings, tuple(PROBES.cidrs()), revokes=False)
        wish = replace(told, names=tuple(f"tag:{name}" for name in told.names))
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
                after, now = self.provider.rules.after(before, step), self.look()
                self.faults += same(self.provider.rules, after, now, wanted.installation)
                exposure = self.provider.rules.exposure(now, 25)[self.target]
                self.faults += misread(exposure, last, wish)

        return run(
            self.provider,
            self.scope,
            {self.target: wanted},
            watcher=watcher,
            stop_after=stop_after,
            sleep=sleep or self.clock.sleep,
            monotonic=self.clock,
        )

    def _on(self, rule: Mapping[str, Any]) -> dict[str, Any]:
        return {**rule, "network": f"global/networks/{self.network}",
                "name": rule["name"] if rule["name"].startswith("cloudsync-")
                else f"{self.network}-{rule['name']}"}  # fmt: skip


def named(judged: JudgedNetwork, name: str) -> str:
    """What a rule planted as ``name`` is called, where names are unique in a project."""
    return name if judged.kind == "network-policy" else f"{judged.network}-{name}"


def classic(
    name: str,
    priority: int,
    *sources: str,
    allow: bool = True,
    ports: tuple[int, int] = (25, 25),
    **more: Any,
) -> dict[str, Any]:
    """A classic rule as the API takes it, for one family."""
    first, last = ports
    said = [{"IPProtocol": "tcp", "ports": [str(first) if first == last else f"{first}-{last}"]}]
    found: dict[str, Any] = {
        "name": name, "priority": priority, "direction": "INGRESS",
        "allowed" if allow else "denied": said, **more,
    }  # fmt: skip
    if sources:
        found["sourceRanges"] = list(sources)
    return found


def in_policy(
    name: str,
    priority: int,
    *sources: str,
    action: str = "allow",
    ports: tuple[int, int] = (25, 25),
    **more: Any,
) -> dict[str, Any]:
    """A policy's rule as the API takes it, for one family."""
    first, last = ports
    said = [{"ipProtocol": "tcp", "ports": [str(first) if first == last else f"{first}-{last}"]}]
    return {
        "ruleName": name, "priority": priority, "direction": "INGRESS", "action": action,
        "match": {"srcIpRanges": list(sources), "layer4Configs": said}, **more,
    }  # fmt: skip
