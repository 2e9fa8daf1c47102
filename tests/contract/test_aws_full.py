"""Drawn groups with hardly any room, judged packet by packet under each way a swap can go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import AddressSet
from cloudsync.model import Mode
from cloudsync_aws.sandbox import Dialect, Sandbox
from tests.contract.ec2 import JudgedGroup, permission
from tests.contract.test_aws_worlds import drawn_wish, end, meanings, names
from tests.contract.test_every_provider import want
from tests.strategies import examples, groups

drawn = st.data()
SWAP = "ModifySecurityGroupRules"


@pytest.fixture(scope="module")
def full() -> Iterator[dict[str, Sandbox]]:
    """A sandbox for each way in which a call may be partial."""
    found = {
        kind: Sandbox(dialect=Dialect(authorize=kind, modify=kind))
        for kind in ("atomic", "partial")
    }
    with pytest.MonkeyPatch.context() as patch:
        for sandbox in found.values():
            sandbox.start()
        for name, value in found["atomic"].environment().items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        yield found
        for sandbox in found.values():
            sandbox.stop()


@examples(20)
@given(data=drawn)
def test_a_full_group(data: st.DataObject, full: dict[str, Sandbox]) -> None:
    """However little room there is: the promises hold, and a run that isn't refused rests."""
    sandbox = full[data.draw(st.sampled_from(sorted(full)))]
    opaque = names(sandbox)
    standing = data.draw(groups(opaque))
    # No list here counts more than three, and a group is never past its quota.
    used = sum(
        3 if kind == "PrefixListIds" else 1
        for one in standing
        for kind in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
        for _ in one.get(kind, ())
    )
    spare = data.draw(st.integers(0, 8))
    crowd = permission(
        *(f"192.0.66.{n}/32" for n in range(max(60 - used - spare, 1))), ports=(443, 443)
    )
    judged = JudgedGroup(sandbox, [crowd, *standing], meanings(opaque))
    for _ in range(data.draw(st.integers(1, 3))):
        wanted = drawn_wish(data, opaque)
        run = judged.run(wanted, stop_after=data.draw(st.sampled_from((None, None, 1, 2))))
        # Where a quota let only the removals through, the run after them may add.
        for _ in range(2):
            run = judged.run(wanted)
        assert judged.faults == []
        if not run.last[0].remarks:
            assert end(judged, wanted, run) == []
        calls = judged.calls
        assert judged.run(wanted).done == ()
        assert judged.calls == calls


def test_swaps_happen(full: dict[str, Sandbox]) -> None:
    """One call changes the rules that the list no longer has into those that it has now."""
    for sandbox in full.values():
        sandbox.calls.clear()
        crowd = permission(*(f"192.0.66.{n}/32" for n in range(57)), ports=(443, 443))
        own = permission(
            "198.18.0.1/32", "198.18.0.2/32", "198.18.0.3/32", label="cloudsync/ours list"
        )
        judged = JudgedGroup(sandbox, [crowd, own])
        listed = ("203.0.113.1/32", "203.0.113.2/32", "203.0.113.3/32")
        run = judged.run(want(Mode.ADD, *listed))
        assert [step.verb for step in run.done] == ["replace"]
        assert [call.action for call in sandbox.calls if call.mutating] == [SWAP]
        assert judged.faults == []
        assert judged.exposure().certain == AddressSet.of(*listed)
