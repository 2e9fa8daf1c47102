from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from ipaddress import IPv4Network, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import Network
from cloudsync.allowlist import Entry, Format, InForce, Leaving, Listing
from cloudsync.vetting.leaving import (
    OWN_RULES,
    Removals,
    advance,
    agree,
    begin,
    ends,
    recovered,
    settle,
)

URL = "https://vendor.example/list"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
USUAL = Removals()


def entries(*networks: str, group: str = "base") -> tuple[Entry, ...]:
    """The networks as entries of one group."""
    return tuple(Entry(ip_network(network), group=group) for network in networks)


def listing(*networks: str, source: str = URL, fmt: Format = "cidr") -> Listing:
    """What a read of the usual source says."""
    return Listing(source=source, format=fmt, entries=entries(*networks))


def in_force(*networks: str, leaving: tuple[Leaving, ...] = ()) -> InForce:
    """A list in force that a person accepted at the start."""
    return InForce(
        source=URL,
        format="cidr",
        entries=entries(*networks),
        leaving=leaving,
        accepted_by="Ann",
        accepted_at=START,
    )


def gone(network: str, first: datetime, last: datetime, reads: int, at: datetime | None) -> Leaving:
    """One leaving entry, spelt out."""
    return Leaving(Entry(ip_network(network)), first, last, reads, at)


BOTH = ("8.0.0.0/32", "9.0.0.0/32")
KEPT = "8.0.0.0/32"
LOST = "9.0.0.0/32"


# ------------------------------------------------------------------------------ the usual way


def test_the_defaults_are_two_reads_six_hours_and_a_week() -> None:
    """What the configuration leaves out is reads 2, apart 6h, grace 7d."""
    assert Removals(reads=2, apart=timedelta(hours=6), grace=timedelta(days=7)) == USUAL


def test_a_first_list_begins_with_nothing_leaving() -> None:
    """The first list is in force whole, with who accepted it and when."""
    new = replace(listing(*BOTH), published=date(2009, 9, 18))
    assert begin(new, START, "Ann") == InForce(
        source=URL,
        format="cidr",
        entries=entries(*BOTH),
        published=date(2009, 9, 18),
        accepted_by="Ann",
        accepted_at=START,
    )


def test_an_addition_counts_at_once() -> None:
    """A new entry is in force with the read that brings it, and the guard's name beside it."""
    after = advance(in_force(KEPT), listing(*BOTH), START + HOUR, USUAL)
    assert after == InForce(
        source=URL,
        format="cidr",
        entries=entries(*BOTH),
        accepted_by="guard",
        accepted_at=START + HOUR,
    )


def test_an_unchanged_read_leaves_who_accepted_it() -> None:
    """A read of the same set changes nothing, not even the date of acceptance."""
    before = in_force(*BOTH)
    assert advance(before, listing(*BOTH), START + DAY, USUAL, accepted_by="Bob") == before


def test_a_change_that_a_person_approved_carries_the_name() -> None:
    """Who let a changed list through stands in it."""
    after = advance(in_force(KEPT), listing(*BOTH), START + HOUR, USUAL, accepted_by="Bob")
    assert (after.accepted_by, after.accepted_at) == ("Bob", START + HOUR)


def test_a_removal_takes_two_reads_and_a_week() -> None:
    """An entry is wanted from the first read without it until a week after the second."""
    without = listing(KEPT)
    first = START + HOUR
    second = first + timedelta(hours=6)
    now = advance(in_force(*BOTH), without, first, USUAL)
    assert now.entries == entries(KEPT)
    assert now.leaving == (gone(LOST, first, first, 1, None),)
    assert now.wanted == entries(*BOTH)

    early = advance(now, without, second - timedelta(microseconds=1), USUAL)
    assert early == now

    now = advance(now, without, second, USUAL)
    assert now.leaving == (gone(LOST, first, second, 2, second),)
    assert ends(now.leaving[0], USUAL) == second + timedelta(days=7)

    last = second + timedelta(days=7)
    assert advance(now, without, last - timedelta(microseconds=1), USUAL) == now
    assert advance(now, without, last, USUAL).leaving == ()
    assert settle(now, last - timedelta(microseconds=1), USUAL) == now
    assert settle(now, last, USUAL) == replace(now, leaving=())


