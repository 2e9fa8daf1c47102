"""Drawn worlds with priorities, judged packet by packet after every mutation."""

from __future__ import annotations

from hypothesis import given

from cloudsync.memory.rules import Firewall
from cloudsync.model import Wanted
from tests.contract.judged import Judged
from tests.oracle.packets import Meaning
from tests.strategies import firewalls, meanings, wishes


@given(firewall=firewalls(), wanted=wishes(), means=meanings())
def test_every_mutation_keeps_the_promises(
    firewall: Firewall, wanted: Wanted, means: tuple[Meaning, ...]
) -> None:
    """Whatever stands there and whatever is wanted, no mutation breaks a promise."""
    judged = Judged(firewall, means)
    judged.run(wanted)
    assert judged.faults == []


@given(firewall=firewalls(ties=False), wanted=wishes(), means=meanings())
def test_without_ties(firewall: Firewall, wanted: Wanted, means: tuple[Meaning, ...]) -> None:
    """The same holds where no two rules may share a number."""
    judged = Judged(firewall, means, ties=False)
    judged.run(wanted)
    assert judged.faults == []
