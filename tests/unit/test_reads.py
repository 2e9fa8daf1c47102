"""What the reads of the source come to: refusals in a row, reviews, and the page beside the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network

import pytest

from cloudsync import records
from cloudsync.allowlist import Entry, InForce, Listing, Review, Withdrawn
from cloudsync.conditions import Condition, ConditionKind
from cloudsync.conditions.of_reads import of_reads, of_withdrawn
from cloudsync.errors import SourceRefused
from cloudsync.source.candidates import MOST, candidates
from cloudsync.track import READS
from cloudsync.vetting.guard import Judgement, Reason
from cloudsync.vetting.leaving import Removals
from cloudsync.vetting.limits import Limits
from cloudsync.vetting.reads import Compared, Reads, Refusals, after_read, compare
from cloudsync.vetting.vet import Read, Rules, Vetted

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FILE, PAGE = "./list.txt", "https://vendor.example/page"
REFUSED = SourceRefused(FILE, "E_ADDR", "'x' is no address", line=7)
RULES = Rules(Limits(), (), Removals(), (), "none")


def listing(*networks: str, group: str = "base", review: Review | None = None) -> Listing:
    """What a read says."""
    entries = tuple(Entry(ip_network(one), group=group) for one in networks)
    return Listing(FILE, "cidr", entries, review=review)


IN_FORCE = InForce(FILE, "cidr", listing("8.0.0.0/24").entries)


def after(before: Reads | None, read: Read, vetted: Vetted | None = None) -> Reads:
    """What is known after a read."""
    made = vetted or Vetted(IN_FORCE, read.listing, refused=read.refused)
    return after_read(before, FILE, read, made, NOW)


def test_refusals_in_a_row_are_counted_from_the_first() -> None:
    """The last one's code, line and candidates stand there; what is listed is no candidate."""
    seen = tuple(map(ip_network, ("8.0.0.9", "9.0.0.1")))
    first = after(None, Read(refused=REFUSED, candidates=seen))
    assert first == Reads(FILE, Refusals(1, NOW, "E_ADDR", "'x' is no address", 7, ("9.0.0.1/32",)))
    second = after_read(first, FILE, Read(refused=REFUSED), Vetted(None), NOW + HOUR)
    assert second.refusals == Refusals(2, NOW, "E_ADDR", "'x' is no address", 7)
    assert after(second, Read()).refusals is None
    assert after(second, Read(made=False)) is second
    other = after_read(second, "./other.txt", Read(refused=REFUSED), Vetted(None), NOW)
    assert other.refusals == Refusals(1, NOW, "E_ADDR", "'x' is no address", 7)


def test_what_the_guard_refuses_is_a_refusal_and_what_it_holds_is_none() -> None:
    """A list that lacks an anchor isn't the filter's; one that waits for a person was read."""
    offer = listing("9.0.0.1")
    why = (Reason("anchor_missing", "1 is missing", "refuse"), Reason("grown_ipv4", "much"))
    refused = Vetted(IN_FORCE, offer, Judgement("refuse", why, ""))
    assert after(None, Read(offer), refused).refusals == Refusals(
        1, NOW, "anchor_missing", "1 is missing", None, ("9.0.0.1/32",)
    )
    held = Vetted(IN_FORCE, offer, Judgement("hold", why[1:], ""))
    assert after(None, Read(offer), held) == Reads(FILE)


def test_the_day_of_the_review_is_that_of_the_last_read() -> None:
    """A header that goes takes its day along; "not modified" leaves it."""
    reviewed = after(None, Read(listing("8.0.0.1", review=Review(NOW.date(), "ann", PAGE))))
    assert reviewed == Reads(FILE, reviewed=NOW.date())
    assert after(reviewed, Read()) == reviewed
    assert after(reviewed, Read(listing("8.0.0.1"))) == Reads(FILE)


