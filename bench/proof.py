"""How long the proof of one group's plan takes, for lists of several lengths; it calls no cloud."""

from __future__ import annotations

import gc
import time
from ipaddress import ip_network
from statistics import median
from typing import Any

from bench.fleets import NAME, REGION
from bench.process import answer
from cloudsync.model import Mode, Purpose, Wanted, mark
from cloudsync.plan import make
from cloudsync.provider import Scope
from cloudsync_aws.rules import AwsRules
from cloudsync_aws.snapshot import read

_ACCOUNT = "123456789012"


def measure(case: dict[str, Any]) -> dict[str, Any]:
    """CPU seconds per network, by the number of networks; the lengths take turns."""
    spent: dict[int, list[float]] = {number: [] for number in case["networks"]}
    for turn in range(case["turns"]):
        for number, times in spent.items():
            # A few short proofs make one figure that the clock can tell.
            count = max(1, 300 // number)
            times.append(
                sum(_proved(number, turn * 1_000 + one) for one in range(count)) / count / number
            )
    return {"seconds": {str(number): median(times[1:]) for number, times in spent.items()}}


def _proved(number: int, turn: int) -> float:
    """Seconds for a group that holds one list and is to hold another: all come, and all go.

    No two turns share an address, so that nothing is remembered from the one before.
    """
    old, new = (_networks(number, 2 * turn + side) for side in (0, 1))
    ranges = [{"CidrIp": one, "Description": mark(NAME, Purpose.LIST)} for one in old]
    smtp = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, "IpRanges": ranges}
    scope = Scope(f"aws:{_ACCOUNT}/{REGION}")
    group = {"GroupId": "sg-0", "IpPermissions": [smtp]}
    snapshot = read(scope, [group], {}, quota=lambda: 10 * number)
    want = Wanted(NAME, Mode.ADD, tuple(ip_network(one) for one in new))
    wanted = dict.fromkeys(snapshot.targets, want)
    gc.collect()
    began = time.process_time()
    (plan,) = make(AwsRules(), snapshot, wanted, "sha256:0")
    spent = time.process_time() - began
    changes = sum(len(step.changes) for step in plan.steps)
    assert plan.refusal is None
    assert changes == 2 * number, (changes, number)
    return spent


def _networks(number: int, side: int) -> list[str]:
    first = (44 << 24) + (side * 4_001) % (1 << 23)
    return [str(ip_network((first + 2 * one, 32))) for one in range(number)]


if __name__ == "__main__":
    answer(measure)
