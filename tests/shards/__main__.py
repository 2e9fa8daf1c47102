"""1,000 targets in 200 accounts over 4 shards, one killed at each of 20 random moments; exits 1 on a loss.

``python -m tests.shards --kills N --seed S``. A run that nothing befalls comes first: what the
killed ones call beyond it is what a restart costs. Calls are counted, and no seconds.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.shards.killed import Fleet, Went, run

MOST_OVERHEAD = 0.10


def main() -> int:
    """Have them, and say how each went."""
    asked = argparse.ArgumentParser(prog="python -m tests.shards", description=__doc__)
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--accounts", type=int, default=200)
    asked.add_argument("--groups", type=int, default=5)
    asked.add_argument("--shards", type=int, default=4)
    said = asked.parse_args()
    fleet = Fleet(said.accounts, said.groups, said.shards, at_once=4)
    draw = random.Random(said.seed)
    whole = _run(fleet, None)
    wrong = _wrong(fleet, whole)
    _say(f"undisturbed: {whole.calls:,} calls, {_told(whole)}")
    for number in range(1, said.kills + 1):
        victim = draw.randint(1, fleet.shards)
        share = len(fleet.of(victim)) / fleet.accounts
        went = _run(fleet, (victim, draw.randint(1, max(1, int(whole.calls * share) - 1))))
        more = (went.calls - whole.calls) / whole.calls
        _say(
            f"{number:2}: shard {victim} killed after {went.killed_at:,} calls to its accounts: "
            f"{went.calls:,} calls, {more:+.1%}; {_told(went)}"
        )
        wrong += _wrong(fleet, went)
        if more >= MOST_OVERHEAD:
            wrong.append(
                f"a restart cost {more:.1%} more calls; at most {MOST_OVERHEAD:.0%} are meant"
            )
    for one in wrong:
        _say(f"WRONG: {one}")
    return int(bool(wrong))


def _run(fleet: Fleet, killed: tuple[int, int] | None) -> Went:
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        return run(fleet, Path(folder), killed)


def _told(went: Went) -> str:
    return (
        f"{went.right:,} targets have the list, {went.verdicts['in_sync']:,} recorded in sync, "
        f"{went.changes.total():,} changes"
    )


def _wrong(fleet: Fleet, went: Went) -> list[str]:
    """What was lost, or done more than once."""
    found: list[str] = []
    if went.right != fleet.targets:
        found.append(f"{fleet.targets - went.right} targets lack the list")
    if went.verdicts != Counter(in_sync=fleet.targets) or went.code:
        found.append(f"the record says {dict(went.verdicts)}, exit {went.code}")
    twice = sorted(group for group, times in went.changes.items() if times > 1)
    if twice or len(went.changes) != fleet.targets:
        found.append(f"{len(went.changes)} targets were changed, these more than once: {twice}")
    return found


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
