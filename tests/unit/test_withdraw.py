"""A sender that is taken off the list by hand: what is refused, and what lets it in again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from cloudsync.allowlist import Entry, InForce, Withdrawn
from cloudsync.errors import UsageError
from cloudsync.vetting.leaving import Removals
from cloudsync.vetting.limits import Limits
from cloudsync.vetting.vet import Rules
from cloudsync.vetting.withdraw import let_in_again, restore, withdraw

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
RULES = Rules(Limits(), (), Removals(), (), "none")
ROWS = ("8.0.0.1", "8.0.0.2", "8.0.1.0/24")
IN_FORCE = InForce(
    "./list.txt",
    "article39",
    (*(Entry(ip_network(one)) for one in ROWS), Entry(ip_network("9.0.0.0/24"), group="EXG3")),
)


def off(network: str) -> Withdrawn:
    """A network that Bob takes off."""
    return Withdrawn(ip_network(network), "Bob", "it sends spam", AT)


def test_what_is_taken_off_is_wanted_no_more_and_can_be_put_back() -> None:
    """Only that entry goes; the list as its source has it stays as it is."""
    after = withdraw(IN_FORCE, off("8.0.0.1"), RULES)
    assert after == replace(IN_FORCE, withdrawn=(off("8.0.0.1"),))
    assert after.wanted == IN_FORCE.entries[1:]
    assert restore(after, ip_network("8.0.0.1")) == IN_FORCE


def test_two_are_taken_off_one_after_the_other() -> None:
    """Each by its own order, and each comes back by its own."""
    both = withdraw(withdraw(IN_FORCE, off("8.0.0.1"), RULES), off("8.0.0.2"), RULES)
    assert both.withdrawn == (off("8.0.0.1"), off("8.0.0.2"))
    assert restore(both, ip_network("8.0.0.1")).withdrawn == (off("8.0.0.2"),)


def test_what_only_leaves_or_came_ahead_can_be_taken_off_too() -> None:
    """Both are wanted, so both can be broken into."""
    ahead = replace(IN_FORCE, ahead=(Entry(ip_network("7.0.0.1")),))
    assert withdraw(ahead, off("7.0.0.1"), RULES).wanted == IN_FORCE.wanted


@pytest.mark.parametrize(
    ("network", "rules", "message"),
    [
        ("7.0.0.1", RULES, ("7.0.0.1/32: it is no entry of the list in force. Nothing was changed. "
         "See cloudsync list.")),
        ("8.0.1.9", RULES, ("8.0.1.9/32: it is no entry of the list in force, and gets in as a part "
         "of 8.0.1.0/24. Nothing was changed. Take off the whole entry.")),
        ("8.0.0.1", replace(RULES, widen="24"), ("8.0.0.1/32: it would still be let in by "
         "8.0.0.0/24 (widen: 24). Nothing was changed. Take that off first, or set widen: none.")),
        ("8.0.1.0/24", RULES, ("8.0.1.0/24: with it goes an anchor of the list: 8.0.1.0/24. Nothing "
         "was changed. If that is meant, say --anchor too.")),
        ("8.0.0.1", replace(RULES, anchors=(ip_network("8.0.0.1"),)), ("8.0.0.1/32: with it goes an "
         "anchor of the list: 8.0.0.1/32. Nothing was changed. If that is meant, say --anchor too.")),
    ],
)  # fmt: skip
def test_what_is_refused_says_why(network: str, rules: Rules, message: str) -> None:
    """What isn't listed, would get in all the same, or is an anchor."""
    with pytest.raises(UsageError) as caught:
        withdraw(IN_FORCE, off(network), rules)
    assert str(caught.value) == message


def test_another_entry_that_holds_it_has_to_go_first() -> None:
    """A chosen group lets in the single address too."""
    inside = replace(IN_FORCE, entries=(*IN_FORCE.entries, Entry(ip_network("9.0.0.1"))))
    with pytest.raises(UsageError, match=r"it would still be let in by 9\.0\.0\.0/24\. Nothing"):
        withdraw(inside, off("9.0.0.1"), replace(RULES, shoreline=("EXG3",)))
    assert withdraw(inside, off("9.0.0.1"), RULES).withdrawn == (off("9.0.0.1"),)


def test_an_anchor_goes_where_somebody_says_so() -> None:
    """The broadest entry is one where the configuration names none."""
    after = withdraw(IN_FORCE, off("8.0.1.0/24"), RULES, anchor=True)
    assert after.withdrawn == (off("8.0.1.0/24"),)
    configured = replace(RULES, anchors=(ip_network("8.0.0.1"),))
    assert withdraw(IN_FORCE, off("8.0.1.0/24"), configured) == after


def test_the_last_one_stays() -> None:
    """Without it all mail stops, whoever says what."""
    one = replace(IN_FORCE, entries=IN_FORCE.entries[:1])
    with pytest.raises(UsageError, match="it is the last one that counts"):
        withdraw(one, off("8.0.0.1"), RULES, anchor=True)


def test_nothing_is_taken_off_twice_or_put_back_unasked() -> None:
    """Each says what is so already."""
    after = withdraw(IN_FORCE, off("8.0.0.1"), RULES)
    with pytest.raises(UsageError) as twice:
        withdraw(after, off("8.0.0.1"), RULES)
    assert str(twice.value) == (
        "8.0.0.1/32: Bob took it off on 2026-11-24 12:00 UTC (it sends spam) already. "
        "Nothing was changed. See cloudsync list."
    )
    with pytest.raises(UsageError, match=r"by hand; 8\.0\.0\.1/32 was"):
        restore(after, ip_network("8.0.0.2"))
    with pytest.raises(UsageError, match="by hand; nothing was"):
        restore(IN_FORCE, ip_network("8.0.0.2"))


def test_a_wider_entry_that_comes_later_lets_it_in_again() -> None:
    """It holds other senders, so it counts; that the one gets in by it is told."""
    after = withdraw(IN_FORCE, off("8.0.0.1"), RULES)
    assert let_in_again(after) == ()
    assert let_in_again(after, widen="24") == ((off("8.0.0.1"), ip_network("8.0.0.0/24")),)
    wider = replace(after, ahead=(Entry(ip_network("8.0.0.0/25")),))
    assert let_in_again(wider) == ((off("8.0.0.1"), ip_network("8.0.0.0/25")),)
