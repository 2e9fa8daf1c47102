"""What is said of the list, of what waits, of orders and of exceptions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network

from cloudsync.allowlist import Entry, InForce, Leaving
from cloudsync.conditions import Condition, ConditionKind, Watched
from cloudsync.conditions.ledger import CONDITIONS
from cloudsync.conditions.of_list import of_holds, of_list
from cloudsync.conditions.of_orders import Excused, of_exceptions, of_orders
from cloudsync.conditions.of_worker import of_lateness
from cloudsync.holds import Hold
from cloudsync.standing import ALL, Allowed, Pause, Standing

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
T = "aws:123456789012/us-east-1/sg-0abc"


def entry(number: int) -> Entry:
    """One entry of the list."""
    return Entry(ip_network(f"192.0.2.{number}/32"), None, "", number)


def listing(*numbers: int, leaving: tuple[int, ...] = ()) -> InForce:
    """A list in force of these entries, and those on their way out."""
    out = tuple(Leaving(entry(number), NOW, NOW, 1) for number in leaving)
    return InForce("file", "cidr", tuple(map(entry, numbers)), out)


def said(before: InForce | None, now: InForce | None) -> list[str]:
    """What is said of the change."""
    return [one.impact for one in of_list(before, now)]


def test_a_change_of_the_list_says_what_came_and_what_goes() -> None:
    """New, leaving, gone and listed again are four things; many are counted."""
    (new,) = of_list(listing(1, 2), listing(1, 2, 3))
    assert (new.impact, new.cause) == (
        "The list changed: 192.0.2.3/32 is new and wanted at once.", "list",
    )  # fmt: skip
    assert said(listing(1, 2), listing(1, leaving=(2,))) == [
        "The list changed: 192.0.2.2/32 is leaving, and wanted until the grace is over."
    ]
    assert said(listing(1, leaving=(2,)), listing(1)) == ["The list changed: 192.0.2.2/32 is gone."]
    assert said(listing(1, leaving=(2,)), listing(1, 2)) == [
        "The list changed: 192.0.2.2/32 is listed again."
    ]
    assert said(listing(1), listing(*range(1, 9))) == [
        (
            "The list changed: 192.0.2.2/32, 192.0.2.3/32, 192.0.2.4/32, 192.0.2.5/32, "
            "192.0.2.6/32 and 2 more are new and wanted at once."
        )
    ]
    assert [one.did for one in of_list(listing(1, 2), listing(1, leaving=(2,)))] == [
        "It holds 1 entry now."
    ]


def test_a_list_that_is_as_it_was_or_the_first_is_no_news() -> None:
    """Nor is one that isn't there."""
    assert said(listing(1), listing(1)) == []
    assert said(listing(1, leaving=(2,)), listing(1, leaving=(2,))) == []
    assert said(None, listing(1)) == []
    assert said(listing(1), None) == []


def test_what_waits_carries_its_command() -> None:
    """The command is the exact one."""
    (found,) = of_holds([Hold("sha256:1", "target", T, "its first enforce waits", NOW)])
    assert (found.kind, found.todo) == (
        ConditionKind.HELD,
        "To let it through: cloudsync approve sha256:1 --by NAME --reason TEXT",
    )


def test_an_order_is_told_while_it_stands_and_before_it_ends() -> None:
    """Half an hour before the end of a pause, or of a network that is let in."""
    standing = Standing(
        (Pause(T, NOW + HOUR, "ann", "printer down", NOW), Pause(ALL, NOW + HOUR, "bob", "?", NOW)),
        (Allowed(T, ip_network("203.0.113.9/32"), NOW + 2 * HOUR, "bob", "a move", NOW),),
    )
    found = list(of_orders(standing, NOW))
    assert [(one.kind, one.impact) for one in found] == [
        (ConditionKind.ORDER, f"Nothing is changed at {T} until 2026-11-24 04:00 UTC."),
        (ConditionKind.ORDER, "Nothing is changed at every target until 2026-11-24 04:00 UTC."),
        (
            ConditionKind.ORDER,
            f"203.0.113.9/32 may reach port 25 at {T} until 2026-11-24 05:00 UTC.",
        ),
    ]
    assert [one.target for one in found] == [T, ALL, T]
    half = NOW + timedelta(minutes=30)
    ending = [one for one in of_orders(standing, half) if one.kind is ConditionKind.ENDING]
    assert [(one.subject, one.target) for one in ending] == [
        (f"pause of {T}", T), ("pause of all", ALL),
    ]  # fmt: skip


def test_a_worker_that_comes_late_is_told_in_the_words_of_what_was_late() -> None:
    """Where nothing was, there is nothing to tell."""
    assert list(of_lateness("ours", ())) == []
    (late,) = of_lateness("ours", ("it began 2 h after", "one was left"))
    assert (late.severity, late.subject, late.did) == (
        "page", "ours",
        "The run that was due has been made up for. What was late: it began 2 h after; one was left.",
    )  # fmt: skip


def test_an_exception_is_told_before_it_ends_and_after() -> None:
    """Two weeks ahead; and for as long as it stands there although it is over."""
    one = Excused("accept_risk", "targets[0] (aws)", "ann", NOW + timedelta(days=20))
    assert list(of_exceptions([one], NOW)) == []
    (soon,) = of_exceptions([one], NOW + timedelta(days=6))
    assert soon.impact == "accept_risk at targets[0] (aws) ends on 2026-12-14 03:00 UTC."
    (over,) = of_exceptions([one], NOW + timedelta(days=20))
    assert over.impact == "accept_risk at targets[0] (aws) ended on 2026-12-14 03:00 UTC."


def test_conditions_come_back_from_a_document_as_they_were() -> None:
    """Those that hold, and those that are over."""
    lost = Condition(ConditionKind.MISSING, T, "Mail is lost.", "a", "b", "c", "8.0.0.1", "list")
    watched = (
        Watched(lost, NOW, NOW + HOUR, None, (NOW,), NOW),
        Watched(Condition(ConditionKind.OPEN, T, "Open."), NOW, NOW, NOW + HOUR),
        Watched(
            Condition(ConditionKind.ORDER, f"pause of {T}", "Paused.", target=T), NOW, NOW,
            changes=(NOW,), unsaid=True,
        ),
    )  # fmt: skip
    value = CONDITIONS.encode(watched)
    assert CONDITIONS.decode("conditions", value) == watched
    assert value["conditions"][0]["runbook"] == "docs/conditions.md#missing"
    assert date.fromisoformat(value["conditions"][0]["first"][:10]) == NOW.date()
    for one in value["conditions"][:2]:
        del one["changes"], one["unsaid"], one["target"]
    assert CONDITIONS.decode("conditions", value) == watched  # as an earlier release wrote it
