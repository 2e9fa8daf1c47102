"""An upgrade changes nothing: firewalls that an earlier build made right are right to this one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloudsync.blocks import blocks_of
from cloudsync.demo.cast import LISTED
from cloudsync.observe import recovered_from
from cloudsync.reconcile import look
from cloudsync.worker.passes import one_pass
from tests.state.worlds import CLOUDS, KEPT, Cloud, at_work

WORLDS: dict[str, Any] = json.loads(KEPT.read_text("utf-8"))


def own(world: Any) -> int:
    """How many times a rule in it carries this program's mark."""
    return json.dumps(world).count("cloudsync/demo ")


@pytest.mark.parametrize(("name", "cloud"), CLOUDS.items())
def test_a_world_of_an_earlier_build_plans_empty(name: str, cloud: Cloud) -> None:
    """Marks, names, places and shapes of own rules are known again: no step, no call, no change."""
    assert own(WORLDS[name]) > 10
    with cloud.fleet() as fleet, at_work(fleet) as job:
        cloud.put(fleet, WORLDS[name])
        assert look(job).plan.steps == ()
        report = one_pass(job).report
        assert (report.outcomes, list(fleet.mutations())) == ((), [])
        ended = {one.target: one.verdict for one in report.now.targets}
        assert ended == {sin.target: sin.ends for sin in fleet.sins}


@pytest.mark.parametrize(("name", "cloud"), CLOUDS.items())
def test_the_list_is_found_in_a_world_of_an_earlier_build(name: str, cloud: Cloud) -> None:
    """Where the state was lost too: its own rules are the list in force, and nothing is changed."""
    with cloud.fleet() as fleet, at_work(fleet, lost=True) as job:
        cloud.put(fleet, WORLDS[name])
        found = look(job)
        told = recovered_from(job, blocks_of(job))
        assert told
        assert {entry.network for entry in told.entries} >= set(LISTED)
        assert (found.plan.steps, found.vetted.codes) == ((), ())