def test_reads_after_the_last_needed_change_nothing() -> None:
    """The grace runs from the read that confirmed, and isn't prolonged by later ones."""
    confirmed = in_force(KEPT, leaving=(gone(LOST, START, START + DAY, 2, START + DAY),))
    assert advance(confirmed, listing(KEPT), START + 5 * DAY, USUAL) == confirmed


def test_an_entry_that_comes_back_is_accepted_and_forgotten_as_leaving() -> None:
    """A read that shows a leaving entry again undoes the leaving; the next loss starts anew."""
    leaving = in_force(KEPT, leaving=(gone(LOST, START, START, 1, None),))
    back = advance(leaving, listing(*BOTH), START + HOUR, USUAL)
    assert (back.entries, back.leaving) == (entries(*BOTH), ())
    again = advance(back, listing(KEPT), START + DAY, USUAL)
    assert again.leaving == (gone(LOST, START + DAY, START + DAY, 1, None),)


def test_an_entry_that_changes_its_group_stays_wanted_in_the_old_one() -> None:
    """What moved to an opt-in group leaves the base group like any other."""
    moved = Listing(
        source=URL, format="cidr", entries=(*entries(KEPT), *entries(LOST, group="EXG3"))
    )
    after = advance(in_force(*BOTH), moved, START, USUAL)
    assert after.entries == moved.entries
    assert after.leaving == (gone(LOST, START, START, 1, None),)


def test_a_name_or_line_that_changed_makes_nothing_leave() -> None:
    """The same network in the same group is the same entry, and carries its new name."""
    renamed = Listing(
        source=URL, format="cidr", entries=(Entry(ip_network(KEPT), name="new", line=9),)
    )
    after = advance(in_force(KEPT), renamed, START + DAY, USUAL)
    assert after == replace(in_force(), entries=renamed.entries)


def test_an_entry_listed_twice_leaves_once() -> None:
    """A row that stood twice in the list in force is one leaving entry."""
    after = advance(in_force(KEPT, LOST, LOST), listing(KEPT), START, USUAL)
    assert after.leaving == (gone(LOST, START, START, 1, None),)


def test_a_leaving_entry_that_is_also_accepted_keeps_its_reads() -> None:
    """A list in force that names an entry twice over starts no second wait."""
    both = in_force(KEPT, LOST, leaving=(gone(LOST, START, START, 1, None),))
    after = advance(both, listing(KEPT), START + HOUR, USUAL)
    assert after.leaving == (gone(LOST, START, START, 1, None),)


# -------------------------------------------------------------------------- other settings


def test_one_read_and_no_grace_remove_at_once() -> None:
    """Who asks for no wait gets none."""
    now = advance(in_force(*BOTH), listing(KEPT), START, Removals(1, timedelta(), timedelta()))
    assert (now.entries, now.leaving) == (entries(KEPT), ())


def test_one_read_is_confirmed_by_itself() -> None:
    """With one read the grace runs from the read that first lacked the entry."""
    after = advance(in_force(*BOTH), listing(KEPT), START, replace(USUAL, reads=1))
    assert after.leaving == (gone(LOST, START, START, 1, START),)


def test_one_read_told_twice_is_one_read() -> None:
    """With nothing between reads asked for, the same instant still counts once."""
    removals = replace(USUAL, apart=timedelta())
    once = advance(in_force(*BOTH), listing(KEPT), START, removals)
    assert advance(once, listing(KEPT), START, removals) == once
    later = START + timedelta(microseconds=1)
    assert advance(once, listing(KEPT), later, removals).leaving[0].confirmed == later


