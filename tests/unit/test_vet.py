"""What becomes of a read of the source."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from cloudsync.allowlist import Entry, InForce, Leaving, Listing, Withdrawn
from cloudsync.config import Config
from cloudsync.errors import Exit, SourceRefused
from cloudsync.memory.settings import MemorySettings
from cloudsync.vetting.leaving import OWN_RULES, Removals
from cloudsync.vetting.limits import Limits
from cloudsync.vetting.vet import Read, Rules, Vetted, accept, vet

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BEFORE = NOW - timedelta(days=1)
LISTED = tuple(f"8.0.0.{number}/32" for number in range(1, 9))
RULES = Rules(Limits(), (), Removals(), (), "none")
REFUSED = SourceRefused("./list.txt", "E_EMPTY", "the source is empty")


def entries(*networks: str) -> tuple[Entry, ...]:
    """Networks as entries."""
    return tuple(Entry(ip_network(network)) for network in networks)


def listing(*networks: str, **more: Any) -> Listing:
    """What a read of the usual source says."""
    return Listing("./list.txt", "cidr", entries(*networks), **more)


def begun(
    listed: tuple[Entry, ...], by: str, *, leaving: tuple[Leaving, ...] = (), **more: Any
) -> InForce:
    """A list in force from the usual source, accepted now."""
    usual: dict[str, Any] = {"source": "./list.txt", "format": "cidr", "accepted_at": NOW}
    return InForce(entries=listed, leaving=leaving, accepted_by=by, **{**usual, **more})


def standing(*networks: str, leaving: tuple[Leaving, ...] = ()) -> InForce:
    """A list in force that Ann accepted yesterday."""
    return begun(entries(*networks), "Ann", leaving=leaving, accepted_at=BEFORE)


def left(network: str, *, over: bool) -> Leaving:
    """An entry that is leaving, whose grace is over or began yesterday."""
    then = NOW - timedelta(days=30) if over else BEFORE
    return Leaving(Entry(ip_network(network)), then, then, 2, then)


@pytest.mark.parametrize("refused", [REFUSED, None])
def test_nothing_was_read_and_nothing_is_in_force(refused: SourceRefused | None) -> None:
    """Without a list and without a listing there is none, and the refusal is handed on."""
    assert vet(Read(refused=refused), None, RULES, NOW) == Vetted(None, refused=refused)


def test_a_refusal_is_no_outage() -> None:
    """The list in force goes on as it is, no read is counted, and a grace may still end."""
    stays, goes = left("9.0.0.1/32", over=False), left("9.0.0.2/32", over=True)
    found = vet(Read(refused=REFUSED), standing(*LISTED, leaving=(stays, goes)), RULES, NOW)
    assert found == Vetted(standing(*LISTED, leaving=(stays,)), refused=REFUSED)


def test_not_modified_counts_as_a_read() -> None:
    """An entry that was gone yesterday is confirmed gone by "not modified" today."""
    once = Leaving(Entry(ip_network("9.0.0.1/32")), BEFORE, BEFORE, 1)
    found = vet(Read(), standing(*LISTED, leaving=(once,)), RULES, NOW)
    again = replace(once, last=NOW, reads=2, confirmed=NOW)
    assert found == Vetted(standing(*LISTED, leaving=(again,)))


def test_a_first_list_waits_for_a_person() -> None:
    """A first list is held: it is on offer, nothing is in force, and the judgement says why."""
    offer = listing(*LISTED)
    found = vet(Read(offer), None, RULES, NOW)
    assert (found.in_force, found.offer, found.refused) == (None, offer, None)
    assert found.held is found.judgement
    assert found.held is not None
    assert [reason.code for reason in found.held.reasons] == ["first"]


def test_a_first_list_that_was_approved_is_in_force() -> None:
    """With the approval of exactly this judgement the list begins; nothing is held any more."""
    offer = listing(*LISTED)
    held = vet(Read(offer), None, RULES, NOW).held
    assert held is not None
    found = vet(Read(offer), None, RULES, NOW, {held.digest: "ann"})
    assert found == Vetted(begun(offer.entries, "ann"), offer)
    assert found.held is None


def test_the_bundled_list_needs_no_person() -> None:
    """The list that came with the program is in force from the first look."""
    offer = Listing("bundled", "article39", entries(*LISTED))
    after = begun(offer.entries, "the release", source="bundled", format="article39")
    assert vet(Read(offer), None, RULES, NOW) == Vetted(after, offer)


def test_a_bundled_list_that_is_refused_is_not_in_force() -> None:
    """What no person may approve isn't waved through for having come with the program."""
    offer = Listing("bundled", "article39", ())
    found = vet(Read(offer), None, RULES, NOW)
    assert found.in_force is None
    assert found.held is not None
    assert found.held.verdict == "refuse"


