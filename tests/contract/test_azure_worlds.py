"""Drawn network security groups in the sandbox, judged packet by packet after every mutation."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import INTERNAL, PUBLIC, AddressSet
from cloudsync.exposure import Name
from cloudsync.model import Mode, Note, Purpose, Wanted, mark
from cloudsync_azure.sandbox import Sandbox
from tests.contract.azure import NAMES, NOBODY, PROBE, JudgedNsg, rule
from tests.contract.driver import Run
from tests.oracle.packets import Meaning
from tests.oracle.promises import INTERNAL as INSIDE
from tests.strategies import ALSO, CONTENTS, LISTED, OURS, STRANGERS, THEIRS, examples, wishes

drawn = st.data()
_PRIORITIES = (100, 101, 102, 105, 110, 200, 1_000, 4_095, 4_096)
_TAGS = (*NAMES, "Internet", "*")
_BOUNDS = {
    "VirtualNetwork": INSIDE,
    "AzureLoadBalancer": (PROBE,),
    "Storage.WestEurope": ("8.8.8.0/24", "69.20.58.226/32", "203.0.113.0/24", "2001:4800:10::/48"),
}


def meanings(data: st.DataObject) -> tuple[Meaning, ...]:
    """What the names stand for: nobody, as many as they can, and something in between."""
    some = {
        name: tuple(data.draw(st.lists(st.sampled_from(bound), max_size=2, unique=True)))
        for name, bound in _BOUNDS.items()
    }
    return (NOBODY, _BOUNDS, some)


@st.composite
def strangers(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Somebody's rule: from addresses of one family, a tag, or everybody."""
    six = draw(st.booleans())
    pool = [one for one in (*STRANGERS, *LISTED, *ALSO) if (":" in one) is six]
    sources = (
        draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3, unique=True))
        if draw(st.integers(0, 3))
        else [draw(st.sampled_from(_TAGS))]
    )
    return rule(
        name,
        draw(st.sampled_from(_PRIORITIES)),
        *sources,
        allow=draw(st.sampled_from((True, True, False))),
        ports=draw(st.sampled_from(("25", "25", "25", "20-30", "443", "*", "24"))),
        protocol=draw(st.sampled_from(("Tcp", "Tcp", "Tcp", "Udp", "*"))),
        source_ports=draw(st.sampled_from(("*", "*", "*", "1024-65535"))),
        to=draw(st.sampled_from(("*", "*", "VirtualNetwork", "Internet"))),
        label=draw(
            st.sampled_from(("", "partner", mark(THEIRS, Purpose.LIST), "cloudsync-terraform/x"))
        ),
    )


@st.composite
def own(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """A rule that bears our mark: as we would make it, a copy of one, or reshaped by a person."""
    purpose = draw(st.sampled_from(tuple(Purpose)))
    version = draw(st.sampled_from((4, 6)))
    pool = [one for one in CONTENTS[purpose] if ip_network(one).version == version]
    pool += [PROBE] if purpose is Purpose.PROBE and version == 4 else []
    sources = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3, unique=True))
    return rule(
        f"cloudsync-{OURS}-25-{purpose}-{number}",
        draw(st.sampled_from(_PRIORITIES)),
        *AddressSet.of(*sources).cidrs(),
        allow=purpose is not Purpose.DENY,
        ports=draw(st.sampled_from(("25", "25", "25", "25-26"))),
        label=mark(OURS, purpose),
    )


def drawn_rules(data: st.DataObject) -> list[dict[str, Any]]:
    """The rules of a whole group; every number stands once."""
    found = [data.draw(strangers(f"r{index}")) for index in range(data.draw(st.integers(0, 5)))]
    found += [data.draw(own(index)) for index in range(data.draw(st.sampled_from((0, 0, 1, 2))))]
    return list({one["properties"]["priority"]: one for one in found}.values())


def drawn_wish(data: st.DataObject) -> Wanted:
    """A wish with names of this world, and numbers that Azure has."""
    wanted = data.draw(wishes())
    tag = Name("Storage.WestEurope", PUBLIC)
    network = Name("VirtualNetwork", INTERNAL)
    names = frozenset(data.draw(st.lists(st.sampled_from((tag, network)), max_size=1)))
    priority = data.draw(st.sampled_from((None, None, (100, 110), (200, 1_000))))
    return replace(wanted, names=names, priority=priority)


def explained(run: Run) -> bool:
    """Whether the plan itself says why it can't do all that was wanted."""
    plan = run.last[0]
    told = {Note.BLOCKED, Note.NO_ROOM, Note.FAILED} & set(plan.notes)
    return bool(told) or any("closing would stop" in one.text for one in plan.remarks)


def run_on(judged: JudgedNsg, wanted: Wanted) -> Run:
    """A run; where no number was free in it, what it took away made room that the next one uses."""
    run = judged.run(wanted)
    return judged.run(wanted) if Note.NO_ROOM in run.first[0].notes else run


def end(wanted: Wanted, run: Run) -> list[str]:
    """What a finished run still owes: mail lost, or a bypass open."""
    if not run.finished or explained(run) or wanted.mode is Mode.WATCH:
        return []
    state = run.last[0].before
    assert state is not None
    difference = state.differences[25]
    owed: list[str] = []
    if difference.missing or difference.missing_names:
        owed.append(f"missing after the run: {difference.missing} {difference.missing_names}")
    if wanted.mode is Mode.ENFORCE and difference.excess:
        owed.append(f"open after the run: {difference.excess}")
    return owed


def rests(judged: JudgedNsg, wanted: Wanted) -> None:
    """A further run makes no mutating call."""
    calls = judged.calls
    assert judged.run(wanted).done == ()
    assert judged.calls == calls


@examples(10)
@given(data=drawn)
def test_one_run(data: st.DataObject, azure_sandboxes: dict[str, Sandbox]) -> None:
    """Whatever stands in the group and is wanted: the promises hold, and the next run rests."""
    sandbox = azure_sandboxes[data.draw(st.sampled_from(("per group", "per rule")))]
    judged = JudgedNsg(sandbox, drawn_rules(data), meanings(data))
    wanted = drawn_wish(data)
    judged.run(wanted, stop_after=data.draw(st.sampled_from((0, 1, 2, 9, 9))))
    run = run_on(judged, wanted)
    assert judged.faults == []
    assert end(wanted, run) == []
    if run.finished:
        rests(judged, wanted)


@examples(4)
@given(data=drawn)
def test_a_sequence_of_runs(data: st.DataObject, azure_sandboxes: dict[str, Sandbox]) -> None:
    """List, mode, `internal` and strangers' rules change between runs; every mutation is judged."""
    judged = JudgedNsg(azure_sandboxes["per group"], drawn_rules(data), meanings(data))
    for index in range(data.draw(st.integers(3, 5))):
        wanted = drawn_wish(data)
        run = run_on(judged, wanted)
        assert judged.faults == []
        assert end(wanted, run) == []
        if run.finished:
            rests(judged, wanted)
        standing = judged.sandbox.nsg(judged.name)["properties"]["securityRules"]
        planted = data.draw(strangers(f"planted{index}"))
        taken = {one["properties"]["priority"] for one in standing}
        if planted["properties"]["priority"] not in taken:
            judged.plant(planted)
        if standing and data.draw(st.booleans()):
            judged.uproot(data.draw(st.sampled_from(sorted(one["name"] for one in standing))))
