"""A run in shards, by the command line over the wire: each looks at its accounts, the last one reports."""

from __future__ import annotations

import re

import pytest

from cloudsync.shards.shard import number_of
from tests.e2e.world import LIST, REGION, WORLD4, World, refused, tcp

ONE, TWO = "111111111111", "222222222222"
BOTH = f"""mode: add
accounts:
  - {{id: "{ONE}", role: cloudsync}}
  - {{id: "{TWO}", role: cloudsync}}
regions: [{REGION}]
select: {{tags: {{cloudsync: smtp}}}}"""


@pytest.fixture
def pair(world: World) -> World:
    """Two accounts with a group each that lacks the list, one open to the world; shard 1 of 4 has neither."""
    for account, rules in ((ONE, ()), (TWO, tcp(WORLD4))):
        world.sandbox.seed_group(
            region=REGION, name="mail", tags={"cloudsync": "smtp"}, permissions=list(rules),
            account=account,
        )  # fmt: skip
    world.config(BOTH)
    world.accepted()
    return world


def networks(world: World, account: str) -> int:
    """How many of the list stand in the account's group."""
    (group,) = (
        one for one in world.sandbox.groups(REGION, account=account).values() if one.get("Tags")
    )
    found = {one["CidrIp"] for each in group["IpPermissions"] for one in each["IpRanges"]}
    return len(found & {one if "/" in one else f"{one}/32" for one in LIST})


def test_the_last_shard_reports_for_all(pair: World) -> None:
    """Each says what it had; the last prints the one report, and ends with what the run calls for."""
    ran = [pair.run("run", "--once", "--shard", f"{n}/4", "--run", "r1") for n in range(1, 5)]
    assert [one.code for one in ran[:3]] == [0, 0, 0]
    assert [one.out for one in ran[:3]] == ["", "", ""]
    assert ran[3].code == 0, ran[3]
    assert f"aws:{ONE}/{REGION}" in ran[3].out
    assert f"aws:{TWO}/{REGION}" in ran[3].out
    assert (networks(pair, ONE), networks(pair, TWO)) == (15, 15)
    mine = number_of(f"aws:{ONE}", 4)
    assert ran[mine - 1].err.splitlines()[0] == (
        f"shard {mine} of 4 of run r1: 1 scope of 1 account, done. No other shard looks at these."
    )
    again = pair.run("run", "--once", "--shard", "4/4", "--run", "r1")
    assert (again.code, again.out) == (0, "")
    assert again.err == "shard 4 of 4: run r1 is over, and ended with 0.\n"
    history = pair.run("history", "--format", "json")
    assert len(re.findall(r'"command": "run"', history.out)) == 1


def test_a_shard_asks_nothing_of_the_accounts_of_others(pair: World) -> None:
    """Not even which regions they have: of two accounts it enters the one that is its own."""
    pair.config(BOTH.replace(f"regions: [{REGION}]\n", ""))
    pair.sandbox.calls.clear()
    mine = number_of(f"aws:{ONE}", 4)
    assert number_of(f"aws:{TWO}", 4) != mine
    ran = pair.run("run", "--once", "--shard", f"{mine}/4", "--run", "r1")
    assert ran.code == 0, ran
    asked = {call.account for call in pair.sandbox.calls if call.service == "ec2"}
    assert asked == {ONE}


def test_a_run_that_lacks_a_shard_is_ended_by_hand(pair: World) -> None:
    """What was known in its accounts is said to be unseen, and the exit is 3."""
    assert pair.run("run", "--once", "--shard", "1/1", "--run", "r0").code == 0
    late = number_of(f"aws:{ONE}", 4)
    for number in sorted({1, 2, 3, 4} - {late}):
        ran = pair.run("run", "--once", "--shard", f"{number}/4", "--run", "r1")
        assert (ran.code, ran.out) == (0, "")
    ended = pair.run("run", "--once", "--gather", "--run", "r1")
    assert ended.code == 3, ended
    assert f"shard {late} of 4 never finished: 1 known target unseen" in " ".join(ended.out.split())


def test_the_options_of_a_share_go_together(pair: World) -> None:
    """A share is of one pass over one file, and never of the worker that goes on for ever."""
    for words in (["--shard", "1/2"], ["--once", "--shard", "1/2", "--gather"], ["--run", "r1"]):
        refused(
            pair,
            pair.run("run", *words),
            1,
            "cloudsync run: a share of a run is one pass over one configuration. Nothing was "
            "changed. Say run --once --shard I/N --run NAME, or run --once --gather --run NAME.",
        )


def test_a_state_that_dies_with_its_process_is_no_state_for_shards(pair: World) -> None:
    """Each would begin a run of its own."""
    pair.config(BOTH, more="state: memory://")
    refused(
        pair,
        pair.run("run", "--once", "--shard", "1/2", "--run", "r1"),
        1,
        f"{pair.folder}/cloudsync.yaml: state: memory:// is forgotten with the process, and shards "
        "share it. "
        "Nothing was changed. Name a file that all of them reach, PostgreSQL or a bucket "
        "(docs/state.md).",
    )
