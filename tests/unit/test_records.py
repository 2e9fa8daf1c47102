from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import AddressSet
from cloudsync.allowlist import Entry, InForce, Leaving, Withdrawn
from cloudsync.closing import Closing
from cloudsync.records import (
    APPROVAL,
    LIST,
    LIST_KEY,
    RUN,
    SEEN,
    SEEN_KEY,
    Approval,
    Kind,
    RunRecord,
    Seen,
    Stored,
    approval_key,
    load,
    run_key,
    save,
)
from cloudsync.state import Conflict, MemoryStore, StateError

AT = datetime(2026, 11, 24, 6, 0, 0, 250_000, tzinfo=UTC)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])
TIMES = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001  # as above
    timezones=ZONES,
)
TEXT = st.text(max_size=12)


def ipv4(address: int, prefix: int) -> IPv4Network:
    """The network of that length that the address is in."""
    return IPv4Network((address, prefix), strict=False)


def ipv6(address: int, prefix: int) -> IPv6Network:
    """The network of that length that the address is in."""
    return IPv6Network((address, prefix), strict=False)


NETWORKS = st.one_of(
    st.builds(ipv4, st.integers(0, 2**32 - 1), st.integers(0, 32)),
    st.builds(ipv6, st.integers(0, 2**128 - 1), st.integers(0, 128)),
)
ENTRIES = st.builds(
    Entry,
    network=NETWORKS,
    name=st.one_of(st.none(), TEXT),
    group=TEXT,
    line=st.integers(0, 4000),
)
LISTS = st.builds(
    InForce,
    source=TEXT,
    format=st.sampled_from(["article39", "page", "cidr"]),
    entries=st.lists(ENTRIES, max_size=4).map(tuple),
    leaving=st.lists(
        st.builds(
            Leaving,
            entry=ENTRIES,
            first=TIMES,
            last=TIMES,
            reads=st.integers(1, 9),
            confirmed=st.one_of(st.none(), TIMES),
        ),
        max_size=3,
    ).map(tuple),
    published=st.one_of(st.none(), st.dates()),
    accepted_by=TEXT,
    accepted_at=st.one_of(st.none(), TIMES),
    ahead=st.lists(ENTRIES, max_size=3).map(tuple),
    withdrawn=st.lists(
        st.builds(Withdrawn, network=NETWORKS, by=TEXT, reason=TEXT, at=TIMES), max_size=2
    ).map(tuple),
)
SETS = st.lists(
    st.sampled_from(["0.0.0.0/0", "8.0.0.0/24", "8.0.1.0/32", "::/1", "2001:db8::/127"]), max_size=4
).map(lambda networks: AddressSet.of(*networks))
APPROVALS = st.builds(
    Approval,
    digest=TEXT,
    kind=st.sampled_from(["list", "target"]),
    subject=TEXT,
    by=TEXT,
    reason=TEXT,
    at=TIMES,
    until=st.one_of(st.none(), TIMES),
    caller=TEXT,
    closing=st.one_of(
        st.none(),
        st.builds(
            Closing,
            terms=TEXT,
            taken=st.frozensets(TEXT, max_size=3),
            shut=st.lists(st.tuples(st.integers(1, 65_535), SETS), max_size=2).map(tuple),
            names=st.frozensets(TEXT, max_size=3),
        ),
    ),
)
RUNS = st.builds(
    RunRecord,
    id=TEXT,
    started=TIMES,
    command=TEXT,
    finished=st.one_of(st.none(), TIMES),
    list_digest=st.one_of(st.none(), TEXT),
    plan_digest=st.one_of(st.none(), TEXT),
    exit=st.one_of(st.none(), st.integers(0, 6)),
    targets=st.one_of(st.none(), st.dictionaries(TEXT, TEXT, max_size=3)),
    unsettled=st.booleans(),
    fence=st.one_of(st.none(), st.integers(1, 9)),
    by=TEXT,
    reason=TEXT,
    caller=TEXT,
)
SIGHTINGS = st.dictionaries(TEXT, st.builds(Seen, seen_at=TIMES, verdict=TEXT), max_size=3)

