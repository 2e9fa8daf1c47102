"""So many runs of a worker, with a fault at every other; exits 1 where it holds more than before.

``python -m tests.endurance --runs N --seed S``
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from tests.endurance.days import Days, judged, slope


def main() -> int:
    """Have them, and say how it went."""
    asked = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    asked.add_argument("--runs", type=int, default=1_440)
    asked.add_argument("--seed", type=int, default=1)
    said = asked.parse_args()
    memory = Path("/dev/shm")
    began = monotonic()
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        days = Days(Path(folder), said.runs, said.seed)
        days.play()
        state = (Path(folder) / "state.db").stat().st_size
    for one in days.held[:: max(len(days.held) // 12, 1)]:
        sys.stdout.write(
            f"after {one.runs:5,} runs: {one.blocks:,} blocks, {one.peak // 1024} MiB at most, "
            f"{one.descriptors} descriptors, {one.threads} threads\n"
        )
    sys.stdout.write(
        f"{days.done:,} runs in {monotonic() - began:.0f} s, exit codes {dict(days.exits)}, "
        f"{days.faults.total()} faults, {slope(days.held):.2f} blocks a run, "
        f"a state of {state // 1024:,} KiB\n"
    )
    wrong = judged(days)
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
