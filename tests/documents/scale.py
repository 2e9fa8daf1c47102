"""What a pass over a fleet costs, as a table: measured figures, and published rates and prices."""

from __future__ import annotations

import math
from dataclasses import dataclass

REGIONS = 3
CALLS_A_SECOND = 167
"""Of one process in 16 threads, each answer after 50 ms (bench/README.md, 200 accounts)."""
MINUTES = 5
"""How long a pass may take, where there are as many shards as that needs."""
FARGATE_HOUR = 0.04048 + 2 * 0.004445
"""Dollars for a virtual CPU with 2 GB for an hour (aws.amazon.com/fargate/pricing, us-east-1)."""
S3_PUT, S3_GET = 0.005 / 1_000, 0.0004 / 1_000
"""Dollars for a request (aws.amazon.com/s3/pricing, us-east-1)."""
PUTS, GETS = 2, 2
"""Of a mark: written and taken away; read once by who gathers, and once to be taken away."""


@dataclass(frozen=True)
class Pass:
    """One pass over so many accounts in ``REGIONS`` regions, all in sync."""

    accounts: int

    @property
    def calls(self) -> int:
        """A role for each account, and a page of up to 1,000 groups for each region."""
        return self.accounts * (1 + REGIONS)

    @property
    def seconds(self) -> float:
        """In one process."""
        return self.calls / CALLS_A_SECOND

    @property
    def shards(self) -> int:
        """So many that it takes ``MINUTES``."""
        return max(1, math.ceil(self.seconds / 60 / MINUTES))

    @property
    def marks(self) -> int:
        """Documents that the shards write; one process alone writes none."""
        return self.accounts * REGIONS if self.shards > 1 else 0

    @property
    def dollars(self) -> float:
        """For the processes, and for the marks in S3. What is asked of EC2 and STS costs nothing."""
        computed = self.seconds / 3_600 * FARGATE_HOUR
        return computed + self.marks * (PUTS * S3_PUT + GETS * S3_GET)


def costs() -> str:
    """Three fleets."""
    rows = [
        f"| {one.accounts:,} | {one.calls:,} | {_length(one.seconds)} | {one.shards} | {one.marks:,} "
        f"| {_money(one.dollars)} | {_money(one.dollars * 24)} |"
        for one in map(Pass, (10, 1_000, 100_000))
    ]
    head = (
        f"| accounts | calls | one process | shards for {MINUTES} min | marks | a pass "
        "| a day, hourly |"
    )
    return "\n".join([head, "|---:|---:|---:|---:|---:|---:|---:|", *rows])


def _length(seconds: float) -> str:
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    return f"{math.ceil(seconds / 60)} min"


def _money(dollars: float) -> str:
    return f"${dollars:,.2f}" if dollars >= 0.01 else "under 1 ¢"
