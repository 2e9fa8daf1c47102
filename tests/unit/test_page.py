"""What the page says in each state, before any HTML."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from ipaddress import ip_network
from typing import Any

import pytest

from cloudsync.allowlist import Entry, Withdrawn
from cloudsync.conditions import Condition, ConditionKind, Watched
from cloudsync.config.schedule import Schedule
from cloudsync.errors import Exit, UsageError
from cloudsync.model import Note, Verdict
from cloudsync.plan import Plan
from cloudsync.report import RunReport
from cloudsync.status.after import after_run
from cloudsync.status.known import Known
from cloudsync.status.overview import Overview, Ran, Sight
from cloudsync.status.reading import known
from cloudsync.web.feeds import FEEDS, feed
from cloudsync.web.front import (
    Headline,
    figures,
    groups,
    headline,
    looked,
    matters,
)
from cloudsync.web.listed import sheet
from cloudsync.web.said import ago, ahead, gist, length, many, moment
from cloudsync.web.status import STATUS_SCHEMA, status
from tests.unit import report_plans as made
from tests.unit.scenes import FINE, MAIL_LOST, NETWORKS, NOW, SCENES, stage, target

jsonschema: Any = import_module("jsonschema")
OPTIONAL = Entry(ip_network("192.0.2.1/32"), None, "EXG3", 40)


def shown(scene: str) -> Known:
    """What is known in a scene."""
    with stage(scene).open() as job:
        return known(job)


LINES = {
    "all-right": ("good", "in_sync", "From outside only wanted senders reach port 25 at all 6 targets", ()),
    "mail-lost": ("bad", "missing", "Mail is being lost at 2 of 6 targets", ()),
    "bypass-open": (
        "bad", "open", "Mail can bypass the filter at 1 of 6 targets",
        ("Unclear who gets in at 1 of 6 targets", "Somebody undoes the same rule every hour"),
    ),
    "held": (
        "bad", "open", "Mail can bypass the filter at 1 of 6 targets",
        ("2 decisions wait for a person",),
    ),
    "blind": (
        "unknown", "gone", "Not there any more: 1 of 6 targets",
        ("Not known: 1 of 6 targets couldn't be looked at",),
    ),
    "stale": (
        "unknown", "stale", "Not known: nobody has looked for 7 hours",
        ("What follows is how it was then", "See whether the worker runs"),
    ),
    "empty": (
        "unknown", "empty", "Nothing is known yet: no run has looked at the targets",
        ("No list is in force yet. A person accepts the first: `cloudsync list accept`",
         "To look once: `cloudsync run --once`"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("scene", SCENES)
def test_one_line_says_how_it_stands(scene: str) -> None:
    """The worst comes first, and what is old or missing is never called right."""
    tone, shape, text, more = LINES[scene]
    assert headline(shown(scene)) == Headline(tone, shape, text, more)  # type: ignore[arg-type]


@pytest.mark.parametrize("scene", SCENES)
def test_the_status_is_as_its_schema_says(scene: str) -> None:
    """In each state; a target that couldn't be looked at has null for what isn't known."""
    found = status(shown(scene))
    jsonschema.validate(found, STATUS_SCHEMA)
    assert found["headline"] == LINES[scene][2]
    assert found["stale"] is (scene in {"stale", "empty"})
    unread = [one["excess"] for one in found["targets"] if one["reason"]]
    assert unread == [None] * len(unread)
    assert len(unread) == (2 if scene == "blind" else 0)


def seen(*targets: Sight, code: int = 0, before: Known | None = None) -> Known:
    """What is known after a run that ended so and found these."""
    base = before or shown("all-right")
    assert base.overview
    last = replace(base.overview.points[-1], exit=code)
    overview = replace(base.overview, sights=targets or base.overview.sights, points=(last,))
    return replace(base, overview=overview)


def test_what_is_right_but_not_done_isnt_called_right() -> None:
    """A failed change, a refused source and a waiting decision each take the first line."""
    right = shown("all-right")
    assert right.overview
    (one, *rest) = right.overview.sights
    failed = seen(replace(one, notes=(Note.FAILED,)), *rest)
    assert headline(failed) == Headline(
        "warn", "held", "A change failed at 1 of 6 targets",
        ("From outside only wanted senders reach port 25 at all 6 targets",),
    )  # fmt: skip
    refused = headline(seen(code=int(Exit.SOURCE)))
    assert refused.text == "The list was refused or couldn't be fetched; the one in force stands"
    waiting = headline(replace(right, holds=shown("held").holds[:1]))
    assert (waiting.tone, waiting.text) == ("warn", "1 decision waits for a person")
    assert headline(seen(one)).text == (
        "From outside only wanted senders reach port 25 at the one target"
    )


def test_all_is_not_right_while_alerts_or_runs_fail() -> None:
    """What wakes somebody, and what keeps the rest from being watched, takes the first line."""
    right = shown("all-right")

    def with_(*kinds: ConditionKind) -> Headline:
        watched = (
            Watched(Condition(kind, "it", f"The worst: {kind}."), NOW, NOW) for kind in kinds
        )
        return headline(replace(right, watched=tuple(watched)))

    everything = "From outside only wanted senders reach port 25 at all 6 targets"
    for kind in (ConditionKind.UNDELIVERED, ConditionKind.FAILED, ConditionKind.STALE):
        assert with_(kind) == Headline("warn", "open", f"The worst: {kind}", (everything,))
    for kind in (ConditionKind.ENDING, ConditionKind.ORDER, ConditionKind.UNREVIEWED):
        assert with_(kind) == Headline("good", "in_sync", everything)
    many = with_(ConditionKind.CONTESTED, ConditionKind.LATE, ConditionKind.FAILED)
    assert (many.text, many.more) == (
        "The worst: late", (everything, "The worst: failed", "And 1 more like that, below"),
    )  # fmt: skip


def test_the_ports_that_are_guarded_are_named() -> None:
    """Where they are others than 25."""
    right = shown("all-right")
    assert right.overview
    one = right.overview.sights[0]
    assert one.found
    sight = replace(one, found=replace(one.found, ports=(25, 587)))
    assert headline(seen(sight)).text == (
        "From outside only wanted senders reach ports 25 and 587 at the one target"
    )


@pytest.mark.parametrize(
    ("schedule", "took", "old"),
    [
        (None, 20.0, timedelta(hours=1)),
        ({"sweep": "5m"}, 20.0, timedelta(minutes=15, seconds=30)),
        ({"sweep": "5m", "jitter": "1m"}, 1_200.0, timedelta(hours=1, minutes=1)),
        ({"sweep": "6h", "fetch": "12h", "jitter": "0s"}, 20.0, timedelta(hours=18)),
    ],
)
def test_what_is_old_follows_the_schedule(
    schedule: dict[str, str] | None, took: float, old: timedelta
) -> None:
    """Three sweeps, or three runs where one takes longer; a look that old is still believed, a second
    later it isn't, unless whoever serves the page says otherwise.
    """
    base = shown("all-right")
    assert base.overview
    config = base.config
    if schedule:
        config = config.but(schedule=Schedule.model_validate(schedule))
    overview = replace(base.overview, stages={"look": took, "change": 0.0})
    found = replace(base, config=config, overview=overview, now=NOW + old)
    found = replace(found, overview=replace(overview, looked_at=NOW))
    later = replace(found, now=found.now + timedelta(seconds=1))
    assert found.old_after == old
    assert (status(found)["stale"], status(later)["stale"]) == (False, True)
    assert (headline(found).shape, headline(later).shape) == ("in_sync", "stale")
    assert headline(later, timedelta(days=9)).shape == "in_sync"
    unlooked = replace(found, overview=None)
    assert unlooked.old_after <= old


def test_an_order_alone_is_no_look() -> None:
    """Where nothing but an order ran, nothing is known of the rest."""
    plan = Plan("sha256:1", FINE[:1])
    ran = Ran("r", "allow", NOW, NOW, 0, whole=False, vetted=False)
    overview = after_run(None, RunReport(plan, (), plan), ran)
    found = replace(shown("empty"), overview=overview)
    assert headline(found).shape == "empty"
    assert headline(replace(found, in_force=shown("held").in_force)).more == (
        "To look once: `cloudsync run --once`",
    )
    assert looked(found) == "never"
    assert status(found)["stale"] is True
    no_points = Overview(NOW, "", (), (), looked_at=NOW)
    assert headline(replace(found, overview=no_points)).text == (
        "Nothing is looked at: the configuration leads to no target"
    )


def test_targets_stand_by_verdict_and_figures_add_up() -> None:
    """Those that need somebody first; what couldn't be looked at is in no sum."""
    lost = shown("mail-lost")
    assert [(one.verdict, len(one.sights)) for one in groups(lost.overview)] == [
        (Verdict.MISSING, 2), (Verdict.IN_SYNC, 4),
    ]  # fmt: skip
    assert groups(None) == ()
    assert (figures(lost).missing, figures(lost).excess) == (7 + 8, 0)
    assert (figures(lost).networks, figures(lost).leaving) == (15, 1)
    assert (figures(lost).unseen, figures(shown("blind")).unseen) == (0, 2)
    nothing = figures(shown("empty"))
    assert (nothing.missing, nothing.excess, nothing.networks, nothing.leaving) == (0, 0, 0, 0)
    assert looked(lost) == "24 Nov 2026, 14:02 UTC, 3 minutes ago"


