"""What clouds list of accounts is asked for once a run, by who begins it; every shard goes by that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from cloudsync import docket, records
from cloudsync.errors import LeaseError
from cloudsync.memory import provider as memory
from cloudsync.memory.firewall import Firewall
from cloudsync.memory.sandbox import World
from cloudsync.model import Verdict
from cloudsync.provider import Scope, Unreadable
from cloudsync.records.lease import LEASE_KEY, TENURE
from cloudsync.report import exit_of_run
from cloudsync.shards.accounts import accounts_key
from cloudsync.shards.patience import LONGEST, PATIENCE
from cloudsync.state import StateError
from cloudsync.tells import Accounts
from cloudsync.worker.lease import take
from tests.shards import fleet as simulated
from tests.shards.fleet import Dies, Fleet, of_shard
from tests.unit.test_worker import ENFORCE

WORLDS = {f"acc{number}": {"mail": ()} for number in range(8)}


class Organization(simulated.Accounts):
    """The provider of a cloud that lists its accounts, and counts how often it is asked."""

    listings = 0
    lists: Callable[[], None] = staticmethod(lambda: None)  # what happens meanwhile
    unlisted: tuple[Unreadable, ...] = ()

    def accounts(self, settings: Any, go_on: Callable[[], None]) -> Accounts | None:
        """Every world, in two calls."""
        if settings.select.ids:
            return None
        for _ in range(2):
            self.listings += 1
            self.lists()
            go_on()
        return Accounts(tuple(sorted(self.worlds[int(settings.index)])), self.unlisted)

    def scopes(self, settings: Any) -> Iterable[Scope | Unreadable]:
        """Those that were listed, or what a listing says now."""
        known = settings.known or self.accounts(settings, lambda: None)
        names = known.ids if known else self.worlds[int(settings.index)]
        yield from (
            Scope(f"memory:{world}", settings.but(world=world))
            for world in names
            if settings.asks(f"memory:{world}")
        )
        yield from known.unlisted if known else ()


def organization(block: dict[str, Any] | None = None) -> tuple[Fleet, Organization]:
    """8 accounts with a target each that lacks the list, found by a listing."""
    fleet = Fleet([WORLDS], [block or {"mode": "add"}])
    cloud = Organization(fleet.provider.worlds)
    fleet.provider = cloud
    return fleet, cloud


def test_it_is_listed_once_for_all_shards() -> None:
    """Two calls for the run, whatever number of shards; the report is that of one process."""
    fleet, cloud = organization()
    passed = fleet.sharded(4)
    assert cloud.listings == 2
    assert [plan.verdict for plan in passed.report.now.targets] == [Verdict.IN_SYNC] * 8
    assert not fleet.store.keys("shards/r1/")
    again = fleet.sharded(4, "r2", "20261124T130000Z-a1b2c3")
    assert (cloud.listings, exit_of_run(again.report)) == (4, 0)


def test_whoever_gathers_lists_nothing_either() -> None:
    """What is closed for the first time is looked for where the shards looked."""
    fleet, cloud = organization({**ENFORCE, "internal": "close"})
    fleet.sharded(2)
    for hold in docket.holds(fleet.job()):
        docket.approve(fleet.job(), hold.digest, "ann", "looked at")
    cloud.listings = 0
    for number in (1, 2):
        assert fleet.shard(number, 2, "r2", "20261124T130000Z-a1b2c3")
    made = len(cloud.calls)
    fleet.gather("r2", "20261124T130000Z-a1b2c3")
    assert {where for what, where in cloud.calls[made:] if what == "changed"} == {
        f"memory:{world}/mail" for world in WORLDS
    }
    assert cloud.listings == 2


def test_a_shard_that_is_begun_again_lists_nothing() -> None:
    """It reads what was left, and does the rest."""
    fleet, cloud = organization()
    cloud.dies_at = 3
    with pytest.raises(Dies):
        fleet.shard(1, 1)
    cloud.dies_at = None
    assert fleet.shard(1, 1)
    assert cloud.listings == 2
    assert len(fleet.gather().report.now.targets) == 8


def test_an_account_that_joins_meanwhile_is_in_the_next_run() -> None:
    """All shards of one run have the same accounts; the next one lists anew."""
    fleet, cloud = organization()
    late = of_shard([f"late{number}" for number in range(20)], 2, 2)[0]
    assert fleet.shard(1, 2)
    cloud.worlds = [[*WORLDS, late]]
    memory.WORLDS[late] = World({"mail": Firewall(())})
    assert fleet.shard(2, 2)
    assert len(fleet.gather().report.now.targets) == 8
    after = fleet.sharded(2, "r2", "20261124T130000Z-a1b2c3")
    assert f"memory:{late}/mail" in {plan.target for plan in after.report.now.targets}


def test_what_could_not_be_listed_is_said_once_and_never_in_sync() -> None:
    """A partial listing is what all go by: no shard lists by itself, and the run ends with 3."""
    fleet, cloud = organization()
    cloud.unlisted = (Unreadable("memory", "throttled", "Wait."),)
    passed = fleet.sharded(3)
    assert cloud.listings == 2
    lost = [plan for plan in passed.report.now.targets if plan.before is None]
    assert [(plan.target, plan.reason) for plan in lost] == [("memory", "throttled. Wait.")]
    assert exit_of_run(passed.report) == 3


def test_who_dies_while_it_lists_is_followed_by_another() -> None:
    """Nothing has begun then: the next shard to come lists, and what was left of it goes."""
    fleet, cloud = organization()

    def dies() -> None:
        raise Dies

    cloud.lists = dies
    with pytest.raises(Dies):
        fleet.shard(1, 2)
    cloud.lists = lambda: None
    records.save(fleet.store, accounts_key("gone"), records.Kind("x", 1, dict, dict), {}, None)
    fleet.now += timedelta(minutes=6)
    fleet.sharded(2)
    assert cloud.listings == 3
    assert not fleet.store.keys("shards/gone")


def test_the_lease_is_renewed_while_it_lists() -> None:
    """A listing may take longer than a lease lasts, and nobody takes it over."""
    fleet, cloud = organization()
    ends: list[Any] = []

    def slow() -> None:
        fleet.now += timedelta(minutes=4)
        stored = records.load(fleet.store, LEASE_KEY, TENURE)
        assert stored
        ends.append(stored.value.until)

    cloud.lists = slow
    assert fleet.shard(1, 2)
    assert ends[1] - ends[0] == timedelta(minutes=4)


def test_who_has_lost_the_lease_lists_no_further() -> None:
    """Another begins the run; the one that was too slow asks nothing more and leaves nothing."""
    fleet, cloud = organization()
    fleet.clock = -PATIENCE

    def lost() -> None:
        take(fleet.job(), "run", over=True)

    cloud.lists = lost
    with pytest.raises(LeaseError):
        fleet.shard(1, 2)
    assert not fleet.store.keys("shards/")


@pytest.mark.parametrize(("command", "waits"), [("run --run r1", LONGEST), ("run", PATIENCE)])
def test_the_others_wait_for_as_long_as_it_lists(command: str, waits: float) -> None:
    """A quarter of an hour for another run, hours for who begins their own."""
    fleet, _ = organization()
    take(fleet.job(), command)
    with pytest.raises(LeaseError):
        fleet.shard(2, 2)
    assert fleet.clock == waits


def test_what_was_left_and_is_not_there_any_more_ends_a_shard() -> None:
    """It never takes its own listing for that of the run."""
    fleet, cloud = organization()
    assert fleet.shard(1, 2)
    key = accounts_key("r1")
    known = fleet.store.get(key)
    assert known
    fleet.store.put(
        key, {**known.value, "blocks": [{"ids": ["acc1"], "unlisted": []}]}, known.generation
    )
    with pytest.raises(StateError) as caught:
        fleet.shard(2, 2)
    assert str(caught.value) == (
        "state shards/r1/accounts: the accounts that the run goes by aren't those that were listed "
        "when it began. Nothing was changed. Begin another run under a new name."
    )
    assert cloud.listings == 2


def test_a_block_that_names_its_accounts_leaves_nothing() -> None:
    """There is nothing to list, and nothing to read."""
    fleet, cloud = organization({"mode": "add", "select": {"ids": ["mail"]}})
    assert fleet.shard(1, 2)
    assert cloud.listings == 0
    assert not fleet.store.keys(accounts_key("r1"))