def test_a_small_change_is_let_through_by_the_guard() -> None:
    """An addition counts at once, what is lacking starts leaving, and the guard's name stands there."""
    offer = listing(*LISTED[1:], "9.0.0.1/32")
    gone = Leaving(Entry(ip_network(LISTED[0])), NOW, NOW, 1)
    found = vet(Read(offer), standing(*LISTED), RULES, NOW)
    after = begun(offer.entries, "guard", leaving=(gone,))
    assert found == Vetted(after, offer)
    assert found.held is None


def test_a_change_over_a_limit_changes_nothing() -> None:
    """Half of a list gone: the list in force goes on, and a grace may still end meanwhile."""
    stays, goes = left("9.0.0.1/32", over=False), left("9.0.0.2/32", over=True)
    offer = listing(*LISTED[:4])
    found = vet(Read(offer), standing(*LISTED, leaving=(stays, goes)), RULES, NOW)
    assert found.in_force == standing(*LISTED, leaving=(stays,))
    assert found.offer == offer
    assert found.held is not None
    assert found.held.verdict == "hold"


def test_a_removal_that_is_held_holds_back_no_addition() -> None:
    """Half gone and one new: the new sender counts at once, and nothing starts leaving."""
    offer = listing(*LISTED[:4], "9.0.0.1/32")
    found = vet(Read(offer), standing(*LISTED), RULES, NOW)
    assert found.in_force == replace(standing(*LISTED), ahead=entries("9.0.0.1/32"))
    assert found.held is not None
    assert [reason.code for reason in found.held.reasons] == [
        "shrunk_entries", "shrunk_ipv4",
    ]  # fmt: skip
    assert Exit.HELD in found.codes


def test_what_came_ahead_changes_neither_the_hold_nor_its_digest() -> None:
    """The next read of the same list waits as the same change, and the approval of it counts."""
    offer = listing(*LISTED[:4], "9.0.0.1/32")
    first = vet(Read(offer), standing(*LISTED), RULES, NOW)
    second = vet(Read(offer), first.in_force, RULES, NOW + timedelta(days=1))
    assert second == first
    assert first.held is not None
    approved = {first.held.digest: "ann"}
    after = vet(Read(offer), first.in_force, RULES, NOW, approved).in_force
    gone = tuple(Leaving(Entry(ip_network(one)), NOW, NOW, 1) for one in LISTED[4:])
    assert after == begun(offer.entries, "ann", leaving=gone)


def test_the_hold_that_is_told_is_the_one_that_the_next_read_waits_for() -> None:
    """What came ahead, went and is shown again changes the numbers: an approval counts all the same."""
    offer = listing(*LISTED[:4], "9.0.0.1/32")
    ahead = vet(Read(offer), standing(*LISTED), RULES, NOW).in_force
    gone = vet(Read(), ahead, RULES, NOW).in_force
    assert gone is not None
    assert [str(one.entry.network) for one in gone.leaving] == ["9.0.0.1/32"]
    told = vet(Read(offer), gone, RULES, NOW)
    assert told.held is not None
    after = vet(Read(offer), told.in_force, RULES, NOW, {told.held.digest: "ann"})
    assert after.held is None


def test_additions_ahead_are_measured_against_what_was_accepted() -> None:
    """Two at each read while a list is held don't add up to more than the limit lets in at once."""
    now = vet(Read(listing(*LISTED[:4], "9.0.0.1", "9.0.0.2")), standing(*LISTED), RULES, NOW)
    assert now.in_force == replace(standing(*LISTED), ahead=entries("9.0.0.1", "9.0.0.2"))
    more = listing(*LISTED[:4], "9.0.0.1", "9.0.0.2", "9.0.0.3")
    assert vet(Read(more), now.in_force, RULES, NOW).in_force == now.in_force