def test_a_target_is_said_in_one_line() -> None:
    """Every difference stands in it, names too; without any, that nothing else gets in."""
    plan = Plan("sha256:1", (made.UNSURE, made.OPEN, *MAIL_LOST, target("x:1", None)))
    ran = Ran("r", "run", NOW, NOW, 2, whole=True, vetted=True)
    said = {one.target: gist(one) for one in after_run(None, RunReport(plan, (), plan), ran).sights}
    assert said[FINE[1].target] == "7 IPv4 addresses can't get in and should"
    assert said[FINE[0].target] == "From outside only wanted senders get in"
    assert said["x:1"] == "Not known: it couldn't be looked at"
    assert said[made.UNSURE.target] == ("2 IPv4 addresses and Storage.WestEurope may get in or not")
    assert said[made.OPEN.target] == (
        "4,294,967,283 IPv4 addresses and all of IPv6 can get in and shouldn't"
    )


def test_times_and_sizes_read_as_people_say_them() -> None:
    """A clock that went back says nothing of the future."""
    assert [length(timedelta(**one)) for one in (
        {"seconds": 5}, {"minutes": 1}, {"minutes": 59}, {"hours": 1}, {"hours": 47}, {"days": 3},
    )] == ["a moment", "1 minute", "59 minutes", "1 hour", "1 day", "3 days"]  # fmt: skip
    assert ago(NOW + timedelta(hours=1), NOW) == "a moment ago"
    assert ahead(NOW + timedelta(days=5), NOW) == "in 5 days"
    assert ahead(NOW, NOW) == "now"
    assert moment(NOW) == "24 Nov 2026, 14:05 UTC"
    assert many(shown("mail-lost").overview.sights[1].found.missing) == "7 IPv4 addresses"  # type: ignore[union-attr]


