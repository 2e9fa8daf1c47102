from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import AddressSet
from cloudsync.allowlist import Entry, Format, InForce, Leaving, Listing
from cloudsync.vetting.guard import Judgement, Reason, anchors_of, judge
from cloudsync.vetting.leaving import OWN_RULES, recovered
from cloudsync.vetting.limits import Limits

URL = "https://vendor.example/list"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
# The vendor's list of today (facts of 2026-11-24): 16 entries, 2,324 addresses.
TODAY = (
    "5.152.184.128/25", "5.152.185.128/26", "5.152.188.0/24", "8.19.118.0/24", "8.31.233.0/24",
    "69.20.58.224/28", "69.25.26.128/26", "199.187.164.0/24", "199.187.165.0/24",
    "199.187.166.0/24", "199.187.167.0/24", "204.232.250.0/24", "74.203.184.184/32",
    "74.203.184.185/32", "74.203.185.12/32", "199.30.235.11/32",
)  # fmt: skip
# Limits that never speak, so that a test hears one measure alone.
QUIET = Limits(
    grow_entries=2**200, grow_entries_percent=2**200, grow_ipv4=2**200, grow_ipv6=2**200,
    grow_percent=2**200, shrink_entries=2**200, shrink_entries_percent=100, shrink_ipv4=2**200,
    shrink_ipv6=2**200, shrink_percent=100, widest_ipv4=0, widest_ipv6=0,
    total_entries=2**200, total_ipv4=2**200, total_ipv6=2**200,
)  # fmt: skip


def entries(*networks: str, group: str = "base") -> tuple[Entry, ...]:
    """The networks as entries of one group."""
    return tuple(Entry(ip_network(network), group=group) for network in networks)


def listing(*networks: str, source: str = URL, fmt: Format = "cidr", **more: Any) -> Listing:
    """What a read of the usual source says."""
    return Listing(source=source, format=fmt, entries=entries(*networks), **more)


def in_force(*networks: str, leaving: tuple[str, ...] = (), **more: Any) -> InForce:
    """A list in force from the usual source."""
    gone = tuple(Leaving(entry, NOW, NOW) for entry in entries(*leaving))
    return InForce(source=URL, format="cidr", entries=entries(*networks), leaving=gone, **more)


def singles(count: int, start: str = "8.0.0.0") -> tuple[str, ...]:
    """Addresses two apart, so that no two of them ever make one network."""
    first = int(ip_network(start).network_address)
    return tuple(str(IPv4Network(first + 2 * index)) for index in range(count))


def said(judgement: Judgement) -> list[tuple[str, str, str]]:
    """Every reason whole, in order."""
    return [(reason.verdict, reason.code, reason.message) for reason in judgement.reasons]


def codes(judgement: Judgement) -> list[str]:
    """The codes of the reasons, in order."""
    return [reason.code for reason in judgement.reasons]


# ------------------------------------------------------------------ what is let through at once


def test_an_unchanged_list_is_accepted() -> None:
    """The same list again is accepted without a reason."""
    judgement = judge(listing(*TODAY), in_force(*TODAY), Limits())
    assert (judgement.verdict, judgement.reasons) == ("accept", ())


def test_growth_within_the_limits_is_accepted() -> None:
    """Thirteen entries that become today's sixteen, as the vendor's did, are accepted at once."""
    judgement = judge(listing(*TODAY), in_force(*TODAY[:-3]), Limits())
    assert (judgement.verdict, judgement.reasons) == ("accept", ())


def test_a_removal_within_the_limits_is_accepted() -> None:
    """Three entries fewer of fifteen are accepted: leaving sees to the wait."""
    before = singles(15)
    judgement = judge(listing(*before[3:]), in_force(*before), Limits())
    assert (judgement.verdict, judgement.reasons) == ("accept", ())


# ------------------------------------------------------------------------ shrinking and growing


def test_a_quarter_of_the_entries_and_near_half_of_the_addresses() -> None:
    """Losing the four 199.187 networks is held, with the loss in entries and in addresses."""
    after = [network for network in TODAY if not network.startswith("199.187.")]
    judgement = judge(listing(*after), in_force(*TODAY), Limits())
    assert judgement.verdict == "hold"
    assert said(judgement) == [
        (
            "hold",
            "shrunk_entries",
            (
                "4 entries are gone, 16 in force (25%); the limits are 8 and 20%: "
                "199.187.164.0/24, 199.187.165.0/24, 199.187.166.0/24, 199.187.167.0/24"
            ),
        ),
        (
            "hold",
            "shrunk_ipv4",
            "1,024 IPv4 addresses are gone, 2,324 in force (44.1%); the limits are 1,024 and 20%",
        ),
    ]


