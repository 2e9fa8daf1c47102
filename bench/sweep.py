"""One sweep of a fleet in a fresh process: by boto3's bare paginator, or by a whole look.

What both need once a process, the SDK's session, client and parser, is made before the clock runs.
"""

from __future__ import annotations

import gc
import os
import time
from contextlib import suppress
from typing import Any

from bench.fleets import LIST, REGION, TAG
from bench.job import aws, job
from bench.process import answer, peak
from cloudsync.errors import UsageError
from cloudsync.reconcile import look

_NOBODY = "nobody"
"""A tag that no group carries: asking for it makes everything ready, and costs one empty answer."""


def measure(case: dict[str, Any]) -> dict[str, Any]:
    """CPU seconds and peak memory of one sweep, and what it saw.

    ``case`` says ``by`` ("boto3" or "cloudsync") and the ``mode``.
    """
    return _bare() if case["by"] == "boto3" else _look(case.get("mode", "add"))


def _bare() -> dict[str, Any]:
    from boto3.session import Session  # noqa: PLC0415 - as the product, only where it is used

    listing = Session().client("ec2", region_name=REGION).get_paginator("describe_security_groups")

    def sweep(value: str) -> int:
        filters: Any = [{"Name": f"tag:{TAG[0]}", "Values": [value]}]
        seen = 0
        for page in listing.paginate(Filters=filters, PaginationConfig={"PageSize": 1_000}):
            seen += len(page["SecurityGroups"])
        return seen

    sweep(_NOBODY)
    gc.collect()
    began = time.process_time()
    seen = sweep(TAG[1])
    return {"cpu": time.process_time() - began, "peak": peak(), "targets": seen, "steps": 0}


def _look(mode: str) -> dict[str, Any]:
    with (
        job(LIST, block=aws(os.environ, mode=mode)) as whole,
        job(LIST, block=aws(os.environ, mode=mode, tag=_NOBODY)) as nobody,
    ):
        ready = type(whole)(nobody.config, nobody.store, whole.provider, nobody.read)
        with suppress(UsageError):
            look(ready)
        gc.collect()
        began = time.process_time()
        found = look(whole)
        spent = time.process_time() - began
    assert not found.vetted.held, "the list must be in force, or something else is measured"
    return {
        "cpu": spent,
        "peak": peak(),
        "targets": len(found.plan.targets),
        "steps": len(found.plan.steps),
    }


if __name__ == "__main__":
    answer(measure)