def test_a_file_is_compared_by_addresses() -> None:
    """Opt-in groups of the page may stand in the file; a page that fails leaves what was known."""
    article = replace(listing("8.0.0.1", "8.0.0.2", "7.0.0.1"), entries=(
        *listing("8.0.0.1", "8.0.0.2", "7.0.0.1").entries,
        *listing("9.0.0.0/24", group="EXG3").entries,
    ))  # fmt: skip
    file = listing("8.0.0.0/30", "9.0.0.0/24", "6.0.0.1").entries
    found = compare(None, PAGE, file, article)
    assert found == Compared(PAGE, ("6.0.0.1/32", "8.0.0.0/30"), ("7.0.0.1/32",))
    failed = compare(found, PAGE, file, REFUSED)
    assert failed == replace(found, failures=1, failed="E_ADDR: 'x' is no address")
    assert compare(failed, "https://other.example/", file, REFUSED).in_file == ()
    assert compare(failed, PAGE, file, article) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"from 8.8.8.8 to 8.8.4.0/24, not 1.2.3.4.5, 10.0.0.1 or 300.1.1.1", ["8.8.8.8/32", "8.8.4.0/24"]),
        (b"<table><tr><td>8.8.8.8</td><td>2600::/48 at 12:30:15</td></tr></table>", ["8.8.8.8/32", "2600::/48"]),
        (b"8.8.8.8\n8.8.8.8\nv8.8.4.4 255.255.255.0 0.0.0.0", ["8.8.8.8/32"]),
        (b"8.8.8.8 \xff\x00", ["8.8.8.8/32"]),
        (b"", []),
    ],
)  # fmt: skip
def test_what_looks_like_an_address(body: bytes, found: list[str]) -> None:
    """Public addresses and networks, as text or HTML, or where no reader can decode it."""
    assert list(map(str, candidates(body))) == found


def test_no_more_than_a_person_reads() -> None:
    """A page of nothing but addresses is cut."""
    body = "\n".join(f"8.8.{n // 250}.{n % 250}" for n in range(1000)).encode()
    assert len(candidates(body)) == MOST


@pytest.mark.parametrize(
    "reads",
    [
        Reads(FILE),
        Reads(
            FILE, Refusals(2, NOW, "E_ADDR", "x", 7, ("9.0.0.1/32",)), date(2026, 1, 1),
            Compared(PAGE, ("8.0.0.1/32",), (), 1, "away"),
        ),
    ],
)  # fmt: skip
def test_what_is_known_comes_back_from_the_state(reads: Reads) -> None:
    """Every field, and none of them."""
    assert READS.decode("reads", READS.encode(reads)) == reads
    assert isinstance(READS, records.Kind)


# ------------------------------------------------------------------------------ what is told


def told(reads: Reads, in_force: InForce | None = IN_FORCE) -> list[Condition]:
    """What the reads have come to, a list having been let through an hour ago."""
    return list(of_reads(reads, in_force, NOW - HOUR, NOW))


def test_of_the_second_refusal_somebody_hears() -> None:
    """With code, line, what was seen there and isn't listed, and every way out."""
    many = tuple(f"9.0.0.{n}/32" for n in range(10))
    once = Refusals(1, NOW - HOUR, "E_ADDR", "'x' is no address", 7, many)
    assert told(Reads(FILE, once)) == []
    (twice,) = told(Reads(FILE, replace(once, count=2)))
    assert twice == Condition(
        ConditionKind.REFUSED, FILE,
        "The list at ./list.txt is refused: E_ADDR on line 7: 'x' is no address.",
        "2 reads in a row since 2026-11-24 11:00 UTC. The list in force, of 1 network, goes on, and "
        "drift is repaired by it. Seen there and not in the list in force: 9.0.0.0/32, 9.0.0.1/32, "
        "9.0.0.2/32, 9.0.0.3/32, 9.0.0.4/32, 9.0.0.5/32, 9.0.0.6/32, 9.0.0.7/32 and 2 more.",
        "Ways out: keep the list in a reviewed file (format: cidr); describe the page with format: "
        "page and its anchors; let what can be read through with cloudsync list accept; or ask "
        "support@appriver.com.",
    )  # fmt: skip
    (third,) = told(Reads(FILE, replace(once, count=3, unlisted=(), line=None)), None)
    assert third.did == ("3 reads in a row since 2026-11-24 11:00 UTC. There is no list in force.")
    assert third.impact == "The list at ./list.txt is refused: E_ADDR: 'x' is no address."