def test_a_long_list_of_networks_is_cut_short() -> None:
    """More than four networks are counted, not printed."""
    before = singles(10)
    judgement = judge(listing(*before[5:]), in_force(*before), Limits())
    assert said(judgement)[0] == (
        "hold",
        "shrunk_entries",
        (
            "5 entries are gone, 10 in force (50%); the limits are 8 and 20%: "
            "8.0.0.0/32, 8.0.0.2/32, 8.0.0.4/32, 8.0.0.6/32 and 1 more"
        ),
    )


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_small_list_is_never_too_small_to_guard(size: int) -> None:
    """One entry less of one to four is held, however few there are; none left is refused."""
    before = singles(size)
    judgement = judge(listing(*before[1:]), in_force(*before), Limits())
    assert judgement.verdict == ("refuse" if size == 1 else "hold")
    assert {"shrunk_entries", "shrunk_ipv4"} <= set(codes(judgement))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_small_list_grows_only_with_a_person(size: int) -> None:
    """One entry more on one to three is held."""
    before = singles(size)
    judgement = judge(listing(*before, "9.9.9.9/32"), in_force(*before), Limits())
    assert codes(judgement) == ["grown_entries", "grown_ipv4"]
    assert said(judgement)[0][2].startswith("1 entry is new, ")


def six(count: int) -> tuple[str, ...]:
    """Networks of IPv6, all of one size."""
    return tuple(f"2600:{index:x}::/80" for index in range(count))


# One row a limit: the limit's name, what is in force, the new list at the limit, the new list
# one past it, and what is said then. Every other limit is out of the way.
BOUNDARIES: list[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...], str, str]] = [
    (
        "grow_entries",
        singles(1),
        singles(9),
        singles(10),
        "grown_entries",
        (
            "9 entries are new, 1 in force (900%); the limits are 8 and {huge}%: "
            "8.0.0.2/32, 8.0.0.4/32, 8.0.0.6/32, 8.0.0.8/32 and 5 more"
        ),
    ),
    (
        "grow_entries_percent",
        singles(12),
        singles(15),
        singles(16),
        "grown_entries",
        (
            "4 entries are new, 12 in force (33.4%); the limits are {huge} and 25%: "
            "8.0.0.24/32, 8.0.0.26/32, 8.0.0.28/32, 8.0.0.30/32"
        ),
    ),
    (
        "grow_ipv4",
        ("8.0.0.0/32",),
        ("8.0.0.0/32", "9.0.0.0/22"),
        ("8.0.0.0/32", "9.0.0.0/22", "9.0.4.0/32"),
        "grown_ipv4",
        "1,025 IPv4 addresses are new, 1 in force (102,500%); the limits are 1,024 and {huge}%",
    ),
    (
        "grow_ipv6",
        ("2600::/128",),
        ("2600::/128", "2601::/48"),
        ("2600::/128", "2601::/48", "2602::/128"),
        "grown_ipv6",
        (
            "1,208,925,819,614,629,174,706,177 IPv6 addresses are new, 1 in force "
            "(120,892,581,961,462,917,470,617,700%); "
            "the limits are 1,208,925,819,614,629,174,706,176 and {huge}%"
        ),
    ),
    (
        "grow_percent",
        ("8.0.0.0/30",),
        ("8.0.0.0/30", "9.0.0.0/32"),
        ("8.0.0.0/30", "9.0.0.0/31"),
        "grown_ipv4",
        "2 IPv4 addresses are new, 4 in force (50%); the limits are {huge} and 25%",
    ),
    (
        "grow_percent",
        ("2600::/126",),
        ("2600::/126", "2601::/128"),
        ("2600::/126", "2601::/127"),
        "grown_ipv6",
        "2 IPv6 addresses are new, 4 in force (50%); the limits are {huge} and 25%",
    ),
    (
        "shrink_entries",
        singles(100),
        singles(92),
        singles(91),
        "shrunk_entries",
        (
            "9 entries are gone, 100 in force (9%); the limits are 8 and 100%: "
            "8.0.0.182/32, 8.0.0.184/32, 8.0.0.186/32, 8.0.0.188/32 and 5 more"
        ),
    ),
    (
        "shrink_entries_percent",
        singles(15),
        singles(12),
        singles(11),
        "shrunk_entries",
        (
            "4 entries are gone, 15 in force (26.7%); the limits are {huge} and 20%: "
            "8.0.0.22/32, 8.0.0.24/32, 8.0.0.26/32, 8.0.0.28/32"
        ),
    ),
    (
        "shrink_ipv4",
        ("8.0.0.0/22", "9.0.0.0/22", "9.1.0.0/32"),
        ("8.0.0.0/22", "9.1.0.0/32"),
        ("8.0.0.0/22",),
        "shrunk_ipv4",
        "1,025 IPv4 addresses are gone, 2,049 in force (50.1%); the limits are 1,024 and 100%",
    ),
    (
        "shrink_ipv6",
        ("2600::/48", "2601::/48", "2602::/128"),
        ("2600::/48", "2602::/128"),
        ("2600::/48",),
        "shrunk_ipv6",
        (
            "1,208,925,819,614,629,174,706,177 IPv6 addresses are gone, "
            "2,417,851,639,229,258,349,412,353 in force (50.1%); "
            "the limits are 1,208,925,819,614,629,174,706,176 and 100%"
        ),
    ),
    (
        "shrink_percent",
        singles(5),
        singles(4),
        singles(3),
        "shrunk_ipv4",
        "2 IPv4 addresses are gone, 5 in force (40%); the limits are {huge} and 20%",
    ),
    (
        "shrink_percent",
        six(5),
        six(4),
        six(3),
        "shrunk_ipv6",
        (
            "562,949,953,421,312 IPv6 addresses are gone, 1,407,374,883,553,280 in force (40%); "
            "the limits are {huge} and 20%"
        ),
    ),
    (
        "widest_ipv4",
        singles(1),
        (*singles(1), "9.0.0.0/20"),
        (*singles(1), "9.0.0.0/19"),
        "broad_ipv4",
        "1 entry wider than /20: 9.0.0.0/19",
    ),
    (
        "widest_ipv6",
        ("2610::/128",),
        ("2610::/128", "2600::/32"),
        ("2610::/128", "2600::/31", "2604::/31"),
        "broad_ipv6",
        "2 entries wider than /32: 2600::/31, 2604::/31",
    ),
    (
        "total_entries",
        singles(255),
        singles(256),
        singles(257),
        "total_entries",
        "257 entries in all; the limit is 256",
    ),
    (
        "total_ipv4",
        ("8.0.0.0/20",),
        ("8.0.0.0/19",),
        ("8.0.0.0/19", "9.0.0.0/32"),
        "total_ipv4",
        "8,193 IPv4 addresses in all; the limit is 8,192",
    ),
    (
        "total_ipv6",
        ("2600::/33",),
        ("2600::/32",),
        ("2600::/32", "2601::/128"),
        "total_ipv6",
        (
            "79,228,162,514,264,337,593,543,950,337 IPv6 addresses in all; "
            "the limit is 79,228,162,514,264,337,593,543,950,336"
        ),
    ),
]