def test_the_list_says_what_leaves_and_when() -> None:
    """An entry whose reads agree has its day; one that is still awaited says how many agree."""
    found = sheet(shown("all-right"))
    assert found
    assert (found.networks, found.addresses, found.published) == (15, (15, 0), "2026-11-02")
    assert [row.network for row in found.rows if row.leaving] == [str(NETWORKS[14])]
    (leaving,) = [row for row in found.rows if row.leaving]
    assert leaving.until == NOW + timedelta(days=5)
    assert leaving.reads == "2 of 2 reads agree"
    now = shown("all-right")
    assert now.in_force
    more = replace(now.in_force, entries=(*now.in_force.entries, OPTIONAL), published=None)
    other = sheet(replace(now, in_force=more, overview=None))
    assert other
    assert [(row.network, row.group, row.applies) for row in other.rows if not row.applies] == [
        ("192.0.2.1/32", "EXG3", False)
    ]
    assert (other.published, other.vetted_at) == ("", None)
    assert sheet(shown("empty")) is None


def test_the_list_says_what_came_ahead_and_what_was_taken_off() -> None:
    """Whoever reads along sees what doesn't count, and by whom."""
    now = shown("all-right")
    assert now.in_force is not None
    one = now.in_force.entries[0]
    off = Withdrawn(one.network, "ann", "it sends spam", NOW)
    more = replace(now.in_force, ahead=(Entry(ip_network("7.0.0.1")),), withdrawn=(off,))
    found = sheet(replace(now, in_force=more))
    assert found is not None
    assert [row.network for row in found.rows if row.ahead] == ["7.0.0.1/32"]
    (taken,) = (row for row in found.rows if row.off)
    assert (taken.network, taken.applies) == (str(one.network), False)
    assert taken.off == f"taken off by ann at {NOW:%Y-%m-%d %H:%M} UTC: it sends spam"


@pytest.mark.parametrize("form", FEEDS)
def test_a_feed_is_the_list_in_force_and_never_empty(form: str) -> None:
    """Every network that is wanted, leaving ones too, by a name that changes with the text."""
    now = shown("all-right")
    made_of = feed(now, form)
    assert made_of
    assert all(str(one.network_address) in made_of.text for one in NETWORKS)
    assert made_of == feed(now, form)
    assert now.in_force
    fewer = replace(now, in_force=replace(now.in_force, leaving=()))
    other = feed(fewer, form)
    assert other
    assert other.etag != made_of.etag
    assert feed(shown("empty"), form) is None
    other_group = replace(now.in_force, entries=(OPTIONAL,), leaving=())
    with pytest.raises(UsageError) as empty:
        feed(replace(now, in_force=other_group), form)
    assert str(empty.value) == (
        f"export {form}: the list holds no network, and an empty list would stop all mail. "
        "Nothing was written. Look at it with cloudsync list."
    )
    assert feed(replace(now, in_force=replace(now.in_force, entries=(), leaving=())), form) is None


def test_what_else_is_the_matter_is_said_and_nothing_twice() -> None:
    """What a verdict says already, and what is over, isn't."""
    (again,) = matters(shown("bypass-open"))
    assert (again.condition.kind, again.condition.subject) == ("contested", FINE[5].target)
    assert matters(shown("all-right")) == ()