IN_FORCE = InForce(
    source="./list.txt",
    format="cidr",
    entries=(Entry(ip_network("8.0.0.0/24"), name="server45", line=3),),
    leaving=(
        Leaving(Entry(ip_network("2600::/64"), group="EXG3"), AT, AT, reads=2, confirmed=AT),
        Leaving(Entry(ip_network("9.0.0.0/32")), AT, AT),
    ),
    published=date(2009, 9, 18),
    minimum=15,
    accepted_by="Ann",
    accepted_at=AT,
)
APPROVED = Approval("sha256:00", "list", "./list.txt", "Ann", "renumbered", AT)
RAN = RunRecord("r1", AT, "apply", exit=0, targets={"memory:lab/fw-1": "in_sync"})


def carried(kind: Kind[Any], value: Any) -> Any:
    """``value`` after a way through JSON text."""
    return kind.decode("key", json.loads(json.dumps(kind.encode(value))))


@given(in_force=LISTS)
def test_every_list_in_force_comes_back_exactly(in_force: InForce) -> None:
    """Whatever the list, with entries, leaving ones, dates: the same value, the same digest."""
    back = carried(LIST, in_force)
    assert back == in_force
    assert back.digest == in_force.digest


def test_a_list_of_an_older_release_has_nothing_ahead_and_nothing_withdrawn() -> None:
    """What was written before either could be there still reads."""
    document = LIST.encode(IN_FORCE)
    del document["ahead"], document["withdrawn"]
    assert LIST.decode("list", document) == IN_FORCE


def test_an_approval_of_an_older_release_covers_nothing_in_part() -> None:
    """What was written before a part could be told still reads, as of the whole alone."""
    document = APPROVAL.encode(APPROVED)
    del document["closing"]
    assert APPROVAL.decode("approval", document) == APPROVED


@given(approval=APPROVALS, run=RUNS, seen=SIGHTINGS)
def test_every_other_record_comes_back_exactly(
    approval: Approval, run: RunRecord, seen: dict[str, Seen]
) -> None:
    """Approvals, runs and sightings are the same values after a way through JSON."""
    assert carried(APPROVAL, approval) == approval
    assert carried(RUN, run) == run
    assert carried(SEEN, seen) == seen


def test_the_list_as_a_document() -> None:
    """The spelling of version 1, which later releases must go on reading."""
    assert LIST.encode(IN_FORCE) == {
        "schema": "cloudsync.state.list/1",
        "source": "./list.txt",
        "format": "cidr",
        "entries": [{"network": "8.0.0.0/24", "name": "server45", "group": "base", "line": 3}],
        "leaving": [
            {
                "entry": {"network": "2600::/64", "name": None, "group": "EXG3", "line": 0},
                "first": "2026-11-24T06:00:00.250000+00:00",
                "last": "2026-11-24T06:00:00.250000+00:00",
                "reads": 2,
                "confirmed": "2026-11-24T06:00:00.250000+00:00",
            },
            {
                "entry": {"network": "9.0.0.0/32", "name": None, "group": "base", "line": 0},
                "first": "2026-11-24T06:00:00.250000+00:00",
                "last": "2026-11-24T06:00:00.250000+00:00",
                "reads": 1,
                "confirmed": None,
            },
        ],
        "published": "2009-09-18",
        "minimum": 15,
        "accepted_by": "Ann",
        "accepted_at": "2026-11-24T06:00:00.250000+00:00",
        "ahead": [],
        "withdrawn": [],
    }