@pytest.mark.parametrize(("name", "before", "at", "past", "code", "message"), BOUNDARIES)
def test_each_limit_holds_one_past_it(
    name: str,
    before: tuple[str, ...],
    at: tuple[str, ...],
    past: tuple[str, ...],
    code: str,
    message: str,
) -> None:
    """A list at a default limit is accepted; one past it is held, with the number and the limit."""
    limits = replace(QUIET, **{name: getattr(Limits(), name)})
    now = in_force(*before)
    assert said(judge(listing(*at), now, limits)) == []
    judgement = judge(listing(*past), now, limits)
    expected = message.format(huge=f"{2**200:,}" if "{huge} and" in message else 2**200)
    assert said(judgement) == [("hold", code, expected)]
    assert judgement.verdict == "hold"


def test_every_limit_has_its_boundary() -> None:
    """No limit is without a test of its own."""
    assert {row[0] for row in BOUNDARIES} == set(Limits.__dataclass_fields__)


def test_one_past_a_percentage_never_reads_like_the_limit() -> None:
    """A share is rounded up: 20.01% is printed as 20.1%, not as the 20% that would be let in."""
    before = ("8.0.0.0/20", "9.0.0.0/22", "9.1.0.0/32")
    limits = replace(QUIET, shrink_percent=20)
    judgement = judge(listing("8.0.0.0/20"), in_force(*before), limits)
    assert said(judgement) == [
        (
            "hold",
            "shrunk_ipv4",
            (
                f"1,025 IPv4 addresses are gone, 5,121 in force (20.1%); "
                f"the limits are {2**200:,} and 20%"
            ),
        )
    ]


