"""A worker looks at the domains by itself, and what it finds alerts and stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from cloudsync.conditions import Condition, ConditionKind
from cloudsync.conditions.of_domains import of_domains
from cloudsync.errors import UsageError
from cloudsync.preflight import ledger
from cloudsync.preflight.arming import closing
from cloudsync.preflight.ask import Servers
from cloudsync.preflight.look import look_again
from cloudsync.preflight.quiet import Memory
from cloudsync.worker.passes import one_pass
from tests.preflight.nameserver import Zone, serving
from tests.preflight.test_arming import BY_DOMAIN, NOW
from tests.preflight.test_ask import DOMAIN, FILTERS, OWN, records
from tests.unit.test_reconcile import ONE, OPEN, Scene

HOUR = timedelta(hours=1)
BACKUP = f"BACKUP_MX_DIRECT {DOMAIN} own.shop.test"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is to be closed at the end."""
    with ExitStack() as found:
        yield found


def test_a_worker_looks_again_once_the_last_look_is_old(stack: ExitStack) -> None:
    """In watch too, so that the week goes by before a target is closed; and not with each sweep."""
    zone = Zone(records(*FILTERS))
    where = stack.enter_context(serving(zone))
    scene = Scene({"one": ()}, ({"mode": "watch", "domains": [DOMAIN], "own_addresses": [OWN]},))
    scene.now = NOW

    def again() -> Memory:
        look_again(scene.job, lambda _: Servers((where,), where[1], 0.5, 1))
        return ledger.known(scene.store).domains[DOMAIN]

    assert again() == Memory(NOW, NOW, NOW)
    scene.now += 11 * HOUR
    assert again().looked == NOW
    scene.now += HOUR
    assert again() == Memory(scene.now, NOW, scene.now, 12 * HOUR)
    zone.records |= records(*FILTERS, "30 own.shop.test.")
    scene.now += 12 * HOUR
    assert again() == Memory(scene.now, dirty=scene.now, ttl=300, found=(BACKUP,))


def test_a_machine_without_a_name_server_has_looked_at_nothing() -> None:
    """A pass goes on, and nothing is remembered as clean or dirty."""

    def nobody(_: object) -> Servers:
        raise UsageError("preflight.nameservers", "isn't said")

    scene = Scene({"one": ()}, (BY_DOMAIN,))
    look_again(scene.job, nobody)
    look_again(Scene({"one": ()}).job, nobody)
    assert ledger.known(scene.store).domains == {}


def test_what_is_found_after_arming_alerts_and_stops_no_repair() -> None:
    """A backup MX that appears later: one is told, once, and what somebody opened is closed again."""
    scene = Scene({"one": (OPEN,)}, (BY_DOMAIN,))
    memory = Memory(scene.now, scene.now - timedelta(days=7), scene.now, timedelta(days=7))
    ledger.keep_domains(scene.store, {"a.test": memory})
    one_pass(scene.job)
    assert scene.seen == {ONE: "in_sync"}

    def dirty(job: object) -> None:
        del job
        found = Memory(scene.now, dirty=scene.now, found=("BACKUP_MX_DIRECT a.test own.a.test",))
        ledger.keep_domains(scene.store, {"a.test": found})

    for rule in scene.world.firewalls["one"].rules:
        if not rule.allow:
            scene.world.uproot("one", rule.name)
    passed = one_pass(replace(scene.job, domains=dirty))
    (told,) = [one for one in passed.turn.tell if one.watched.condition.subject == "a.test"]
    assert told.watched.condition == Condition(
        ConditionKind.PREFLIGHT,
        "a.test",
        "Mail for a.test doesn't come through the filter alone: BACKUP_MX_DIRECT a.test own.a.test.",
        "It has armed 1 target: what was closed stays closed, and is repaired.",
        "cloudsync preflight --domain a.test shows all of it, and what to do.",
    )
    assert passed.report.outcomes
    assert all(outcome.kind == "done" for _, outcome in passed.report.outcomes)
    again = one_pass(replace(scene.job, domains=dirty))
    assert not [one for one in again.turn.tell if one.watched.condition.subject == "a.test"]
    assert scene.seen == {ONE: "in_sync"}


@pytest.mark.parametrize(
    ("memory", "armed", "impact"),
    [
        (None, (ONE,), None),
        (Memory(NOW, NOW, NOW), (ONE,), None),
        (Memory(NOW, NOW, NOW - 49 * HOUR), (), None),
        (Memory(NOW), (), None),
        (
            Memory(NOW, NOW, NOW - 49 * HOUR, found=("DNS_UNAVAILABLE a.test",)), (ONE,),
            "a.test hasn't been seen clean since 2026-11-22 11:00 UTC: DNS_UNAVAILABLE a.test.",
        ),
        (
            Memory(NOW - 49 * HOUR, NOW, NOW - 49 * HOUR), (ONE,),
            "a.test hasn't been seen clean since 2026-11-22 11:00 UTC: nobody looked.",
        ),
        (
            Memory(NOW), (ONE,),
            "a.test hasn't been seen clean since the state was lost: nobody looked.",
        ),
        (
            Memory(NOW, dirty=NOW, found=("A a", "B b", "C c", "D d", "E e")), (),
            "Mail for a.test doesn't come through the filter alone: A a; B b; C c; 2 more.",
        ),
    ],
)  # fmt: skip
def test_a_domain_is_told_of_where_it_is_dirty_or_nobody_knows_any_more(
    memory: Memory | None, armed: tuple[str, ...], impact: str | None
) -> None:
    """One that is only waited for is no news; one that armed targets rest on mustn't go unseen."""
    found = list(of_domains({"a.test": armed}, {"a.test": memory} if memory else {}, NOW))
    assert [one.impact for one in found] == ([impact] if impact else [])
    if found and not armed:
        assert found[0].did == (
            "It has armed no target: nothing is closed by it, and what lets wanted senders in is "
            "done all the same."
        )


def test_the_domains_of_targets_that_are_closed_are_told_of() -> None:
    """Those of blocks in enforce, each once."""
    watching = {"mode": "watch", "domains": ["b.test"]}
    job = Scene({"one": ()}, (BY_DOMAIN, watching, BY_DOMAIN)).job
    assert closing(job.config.targets) == ("a.test",)
