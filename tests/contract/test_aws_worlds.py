"""Drawn security groups in the sandbox, judged packet by packet after every mutation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import AddressSet
from cloudsync.exposure import Name
from cloudsync.model import Mode, Note, Wanted
from cloudsync_aws.sandbox import Sandbox
from tests.contract.driver import Run
from tests.contract.ec2 import REGION, JudgedGroup
from tests.oracle.packets import Meaning
from tests.oracle.promises import INTERNAL
from tests.strategies import OURS, distinct, examples, groups, permissions, wishes

drawn = st.data()
_LISTS: dict[int, tuple[str, ...]] = {}


def names(sandbox: Sandbox) -> tuple[str, ...]:
    """Prefix lists and a group that drawn rules may name; made once a sandbox."""
    if id(sandbox) not in _LISTS:
        partner = sandbox.seed_prefix_list(
            region=REGION, name="partner", entries=["203.0.113.0/24", "69.20.58.226/32"]
        )
        inside = sandbox.seed_prefix_list(region=REGION, name="inside", entries=["10.9.0.0/16"])
        empty = sandbox.seed_prefix_list(region=REGION, name="empty", entries=[], max_entries=3)
        other = sandbox.seed_group(region=REGION, name="other")
        _LISTS[id(sandbox)] = (partner, inside, empty, other)
    return _LISTS[id(sandbox)]


def meanings(opaque: tuple[str, ...]) -> tuple[Meaning, ...]:
    """What the referenced group stands for: nobody, everybody inside, or somebody."""
    group = next(name for name in opaque if name.startswith("sg-"))
    return ({group: ()}, {group: INTERNAL}, {group: ("10.20.30.0/24", "fd00:20::/48")})


def drawn_wish(data: st.DataObject, opaque: tuple[str, ...]) -> Wanted:
    """A wish without the names of another world, and sometimes with a group of this one."""
    group = next(name for name in opaque if name.startswith("sg-"))
    wanted = data.draw(wishes())
    bound = AddressSet.of(*INTERNAL)
    chosen = frozenset[Name]([Name(group, bound)] if data.draw(st.booleans()) else [])
    return replace(wanted, names=chosen, priority=None)


def end(judged: JudgedGroup, wanted: Wanted, run: Run) -> list[str]:
    """What a finished run still owes."""
    plan = run.last[0]
    if wanted.mode is Mode.WATCH or plan.refusal or Note.FAILED in plan.notes:
        return []
    owed: list[str] = []
    exposure = judged.exposure()
    if not wanted.addresses <= exposure.certain:
        owed.append(f"missing after the run: {wanted.addresses - exposure.certain}")
    truth = judged.truth()
    rows = [
        row
        for row in truth.rows
        if row["protocol"] == "tcp" and row["ports"] == (25, 25) and not row["names"]
    ]
    own = AddressSet.of(
        *(cidr for row in rows for cidr in row["sources"]
          if row["label"].startswith(f"cloudsync/{OURS} ") or str(cidr) in map(str, (*wanted.networks, *wanted.also)))
    )  # fmt: skip
    if not wanted.addresses <= own:
        owed.append(f"not in own rules: {wanted.addresses - own}")
    closable = [
        cidr
        for row in rows
        if not row["label"].startswith(("cloudsync/", "cloudsync-terraform/"))
        for cidr in row["sources"]
    ]
    open_still = AddressSet.of(*closable) - wanted.addresses - wanted.kept
    if wanted.mode is Mode.ENFORCE and open_still:
        owed.append(f"open after the run: {open_still}")
    return owed


@examples(20)
@given(data=drawn)
def test_one_run(data: st.DataObject, sandboxes: dict[str, Sandbox]) -> None:
    """Whatever stands in the group and is wanted: the promises hold, and the next run rests."""
    sandbox = sandboxes[data.draw(st.sampled_from(sorted(sandboxes)))]
    opaque = names(sandbox)
    judged = JudgedGroup(sandbox, data.draw(groups(opaque)), meanings(opaque))
    wanted = drawn_wish(data, opaque)
    run = judged.run(wanted, stop_after=data.draw(st.sampled_from((None, None, 0, 1, 2))))
    if not run.finished:
        run = judged.run(wanted)
    assert judged.faults == []
    assert end(judged, wanted, run) == []
    calls = judged.calls
    assert judged.run(wanted).done == ()
    assert judged.calls == calls


@examples(10)
@given(data=drawn)
def test_a_sequence_of_runs(data: st.DataObject, sandboxes: dict[str, Sandbox]) -> None:
    """List, mode, `internal` and strangers' rules change between runs; every mutation is judged."""
    sandbox = sandboxes["atomic"]
    opaque = names(sandbox)
    judged = JudgedGroup(sandbox, data.draw(groups(opaque)), meanings(opaque))
    for _ in range(data.draw(st.integers(3, 5))):
        wanted = drawn_wish(data, opaque)
        run = judged.run(wanted)
        assert judged.faults == []
        assert end(judged, wanted, run) == []
        calls = judged.calls
        assert judged.run(wanted).done == ()
        assert judged.calls == calls
        planted: list[dict[str, Any]] = distinct([data.draw(permissions(opaque))])
        judged.plant(*planted)
        standing = judged.group["IpPermissions"]
        if standing and data.draw(st.booleans()):
            judged.uproot(data.draw(st.sampled_from(standing)))
