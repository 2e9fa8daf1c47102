"""Letters where the state can't be used: whoever is woken hears that nothing is done, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from cloudsync.alert.channels import Send
from cloudsync.alert.letters import Letter
from cloudsync.alert.straight import Straight
from cloudsync.config import Config
from cloudsync.errors import UsageError
from cloudsync.state import StateError
from tests.alert.test_delivery import config
from tests.alert.test_letters import NOON

PAGES = {"name": "on-call", "url_env": "ON_CALL", "severities": ["page"]}
TEAM = {"name": "team", "url_env": "TEAM", "severities": ["ticket"]}
SOME = {"name": "some", "url_env": "SOME", "targets": ["aws:*"]}
FULL = StateError("./cloudsync.db", "the disk is full")


@dataclass
class Desk:
    """A worker's process, and what its channels were sent."""

    error: str = ""
    seconds: float = 0.0
    taken: list[Letter] = field(default_factory=list[Letter])

    def ways(self, config: Config) -> Mapping[str, Send]:
        """Each channel takes letters the same way."""
        return dict.fromkeys((one.name for one in config.alerts.channels), self.take)

    def take(self, letter: Letter) -> str:
        """Keep a letter."""
        self.taken.append(letter)
        return self.error

    def now(self) -> datetime:
        """What the clock says."""
        return NOON + timedelta(seconds=self.seconds)

    @property
    def straight(self) -> Straight:
        """One that knows a tenant."""
        made = Straight(self.ways, lambda: self.seconds, self.now)
        said = config(PAGES, TEAM, SOME)
        made.known("ours", said.but(alerts=said.alerts.but(runbook="https://wiki.example/mail")))
        return made


def test_whoever_is_woken_hears_once_that_nothing_is_done_and_once_that_it_is_again() -> None:
    """At the second pass in vain, again after a day; nobody else hears, and an unknown tenant has nobody."""
    desk = Desk()
    straight = desk.straight
    for _ in range(20):
        straight.failed("ours", FULL)
        straight.failed("unknown", FULL)
    (only,) = desk.taken
    assert (only.channel, only.over) == ("on-call", False)
    assert only.subject == (
        "[page] ours: cloudsync can't do its work at ours: nothing is watched or mended."
    )
    assert only.body.splitlines() == [
        "cloudsync can't do its work at ours: nothing is watched or mended.",
        "Since 2026-11-24 12:00 UTC.",
        "./cloudsync.db: the disk is full. Nothing was changed.",
        "Run cloudsync -c cloudsync.yaml run --once by hand, and see what it says.",
        "See https://wiki.example/mail#failed.",
    ]
    desk.seconds = 24 * 3600.0
    straight.failed("ours", FULL)
    assert len(desk.taken) == 2
    desk.seconds += 3600.0
    straight.went("ours")
    straight.went("ours")
    straight.went("unknown")
    still, over = desk.taken[1:]
    assert (still.body.splitlines()[:2], still.over) == (
        [
            "Still: cloudsync can't do its work at ours: nothing is watched or mended.",
            "Since 2026-11-24 12:00 UTC.",
        ],
        False,
    )
    assert (over.subject, over.body.splitlines()[1:], over.over) == (
        "[page] ours: Over: cloudsync can't do its work at ours: nothing is watched or mended.",
        ["It held from 2026-11-24 12:00 to 2026-11-25 13:00 UTC."],
        True,
    )
    straight.failed("ours", FULL)
    straight.went("ours")
    assert len(desk.taken) == 3


def test_what_no_channel_took_is_tried_again_at_the_next_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where the channels that are left can't be used at all."""
    desk = Desk(error="refused")
    straight = desk.straight
    for _ in range(4):
        straight.failed("ours", FULL)
    assert len(desk.taken) == 3
    desk.error = ""
    straight.failed("ours", FULL)
    straight.failed("ours", FULL)
    assert len(desk.taken) == 4

    def none(_config: Config) -> Mapping[str, Send]:
        raise UsageError("alerts.channels", "all goes by mail")

    monkeypatch.setattr(straight, "ways", none)
    desk.seconds = 48 * 3600.0
    straight.failed("ours", FULL)
    assert len(desk.taken) == 4
    monkeypatch.undo()
    straight.failed("ours", FULL)
    assert len(desk.taken) == 5


def test_one_channel_that_took_it_is_enough() -> None:
    """Whichever of them: the others are told no more often for the one that is down."""
    desk = Desk()
    straight = Straight(lambda _config: {"on-call": desk.take, "down": lambda _letter: "refused"})
    straight.known("ours", config(PAGES, {**PAGES, "name": "down"}))
    for _ in range(4):
        straight.failed("ours", FULL)
    assert len(desk.taken) == 1


def test_a_configuration_that_is_read_again_forgets_nothing_that_was_told() -> None:
    """Its channels are those that hear from then on; what failed before it counts."""
    desk = Desk()
    straight = desk.straight
    straight.failed("ours", FULL)
    straight.known("ours", config({**PAGES, "name": "night"}))
    straight.failed("ours", FULL)
    straight.known("ours", config(PAGES))
    straight.failed("ours", FULL)
    assert [one.channel for one in desk.taken] == ["night"]