def test_the_first_addresses_of_a_family_are_held() -> None:
    """A list without IPv6 that gets some is held: no percentage of nothing goes quiet."""
    judgement = judge(listing(*TODAY, "2600::/128"), in_force(*TODAY), Limits())
    assert said(judgement) == [
        (
            "hold",
            "grown_ipv6",
            (
                f"1 IPv6 address is new, 0 in force (there were none); "
                f"the limits are {2**80:,} and 25%"
            ),
        )
    ]


def test_the_same_addresses_otherwise_cut_are_no_change() -> None:
    """Two halves that become their whole cover the same addresses, and are accepted."""
    judgement = judge(
        listing("8.0.0.0/24", "9.0.0.0/25", "9.0.0.128/25"),
        in_force("8.0.0.0/25", "8.0.0.128/25", "9.0.0.0/24"),
        Limits(),
    )
    assert said(judgement) == []


# ------------------------------------------------------------------------------- small steps


def test_small_steps_are_no_way_round_the_limit() -> None:
    """What is still leaving counts with what leaves now: the fourth of fifteen is held."""
    all_of_it = singles(15)
    now = in_force(*all_of_it[3:], leaving=all_of_it[:3])
    judgement = judge(listing(*all_of_it[4:]), now, Limits())
    assert said(judgement) == [
        (
            "hold",
            "shrunk_entries",
            (
                "4 entries are gone, 15 in force (26.7%); the limits are 8 and 20%: "
                "8.0.0.0/32, 8.0.0.2/32, 8.0.0.4/32, 8.0.0.6/32"
            ),
        ),
        (
            "hold",
            "shrunk_ipv4",
            "4 IPv4 addresses are gone, 15 in force (26.7%); the limits are 1,024 and 20%",
        ),
    ]


def test_a_shrinking_that_was_let_through_is_not_held_again() -> None:
    """The read after an approved loss takes nothing more, and is accepted while entries leave."""
    all_of_it = singles(15)
    now = in_force(*all_of_it[8:], leaving=all_of_it[:8])
    assert said(judge(listing(*all_of_it[8:]), now, Limits())) == []


def test_a_loss_in_one_family_does_not_reopen_the_other() -> None:
    """IPv4 that is leaving by approval isn't held again because IPv6 loses a little."""
    four = ("8.0.0.0/30",)
    now = in_force(*six(10), "9.0.0.0/32", leaving=four)
    judgement = judge(listing(*six(9), "9.0.0.0/32"), now, Limits())
    assert said(judgement) == []


def test_an_entry_that_comes_back_is_no_growth() -> None:
    """A leaving entry that is listed again adds no address, on however short a list."""
    now = in_force("8.0.0.0/32", leaving=("9.0.0.0/32", "9.0.0.2/32"))
    assert said(judge(listing("8.0.0.0/32", "9.0.0.0/32", "9.0.0.2/32"), now, Limits())) == []


@pytest.mark.parametrize(
    ("networks", "limits"),
    [
        (singles(3), replace(QUIET, total_entries=2, total_ipv4=2)),
        (six(3), replace(QUIET, total_ipv6=2)),
        (("8.0.0.0/8", "2600::/12"), replace(QUIET, widest_ipv4=20, widest_ipv6=32)),
    ],
)
def test_what_is_in_force_is_not_asked_about_again(
    networks: tuple[str, ...], limits: Limits
) -> None:
    """A breadth or a total that a person let through is held only when a change brings more."""
    assert said(judge(listing(*networks), in_force(*networks), limits)) == []


def test_totals_count_what_is_accepted_and_not_what_leaves() -> None:
    """Entries that are on their way out make no room for new ones over a total."""
    limits = replace(QUIET, total_entries=2, total_ipv4=2)
    now = in_force(*singles(2), leaving=("9.0.0.0/32",))
    judgement = judge(listing(*singles(2), "9.0.0.0/32"), now, limits)
    assert said(judgement) == [
        ("hold", "total_entries", "3 entries in all; the limit is 2"),
        ("hold", "total_ipv4", "3 IPv4 addresses in all; the limit is 2"),
    ]


# ---------------------------------------------------------------------------------- anchors


def test_a_configured_anchor_that_is_missing_refuses_the_list() -> None:
    """A page without a network that the configuration insists on is the wrong page."""
    judgement = judge(
        listing("8.0.0.0/24", "9.0.0.0/32"),
        in_force("8.0.0.0/24", "9.0.0.0/32"),
        Limits(),
        anchors=(IPv4Network("8.0.0.0/23"), IPv4Network("8.0.0.7/32"), IPv6Network("2600::/64")),
    )
    assert judgement.verdict == "refuse"
    assert said(judgement) == [
        (
            "refuse",
            "anchor_missing",
            "2 of 3 anchors of the configuration are missing: 8.0.0.0/23, 2600::/64",
        )
    ]