def test_what_came_ahead_and_is_gone_again_leaves_like_anything() -> None:
    """A held list, the old one, or "not modified" that lacks it: it starts leaving, still wanted."""
    ahead = replace(standing(*LISTED), ahead=entries("9.0.0.1/32"))
    leaving = standing(*LISTED, leaving=(Leaving(Entry(ip_network("9.0.0.1")), NOW, NOW, 1),))
    for read in (Read(listing(*LISTED[:4])), Read(listing(*LISTED)), Read()):
        assert vet(read, ahead, RULES, NOW).in_force == leaving
    for silent in (Read(refused=REFUSED), Read(made=False)):
        assert vet(silent, ahead, RULES, NOW).in_force == ahead


def test_a_leaving_entry_that_a_held_list_shows_stays() -> None:
    """Too much is new, so that nothing else of the list counts; but it shows that one isn't gone."""
    over = left("9.0.0.1/32", over=True)
    grown = listing(*LISTED, "9.0.0.1", *(f"9.0.1.{number}" for number in range(5)))
    found = vet(Read(grown), standing(*LISTED, leaving=(over,)), RULES, NOW)
    assert found.in_force == replace(standing(*LISTED), ahead=entries("9.0.0.1/32"))


@pytest.mark.parametrize(
    "offer",
    [
        listing(*LISTED[:4], "9.0.0.1", published=NOW.date() - timedelta(days=9)),
        replace(listing(*LISTED, "9.0.0.1"), source="./other.txt"),
        replace(listing(*LISTED, "9.0.0.1"), format="page"),
        listing(*LISTED[:1], "9.0.0.1", minimum=8),
    ],
)
def test_a_document_that_may_be_the_wrong_one_brings_nothing_ahead(offer: Listing) -> None:
    """An old copy, another source or format, and a list that is refused: nothing of it counts."""
    known = replace(standing(*LISTED), published=NOW.date())
    assert vet(Read(offer), known, RULES, NOW).in_force == known


def test_a_promise_that_fell_holds_back_no_addition() -> None:
    """The document promises fewer than before, which is about what it lacks."""
    known = replace(standing(*LISTED), minimum=8)
    offer = listing(*LISTED, "9.0.0.1", minimum=7)
    found = vet(Read(offer), known, RULES, NOW)
    assert found.in_force == replace(known, ahead=entries("9.0.0.1/32"))
    assert found.waits


def test_without_a_read_no_read_is_counted() -> None:
    """A sweep ends a grace, and agrees with nothing: not as a read, and not as "not modified"."""
    once = Leaving(Entry(ip_network("9.0.0.1/32")), BEFORE, BEFORE, 1)
    ended = left("9.0.0.2/32", over=True)
    found = vet(Read(made=False), standing(*LISTED, leaving=(once, ended)), RULES, NOW)
    assert found == Vetted(standing(*LISTED, leaving=(once,)))


def test_what_was_withdrawn_is_not_wanted_and_no_growth() -> None:
    """The source still has it: nothing is held by that, and it stays off."""
    off = Withdrawn(ip_network(LISTED[0]), "Bob", "it sends spam", BEFORE)
    known = replace(standing(*LISTED), withdrawn=(off,))
    assert known.wanted == entries(*LISTED[1:])
    found = vet(Read(listing(*LISTED)), known, RULES, NOW)
    assert (found.in_force, found.held) == (known, None)


def test_what_the_source_dropped_needs_nobody_to_keep_it_off() -> None:
    """While it is leaving it stays withdrawn; when its grace is over that is forgotten."""
    off = Withdrawn(ip_network(LISTED[0]), "Bob", "it sends spam", BEFORE)
    known = replace(standing(*LISTED), withdrawn=(off,))
    dropped = vet(Read(listing(*LISTED[1:])), known, RULES, NOW).in_force
    assert dropped is not None
    assert (dropped.withdrawn, dropped.wanted) == ((off,), entries(*LISTED[1:]))
    confirmed = vet(Read(), dropped, RULES, NOW + timedelta(hours=6)).in_force
    after = vet(Read(made=False), confirmed, RULES, NOW + timedelta(days=8)).in_force
    assert after is not None
    assert (after.withdrawn, after.leaving) == ((), ())


def test_a_change_over_a_limit_that_was_approved_goes_through() -> None:
    """With the approval of exactly this judgement it counts, under the name of who gave it."""
    offer = listing(*LISTED[:4])
    held = vet(Read(offer), standing(*LISTED), RULES, NOW).held
    assert held is not None
    found = vet(Read(offer), standing(*LISTED), RULES, NOW, {held.digest: "ann"})
    gone = tuple(Leaving(Entry(ip_network(one)), NOW, NOW, 1) for one in LISTED[4:])
    after = begun(offer.entries, "ann", leaving=gone)
    assert found == Vetted(after, offer)


