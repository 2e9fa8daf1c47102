"""The subnet's group and the interface's, drawn and walked by packets: who reaches the machines."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import AddressSet
from cloudsync.model import Difference, Mode, Wanted, differ
from cloudsync.provider import Scope
from cloudsync_azure.behind import Interface, behind, interface, stands
from cloudsync_azure.beside import beside
from cloudsync_azure.clauses import ALL
from cloudsync_azure.neighbours import attached
from cloudsync_azure.rules import AzureRules
from cloudsync_azure.sandbox import Sandbox
from cloudsync_azure.snapshot import read
from tests.oracle.azure import BALANCER, Packet, from_nsg, machines, passes
from tests.oracle.packets import in_sight, inside, text
from tests.providers.azure.drawn import ASGS, meanings, rules
from tests.strategies import examples

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
SUBNET = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/mail/providers/Microsoft.Network"
    "/virtualNetworks/mail/subnets/mx"
)
PLACES = (("10.0.1.4",), ("10.9.9.9",), ("10.0.2.4", "fd00::5"), ("10.9.9.9", "fd00:9::5"))
NUMBERS = (100, 101, 102, 200, 1_000)
_POINTS = 40


@st.composite
def networks(draw: st.DrawFn) -> Sandbox:
    """A subnet with a group, and machines in it: with a group of their own, the same one, or none."""
    sandbox = Sandbox(clock=lambda: 0.0)
    for name in ("relays", "others"):
        sandbox.seed_asg(name)
    ids: dict[str, str] = {"none": ""}
    for name, subnets in (("front", [SUBNET]), ("own", []), ("other", [])):
        numbers = draw(st.lists(st.sampled_from(NUMBERS), max_size=4, unique=True))
        found = [draw(rules(f"r{number}", number)) for number in numbers]
        ids[name] = sandbox.seed_nsg(name, found, subnets=subnets)
    for number in range(draw(st.integers(1, 3))):
        sandbox.seed_interface(
            f"nic{number}",
            SUBNET,
            *draw(st.sampled_from(PLACES)),
            nsg=ids[draw(st.sampled_from(("own", "own", "other", "none", "front")))],
            asgs=draw(st.lists(st.sampled_from(ASGS), max_size=1)),
        )
    return sandbox


def listed(sandbox: Sandbox) -> list[Mapping[str, Any]]:
    """The interfaces as the sandbox answers a listing."""
    reply = sandbox.respond(
        "GET",
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/networkInterfaces"
        "?api-version=2026-03-01",
        {"Authorization": "Bearer anybody"},
    )
    assert reply is not None
    found: list[Mapping[str, Any]] = reply.value()["value"]
    return found


def packets(one: Interface, source: str) -> list[Packet]:
    """Packets from ``source`` to an interface, from a usual port and an unusual one."""
    return [
        Packet(source, to, source_port=port, groups=frozenset(one.asgs))
        for to in one.addresses
        if (":" in to) is (":" in source)
        for port in (40_000, 25)
    ]


def difference(
    nsgs: Mapping[str, Any], every: list[Interface], name: str, source: str
) -> Difference:
    """What is said of one wanted sender at one group."""
    key = f"mail/{name}"
    groups = attached(nsgs.values())
    known = behind(stands([key], every, groups)[key], groups, ALL)
    scope = Scope(f"azure:{SUBSCRIPTION}")
    [exposure] = AzureRules().exposure(read(scope, [nsgs[name]]), 25).values()
    sender = tuple(AddressSet.of(source).networks())
    return differ(exposure, Wanted("mail", Mode.ADD, sender), beside=beside(known, 25, ALL))


@given(networks(), st.randoms(use_true_random=False))
@examples(60)
def test_nobody_is_in_sync_whom_the_other_layer_stops(sandbox: Sandbox, random: Random) -> None:
    """Who is neither missing nor undetermined reaches each machine; who reaches one isn't missing."""
    nsgs = {one["name"]: one for one in sandbox.nsgs().values()}
    by_id = {one["id"].lower(): one for one in nsgs.values()}
    every = [interface(one) for one in listed(sandbox)]
    own = {
        interface(one).name: one["properties"].get("networkSecurityGroup")
        for one in listed(sandbox)
    }
    points = in_sight([from_nsg(one, machines([one])) for one in nsgs.values()])
    for point in random.sample(points, min(_POINTS, len(points))):
        for name in ("front", "own"):
            here = [
                one for one in every
                if name == "front" or one.group == f"mail/{name}"
            ]  # fmt: skip
            got = {
                number: [
                    passes(
                        [
                            nsgs["front"],
                            *([by_id[own[one.name]["id"].lower()]] if own[one.name] else []),
                        ],
                        packet,
                        meaning,
                    )
                    for one in here
                    for packet in packets(one, text(point))
                ]
                for number, meaning in enumerate(meanings())
            }
            said = difference(nsgs, every, name, text(point))
            if here and not said.missing and not said.undetermined:
                assert all(all(answers) for answers in got.values()), (name, text(point))
            if said.missing and not inside(point, (BALANCER,)):
                assert not any(got[0]), (name, text(point))