def test_the_other_records_as_documents() -> None:
    """The spelling of version 1 of approvals, runs and sightings."""
    at = "2026-11-24T06:00:00.250000+00:00"
    assert APPROVAL.encode(APPROVED) == {
        "schema": "cloudsync.state.approval/1",
        "digest": "sha256:00",
        "kind": "list",
        "subject": "./list.txt",
        "by": "Ann",
        "reason": "renumbered",
        "at": at,
        "until": None,
        "caller": "",
        "closing": None,
    }
    shut = AddressSet.of("8.0.0.0/24", "8.0.1.0/32", "2001:db8::/127")
    closing = Closing(
        "sha256:t", frozenset(f"- {one}" for one in "dbeac"), ((25, shut),), frozenset({"tag x"})
    )
    assert APPROVAL.encode(replace(APPROVED, closing=closing))["closing"] == {
        "terms": "sha256:t",
        "taken": ["- a", "- b", "- c", "- d", "- e"],
        "shut": [[25, ["8.0.0.0-8.0.1.0", "2001:db8::-2001:db8::1"]]],
        "names": ["tag x"],
    }
    assert RUN.encode(RAN) == {
        "schema": "cloudsync.state.run/1",
        "id": "r1",
        "started": at,
        "command": "apply",
        "finished": None,
        "list_digest": None,
        "plan_digest": None,
        "exit": 0,
        "targets": {"memory:lab/fw-1": "in_sync"},
        "unsettled": False,
        "fence": None,
        "by": "",
        "reason": "",
        "caller": "",
    }
    assert SEEN.encode({"memory:lab/fw-1": Seen(AT, "gone")}) == {
        "schema": "cloudsync.state.seen/2",
        "seen": [{"seen_at": at, "verdict": "gone", "targets": ["memory:lab/fw-1"]}],
    }


def test_what_an_older_release_wrote_is_read_where_a_kind_says_so() -> None:
    """Each target spelt out, as version 1 had it; a newer version is refused as ever."""
    at = "2026-11-24T06:00:00+00:00"
    first = {
        "schema": "cloudsync.state.seen/1",
        "targets": {"memory:lab/fw-1": {"seen_at": at, "verdict": "gone"}},
    }
    seen = SEEN.decode("seen", first)
    assert seen == {"memory:lab/fw-1": Seen(datetime(2026, 11, 24, 6, tzinfo=UTC), "gone")}
    for version in (0, 3):
        with pytest.raises(StateError, match=f"seen/{version}', this release knows"):
            SEEN.decode("seen", {**first, "schema": f"cloudsync.state.seen/{version}"})


def test_who_was_seen_first_is_not_told_by_the_document() -> None:
    """A fleet that is swept in another order leaves the same bytes."""
    late = AT + timedelta(hours=1)
    seen = {
        "b": Seen(AT, "open"),
        "a": Seen(AT, "open"),
        "c": Seen(late, "gone"),
        "d": Seen(AT, "gone"),
    }
    there, back = (
        json.dumps(SEEN.encode(dict(one))) for one in (seen.items(), [*seen.items()][::-1])
    )
    assert there == back


def test_a_record_is_saved_and_loaded_with_its_generation() -> None:
    """What was saved is loaded, and a change of it names the generation that was read."""
    store = MemoryStore()
    assert load(store, LIST_KEY, LIST) is None
    assert save(store, LIST_KEY, LIST, IN_FORCE, None) == Stored(IN_FORCE, 1)
    assert load(store, LIST_KEY, LIST) == Stored(IN_FORCE, 1)
    changed = replace(IN_FORCE, leaving=())
    assert save(store, LIST_KEY, LIST, changed, 1) == Stored(changed, 2)
    with pytest.raises(Conflict):
        save(store, LIST_KEY, LIST, IN_FORCE, 1)
    assert load(store, LIST_KEY, LIST) == Stored(changed, 2)


def test_each_record_has_its_place() -> None:
    """Approvals stand under their digest, runs under their id, the rest alone."""
    keys = (LIST_KEY, SEEN_KEY, approval_key("sha256:00"), run_key("r1"))
    assert keys == ("list", "seen", "approvals/sha256:00", "runs/r1")