def test_a_configured_anchor_stands_when_a_wider_entry_holds_it() -> None:
    """An anchor is about addresses: an entry that contains it keeps it."""
    judgement = judge(
        listing("8.0.0.0/24"),
        in_force("8.0.0.0/24"),
        Limits(),
        anchors=(IPv4Network("8.0.0.7/32"),),
    )
    assert said(judgement) == []


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        (("8.0.0.0/24", "9.0.0.0/25"), ("9.0.0.0/25",), "8.0.0.0/24"),
        (("8.0.0.0/24", "9.0.0.0/25"), ("9.0.0.0/25", "8.0.0.0/25"), "8.0.0.0/24"),
        (("2600::/64", "2601::/65", "8.0.0.0/32"), ("2601::/65", "8.0.0.0/32"), "2600::/64"),
    ],
)
def test_the_broadest_entry_in_force_is_an_anchor(
    before: tuple[str, ...], after: tuple[str, ...], lost: str
) -> None:
    """Without configured anchors the one broadest entry of a family must not vanish unseen."""
    judgement = judge(listing(*after), in_force(*before), QUIET)
    expected = f"the broadest entry in force is gone: {lost}"
    assert said(judgement) == [("hold", "anchor_gone", expected)]


def test_each_family_has_its_broadest_entry() -> None:
    """A list that loses the broadest of both families names IPv4 first, then IPv6."""
    now = in_force("2600::/64", "8.0.0.0/24", "9.0.0.0/32", "2601::/128")
    assert said(judge(listing("9.0.0.0/32", "2601::/128"), now, QUIET)) == [
        ("hold", "anchor_gone", "the broadest entry in force is gone: 8.0.0.0/24"),
        ("hold", "anchor_gone", "the broadest entry in force is gone: 2600::/64"),
    ]


def test_among_equals_none_is_an_anchor() -> None:
    """Where several entries are equally broad, one of them may go within the limits."""
    assert said(judge(listing("8.0.0.0/24"), in_force("8.0.0.0/24", "9.0.0.0/24"), QUIET)) == []


def test_configured_anchors_take_the_place_of_the_broadest() -> None:
    """Who names anchors decides which entries must not vanish."""
    judgement = judge(
        listing("9.0.0.0/25"),
        in_force("8.0.0.0/24", "9.0.0.0/25"),
        QUIET,
        anchors=(IPv4Network("9.0.0.0/25"),),
    )
    assert said(judgement) == []


def test_an_anchor_is_the_configured_one_or_the_one_broadest_of_a_family() -> None:
    """What no list may lack is what a person named; else each family's broadest, if it is one."""
    standing = [ip_network(one) for one in ("8.0.0.0/24", "9.0.0.0/25", "2001:db8::/48")]
    named = (ip_network("9.0.0.0/25"),)
    assert anchors_of(standing, named) == named
    assert anchors_of(standing) == (standing[0], standing[2])
    assert anchors_of(standing[:1]) == (standing[0],)
    assert anchors_of([*standing[:1], ip_network("7.0.0.0/24")]) == ()
    everyone = ip_network("0.0.0.0/0")
    assert anchors_of([everyone, *standing]) == (everyone, standing[2])


# ------------------------------------------------------------------- where a list comes from


def test_a_first_list_is_held_for_a_person() -> None:
    """With nothing in force a person accepts the list, whatever its size."""
    judgement = judge(listing(*TODAY), None, Limits())
    assert judgement.verdict == "hold"
    assert said(judgement) == [
        ("hold", "first", "a first list, from https://vendor.example/list as cidr: 16 entries")
    ]


def test_a_first_list_is_measured_all_the_same() -> None:
    """A first list that is too broad and too large says so beside being the first."""
    judgement = judge(listing("8.0.0.0/18"), None, Limits())
    assert said(judgement) == [
        ("hold", "first", "a first list, from https://vendor.example/list as cidr: 1 entry"),
        ("hold", "broad_ipv4", "1 entry wider than /20: 8.0.0.0/18"),
        ("hold", "total_ipv4", "16,384 IPv4 addresses in all; the limit is 8,192"),
    ]


def test_a_change_of_source_and_format_is_held() -> None:
    """Another source and another format are two reasons, each with both values."""
    other = listing(*TODAY, source="./list.txt", fmt="page")
    assert said(judge(other, in_force(*TODAY), Limits())) == [
        (
            "hold",
            "source_changed",
            "the source is ./list.txt, the list in force is from https://vendor.example/list",
        ),
        ("hold", "format_changed", "the format is page, the list in force was read as cidr"),
    ]