def test_an_empty_list_is_refused_whoever_approves() -> None:
    """No approval lets an empty list through; the one in force goes on."""
    offer = listing()
    held = vet(Read(offer), standing(*LISTED), RULES, NOW).held
    assert held is not None
    found = vet(Read(offer), standing(*LISTED), RULES, NOW, {held.digest: "ann"})
    assert found == Vetted(standing(*LISTED), offer, held)
    assert held.verdict == "refuse"


def test_anchors_and_groups_reach_the_guard() -> None:
    """An anchor of the configuration that a list lacks refuses it, whatever else is right."""
    rules = replace(RULES, anchors=(ip_network("7.7.7.7/32"),))
    held = vet(Read(listing(*LISTED)), standing(*LISTED), rules, NOW).held
    assert held is not None
    assert [reason.code for reason in held.reasons] == ["anchor_missing"]


def test_a_person_accepts_a_first_list() -> None:
    """Accepting begins the list, with the person's name and the time."""
    offer = listing(*LISTED)
    assert accept(offer, None, RULES, NOW, "Bob") == begun(offer.entries, "Bob")


def test_a_person_accepts_a_change_and_what_is_lacking_still_waits() -> None:
    """Also what a person accepts takes its reads and its grace; the name is the person's."""
    offer = listing(LISTED[0])
    gone = tuple(Leaving(Entry(ip_network(one)), NOW, NOW, 1) for one in LISTED[1:])
    after = begun(offer.entries, "Bob", leaving=gone)
    assert accept(offer, standing(*LISTED), RULES, NOW, "Bob") == after


def test_accepting_what_is_in_force_already_is_still_said() -> None:
    """A person who accepts an unchanged list is the one who accepted it last."""
    after = accept(listing(*LISTED), standing(*LISTED), RULES, NOW, "Bob")
    assert after == replace(standing(*LISTED), accepted_by="Bob", accepted_at=NOW)


def test_the_rules_are_what_the_configuration_says() -> None:
    """Limits, anchors and removals come from the file; groups and mask from any target too."""
    found = Config.model_validate(
        {
            "name": "mail",
            "list": {
                "source": "./list.txt", "format": "article39", "limits": {"grow_entries": 3},
                "anchors": ["8.0.0.1"], "shoreline": ["EXG3"],
            },
            "removals": {"reads": 3, "apart": "1h", "grace": "2d"},
            "targets": [
                MemorySettings.model_validate(
                    {"provider": "memory", "mode": "add", "shoreline": ["EXG4"], "widen": "24"}
                )
            ],
        }
    )  # fmt: skip
    assert Rules.of(found) == Rules(
        Limits(grow_entries=3),
        (ip_network("8.0.0.1/32"),),
        Removals(3, timedelta(hours=1), timedelta(days=2)),
        ("EXG3", "EXG4"),
        "24",
    )


@pytest.mark.parametrize(
    ("read", "in_force", "absent"),
    [
        (Read(listing(*LISTED)), None, ("EXG3", "EXG4")),
        (Read(Listing("./list.txt", "article39", (Entry(ip_network("8.0.0.1"), group="EXG3"),))),
         standing("8.0.0.1/32"), ("EXG4",)),
        (Read(), standing(*LISTED), ("EXG3", "EXG4")),
        (Read(refused=REFUSED), begun(entries(*LISTED), "", source=OWN_RULES), ()),
        (Read(refused=REFUSED), None, ()),
    ],
)  # fmt: skip
def test_a_chosen_group_that_the_list_lacks_is_named(
    read: Read, in_force: InForce | None, absent: tuple[str, ...]
) -> None:
    """A group nobody is in is named, on offer or in force; own rules can't tell of groups."""
    rules = replace(RULES, shoreline=("EXG4", "EXG3"))
    assert vet(read, in_force, rules, NOW).absent == absent


@pytest.mark.parametrize(
    ("found", "codes"),
    [
        (vet(Read(), standing(*LISTED), RULES, NOW), ()),
        (vet(Read(listing(*LISTED)), None, RULES, NOW), (Exit.HELD,)),
        (vet(Read(refused=REFUSED), standing(*LISTED), RULES, NOW), (Exit.SOURCE,)),
    ],
)
def test_a_list_has_exit_codes_of_its_own(found: Vetted, codes: tuple[Exit, ...]) -> None:
    """Held is 4, refused is 5, whatever becomes of the targets."""
    assert found.codes == codes
