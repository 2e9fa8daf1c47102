"""The judge is judged: it shares no code with the product, and it sees each promise broken."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from typing import Any

import pytest

from tests.oracle.packets import (
    World,
    deciding,
    edges,
    from_ec2,
    gets_in,
    inside,
    joined,
    networks,
    text,
)
from tests.oracle.promises import Wish, broken, misjudged
from tests.tree import tree


def row(number: int, *sources: str, allow: bool = True, **more: Any) -> dict[str, Any]:
    """One row, for port 25 unless it says otherwise."""
    return {
        "number": number, "allow": allow, "sources": sources, "names": (), "ports": (25, 25),
        "protocol": "tcp", "machines": (), "label": "", "id": f"{number} {sources}",
    } | more  # fmt: skip


def asked(world: World, address: str, machine: str = "machine", port: int = 25) -> bool:
    """Whether an address gets in, where names stand for nobody."""
    (point, *_) = [one for one in edges([address]) if text(one) == address]
    return gets_in(deciding(world, port), point, machine, {})


@pytest.mark.parametrize("module", sorted((tree() / "tests" / "oracle").glob("*.py")), ids=str)
def test_the_oracle_imports_nothing_of_ours(module: Any) -> None:
    """Only the standard library and the oracle itself: a shared helper would share its mistakes."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    strange = {
        name
        for name in names
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not name.startswith("tests.oracle")
    }
    assert strange == set()


def test_edges_are_asked_on_both_sides() -> None:
    """First minus one, first, last and last plus one, within the family."""
    assert [text(one) for one in edges(["10.0.0.0/30"])] == [
        "9.255.255.255", "10.0.0.0", "10.0.0.3", "10.0.0.4",
    ]  # fmt: skip
    assert [text(one) for one in edges(["0.0.0.0/0"])] == ["0.0.0.0", "255.255.255.255"]
    assert [text(one) for one in edges(["::/128"])] == ["::", "::", "::1"]


def test_laid_out_networks_hold_what_plain_ones_hold() -> None:
    """The quick look-up and the slow one agree at every edge."""
    cidrs = ("10.0.0.0/8", "10.1.0.0/16", "192.0.2.7/32", "::/1", "2001:db8::/32")
    assert all(inside(one, networks(cidrs)) is inside(one, cidrs) for one in edges(cidrs))


def test_the_first_row_decides_and_a_deny_wins_a_tie() -> None:
    """By number; on a tie the deny; where nothing matches, nobody gets in."""
    world = World((row(2), row(1, "10.0.0.0/8", allow=False), row(1, "10.0.0.0/16")))
    assert [asked(world, one) for one in ("10.0.0.1", "11.0.0.0", "::1")] == [False, True, True]
    assert not asked(World(()), "11.0.0.0")


def test_joined_rows_answer_as_each_by_itself() -> None:
    """Neighbours of one answer are one row; a name, a machine or everyone stays by itself."""
    rows = [
        row(1, "10.1.0.0/16"), row(1, "10.3.0.0/16"), row(2, "10.1.2.0/24", allow=False),
        row(3, names=("n",)), row(4, "10.4.0.0/16", machines=("a",)),
        row(5, "10.0.0.0/14", allow=False), row(6, "10.5.0.0/16", allow=False), row(7), row(8),
    ]  # fmt: skip
    found = joined(rows)
    assert [(one["allow"], one["sources"], one["names"]) for one in found] == [
        (True, ("10.1.0.0/16", "10.3.0.0/16"), ()), (False, ("10.1.2.0/24",), ()),
        (True, (), ("n",)), (True, ("10.4.0.0/16",), ()),
        (False, ("10.0.0.0/14", "10.5.0.0/16"), ()), (True, (), ()), (True, (), ()),
    ]  # fmt: skip
    meaning = {"n": ("10.2.0.0/24",)}
    for point in edges([cidr for one in rows for cidr in (*one["sources"], *meaning["n"])]):
        for machine in ("a", "b"):
            answer = gets_in(rows, point, machine, meaning)
            assert gets_in(found, point, machine, meaning) is answer, (text(point), machine)


