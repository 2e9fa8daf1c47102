"""One sweep of many accounts in a fresh process: by boto3 alone in as many threads, or by a whole look.

What both need once a process is made before the clock runs: the SDK's session, a client a region,
and one call by each. The bare one shares its clients between accounts too and signs every call with
the caller's own credentials, which is the least that the SDK can do.
"""

from __future__ import annotations

import gc
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from bench.fleets import LIST, TAG
from bench.job import aws, job
from bench.process import answer, peak
from cloudsync.reconcile import look

REGIONS: Final = ("us-east-1", "eu-west-1", "ap-south-1")
THREADS: Final = 16
_ROLE: Final = "cloudsync"


def measure(case: dict[str, Any]) -> dict[str, Any]:
    """Seconds and peak memory of one sweep of so many ``accounts``, ``by`` boto3 or cloudsync."""
    return _bare(case["accounts"]) if case["by"] == "boto3" else _look(case["accounts"])


def _account(number: int) -> str:
    return f"{number:012d}"


def _bare(accounts: int) -> dict[str, Any]:
    from boto3.session import Session  # noqa: PLC0415 - as the product, only where it is used
    from botocore.config import Config  # noqa: PLC0415

    session: Any = Session()
    config = Config(max_pool_connections=THREADS)
    sts = session.client("sts", region_name=REGIONS[0], config=config)
    ec2 = {name: session.client("ec2", region_name=name, config=config) for name in REGIONS}
    filters: Any = [{"Name": f"tag:{TAG[0]}", "Values": [TAG[1]]}]

    def enter(number: int) -> None:
        sts.assume_role(
            RoleArn=f"arn:aws:iam::{_account(number)}:role/{_ROLE}", RoleSessionName=_ROLE
        )

    def sweep(region: str) -> int:
        pages = (
            ec2[region]
            .get_paginator("describe_security_groups")
            .paginate(Filters=filters, PaginationConfig={"PageSize": 1_000})
        )
        return sum(len(page["SecurityGroups"]) for page in pages)

    enter(0)
    for region in REGIONS:
        sweep(region)
    gc.collect()
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        entered = [pool.submit(enter, number) for number in range(1, accounts + 1)]
        seen = sum(pool.map(sweep, REGIONS * accounts))
    for one in entered:
        one.result()
    return {"seconds": time.monotonic() - began, "peak": peak(), "targets": seen}


def _look(accounts: int) -> dict[str, Any]:
    with (
        job(LIST, block=aws(os.environ, where=_where(range(1, accounts + 1)))) as whole,
        job(LIST, block=aws(os.environ, where=_where([0]))) as one,
    ):
        look(type(whole)(one.config, one.store, whole.provider, one.read))
        gc.collect()
        began = time.monotonic()
        found = look(whole)
        spent = time.monotonic() - began
    return {"seconds": spent, "peak": peak(), "targets": len(found.plan.targets)}


def _where(numbers: Any) -> str:
    entries = ", ".join(f'{{id: "{_account(number)}", role: {_ROLE}}}' for number in numbers)
    return f"accounts: [{entries}]\n    regions: [{', '.join(REGIONS)}]"


if __name__ == "__main__":
    answer(measure)
