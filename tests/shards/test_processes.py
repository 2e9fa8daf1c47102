"""A run in shards as real processes, one of them killed, and what is measured of it: small, in seconds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bench import shares
from tests.shards.killed import Fleet, run


@pytest.mark.parametrize("killed", [None, (1, 5)])
def test_a_shard_that_is_killed_loses_nothing(
    tmp_path: Path, killed: tuple[int, int] | None
) -> None:
    """Every target has the list at the end and was changed once, whoever died over it."""
    fleet = Fleet(accounts=6, groups=2, shards=2, at_once=2)
    went = run(fleet, tmp_path, killed)
    assert (went.right, went.code, went.verdicts) == (12, 0, Counter(in_sync=12))
    assert Counter(went.changes.values()) == Counter({1: 12})


def test_what_is_measured_of_a_run_in_shards_goes_to_its_end(tmp_path: Path) -> None:
    """All accounts in three regions, by four shards and a gathering; a second run finds the first."""
    for name in ("r1", "r2"):
        for shard in (*range(1, shares.SHARDS + 1), 0):
            case = {"accounts": 8, "shard": shard, "run": name, "state": str(tmp_path / "state.db")}
            went = shares.measure(case)
            assert went["targets"] == (0 if shard else 24)
            assert went["peak"] > 0
