"""A security group in the sandbox with the oracle beside it; the sandbox's own truth is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloudsync.exposure import Exposure
from cloudsync.model import Wanted
from cloudsync.provider import Provider as Contract
from cloudsync.provider import Scope, Snapshot, Step
from cloudsync_aws.provider import Provider
from cloudsync_aws.sandbox import Sandbox
from cloudsync_aws.settings import AwsSelect, AwsSettings
from tests.contract.driver import Run, look, run, same
from tests.contract.judged import misread, points, wish_of
from tests.oracle import packets
from tests.oracle.packets import Meaning
from tests.oracle.promises import broken

REGION = "us-east-1"
MUTATING = (
    "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress",
    "UpdateSecurityGroupRuleDescriptionsIngress", "ModifySecurityGroupRules",
)  # fmt: skip


class Clock:
    """Seconds that pass when somebody sleeps, and a little with each look."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """The time, a little later than before."""
        self.now += 0.5
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let them pass at once."""
        self.now += seconds


class JudgedGroup:
    """One group, and the judge of whatever is done to it."""

    def __init__(
        self,
        sandbox: Sandbox,
        permissions: Sequence[Mapping[str, Any]],
        meanings: Sequence[Mapping[str, Sequence[str]]] = ({},),
        *,
        clock: Clock | None = None,
        forecast: bool = True,
    ) -> None:
        self.sandbox = sandbox
        self.clock = clock or Clock()
        self.id = sandbox.seed_group(
            region=REGION, name=f"g{len(sandbox.groups(REGION))}", permissions=permissions
        )
        self.target = f"aws:{sandbox.account}/{REGION}/{self.id}"
        settings = AwsSettings(
            mode="watch",
            endpoint=sandbox.url,
            select=AwsSelect(ids=(self.id,)),
            regions=(REGION,),
            accounts=(),
            also_allow=(),
        )
        self.scope = Scope(f"aws:{sandbox.account}/{REGION}", settings)
        self.provider: Contract = Provider(clock=self.clock, sleep=self.clock.sleep)
        self.meanings: tuple[Meaning, ...] = tuple(
            {name: packets.networks(tuple(cidrs)) for name, cidrs in meaning.items()}
            for meaning in meanings
        )
        self.forecast = forecast
        self.faults: list[str] = []

    @property
    def group(self) -> dict[str, Any]:
        """What is really there."""
        return self.sandbox.groups(REGION)[self.id]

    @property
    def calls(self) -> int:
        """How many mutating calls this sandbox ever got."""
        return sum(call.action in MUTATING for call in self.sandbox.calls)

    def truth(self) -> packets.World:
        """The group as the oracle sees it."""
        return packets.from_ec2(self.group, self.sandbox.prefix_lists(REGION))

    def look(self) -> Snapshot:
        """What a read shows."""
        return look(self.provider, self.scope)

    def exposure(self, port: int = 25) -> Exposure:
        """Who gets in, as the evaluator says."""
        return self.provider.rules.exposure(self.look(), port)[self.target]

    def plant(self, *permissions: Mapping[str, Any]) -> None:
        """Somebody adds rules."""
        self.sandbox.plant(REGION, self.id, [dict(one) for one in permissions])

    def uproot(self, *permissions: Mapping[str, Any]) -> None:
        """Somebody takes rules away."""
        self.sandbox.uproot(REGION, self.id, [dict(one) for one in permissions])

    def run(
        self,
        wanted: Wanted,
        *,
        stop_after: int | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> Run:
        """One run, judged after every mutation; what was broken stands in ``faults``."""
        wish = wish_of(wanted, self.meanings, (), revokes=True)
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
                after, seen = self.provider.rules.after(before, step), self.look()
                self.faults += same(self.provider.rules, after, seen, wanted.installation)
                exposure = self.provider.rules.exposure(seen, 25)[self.target]
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


def permission(
    *cidrs: str, ports: tuple[int, int] = (25, 25), protocol: str = "tcp", label: str = ""
) -> dict[str, Any]:
    """An inbound permission as boto3 takes it; a source may be a CIDR, ``sg-…`` or ``pl-…``."""
    found: dict[str, Any] = {"IpProtocol": protocol}
    if protocol != "-1":
        found |= {"FromPort": ports[0], "ToPort": ports[1]}
    said = {"Description": label} if label else {}
    for cidr in cidrs:
        kind, key = (
            ("UserIdGroupPairs", "GroupId") if cidr.startswith("sg-")
            else ("PrefixListIds", "PrefixListId") if cidr.startswith("pl-")
            else ("Ipv6Ranges", "CidrIpv6") if ":" in cidr
            else ("IpRanges", "CidrIp")
        )  # fmt: skip
        found.setdefault(kind, []).append({key: cidr, **said})
    return found
