"""Prefix lists as targets, from the configuration to the wire and back to the report."""

from __future__ import annotations

from typing import Any

from tests.e2e.world import REGION, World, block, ids

ONE, TWO = "8.31.233.17/32", "5.152.184.0/25"
NAMED = "aws:123456789012/us-east-1/{}"


def to(prefix_list: str, first: int = 25, last: int = 25) -> dict[str, Any]:
    """A rule that lets in by a prefix list."""
    return {
        "IpProtocol": "tcp", "FromPort": first, "ToPort": last,
        "PrefixListIds": [{"PrefixListId": prefix_list}],
    }  # fmt: skip


def held(world: World, prefix_list: str) -> list[str]:
    """What really stands in a list."""
    return sorted(world.sandbox.list_entries(REGION, prefix_list))


def seeded(world: World, **more: Any) -> str:
    """An empty list with room for ten; its id."""
    return world.sandbox.seed_prefix_list(region=REGION, name="mail", max_entries=10, **more)


def test_a_list_that_is_named_and_is_not_there_is_gone(world: World) -> None:
    """One of two ids is unknown: the other is written, the unknown one is never silence."""
    mine, absent = seeded(world), "pl-0123456789abcdef0"
    group = world.group("mx", to(mine))
    select = f"{ids(mine, absent)}, groups: [{group}]"
    world.config(block("add", "kind: prefix-list", select=select))
    world.accepted(ONE, TWO)
    ran = world.run("apply", "--yes")
    assert ran.code == 3, ran
    assert f"GONE  {NAMED.format(absent)}  (mode add)\n" in ran.out, ran.out
    assert f"IN SYNC  {NAMED.format(mine)}  (mode add, was missing)\n" in ran.out, ran.out
    assert held(world, mine) == [TWO, ONE]


def test_a_list_that_another_group_refers_to_needs_shared(world: World) -> None:
    """Unasked it is refused before the first call; with ``shared: true`` one call writes it."""
    mine = seeded(world)
    guarded = world.group("mx", to(mine))
    other = world.group("web", to(mine))
    select = f"ids: [{mine}], groups: [{guarded}]"
    world.config(block("add", "kind: prefix-list", select=select))
    world.accepted(ONE, TWO)
    ran = world.run("apply", "--yes")
    assert (ran.code, world.mutations, held(world, mine)) == (3, [], [])
    assert f"is shared with {other}, which isn't selected" in ran.out, ran.out
    world.config(block("add", "kind: prefix-list", "shared: true", select=select))
    ran = world.run("apply", "--yes")
    assert (ran.code, world.mutations) == (0, ["ModifyManagedPrefixList"])
    assert held(world, mine) == [TWO, ONE]
    assert f"also serves {other}" in ran.out, ran.out


def test_what_one_of_two_groups_refers_to_may_get_in(world: World) -> None:
    """Both groups refer to one list and one of them to another: who stands in that one alone gets
    in to some machines, which is undetermined until the first list holds him too.
    """
    mine = seeded(world)
    other = world.sandbox.seed_prefix_list(
        region=REGION, name="more", entries=[(ONE, "cloudsync/mail list")], max_entries=10
    )
    both = world.group("mx1", to(mine), to(other))
    one = world.group("mx2", to(mine))
    select = f"{ids(mine, other)}, groups: [{both}, {one}]"
    world.config(block("watch", "kind: prefix-list", select=select))
    world.accepted(ONE)
    ran = world.run("drift")
    assert (ran.code, world.mutations) == (2, [])
    assert f"UNDETERMINED  {NAMED.format(mine)}  (mode watch)\n" in ran.out, ran.out
    assert f"IN SYNC  {NAMED.format(other)}  (mode watch)\n" in ran.out, ran.out
    world.config(block("add", "kind: prefix-list", select=select))
    ran = world.run("apply", "--yes")
    assert (ran.code, world.mutations) == (0, ["ModifyManagedPrefixList"])
    assert (held(world, mine), held(world, other)) == ([ONE], [ONE])
    assert world.run("drift").code == 0


def test_a_list_that_also_serves_a_range_of_ports_needs_shared(world: World) -> None:
    """A reference for more than the guarded port would be opened too, so it is refused unasked."""
    mine = seeded(world)
    group = world.group("mx", to(mine, 20, 30))
    world.config(block("add", "kind: prefix-list", select=f"ids: [{mine}], groups: [{group}]"))
    world.accepted(ONE)
    ran = world.run("apply", "--yes")
    assert (ran.code, world.mutations) == (3, [])
    assert f"is shared with {group} for tcp/20-30" in ran.out, ran.out
