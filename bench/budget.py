"""What the budget of the simulator in ``make test`` buys on this machine; it judges no schedule."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Final

from bench.process import ROOT
from bench.table import Row

BUDGET: Final = 90.0
"""Seconds of ``make test`` that the schedules may take."""
SCHEDULES: Final = 5_000
_SAMPLE: Final = 150


def schedules() -> Row:
    """The share of the budget that the schedules take on one core, judged by a sample of them."""
    measure = f"share of {BUDGET:.0f} s that {SCHEDULES:,} simulated schedules take on one core"
    try:
        began = time.monotonic()
        ended = subprocess.run(  # noqa: S603 - this interpreter and the suite's own simulator
            [sys.executable, "-m", "tests.simulator", "--schedules", str(_SAMPLE), "--seed", "1"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=BUDGET,
        )
    except subprocess.TimeoutExpired:
        return Row(measure, None, remark=f"{_SAMPLE} schedules weren't done in {BUDGET:.0f} s")
    spent = time.monotonic() - began
    if ended.returncode:
        return Row(measure, None, remark="the sample failed: see python -m tests.simulator")
    a_second = _SAMPLE / spent
    return Row(measure, round(SCHEDULES / a_second / BUDGET, 2), remark=f"{a_second:,.0f} a second")