def test_more_reads_asked_for_later_are_awaited() -> None:
    """An entry confirmed by two reads waits for the third when three become the rule."""
    confirmed = in_force(KEPT, leaving=(gone(LOST, START, START + DAY, 2, START + DAY),))
    three = replace(USUAL, reads=3)
    assert settle(confirmed, START + 100 * DAY, three) == confirmed
    assert ends(confirmed.leaving[0], three) is None
    third = START + 100 * DAY
    after = advance(confirmed, listing(KEPT), third, three)
    assert after.leaving == (gone(LOST, START, third, 3, third),)


def test_fewer_reads_asked_for_later_need_a_read_to_confirm() -> None:
    """When the rule drops to the reads already seen, the next agreeing read starts the grace."""
    leaving = in_force(KEPT, leaving=(gone(LOST, START, START + DAY, 2, None),))
    assert settle(leaving, START + 100 * DAY, USUAL) == leaving
    assert ends(leaving.leaving[0], USUAL) is None
    after = advance(leaving, listing(KEPT), START + 2 * DAY, USUAL)
    assert after.leaving == (gone(LOST, START, START + 2 * DAY, 3, START + 2 * DAY),)


def test_a_grace_without_end_ends_never() -> None:
    """A grace past the last year there is keeps the entry, and breaks nothing."""
    for_ever = replace(USUAL, grace=timedelta.max)
    leaving = in_force(KEPT, leaving=(gone(LOST, START, START + DAY, 2, START + DAY),))
    assert settle(leaving, datetime.max.replace(tzinfo=UTC), for_ever) == leaving


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"reads": 0}, "reads is 0; the least is 1"),
        ({"apart": -HOUR}, "apart is -1 day, 23:00:00; the least is 0"),
        ({"grace": -HOUR}, "grace is -1 day, 23:00:00; the least is 0"),
    ],
)
def test_an_impossible_wait_is_refused(values: dict[str, Any], message: str) -> None:
    """No read at all and a negative time are refused by name."""
    with pytest.raises(ValueError) as caught:
        replace(USUAL, **values)
    assert str(caught.value) == message


# ------------------------------------------------------------------------ runs without a body


def test_not_modified_is_a_read_that_agrees() -> None:
    """A 304 says that the body in force still stands: it counts, and may start the grace."""
    leaving = in_force(KEPT, leaving=(gone(LOST, START, START, 1, None),))
    early = START + timedelta(hours=6) - timedelta(microseconds=1)
    assert agree(leaving, early, USUAL) == leaving
    later = START + timedelta(hours=6)
    confirmed = agree(leaving, later, USUAL)
    assert confirmed == replace(leaving, leaving=(gone(LOST, START, later, 2, later),))
    assert agree(confirmed, later + timedelta(days=7), USUAL) == replace(leaving, leaving=())


def test_a_source_that_is_down_counts_no_read() -> None:
    """However long a source is down, an entry seen gone once stays wanted."""
    leaving = in_force(KEPT, leaving=(gone(LOST, START, START, 1, None),))
    assert settle(leaving, START + 1000 * DAY, USUAL) == leaving


# -------------------------------------------------------------------------------- the clock


def test_a_clock_that_went_back_shortens_no_wait() -> None:
    """A read before the last one counts for nothing, and a grace that has begun goes on."""
    leaving = in_force(KEPT, leaving=(gone(LOST, START, START, 1, None),))
    assert advance(leaving, listing(KEPT), START - 30 * DAY, USUAL) == leaving
    confirmed = in_force(KEPT, leaving=(gone(LOST, START, START + DAY, 2, START + DAY),))
    assert settle(confirmed, START - 30 * DAY, USUAL) == confirmed


def test_times_are_kept_in_utc() -> None:
    """A clock of another zone tells the same instant."""
    there = datetime(2026, 11, 1, 13, tzinfo=timezone(HOUR))
    found = advance(in_force(*BOTH), listing(KEPT), there, USUAL)
    assert found == advance(in_force(*BOTH), listing(KEPT), START, USUAL)
    assert found.leaving[0].first.tzinfo is UTC
    assert begin(listing(KEPT), there, "Ann").accepted_at == START


