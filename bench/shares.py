"""``python -m bench.shares``: 10,000 accounts in three regions to the end, in shards; does memory stay flat?

Every process is a fresh one. A first run has nothing to remember; in a second one every shard finds
in the state what the first had seen.
"""

from __future__ import annotations

import resource
import sys
import time
from contextlib import closing
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.process import answer, peak, run
from bench.table import Row, markdown

MANY, FEW, SHARDS = 10_000, 2_500, 4
_MODULE: Final = "bench.shares"


def measure(case: dict[str, Any]) -> dict[str, Any]:
    """One process of a run: ``shard`` of ``SHARDS``, or with 0 its gathering."""
    from bench.simulated import job  # noqa: PLC0415 - what runs the others needs none of it
    from cloudsync import records  # noqa: PLC0415
    from cloudsync.shards.begin import joined  # noqa: PLC0415
    from cloudsync.shards.gather import gathered  # noqa: PLC0415
    from cloudsync.shards.shard import Shard  # noqa: PLC0415
    from cloudsync.shards.work import work  # noqa: PLC0415
    from cloudsync.state import open_state  # noqa: PLC0415
    from cloudsync.vetting.leaving import begin  # noqa: PLC0415

    with closing(open_state(f"sqlite:///{case['state']}")) as store:
        made = job(case["accounts"], store)
        if store.get(records.LIST_KEY) is None:
            listing = made.read(made.config, None).listing
            assert listing
            value = begin(listing, made.now(), "bench")
            records.save(store, records.LIST_KEY, records.LIST, value, None)
        before = peak()
        began = time.monotonic()
        targets = 0
        if case["shard"]:
            common, _ = joined(made, case["run"], SHARDS)
            assert work(made, common, Shard(case["shard"], SHARDS)).ended
        else:
            targets = len(gathered(made, case["run"]).report.now.targets)
        used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "before": before,
        "peak": peak(),
        "seconds": time.monotonic() - began,
        "cpu": used.ru_utime + used.ru_stime,
        "targets": targets,
    }


def whole(accounts: int) -> dict[str, float]:
    """Two runs of so many accounts: the most memory of a shard and of the gathering, and their CPU."""
    found = {"shard": 0.0, "gather": 0.0, "cpu": 0.0, "gather_cpu": 0.0, "targets": 0.0}
    with TemporaryDirectory(dir="/dev/shm") as folder:
        for name in ("r1", "r2"):
            for shard in (*range(1, SHARDS + 1), 0):
                case = {
                    "accounts": accounts, "shard": shard, "run": name,
                    "state": f"{folder}/state.db",
                }  # fmt: skip
                went = run(_MODULE, case, {"SHARE": "1"})
                what = "shard" if shard else "gather"
                found[what] = max(found[what], went["peak"])
                found["cpu" if shard else "gather_cpu"] = went["cpu"]
                found["targets"] = max(found["targets"], went["targets"])
                sys.stderr.write(
                    f"{accounts:,} accounts, run {name}, {what} {shard}: {went['peak'] / 1024:.0f} MiB, "
                    f"{went['cpu']:.0f} s CPU, {went['seconds']:.0f} s\n"
                )
    return found


def main() -> int:
    """Measure, and print the table."""
    few, many = whole(FEW), whole(MANY)
    assert many["targets"] == MANY * 3
    rows = [
        Row(
            "peak memory of a shard at 10,000 accounts in 3 regions over that at 2,500",
            many["shard"] / few["shard"], 1.30, f"{many['shard'] / 1024:.0f} MiB",
        ),
        Row(
            "peak memory of who gathers, KiB a target more",
            (many["gather"] - few["gather"]) / ((MANY - FEW) * 3), None,
            f"{many['gather'] / 1024:.0f} MiB",
        ),
        Row(
            "CPU of a shard, ms a target", many["cpu"] / (MANY * 3 / SHARDS) * 1_000, None,
            f"{many['cpu']:.0f} s",
        ),
        Row(
            "CPU of who gathers, ms a target", many["gather_cpu"] / (MANY * 3) * 1_000, None,
            f"{many['gather_cpu']:.0f} s",
        ),
    ]  # fmt: skip
    sys.stdout.write(markdown(rows) + "\n")
    return int(any(row.missed for row in rows))


if __name__ == "__main__":
    import os

    if os.environ.get("SHARE"):
        answer(measure)
    else:
        sys.exit(main())
