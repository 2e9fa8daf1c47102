"""``python -m tests.bugs [NAME…]``: hunts every planted bug; it exits 1 if one gets away."""

from __future__ import annotations

import sys
from random import SystemRandom

from tests.bugs.hunt import hunt
from tests.bugs.planted import BUGS

SCHEDULES = 3_000


def main() -> int:
    """Hunt those whose name holds one of the arguments, or all."""
    seed = SystemRandom().getrandbits(32)
    sys.stdout.write(f"seed {seed}\n")
    free = 0
    for bug in BUGS:
        if sys.argv[1:] and not any(word in bug.name for word in sys.argv[1:]):
            continue
        catch = hunt(bug, seed, SCHEDULES)
        free += catch.fault is None
        sys.stdout.write(f"{catch}\n")
        sys.stdout.flush()
    sys.stdout.write("all were caught\n" if not free else f"{free} got away\n")
    return int(bool(free))


if __name__ == "__main__":
    sys.exit(main())