def test_an_older_page_is_held() -> None:
    """A page published before the one in force is a replay or a stale copy."""
    judgement = judge(
        listing(*TODAY, published=date(2009, 9, 17)),
        in_force(*TODAY, published=date(2009, 9, 18)),
        Limits(),
    )
    expected = "published 2009-09-17, the list in force 2009-09-18: an old copy"
    assert said(judgement) == [("hold", "older", expected)]


@pytest.mark.parametrize(
    ("new", "old"),
    [
        (date(2009, 9, 18), date(2009, 9, 18)),
        (date(2009, 9, 19), date(2009, 9, 18)),
        (None, date(2009, 9, 18)),
        (date(2009, 9, 18), None),
    ],
)
def test_a_page_that_is_not_older_passes(new: date | None, old: date | None) -> None:
    """The same day, a later one, or no date to compare holds nothing."""
    judgement = judge(listing(*TODAY, published=new), in_force(*TODAY, published=old), Limits())
    assert said(judgement) == []


@pytest.mark.parametrize(("minimum", "shown"), [(14, 14), (None, 0)])
def test_a_promise_that_falls_is_held(minimum: int | None, shown: int) -> None:
    """A document that promises fewer entries than before is looked at, though it keeps its word."""
    judgement = judge(
        listing(*singles(15), minimum=minimum), in_force(*singles(15)), Limits(), promised=15
    )
    expected = f"the document promises {shown} entries, it promised 15 before"
    assert said(judgement) == [("hold", "promise_fell", expected)]


@pytest.mark.parametrize(("promised", "expected"), [(1, ["promise_fell"]), (0, [])])
def test_a_document_without_a_promise_promises_nothing(promised: int, expected: list[str]) -> None:
    """A promise that is gone counts as zero: less than one, and not less than none."""
    judgement = judge(listing(*TODAY), in_force(*TODAY), Limits(), promised=promised)
    assert codes(judgement) == expected


@pytest.mark.parametrize("minimum", [15, 16])
def test_a_promise_that_stands_passes(minimum: int) -> None:
    """The same or a greater promise, kept, holds nothing."""
    judgement = judge(
        listing(*singles(16), minimum=minimum), in_force(*singles(16)), Limits(), promised=15
    )
    assert said(judgement) == []


# ------------------------------------------------------------------------- what is refused


def test_an_empty_list_is_refused() -> None:
    """A list without an entry is no list, and says all that would be lost."""
    judgement = judge(listing(), in_force("8.0.0.0/32"), Limits())
    assert judgement.verdict == "refuse"
    assert said(judgement) == [
        ("refuse", "empty", "no network of it applies; 0 entries in all"),
        ("hold", "anchor_gone", "the broadest entry in force is gone: 8.0.0.0/32"),
        (
            "hold",
            "shrunk_entries",
            "1 entry is gone, 1 in force (100%); the limits are 8 and 20%: 8.0.0.0/32",
        ),
        (
            "hold",
            "shrunk_ipv4",
            "1 IPv4 address is gone, 1 in force (100%); the limits are 1,024 and 20%",
        ),
    ]


def test_a_list_of_groups_nobody_chose_is_refused() -> None:
    """A list whose every entry is opt-in applies to nothing, and is as good as empty."""
    only_groups = Listing(source=URL, format="cidr", entries=entries("8.0.0.0/24", group="EXG3"))
    judgement = judge(only_groups, None, Limits())
    assert said(judgement)[0] == (
        "refuse", "empty", "no network of it applies; 1 entry in all",
    )  # fmt: skip
    assert codes(judge(only_groups, None, Limits(), shoreline=("EXG3",))) == ["first"]


def test_a_foreign_list_is_refused() -> None:
    """A list from the same source that shares no address with the one in force is another's."""
    judgement = judge(listing("9.0.0.0/32"), in_force(*singles(2)), QUIET)
    assert judgement.verdict == "refuse"
    expected = "no address in common: 1 entry listed, 2 entries in force"
    assert said(judgement) == [("refuse", "foreign", expected)]


def test_a_foreign_list_from_another_source_waits_for_a_person() -> None:
    """Who points at another source may mean another list, so it can be approved."""
    judgement = judge(listing("9.0.0.0/32", fmt="page"), in_force(*singles(2)), QUIET)
    assert judgement.verdict == "hold"
    assert codes(judgement) == ["foreign", "format_changed"]
    assert {reason.verdict for reason in judgement.reasons} == {"hold"}


