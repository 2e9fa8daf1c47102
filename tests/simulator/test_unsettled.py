"""A crash right after a swap, late reads and a list that grew: nobody may be locked out by an id."""

from __future__ import annotations

from ipaddress import ip_network
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloudsync import records
from cloudsync.allowlist import Entry, Listing
from cloudsync.config import Config
from cloudsync.engine import Pace
from cloudsync.job import Job
from cloudsync.model import Verdict
from cloudsync.provider import Outcome, Step
from cloudsync.reconcile import reconcile
from cloudsync.state import MemoryStore
from cloudsync.vetting.leaving import begin
from cloudsync.vetting.vet import Read
from tests.simulator.aws_cloud import AwsCloud
from tests.simulator.clock import Clock
from tests.simulator.ec2 import QUOTA, SgRule
from tests.simulator.pools import OURS
from tests.simulator.watched import Crash

# Apart from each other, so that a list taken from own rules holds them as they are.
STAYING = tuple(f"64.34.{number}.1/32" for number in range(20))
OLD = tuple(f"69.20.{number}.1/32" for number in range(QUOTA))
COMING = tuple(f"64.34.{number}.1/32" for number in range(100, 106))


class _World:
    """One group that is full, its state, and the source."""

    def __init__(self, *, atomic: bool, mine: bool, coming: tuple[str, ...]) -> None:
        self.clock = Clock()
        self.cloud = AwsCloud(self.clock, 1, Random(1), atomic=atomic)
        (self.target,) = self.cloud.targets
        own, theirs = f"cloudsync/{OURS} list", "partner"
        listed = [_rule(one, own) for one in STAYING]
        unwanted = [_rule(one, own if mine else theirs) for one in OLD]
        self.cloud.fill(self.target, [*listed, *unwanted][:QUOTA])
        self.store = MemoryStore()
        self.source = (*STAYING, *coming)
        in_force = begin(_listing(self.source), self.clock.now(), "a person")
        records.save(self.store, records.LIST_KEY, records.LIST, in_force, None)
        self.config = Config.model_validate(
            {
                "name": OURS,
                "list": {"source": "./list.txt", "format": "cidr"},
                "state": "memory://",
                "targets": [
                    self.cloud.block(
                        {
                            "mode": "add" if mine else "enforce",
                            "internal": "keep",
                            "path": "direct",
                            "accept_risk": {"by": "Ann", "reason": "a test", "until": "never"},
                        }
                    )
                ],
            }
        )

    def runs(self, crash: int | None = None) -> Verdict | None:
        """One run; it ends right after its call number ``crash``, where it makes so many."""
        provider: Any = self.cloud.provider()
        apply, made = provider.apply, 0

        def dies(step: Step, deadline: float | None = None) -> Outcome:
            nonlocal made
            outcome: Outcome = apply(step, deadline)
            made += 1
            if crash is not None and made > crash:
                raise Crash
            return outcome

        provider.apply = dies
        job = Job(
            self.config, self.store, lambda _name: provider,
            lambda _config, _in_force: Read(listing=_listing(self.source)),
            now=self.clock.now, pace=Pace(self.clock.monotonic, self.clock.sleep),
        )  # fmt: skip
        try:
            return reconcile(job).now.targets[0].verdict
        except Crash:
            return None

    @property
    def let_in(self) -> set[str]:
        """Every network that really stands in a rule for port 25."""
        truth = self.cloud.truth(self.target)
        assert truth is not None
        return {source for row in truth.rows for source in row["sources"]}


def _rule(network: str, label: str) -> SgRule:
    return SgRule("", "tcp", 25, 25, "IpRanges", network, label)


def _listing(networks: tuple[str, ...]) -> Listing:
    return Listing("./list.txt", "cidr", tuple(Entry(ip_network(one)) for one in networks))


@given(
    atomic=st.booleans(),
    mine=st.booleans(),
    order=st.permutations(COMING),
    first=st.integers(1, 3),
    grown=st.integers(0, 3),
    crash=st.integers(0, 2),
    late=st.integers(0, 60),
    passes=st.integers(0, 70),
    lost=st.booleans(),
)
def test_who_was_let_in_before_a_crash_is_let_in_after_the_next_run(
    *,
    atomic: bool,
    mine: bool,
    order: list[str],
    first: int,
    grown: int,
    crash: int,
    late: int,
    passes: int,
    lost: bool,
) -> None:
    """However late its reads are, a run after a crash takes from nobody what the last one gave."""
    world = _World(atomic=atomic, mine=mine, coming=tuple(order[:first]))
    world.clock.sleep(100)
    world.runs(crash)
    wanted = set(world.source)
    before = world.let_in & wanted
    assert before >= set(STAYING)
    world.cloud.late = float(late)
    world.clock.sleep(passes)
    world.source = (*world.source, *order[first : first + grown])
    if lost:
        world.store = MemoryStore()
    world.runs()
    assert before <= world.let_in
    world.cloud.late = 0.0
    world.clock.sleep(3_700)
    if not lost:
        world.runs()
        assert world.runs() is Verdict.IN_SYNC
        assert world.let_in >= set(world.source)