def test_a_clock_without_a_zone_is_refused() -> None:
    """A naive time could be any instant of a day, so every function refuses it."""
    naive = datetime(2026, 11, 1, 12)  # noqa: DTZ001  # what is refused
    calls: tuple[Callable[[], InForce], ...] = (
        lambda: begin(listing(KEPT), naive, "Ann"),
        lambda: advance(in_force(KEPT), listing(KEPT), naive, USUAL),
        lambda: agree(in_force(KEPT), naive, USUAL),
        lambda: settle(in_force(KEPT), naive, USUAL),
    )
    for call in calls:
        with pytest.raises(ValueError) as caught:
            call()
        assert str(caught.value) == "2026-11-01T12:00:00 has no time zone"


# -------------------------------------------------------------------- source, date, lost state


@pytest.mark.parametrize(
    ("source", "fmt", "new", "expected"),
    [
        (URL, "cidr", date(2026, 1, 2), date(2026, 1, 2)),
        (URL, "cidr", date(2024, 1, 2), date(2024, 1, 2)),
        (URL, "cidr", None, date(2025, 1, 1)),
        ("./file", "cidr", None, None),
        (URL, "page", None, None),
    ],
)
def test_the_date_in_force_outlives_a_page_without_one(
    source: str, fmt: Format, new: date | None, expected: date | None
) -> None:
    """A page of the same source that lost its date leaves the known one to compare with."""
    before = replace(in_force(KEPT), published=date(2025, 1, 1))
    read = replace(listing(KEPT, source=source, fmt=fmt), published=new)
    after = advance(before, read, START + DAY, USUAL)
    assert (after.source, after.format, after.published) == (source, fmt, expected)


def test_own_rules_become_a_list_in_force() -> None:
    """Networks of own rules are entries without names, the outermost of them, in order."""
    networks = [ip_network(one) for one in ("9.0.0.0/24", "8.0.0.0/32", "9.0.0.7/32")]
    assert recovered(networks) == InForce(
        source=OWN_RULES, format="cidr", entries=entries("8.0.0.0/32", "9.0.0.0/24")
    )
    assert OWN_RULES == "own rules"


def test_no_own_rules_are_no_list_in_force() -> None:
    """Without any rule of ours there is nothing to compare with."""
    assert recovered([]) is None


def found(*networks: str) -> InForce:
    """The list in force as own rules tell it."""
    list_in_force = recovered([ip_network(network) for network in networks])
    assert list_in_force is not None
    return list_in_force


def test_lost_state_starts_the_wait_anew() -> None:
    """An own rule that the list lacks starts leaving now, and the list takes the rules' place."""
    after = advance(found(*BOTH), listing(KEPT), START, USUAL)
    assert after == InForce(
        source=URL,
        format="cidr",
        entries=entries(KEPT),
        leaving=(gone(LOST, START, START, 1, None),),
        accepted_by="guard",
        accepted_at=START,
    )


def test_lost_state_dates_the_acceptance_of_an_equal_list_too() -> None:
    """Own rules don't know who accepted them, so the list that replaces them says it anew."""
    after = advance(found(*BOTH), listing(*BOTH), START, USUAL)
    assert (after.leaving, after.accepted_by, after.accepted_at) == ((), "guard", START)


def test_own_rules_leave_only_where_the_list_does_not_cover_them() -> None:
    """Rules that merged or widened what is listed stay without a wait; a rest leaves whole."""
    new = Listing(
        source=URL,
        format="cidr",
        entries=(*entries("8.0.0.0/32", "8.0.0.1/32", "9.0.0.0/25"), *entries(LOST, group="EXG3")),
    )
    assert advance(found("8.0.0.0/31"), new, START, USUAL).leaving == ()
    assert advance(found("9.0.0.0/24"), new, START, USUAL).leaving == (
        gone("9.0.0.0/24", START, START, 1, None),
    )
    assert advance(found("8.0.0.0/24"), new, START, USUAL, widen="24").leaving == ()
    group_only = Listing(source=URL, format="cidr", entries=entries(LOST, group="EXG3"))
    assert advance(found(LOST), group_only, START, USUAL).leaving == (
        gone(LOST, START, START, 1, None),
    )
    assert advance(found(LOST), group_only, START, USUAL, shoreline=("EXG3",)).leaving == ()