def test_a_list_shorter_than_its_own_promise_is_refused() -> None:
    """Fewer different entries than the document promises: part of it is missing."""
    short = Listing(
        source=URL,
        format="cidr",
        entries=(*entries("8.0.0.0/32", "8.0.0.0/32"), *entries("9.0.0.0/24", group="EXG3")),
        minimum=2,
    )
    judgement = judge(short, in_force("8.0.0.0/32"), Limits())
    assert judgement.verdict == "refuse"
    expected = "1 entry, each counted once; the document promises at least 2"
    assert said(judgement) == [("refuse", "short", expected)]


def test_special_use_space_is_refused() -> None:
    """Private or documentation space in a list is refused, in groups that nobody chose too."""
    listed = Listing(
        source=URL,
        format="cidr",
        entries=(*entries("8.0.0.0/32", "10.1.1.3/32"), *entries("2001:db8::/64", group="EXG3")),
    )
    judgement = judge(listed, in_force("8.0.0.0/32", "10.1.1.3/32"), Limits())
    assert judgement.verdict == "refuse"
    expected = "2 entries in special-use space, the limit is 0: 10.1.1.3/32, 2001:db8::/64"
    assert said(judgement) == [("refuse", "special_use", expected)]


# ----------------------------------------------------------------------- groups and widening


def grouped(base: tuple[str, ...], group: tuple[str, ...]) -> tuple[Entry, ...]:
    """Base entries, then those of one Shoreline group."""
    return (*entries(*base), *entries(*group, group="EXG3"))


def test_a_wide_group_nobody_chose_hides_no_loss() -> None:
    """The loss of single addresses is measured on what applies, not beside an unused /24."""
    before = grouped(singles(10), ("9.0.0.0/24",))
    after = Listing(source=URL, format="cidr", entries=before[5:])
    now = InForce(source=URL, format="cidr", entries=before)
    assert codes(judge(after, now, Limits())) == ["shrunk_entries", "shrunk_ipv4"]
    assert codes(judge(after, now, Limits(), shoreline=("EXG3",))) == ["shrunk_entries"]


def test_a_broad_group_nobody_chose_is_held() -> None:
    """A broad row is held before anybody can choose its group, and asked about only once."""
    rows = grouped(singles(2), ("9.0.0.0/16",))
    new = Listing(source=URL, format="cidr", entries=rows)
    judgement = judge(new, in_force(*singles(2)), Limits())
    assert said(judgement) == [("hold", "broad_ipv4", "1 entry wider than /20: 9.0.0.0/16")]
    now = InForce(source=URL, format="cidr", entries=rows)
    assert said(judge(new, now, Limits())) == []


def test_widening_hides_no_loss() -> None:
    """One of two addresses of a /24 is missed though every target widens to /24."""
    now = in_force("8.0.0.1/32", "8.0.0.3/32")
    judgement = judge(listing("8.0.0.1/32"), now, Limits(), widen="24")
    assert codes(judgement) == ["shrunk_entries", "shrunk_ipv4"]


# ---------------------------------------------------------------------------- lost state


def own(*networks: str) -> InForce:
    """The list in force as own rules tell it."""
    found = recovered(ip_network(network) for network in networks)
    assert found is not None
    assert found.source == OWN_RULES
    return found


def test_a_list_like_the_own_rules_needs_no_acceptance() -> None:
    """With state lost, a list within the limits against own rules is accepted at once."""
    new = listing(*TODAY, fmt="article39", published=date(2009, 9, 18), minimum=15)
    judgement = judge(new, own(*TODAY[1:]), Limits(), promised=None)
    assert (judgement.verdict, judgement.reasons) == ("accept", ())


def test_own_rules_are_compared_by_addresses() -> None:
    """Rules that merged siblings are the same list as long as the addresses are the same."""
    merged = [str(network) for network in AddressSet.of(*TODAY).networks()]
    assert len(merged) == 12
    assert said(judge(listing(*TODAY), own(*merged), Limits())) == []


def test_widened_own_rules_are_compared_with_the_widened_list() -> None:
    """Own rules at /24 are what the list gives with the mask, not a list that shrank."""
    widened = own("8.0.0.0/24", "9.0.0.0/24")
    new = listing("8.0.0.1/32", "8.0.0.3/32", "9.0.0.1/32")
    assert said(judge(new, widened, Limits(), widen="24")) == []
    assert "shrunk_ipv4" in codes(judge(new, widened, Limits()))