@pytest.mark.parametrize(
    "schema", ["cloudsync.state.list/2", "cloudsync.state.run/1", None, "list/1"]
)
def test_a_document_of_another_kind_or_release_is_refused(schema: str | None) -> None:
    """A newer version, another kind or none at all is never read as this one."""
    with pytest.raises(StateError) as caught:
        LIST.decode("list", {**LIST.encode(IN_FORCE), "schema": schema})
    assert str(caught.value) == (
        f"state list: the document is {schema!r}, this release knows cloudsync.state.list/1. "
        "Nothing was changed. Use the release that wrote it."
    )


BAD: list[tuple[Kind[Any], Any, dict[str, Any], str]] = [
    (LIST, IN_FORCE, {"format": "csv"}, "ValueError: 'csv' is no format"),
    (LIST, IN_FORCE, {"source": 3}, "TypeError: 3 is no text"),
    (LIST, IN_FORCE, {"entries": None}, "TypeError: 'NoneType' object is not iterable"),
    (LIST, IN_FORCE, {"entries": [{}]}, "KeyError: 'network'"),
    (
        LIST,
        IN_FORCE,
        {"entries": [{"network": "8.0.0.1/24", "name": None, "group": "base", "line": 0}]},
        "ValueError: 8.0.0.1/24 has host bits set",
    ),
    (
        LIST,
        IN_FORCE,
        {"entries": [{"network": 8, "name": None, "group": "base", "line": 0}]},
        "TypeError: 8 is no text",
    ),
    (
        LIST,
        IN_FORCE,
        {"entries": [{"network": "8.0.0.0/24", "name": None, "group": "base", "line": True}]},
        "TypeError: True is no number",
    ),
    (
        LIST,
        IN_FORCE,
        {"accepted_at": "2026-11-24T06:00:00"},
        "ValueError: 2026-11-24T06:00:00 has no time zone",
    ),
    (APPROVAL, APPROVED, {"kind": "all"}, "ValueError: 'all' is nothing to approve"),
    (
        APPROVAL,
        APPROVED,
        {"closing": {"terms": "t", "taken": [], "shut": [[25, ["8.0.0.0-::1"]]], "names": []}},
        "ValueError: 8.0.0.0 and ::1 are of two families",
    ),
    (RUN, RAN, {"exit": "0"}, "TypeError: '0' is no number"),
    (RUN, RAN, {"targets": []}, "AttributeError: 'list' object has no attribute 'items'"),
    (RUN, RAN, {"targets": {"t": 1}}, "TypeError: 1 is no text"),
    (RUN, RAN, {"unsettled": 0}, "TypeError: 0 is neither true nor false"),
]


@pytest.mark.parametrize(("kind", "good", "change", "what"), BAD)
def test_a_document_that_is_not_what_it_says_is_refused(
    kind: Kind[Any], good: Any, change: dict[str, Any], what: str
) -> None:
    """A field of the wrong type, a network or a time that is none: named, and never guessed."""
    with pytest.raises(StateError) as caught:
        kind.decode("key", {**kind.encode(good), **change})
    assert str(caught.value) == (
        f"state key: the document isn't what {kind.schema} says ({what}). Nothing was changed. "
        "Restore the state from a backup, or move it away."
    )


def test_a_time_without_a_zone_is_not_written() -> None:
    """A naive time could be any instant of a day, so it never enters the state."""
    naive = datetime(2026, 11, 24, 6)  # noqa: DTZ001  # what is refused
    with pytest.raises(ValueError) as caught:
        APPROVAL.encode(replace(APPROVED, at=naive))
    assert str(caught.value) == "2026-11-24T06:00:00 has no time zone"


@pytest.mark.parametrize(
    ("kind", "value", "later"),
    [
        (RUN, RAN, ("unsettled", "fence", "by", "reason", "caller")),
        (APPROVAL, APPROVED, ("caller",)),
    ],
)
def test_a_record_written_before_all_of_it_was_kept(
    kind: Kind[Any], value: Any, later: tuple[str, ...]
) -> None:
    """A record without the words that came later is read as of nobody and nothing."""
    document = {key: one for key, one in kind.encode(value).items() if key not in later}
    assert kind.decode("key", document) == value
