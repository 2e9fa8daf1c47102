"""Drawn networks in the sandbox, judged packet by packet after every mutation."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import EVERYONE
from cloudsync.exposure import Name
from cloudsync.model import Mode, Note, Purpose, Wanted, mark
from cloudsync_gcp.sandbox import Sandbox
from tests.contract.driver import Run
from tests.contract.gcp import JudgedNetwork
from tests.oracle.packets import Meaning
from tests.oracle.promises import INTERNAL
from tests.strategies import ALSO, LISTED, OURS, STRANGERS, THEIRS, examples, wishes

drawn = st.data()
NAME = "relay"
MEANINGS: tuple[Meaning, ...] = (
    {NAME: ()}, {NAME: INTERNAL}, {NAME: ("10.20.30.0/24", "fd00:20::/48")},
)  # fmt: skip
PROBES = ("35.191.0.0/16", "130.211.0.0/22", "2600:2d00:1:1::/64")
NUMBERS = st.sampled_from((0, 1, 2, 100, 100, 101, 200, 1000, 65_534, 65_535))
_PROTOCOLS: tuple[list[dict[str, Any]], ...] = (
    [{"IPProtocol": "tcp", "ports": ["25"]}],
    [{"IPProtocol": "tcp", "ports": ["25"]}],
    [{"IPProtocol": "6", "ports": ["25"]}],
    [{"IPProtocol": "tcp", "ports": ["20-30"]}],
    [{"IPProtocol": "tcp", "ports": ["24", "443"]}],
    [{"IPProtocol": "udp"}, {"IPProtocol": "tcp", "ports": ["443", "25"]}],
    [{"IPProtocol": "all"}],
    [{"IPProtocol": "tcp"}],
    [{"IPProtocol": "udp", "ports": ["25"]}],
)
_LABELS = ("", "", "partner", mark(THEIRS, Purpose.LIST), "cloudsync-terraform/x")
_CONTENTS = {
    Purpose.LIST: (*LISTED, "69.20.58.0/24", "8.8.8.8/32", "2000::/12"),
    Purpose.ALSO: (*ALSO, *LISTED, "8.8.8.8/32"),
    Purpose.PROBE: (*PROBES, "8.8.8.8/32"),
    Purpose.DENY: (*LISTED, *ALSO, *STRANGERS),
}


def family(data: st.DataObject, pool: tuple[str, ...]) -> list[str]:
    """Some networks of one family, which is all that a rule can hold."""
    version = data.draw(st.sampled_from((4, 4, 6)))
    fitting = [one for one in pool if ip_network(one).version == version]
    return data.draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=3, unique=True))


def strange(data: st.DataObject, name: str) -> dict[str, Any]:
    """A stranger's rule: any protocol, source and machines."""
    allow = data.draw(st.sampled_from((True, True, False)))
    rule: dict[str, Any] = {
        "name": name,
        "priority": data.draw(NUMBERS),
        "direction": "INGRESS",
        "disabled": data.draw(st.sampled_from((False,) * 9 + (True,))),
        "allowed" if allow else "denied": data.draw(st.sampled_from(_PROTOCOLS)),
    }
    kind = data.draw(st.sampled_from(("ranges",) * 6 + ("tags", "both", "none")))
    if kind in {"ranges", "both"}:
        rule["sourceRanges"] = family(data, (*STRANGERS, *LISTED, *ALSO, *PROBES))
    if kind in {"tags", "both"}:
        rule["sourceTags"] = [NAME]
    machines = data.draw(st.sampled_from(((), (), (), ("smtp",), ("smtp", "mx"), ("mx",))))
    if machines:
        rule["targetTags"] = list(machines)
    label = data.draw(st.sampled_from(_LABELS))
    return {**rule, "description": label} if label else rule