def test_lost_state_is_as_safe_as_kept_state() -> None:
    """A list that shrank against own rules is held with the same numbers as against the list."""
    after = [network for network in TODAY if not network.startswith("199.187.")]
    kept = judge(listing(*after), in_force(*TODAY), Limits())
    lost = judge(listing(*after), own(*TODAY), Limits())
    assert lost.reasons == kept.reasons
    assert lost.verdict == "hold"


def test_a_list_foreign_to_own_rules_waits_for_a_person() -> None:
    """With state lost nobody knows the source, so a foreign list is held and can be approved."""
    judgement = judge(listing("9.0.0.0/32"), own("8.0.0.0/32"), QUIET)
    assert (judgement.verdict, codes(judgement)) == ("hold", ["foreign", "anchor_gone"])


# ------------------------------------------------------------------------------- approvals


def test_an_approval_lets_exactly_this_change_through() -> None:
    """A hold passes with its own digest only, a refusal with none, an acceptance with none."""
    now, limits = in_force(*singles(10)), Limits()
    held = judge(listing(*singles(5)), now, limits)
    other = judge(listing(*singles(4)), now, limits)
    refused = judge(listing(), now, limits)
    accepted = judge(listing(*singles(10)), now, limits)
    assert held.passes() is False
    assert held.passes({other.digest}) is False
    assert held.passes({held.digest}) is True
    assert refused.passes({refused.digest}) is False
    assert accepted.passes() is True


def test_the_digest_stands_for_both_lists_and_the_reasons() -> None:
    """The digest is sha256 over the old digest, the new one, and each reason in its order."""
    old, new = in_force(*singles(10)), listing(*singles(5))
    judgement = judge(new, old, Limits())
    body = json.dumps([old.digest, new.digest, [list(row) for row in said(judgement)]])
    assert judgement.digest == f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"
    first = judge(new, None, Limits())
    body = json.dumps([None, new.digest, [list(row) for row in said(first)]])
    assert first.digest == f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"


def test_a_changed_limit_voids_an_approval() -> None:
    """What was approved under one limit isn't approved under another."""
    old, new = in_force(*singles(10)), listing(*singles(5))
    narrow = replace(Limits(), shrink_percent=10)
    assert judge(new, old, Limits()).digest != judge(new, old, narrow).digest


def test_a_reason_holds_unless_it_says_otherwise() -> None:
    """A reason without a verdict of its own is a hold."""
    assert Reason("code", "message").verdict == "hold"


def test_what_was_judged_gets_no_new_fields() -> None:
    """Limits, reasons and judgements have room for what they declare, and nothing else.

    That what they declare isn't assigned is the type checkers', and `tests/unit/test_immutable.py`'s.
    """
    judged: tuple[Any, ...] = (
        Limits(), Reason("code", "message"), judge(listing(), None, QUIET)
    )  # fmt: skip
    for one in judged:
        with pytest.raises(AttributeError):
            one.other = 1


# ---------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("shrink_entries", -1, "shrink_entries is -1; the least is 0"),
        ("total_ipv6", -1, "total_ipv6 is -1; the least is 0"),
        ("widest_ipv4", 33, "widest_ipv4 is 33; the most is 32"),
        ("widest_ipv6", 129, "widest_ipv6 is 129; the most is 128"),
    ],
)
def test_an_impossible_limit_is_refused(name: str, value: int, message: str) -> None:
    """A negative limit or a prefix length that no family has is refused by name."""
    with pytest.raises(ValueError) as caught:
        replace(Limits(), **{name: value})
    assert str(caught.value) == message


@pytest.mark.parametrize(("name", "value"), [("widest_ipv4", 32), ("widest_ipv6", 128)])
def test_the_narrowest_prefix_is_a_possible_limit(name: str, value: int) -> None:
    """Single addresses only is a limit that may be asked for, and so is nothing at all."""
    assert getattr(replace(Limits(), **{name: value}), name) == value
    assert Limits(**dict.fromkeys(Limits.__dataclass_fields__, 0)).total_entries == 0


# ------------------------------------------------------------------------------ properties

SOME = st.lists(st.sampled_from(singles(12)), max_size=12, unique=True)


@given(before=SOME, after=SOME)
def test_nothing_over_a_fifth_ever_leaves_unseen(before: list[str], after: list[str]) -> None:
    """Whatever the lists, an accepted one keeps at least four fifths of the addresses in force."""
    judgement = judge(listing(*after), in_force(*before), Limits())
    gone = len(set(before) - set(after))
    if judgement.verdict == "accept":
        assert after
        assert gone * 5 <= len(before)
        assert len(set(after) - set(before)) * 4 <= len(before)
    if gone * 5 > len(before):
        assert judgement.verdict != "accept"
