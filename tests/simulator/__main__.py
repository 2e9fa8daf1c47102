"""Plays as many schedules as it is told; it exits 1 with the first that fails, made small.

``python -m tests.simulator --schedules N --seed S [--world WORLD]``
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from random import SystemRandom
from typing import Final

from tests.simulator.fire import Fired, fire
from tests.simulator.timeline import TURNS, World

_WORLDS: Final[Mapping[str, Sequence[World]]] = {
    "ties": ("ties",),
    "unique": ("unique",),
    "memory": ("ties", "unique"),
    "aws": ("aws",),
    "aws-full": ("aws-full",),
    "aws-lists": ("aws-lists",),
    "azure": ("azure",),
    "azure-part": ("azure-part",),
    "gcp": ("gcp",),
    "gcp-policy": ("gcp-policy",),
    "google": ("gcp", "gcp-policy"),
    "all": TURNS,
}


def main() -> int:
    """Play, and say how it went."""
    asked = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    asked.add_argument("--schedules", type=int, default=1_000)
    asked.add_argument("--seed", type=int, default=SystemRandom().getrandbits(32))
    asked.add_argument("--world", choices=sorted(_WORLDS), default="all")
    asked.add_argument("--workers", type=int, default=1, help="processes")
    said = asked.parse_args()
    sys.stdout.write(f"seed {said.seed}, {said.schedules:,} schedules in {said.world}\n")
    sys.stdout.flush()
    worlds = _WORLDS[said.world]
    share = -(-said.schedules // said.workers)
    ends: list[Fired]
    if said.workers == 1:
        ends = [fire(said.schedules, said.seed, worlds)]
    else:
        with ProcessPoolExecutor(said.workers) as pool:
            parts = [
                pool.submit(fire, share, said.seed + part * share, worlds)
                for part in range(said.workers)
            ]
            ends = [part.result() for part in parts]
    sys.stdout.write("".join(f"{end}\n" for end in ends))
    return int(any(end.failure for end in ends))


if __name__ == "__main__":
    sys.exit(main())