def marked(data: st.DataObject, index: int) -> dict[str, Any]:
    """A rule that bears our mark: as we would make it, a copy, or one that somebody reshaped."""
    purpose = data.draw(st.sampled_from(tuple(_CONTENTS)))
    ports = data.draw(st.sampled_from((["25"], ["25"], ["25"], ["25-26"])))
    action = "denied" if purpose is Purpose.DENY else "allowed"
    machines = data.draw(st.sampled_from((["smtp"], ["smtp"], ["smtp"], ["mx"])))
    return {
        "name": f"cloudsync-{OURS}-{purpose}-{index}",
        "priority": data.draw(NUMBERS),
        "direction": "INGRESS",
        action: [{"IPProtocol": "tcp", "ports": ports}],
        "sourceRanges": family(data, _CONTENTS[purpose]),
        "targetTags": machines,
        "description": mark(OURS, purpose),
    }


def network(data: st.DataObject, sandbox: Sandbox) -> JudgedNetwork:
    """A network with some rules of strangers, and perhaps some that bear our mark."""
    rules = [strange(data, f"r{index}") for index in range(data.draw(st.integers(0, 5)))]
    start = len(sandbox.world.now("projects/mail-prod/global/firewalls"))
    count = data.draw(st.sampled_from((0, 0, 1, 2)))
    rules += [marked(data, start + index) for index in range(count)]
    return JudgedNetwork(sandbox, rules, MEANINGS)


def wish(data: st.DataObject) -> Wanted:
    """A wish whose only name is a source tag."""
    wanted = data.draw(wishes())
    chosen = frozenset[Name]([Name(NAME, EVERYONE)] if data.draw(st.booleans()) else [])
    return replace(wanted, names=chosen)


def explained(run: Run) -> bool:
    """Whether the plan itself says why it can't do all that was wanted."""
    return bool({Note.BLOCKED, Note.NO_ROOM, Note.FAILED} & set(run.last[0].notes))


def settle(judged: JudgedNetwork, wanted: Wanted) -> Run:
    """A run; where no number was free in it, what it took away made room that the next one uses."""
    run = judged.run(wanted)
    return judged.run(wanted) if Note.NO_ROOM in run.first[0].notes else run


def owed(judged: JudgedNetwork, wanted: Wanted, run: Run) -> list[str]:
    """What a finished run still owes."""
    if not run.finished or explained(run) or wanted.mode is Mode.WATCH:
        return []
    found: list[str] = []
    state = run.last[0].before
    assert state is not None
    difference = state.differences[25]
    if difference.missing or difference.missing_names:
        found.append(f"missing after the run: {difference.missing} {difference.missing_names}")
    if wanted.mode is Mode.ENFORCE and difference.excess:
        found.append(f"open after the run: {difference.excess}")
    return found


@examples(8)
@given(data=drawn)
def test_one_run(data: st.DataObject, gcp_sandboxes: dict[str, Sandbox]) -> None:
    """Whatever stands there and is wanted: the promises hold, the work is done, the next run rests."""
    sandbox = gcp_sandboxes[data.draw(st.sampled_from(sorted(gcp_sandboxes)))]
    judged, wanted = network(data, sandbox), wish(data)
    run = judged.run(wanted, stop_after=data.draw(st.sampled_from((None, None, 0, 1, 3))))
    assert judged.faults == []
    run = settle(judged, wanted)
    assert judged.faults == []
    assert owed(judged, wanted, run) == []
    if run.finished:
        calls = judged.calls
        assert judged.run(wanted).done == ()
        assert judged.calls == calls


@examples(3)
@given(data=drawn)
def test_a_sequence_of_runs(data: st.DataObject, gcp_sandboxes: dict[str, Sandbox]) -> None:
    """List, mode, `internal` and strangers' rules change between runs; every mutation is judged."""
    judged = network(data, gcp_sandboxes["serialised"])
    for index in range(data.draw(st.integers(2, 4))):
        wanted = wish(data)
        run = settle(judged, wanted)
        assert judged.faults == []
        assert owed(judged, wanted, run) == []
        if run.finished:
            assert judged.run(wanted).done == ()
        judged.plant(strange(data, f"planted{index}"))
        standing = sorted(rule["name"] for rule in judged.rules)
        if data.draw(st.booleans()):
            judged.uproot(data.draw(st.sampled_from(standing)))
