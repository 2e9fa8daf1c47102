"""Orders that stand: what they make of what is wanted, and when they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from cloudsync.ledger import STANDING, TAKEN, Taken
from cloudsync.model import Mode, Note, Wanted
from cloudsync.provider import Remark
from cloudsync.standing import ALL, Allowed, Pause, Standing, overlaid, remarks

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
T = "aws:123456789012/us-east-1/sg-0abc"
GUEST = ip_network("203.0.113.9/32")
WANT = Wanted("mail", Mode.ENFORCE, (ip_network("192.0.2.0/24"),), internal="close")
PAUSE = Pause(T, NOW + HOUR, "ann", "printer down", NOW)
LET_IN = Allowed(T, GUEST, NOW + 2 * HOUR, "bob", "a migration", NOW)


def test_a_pause_makes_it_watch_and_nothing_else() -> None:
    """What is wanted stays wanted; only the hands are kept off, of this target alone."""
    standing = Standing((PAUSE,))
    paused = overlaid(WANT, T, standing)
    assert (paused.mode, paused.addresses, paused.internal) == (
        Mode.WATCH, WANT.addresses, "close",
    )  # fmt: skip
    assert overlaid(WANT, "aws:123456789012/us-east-1/sg-0def", standing) is WANT


def test_a_pause_of_all_is_of_every_target() -> None:
    """The longest pause is the one that is told."""
    longer = Pause(ALL, NOW + 3 * HOUR, "cat", "all quiet", NOW)
    standing = Standing((PAUSE, longer))
    assert standing.pause(T) == longer
    assert standing.pause("azure:s/g/n") == longer


def test_who_is_allowed_is_wanted_there() -> None:
    """As a network of also_allow would be, once, and at no other target."""
    standing = Standing(allowed=(LET_IN,))
    want = overlaid(WANT, T, standing)
    assert (want.also, want.mode) == ((GUEST,), Mode.ENFORCE)
    assert overlaid(want, T, standing).also == (GUEST,)
    assert overlaid(WANT, "azure:s/g/n", standing) is WANT


def test_an_order_ends_at_its_moment() -> None:
    """Not a second later."""
    standing = Standing((PAUSE,), (LET_IN,))
    assert standing.at(NOW + HOUR - timedelta(seconds=1)) == standing
    assert standing.at(NOW + HOUR) == Standing((), (LET_IN,))
    assert not standing.at(NOW + 2 * HOUR)


def test_a_person_is_told_who_ordered_what_until_when_and_why() -> None:
    """Of a pause with its note, so that the target isn't taken for right."""
    assert list(remarks(T, Standing((PAUSE,), (LET_IN,)))) == [
        Remark(
            T,
            "paused by ann, until 2026-11-24 04:00 UTC: printer down. Nothing is changed here "
            "until then",
            Note.PAUSED,
        ),
        Remark(T, "203.0.113.9/32 is let in by bob, until 2026-11-24 05:00 UTC: a migration"),
    ]
    assert list(remarks("azure:s/g/n", Standing((PAUSE,), (LET_IN,)))) == []


def test_orders_and_what_was_taken_survive_the_state() -> None:
    """As documents and back, exactly."""
    standing = Standing((PAUSE,), (LET_IN,))
    assert STANDING.decode("standing", STANDING.encode(standing)) == standing
    taken = Taken("20261124T030000Z-abcdef", T, ({"rules": [{"source": "0.0.0.0/0"}]},))
    assert TAKEN.decode("taken", TAKEN.encode(taken)) == taken