def test_machines_ports_and_protocols() -> None:
    """A row for some machines, for a range, for everything, or for another protocol."""
    world = World((row(1, machines=("a",)),), machines=("a", "b"))
    assert (asked(world, "8.8.8.8", "a"), asked(world, "8.8.8.8", "b")) == (True, False)
    ranged = World((row(1, ports=(20, 30)),))
    assert [asked(ranged, "8.8.8.8", port=port) for port in (19, 20, 30, 31)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert asked(World((row(1, ports=(0, 0), protocol="all"),)), "8.8.8.8")
    assert not asked(World((row(1, protocol="udp"),)), "8.8.8.8")


def test_ec2_permissions_become_rows() -> None:
    """Both families, lists that are known, names that aren't, and protocols without ports."""
    group = {
        "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25,
             "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "x"}],
             "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}],
             "PrefixListIds": [{"PrefixListId": "pl-1"}, {"PrefixListId": "pl-2"},
                               {"PrefixListId": "pl-3"}],
             "UserIdGroupPairs": [{"GroupId": "sg-1"}]},
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
            {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1,
             "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        ],
    }  # fmt: skip
    world = from_ec2(group, {"pl-1": ["198.51.100.0/24"], "pl-2": []})
    assert [(one["sources"], one["names"], one["protocol"]) for one in world.rows] == [
        (("192.0.2.0/24",), (), "tcp"), (("2001:db8::/32",), (), "tcp"),
        (("198.51.100.0/24",), (), "tcp"), ((), ("pl-3",), "tcp"), ((), ("sg-1",), "tcp"),
        (("10.0.0.0/8",), (), "all"), (("0.0.0.0/0",), (), "icmp"),
    ]  # fmt: skip
    assert not asked(world, "8.8.8.8")
    assert asked(world, "198.51.100.7")


WISH = Wish("m", "enforce", ("192.0.2.0/24",), internal="keep", probes=("198.51.100.1/32",))
MINE = row(5, "192.0.2.0/24", label="cloudsync/m list")
POINTS = sorted(set(edges(["192.0.2.0/24", "8.8.8.8/32", "10.0.0.0/8", "198.51.100.1/32"])))


@pytest.mark.parametrize(
    ("before", "after", "wish", "begins"),
    [
        ([MINE], [], WISH, ["promise 1: 192.0.2.0 is wanted", "promise 1: 192.0.2.255 is wanted"]),
        ([row(5, "10.0.0.0/8", label="cloudsync/m list")], [], WISH,
         ["promise 1: 10.0.0.0 is internal, and kept",
          "promise 1: 10.255.255.255 is internal, and kept"]),
        ([row(5, "10.0.0.0/8", label="cloudsync/m also")], [], WISH, []),
        ([row(5, "10.0.0.0/8", label="cloudsync/m list")], [], replace(WISH, internal="close"), []),
        ([row(5, "198.51.100.1/32", label="cloudsync/m list")], [], WISH,
         ["promise 1: 198.51.100.1 is a health check"]),
        ([], [row(5, "8.8.8.8/32", label="cloudsync/m list")], WISH,
         ["promise 2: 8.8.8.8 is not wanted"]),
        ([], [MINE], WISH, []),
        ([], [MINE], replace(WISH, mode="watch"), ["promise 3: something was changed in watch"]),
        ([], [row(5, "192.0.2.1/32")], WISH, ["promise 3: a row that isn't ours was made"]),
        ([row(5, "8.8.8.8/32")], [], WISH, ["promise 3: somebody else's row was taken"]),
        ([row(5, "8.8.8.8/32")], [], replace(WISH, revokes=True), []),
        ([row(5, "8.8.8.8/32", label="cloudsync/other list")], [], replace(WISH, revokes=True),
         ["promise 3: another installation's row was taken"]),
        ([MINE, row(6, "192.0.2.1/32")], [MINE], replace(WISH, revokes=True),
         ["promise 3: a row was taken that lets in nobody unwanted"]),
        ([row(6, "192.0.0.0/8"), row(7, "192.0.0.0/4", ports=(20, 30))],
         [row(7, "192.0.0.0/4", ports=(20, 30))], replace(WISH, revokes=True),
         ["promise 3: 192.0.2.0 stands in no row of ours"]),
        ([row(6, "8.8.8.8/32", ports=(443, 443))], [], replace(WISH, revokes=True),
         ["promise 3: a row that is broader than our port was taken",
          "promise 4: 8.8.8.8 at tcp/443 is decided otherwise"]),
        ([row(6, names=("sg-1",))], [], replace(WISH, revokes=True),
         ["promise 3: a row that names no address was taken",
          "promise 3: a row was taken that lets in nobody unwanted"]),
    ],
)  # fmt: skip
def test_each_promise_is_seen_broken(
    before: list[dict[str, Any]], after: list[dict[str, Any]], wish: Wish, begins: list[str]
) -> None:
    """One mutation each, and the words that it is judged with."""
    found = broken(World(tuple(before)), World(tuple(after)), wish, POINTS)
    assert [said.startswith(how) for said, how in zip(found, begins, strict=True)] == [
        True for _ in begins
    ]


def test_outbound_rules_are_watched() -> None:
    """Anything outbound that changes breaks promise 4."""
    assert broken(World((), outbound="a"), World((), outbound="b"), WISH, POINTS) == [
        "promise 4: outbound rules were changed"
    ]


def test_a_wrong_reading_is_seen() -> None:
    """Too sure, blind, or inexact for no reason: each is said, at the address where it is so."""
    partial = World((row(1, "8.8.8.8/32", machines=("a",)),), machines=("a", "b"))
    point = next(one for one in edges(["8.8.8.8/32"]) if text(one) == "8.8.8.8")

    def said(world: World, certain: bool, possible: bool) -> list[str]:
        return misjudged(world, 25, [point], ({},), lambda _: certain, lambda _: possible, [])

    assert said(partial, certain=False, possible=True) == []
    assert said(partial, certain=True, possible=True) == [
        "8.8.8.8 is said to be certain, and is not"
    ]
    assert said(partial, certain=False, possible=False) == [
        "8.8.8.8 may get in, and is said not to"
    ]
    whole = World((row(1, "8.8.8.8/32"),))
    assert said(whole, certain=False, possible=True) == [
        "8.8.8.8 is misjudged though nothing is partial or opaque"
    ]
