"""Prefix lists in the sandbox with the oracle beside them; the sandbox's own truth is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloudsync.exposure import Exposure
from cloudsync.model import Wanted
from cloudsync.provider import Provider as Contract
from cloudsync.provider import Scope, Snapshot, Step
from cloudsync_aws.provider import Provider
from cloudsync_aws.sandbox import Sandbox
from cloudsync_aws.settings import AwsSettings
from tests.contract.driver import Run, look, run, same
from tests.contract.ec2 import REGION, Clock, permission
from tests.contract.judged import misread, points, wish_of
from tests.oracle import packets
from tests.oracle.promises import broken

MODIFY = "ModifyManagedPrefixList"


class JudgedLists:
    """Lists of one or both families that the same groups refer to, and the judge of every change."""

    def __init__(
        self,
        sandbox: Sandbox,
        *lists: Mapping[str, str],
        room: int = 40,
        groups: int = 2,
        ports: tuple[int, int] = (25, 25),
        clock: Clock | None = None,
        forecast: bool = True,
    ) -> None:
        self.sandbox = sandbox
        self.clock = clock or Clock()
        self.forecast = forecast
        self.faults: list[str] = []
        families = ("IPv4", "IPv6")
        self.ids = [
            sandbox.seed_prefix_list(
                region=REGION,
                name=f"mail {family}",
                entries=list(entries.items()),
                family=family,  # type: ignore[arg-type]
                max_entries=max(room, len(entries)),
            )
            for family, entries in zip(families, lists, strict=False)
        ]
        self.groups = [
            sandbox.seed_group(
                region=REGION,
                name=f"mx{len(sandbox.groups(REGION))}",
                permissions=[
                    permission(*self.ids, ports=ports),
                    permission("0.0.0.0/0", ports=(443, 443)),
                ],
            )
            for _ in range(groups)
        ]
        self.targets = [f"aws:{sandbox.account}/{REGION}/{one}" for one in self.ids]
        self.settings = AwsSettings.model_validate(
            {
                "kind": "prefix-list",
                "mode": "watch",
                "endpoint": sandbox.url,
                "regions": [REGION],
                "select": {"ids": self.ids, "groups": self.groups},
            }
        )
        self.scope = Scope(f"aws:{sandbox.account}/{REGION}", self.settings)
        self.provider: Contract = Provider(clock=self.clock, sleep=self.clock.sleep)

    def entries(self, number: int = 0) -> dict[str, str]:
        """What really stands in a list."""
        return self.sandbox.list_entries(REGION, self.ids[number])

    @property
    def calls(self) -> list[str]:
        """The mutating calls this sandbox ever got."""
        return [call.action for call in self.sandbox.calls if call.mutating]

    def truth(self) -> packets.World:
        """What the groups let in by the lists, and beside them, as the oracle sees it."""
        group = self.sandbox.groups(REGION)[self.groups[0]] if self.groups else {}
        rows: list[packets.Row] = []
        for one in group.get("IpPermissions", ()):
            ports = (one["FromPort"], one["ToPort"])
            for named in one.get("PrefixListIds", ()):
                entries = self.sandbox.list_entries(REGION, named["PrefixListId"])
                rows += [_row((cidr,), ports, label) for cidr, label in entries.items()]
            rows += [_row((each["CidrIp"],), ports, "") for each in one.get("IpRanges", ())]
        return packets.World(rows=tuple(rows))

    def look(self) -> Snapshot:
        """What a read shows."""
        return look(self.provider, self.scope)

    def exposure(self, number: int = 0, port: int = 25) -> Exposure:
        """Who gets in, as the evaluator says."""
        return self.provider.rules.exposure(self.look(), port)[self.targets[number]]

    def run(
        self,
        wanted: Wanted,
        *,
        stop_after: int | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> Run:
        """One run, judged after every mutation; what was broken stands in ``faults``."""
        wish = wish_of(wanted, ({},), (), revokes=True)
        last = self.truth()
        if self.forecast:
            self.faults += misread(self.exposure(), last, wish)

        def watcher(step: Step, before: Snapshot) -> None:
            nonlocal last
            was, last = last, self.truth()
            found = broken(was, last, wish, points([was, last], wish)) if was != last else []
            self.faults += [f"{step.changes}: {one}" for one in found]
            if self.forecast and was != last:
                after = self.provider.rules.after(before, step)
                self.faults += same(self.provider.rules, after, self.look(), wanted.installation)
                self.faults += misread(self.exposure(), last, wish)

        return run(
            self.provider,
            self.scope,
            dict.fromkeys(self.targets, wanted),
            watcher=watcher,
            stop_after=stop_after,
            sleep=sleep or self.clock.sleep,
            monotonic=self.clock,
        )


def _row(cidrs: Sequence[str], ports: tuple[int, int], label: str) -> dict[str, Any]:
    return {
        "number": 0, "allow": True, "sources": packets.networks(tuple(cidrs)), "names": (),
        "ports": ports, "protocol": "tcp", "machines": (), "label": label, "id": f"{cidrs} {ports}",
    }  # fmt: skip