# ------------------------------------------------------------------------------- properties

POOL = [IPv4Network((8 << 24) + 2 * index) for index in range(4)]
READS = st.lists(
    st.tuples(
        st.sampled_from(["read", "agree", "settle"]),
        st.frozensets(st.sampled_from(POOL), min_size=1),
        st.timedeltas(min_value=-2 * DAY, max_value=5 * DAY),
    ),
    min_size=1,
    max_size=25,
)
WAITS = st.builds(
    Removals,
    reads=st.integers(1, 3),
    apart=st.sampled_from([timedelta(), HOUR, timedelta(hours=6), DAY]),
    grace=st.sampled_from([timedelta(), DAY, timedelta(days=7)]),
)


def stepped(
    now: InForce, kind: str, shown: frozenset[IPv4Network], at: datetime, removals: Removals
) -> InForce:
    """One run: a read of ``shown``, a 304, or no read at all."""
    if kind == "read":
        read = listing(*sorted(str(network) for network in shown))
        return advance(now, read, at, removals)
    return agree(now, at, removals) if kind == "agree" else settle(now, at, removals)


@given(removals=WAITS, history=READS)
def test_no_entry_disappears_before_its_reads_and_its_grace(
    removals: Removals, history: list[tuple[str, frozenset[IPv4Network], timedelta]]
) -> None:
    """Whatever the runs and the clock, an entry goes only after enough reads apart and the grace.

    Judged from the history alone: of the reads since the entry was last shown, one every ``apart``
    is counted, on a clock that is believed only when it goes forward.
    """
    now = begin(listing(*(str(network) for network in POOL)), START, "Ann")
    at = START
    absent: dict[Network, list[datetime]] = {network: [] for network in POOL}
    for kind, shown, step in history:
        at += step
        before = {entry.network for entry in now.wanted}
        listed = shown if kind == "read" else {entry.network for entry in now.entries}
        now = stepped(now, kind, shown, at, removals)
        after = {entry.network for entry in now.wanted}
        if kind != "settle":
            assert {entry.network for entry in now.entries} == set(listed)
            for network in POOL:
                counted = absent[network]
                if network in listed:
                    counted.clear()
                elif not counted or (at > counted[-1] and at - counted[-1] >= removals.apart):
                    counted.append(at)
        assert listed <= after
        for lost in before - after:
            counted = absent[lost]
            assert len(counted) >= removals.reads
            assert at - counted[removals.reads - 1] >= removals.grace


@given(removals=WAITS, history=READS)
def test_the_same_run_at_the_same_instant_changes_nothing_more(
    removals: Removals, history: list[tuple[str, frozenset[IPv4Network], timedelta]]
) -> None:
    """A run repeated at its own instant, after a crash say, finds its work done."""
    now = begin(listing(*(str(network) for network in POOL)), START, "Ann")
    at = START
    for kind, shown, step in history:
        at += step
        now = stepped(now, kind, shown, at, removals)
        assert stepped(now, kind, shown, at, removals) == now


@given(removals=WAITS, history=READS, later=st.timedeltas(min_value=timedelta(), max_value=9 * DAY))
def test_waiting_longer_brings_nothing_back(
    removals: Removals,
    history: list[tuple[str, frozenset[IPv4Network], timedelta]],
    later: timedelta,
) -> None:
    """Without a read, what is wanted later is part of what is wanted now."""
    now = begin(listing(*(str(network) for network in POOL)), START, "Ann")
    at = START
    for kind, shown, step in history:
        at += step
        now = stepped(now, kind, shown, at, removals)
        assert set(settle(now, at + later, removals).wanted) <= set(now.wanted)