def test_a_day_without_a_list_that_is_let_through_is_told() -> None:
    """Never of an installation whose first list waits: that is a hold."""
    day = timedelta(days=1)
    assert list(of_reads(Reads(FILE), IN_FORCE, NOW - day, NOW)) == []
    assert list(of_reads(Reads(FILE), IN_FORCE, None, NOW)) == []
    (stale,) = of_reads(Reads(FILE), IN_FORCE, NOW - day - HOUR, NOW)
    assert list(of_reads(Reads(FILE), IN_FORCE, NOW - 3 * day, NOW, day)) == []
    assert list(of_reads(Reads(FILE), IN_FORCE, NOW - 3 * day - HOUR, NOW, day))
    assert (stale.kind, stale.impact) == (
        ConditionKind.STALE,
        "No list from ./list.txt was let through since 2026-11-23 11:00 UTC.",
    )


@pytest.mark.parametrize(
    ("days", "impact"),
    [
        (90, []),
        (91, ["./list.txt was last reviewed on 2026-08-25, more than 90 days ago."]),
        (-1, []),
        (-2, ["./list.txt says that it was reviewed on 2026-11-26, which is yet to come."]),
    ],
)
def test_an_old_review_is_told(days: int, impact: list[str]) -> None:
    """After 90 days, or where the day is yet to come anywhere on earth."""
    found = told(Reads(FILE, reviewed=NOW.date() - timedelta(days=days)))
    assert [one.impact for one in found] == impact


def test_what_the_file_and_the_page_dont_both_say_is_told() -> None:
    """Either way round; of a page that can't be read once nothing is said."""
    both = Compared(PAGE, ("8.0.0.1/32",), ("9.0.0.1/32", "9.0.0.2/32"))
    (differs,) = told(Reads(FILE, compared=both))
    assert (differs.kind, differs.subject, differs.impact) == (
        ConditionKind.DIFFERS, PAGE,
        ("./list.txt and https://vendor.example/page don't say the same: only the file has "
        "8.0.0.1/32; only the page has 9.0.0.1/32 and 9.0.0.2/32."),
    )  # fmt: skip
    assert told(Reads(FILE, compared=Compared(PAGE, failures=1, failed="away"))) == []
    (failed,) = told(Reads(FILE, compared=Compared(PAGE, failures=2, failed="away")))
    assert failed.impact == "./list.txt can't be compared with https://vendor.example/page: away."


def test_what_was_taken_off_is_told_and_that_it_gets_in_again() -> None:
    """As long as it is off; a wider entry that holds it is named."""
    off = Withdrawn(ip_network("8.0.0.9"), "ann", "it sends spam", NOW)
    known = replace(IN_FORCE, entries=listing("8.0.0.9").entries, withdrawn=(off,))
    (order,) = of_withdrawn(known, RULES)
    assert (order.kind, order.impact, order.did) == (
        ConditionKind.ORDER,
        "8.0.0.9/32 is kept off the list, though its source has it.",
        "ann took it off on 2026-11-24 12:00 UTC: it sends spam.",
    )
    _, again = of_withdrawn(replace(IN_FORCE, withdrawn=(off,)), RULES)
    assert (again.kind, again.impact) == (
        ConditionKind.DIFFERS,
        "8.0.0.9/32 was taken off the list and gets in all the same, as a part of 8.0.0.0/24.",
    )
