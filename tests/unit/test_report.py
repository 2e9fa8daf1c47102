from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from ipaddress import ip_network
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import EVERY_IPV4, NOBODY, AddressSet, Count
from cloudsync.allowlist import Entry, InForce, Leaving, Withdrawn
from cloudsync.errors import Exit
from cloudsync.exposure import NOTHING, Name, first_match, union
from cloudsync.model import Mode, Note, Verdict, Wanted
from cloudsync.plan import Plan, TargetPlan
from cloudsync.provider import Outcome, Refusal, Remark, Reversal, Step
from cloudsync.report import (
    Command,
    Listed,
    RunReport,
    as_json,
    document,
    document_outcome,
    exit_code,
    exit_of_run,
    html,
    html_outcome,
    markdown,
    markdown_outcome,
    summary,
    text,
    text_outcome,
)
from cloudsync.report.listed import Going
from cloudsync.report.words import amount, clean, listing, natural, port, sentence, share, size
from tests.unit.report_plans import (
    BLOCKED,
    EVERYTHING,
    GONE,
    GROUP,
    HALF,
    LISTED,
    LISTED_RULES,
    NETWORKS,
    OPEN,
    REFUSED,
    RIGHT,
    RUN,
    SYNCED,
    UNREADABLE,
    UNSURE,
    WANTED,
    adds,
    allow,
    deny,
    state,
)

# ------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (Count(0, 0), "no address"),
        (Count(1, 0), "1 IPv4 address"),
        (Count(1 << 32, 0), "4,294,967,296 IPv4 addresses"),
        (Count(0, 3), "3 IPv6 addresses"),
        (Count(0, 1 << 32), "4,294,967,296 IPv6 addresses"),
        (Count(0, 1 << 64), "2^64 IPv6 addresses"),
        (Count(0, (1 << 64) + 1), "more than 2^64 IPv6 addresses"),
        (Count(0, (1 << 128) - 1), "more than 2^127 IPv6 addresses"),
        (Count(15, 1 << 128), "15 IPv4 addresses and all of IPv6"),
    ],
)
def test_sizes_are_said_per_family(count: Count, words: str) -> None:
    """IPv4 is exact, IPv6 a power of two beyond what people read, and they are never added up."""
    assert size(count) == words


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (Count(7, 0), Count(15, 0), "7 of 15 listed IPv4 addresses"),
        (Count(15, 0), Count(15, 9), "all 15 listed IPv4 addresses"),
        (Count(1, 0), Count(1, 0), "1 of 1 listed IPv4 address"),
        (
            Count(1, 2),
            Count(3, 1 << 64),
            "1 of 3 listed IPv4 addresses and 2 of 2^64 listed IPv6 addresses",
        ),
    ],
)
def test_a_share_of_the_list_is_said_per_family(part: Count, whole: Count, words: str) -> None:
    """How many of how many, and only of the families in which some are meant."""
    assert share(part, whole) == words


def _split(text: str) -> list[tuple[int, int, str]]:
    """Words and numbers of a text, one by one, without a regular expression."""
    found: list[tuple[int, int, str]] = []
    for digits, part in groupby(text, key=lambda one: one in "0123456789"):
        word = "".join(part)
        found.append((0, int(word), "") if digits else (1, 0, word))
    return found


@given(st.lists(st.text(st.sampled_from("019az/é\u0663\U0001f600-:")), min_size=2, max_size=2))
def test_numbers_sort_by_their_value(texts: list[str]) -> None:
    """As a comparison word by word and number by number has it."""
    one, other = texts
    assert (natural(one) < natural(other)) is (_split(one) < _split(other))


def test_small_words() -> None:
    """Ports, enumerations, full stops and thousands read as people write them."""
    assert port((25,)) == "port 25"
    assert port((587, 25)) == "one of the ports 25, 587"
    assert [listing(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]
    assert [sentence(said) for said in ("", "No", "No.", "No?", "No!")] == [
        "", "No.", "No.", "No?", "No!",
    ]  # fmt: skip
    assert amount(1_234_567) == "1,234,567"


def test_what_does_not_print_is_written_out() -> None:
    """Escapes, newlines, bidirectional overrides, odd spaces and lone surrogates can't act."""
    assert clean("a\x1b[2Jb\nc\u202ed\u00a0e\u2028f\ud800g é") == (
        r"a\x1b[2Jb\nc\u202ed\xa0e\u2028f\ud800g é"
    )


@pytest.mark.parametrize(
    ("targets", "line"),
    [
        ((), "No target."),
        ((SYNCED,), "1 target: 1 in sync; no step."),
        ((HALF,), "1 target: 1 missing; 1 step."),
        (
            EVERYTHING.targets,
            "8 targets: 1 gone, 1 unreadable, 3 missing, 1 open, 1 undetermined and 1 in sync; 4 steps.",
        ),
    ],
)
def test_the_summary_is_one_line(targets: tuple[TargetPlan, ...], line: str) -> None:
    """The worst verdict comes first, and a step is counted once."""
    assert summary(Plan(LISTED.digest, targets)) == line


# ------------------------------------------------------------------------------ the list


def test_the_list_of_a_report_counts_what_applies() -> None:
    """Leaving entries still apply, groups only where chosen, and widening says what it costs."""
    at = datetime(2026, 11, 24, tzinfo=UTC)
    in_force = InForce(
        "list.txt",
        "article39",
        (Entry(ip_network("203.0.113.1/32")), Entry(ip_network("198.51.100.1/32"), group="EXG3")),
        leaving=(Leaving(Entry(ip_network("203.0.113.9/32")), at, at),),
        published=date(2009, 9, 18),
    )
    as_listed = Listed(
        source="list.txt",
        format="article39",
        digest=in_force.digest,
        networks=(ip_network("203.0.113.1/32"), ip_network("203.0.113.9/32")),
        published=date(2009, 9, 18),
        leaving=1,
        going=(Going(ip_network("203.0.113.9/32"), 1, 2, None),),
    )
    assert Listed.of(in_force) == as_listed
    assert Listed.of(in_force, ["EXG3"], "24") == replace(
        as_listed,
        networks=(ip_network("198.51.100.0/24"), ip_network("203.0.113.0/24")),
        widened=509,
    )


AT = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
MEMORY = replace(
    LISTED,
    going=(Going(NETWORKS[0], 1, 2, None), Going(NETWORKS[1], 2, 2, AT)),
    ahead=NETWORKS[2:4],
    withdrawn=(Withdrawn(NETWORKS[4], "ann", "it sends spam", AT),),
)


def test_a_report_says_what_the_list_remembers() -> None:
    """When each leaving entry goes, what came ahead of a held list, and who took what off."""
    lines = " ".join(text(Plan(LISTED.digest), MEMORY).split())
    assert (
        "Leaving: 203.0.113.1/32, 1 of 2 reads agree; it goes after 1 more read and the grace. "
        "Leaving: 203.0.113.2/32, goes at 2026-11-24 08:30 UTC unless a list shows it again. "
        "Let in ahead of the rest of a list that is held: 203.0.113.3/32, 203.0.113.4/32. "
        "Taken off by hand: 203.0.113.5/32, on 2026-11-24 08:30 UTC by ann: it sends spam."
    ) in lines
    many = replace(LISTED, going=(Going(NETWORKS[0], 1, 2, None),) * 10)
    assert "Leaving: 2 more." in text(Plan(LISTED.digest), many)


def test_what_the_list_remembers_as_data() -> None:
    """A time is ISO 8601, and null while reads are awaited."""
    found = document(Plan(LISTED.digest), MEMORY)["list"]
    assert {key: found[key] for key in ("going", "ahead", "withdrawn")} == {
        "going": [
            {"network": "203.0.113.1/32", "reads": 1, "of": 2, "goes": None},
            {"network": "203.0.113.2/32", "reads": 2, "of": 2, "goes": "2026-11-24T08:30:00+00:00"},
        ],
        "ahead": ["203.0.113.3/32", "203.0.113.4/32"],
        "withdrawn": [
            {
                "network": "203.0.113.5/32",
                "by": "ann",
                "reason": "it sends spam",
                "at": "2026-11-24T08:30:00+00:00",
            }
        ],
    }


def test_what_was_taken_off_and_leaves_is_not_said_to_leave() -> None:
    """Nobody waits for it: it is off already."""
    gone = Leaving(Entry(NETWORKS[0]), AT, AT)
    off = (Withdrawn(NETWORKS[0], "ann", "spam", AT),)
    found = Listed.of(InForce("list.txt", "cidr", (), leaving=(gone,), withdrawn=off))
    assert (found.networks, found.leaving, found.going, found.withdrawn) == ((), 0, (), off)


@pytest.mark.parametrize(
    ("listed", "line"),
    [
        (None, f"List {LISTED.digest}."),
        (
            Listed("list.txt", "cidr", "sha256:ab", NETWORKS[:1], widened=255),
            "List list.txt (cidr): 1 network, widening lets in 255 addresses that nobody listed; sha256:ab.",
        ),
    ],
)
def test_a_report_names_its_list(listed: Listed | None, line: str) -> None:
    """Where the list isn't at hand its digest stands, and widening says its cost."""
    lines = text(Plan(LISTED.digest), listed).splitlines()
    assert " ".join(part.strip() for part in lines[2:-2]) == line


# ------------------------------------------------------------------------------ what is said


def said(target: TargetPlan, listed: Listed | None = LISTED) -> list[str]:
    """The lines of a target on a terminal, under its title."""
    paragraphs = text(Plan(LISTED.digest, (target,)), listed).split("\n\n")
    return paragraphs[1].splitlines()[1:]


def looked_at(
    rules: Any, wanted: Wanted = WANTED, mode: Mode = Mode.WATCH, target: str = "aws:1/r/sg-1"
) -> TargetPlan:
    """A target with this exposure and no step."""
    now = state(rules, wanted)
    return TargetPlan(target, mode, LISTED.digest, before=now, after=now)


def test_mail_that_is_lost_beyond_the_list() -> None:
    """Where more than the list is missing, as with also_allow, nothing is counted by the list."""
    wanted = replace(WANTED, networks=NETWORKS[:1], also=(ip_network("10.1.0.0/16"),))
    assert said(looked_at(NOTHING, wanted)) == [
        "  Mail is lost: 65,537 IPv4 addresses, though wanted, can't reach port 25: 10.1.0.0/16, 203.0.113.1.",
        "  No address can reach port 25 here.",
        "  Mode watch: it is reported, and nothing is changed.",
    ]


def test_half_a_listed_network_that_is_lost() -> None:
    """A listed network that is lost in part is said by the part."""
    listed = replace(LISTED, networks=(ip_network("203.0.113.0/24"),))
    wanted = replace(WANTED, networks=listed.networks)
    assert said(looked_at(union([allow("203.0.113.0/25")], GROUP), wanted), listed)[:2] == [
        "  Mail is lost: 128 of 256 listed IPv4 addresses can't reach port 25: 203.0.113.128/25.",
        "  128 IPv4 addresses can reach port 25 here.",
    ]


def test_names_that_are_wanted_and_not_let_in() -> None:
    """A missing name makes the verdict, so it is said, though no address is missing."""
    wanted = replace(WANTED, names=frozenset({Name("sg-0relay", AddressSet.of("10.0.0.0/8"))}))
    assert said(looked_at(union(LISTED_RULES, GROUP), wanted)) == [
        "  Wanted but not let in: sg-0relay.",
        "  12 IPv4 addresses can reach port 25 here.",
        "  Mode watch: it is reported, and nothing is changed.",
    ]


def test_internal_space_that_is_kept_is_named_apart() -> None:
    """Hundreds of millions of private addresses don't drown the twelve that matter."""
    kept = replace(WANTED, internal="keep")
    exposure = union((*LISTED_RULES, allow("10.0.0.0/8", "192.168.0.0/16")), GROUP)
    assert said(looked_at(exposure, kept))[0] == (
        "  12 IPv4 addresses from outside, and internal ones, can reach port 25 here."
    )


def test_ports_are_spoken_of_together() -> None:
    """Over several ports a difference is the union, and the words say that it is."""
    both = {25: union(LISTED_RULES, GROUP), 587: union([allow("203.0.113.64/26")], GROUP)}
    target = looked_at(both)
    assert said(target) == [
        "  Mail is lost: all 12 listed IPv4 addresses can't reach one of the ports 25, 587: 203.0.113.1,",
        "    203.0.113.2, 203.0.113.3, 203.0.113.4, 203.0.113.5, 203.0.113.6, 203.0.113.7, 203.0.113.8 and 4",
        "    more.",
        "  Bypass open: 76 IPv4 addresses can reach one of the ports 25, 587 here; not wanted: 64 IPv4",
        "    addresses, 203.0.113.64 for one:",
        "    through rule tcp/25 from 203.0.113.64/26 (security group): 64 IPv4 addresses",
        "  Mode watch: it is reported, and nothing is changed.",
    ]
    found = document(Plan(LISTED.digest, (target,)))["targets"][0]
    assert found["verdict"] == "missing"
    assert found["missing"]["addresses"] == {"ipv4": 12, "ipv6": "0"}
    assert found["exposure"]["before"] == [
        "203.0.113.1/32", "203.0.113.2/31", "203.0.113.4/30", "203.0.113.8/30",
        "203.0.113.12/32", "203.0.113.64/26",
    ]  # fmt: skip


def test_one_rule_that_decides_two_ports_is_named_once() -> None:
    """The parts that a rule opens at each port are put together."""
    rule = "tcp/0-65535 from ENG"
    both = {
        25: union([allow("198.51.100.0/25", rule=rule, full=False)], GROUP),
        587: union([allow("198.51.100.128/25", rule=rule)], GROUP),
    }
    target = looked_at(both, replace(WANTED, networks=()))
    assert document(Plan(LISTED.digest, (target,)))["targets"][0]["excess"]["grants"] == [
        {"rule": rule, "layer": GROUP, "networks": ["198.51.100.0/24"]}
    ]
    assert (
        "    through rule tcp/0-65535 from ENG (security group): 256 IPv4 addresses, at some of the machines"
    ) in said(target)


def test_many_rules_are_cut_on_a_terminal_and_whole_in_json() -> None:
    """Eight rules are shown and the rest is counted; one more than eight is shown, not counted."""
    rules = [allow(f"198.51.{number}.0/24") for number in range(10)]
    wanted = replace(WANTED, networks=())
    lines = said(looked_at(union(rules, GROUP), wanted))
    assert sum("through rule" in line for line in lines) == 8
    assert "    and 2 more rules" in lines
    assert (
        sum("through rule" in one for one in said(looked_at(union(rules[:9], GROUP), wanted))) == 9
    )
    found = document(Plan(LISTED.digest, (looked_at(union(rules, GROUP), wanted),)))
    assert len(found["targets"][0]["excess"]["grants"]) == 10


def test_an_internal_bypass_has_a_witness_all_the_same() -> None:
    """Where nobody outside gets in the witness is an internal address; no rule known, none named."""
    lines = said(looked_at(replace(NOTHING, possible=AddressSet.of("10.0.0.0/8"))))
    assert lines[2:5] == [
        "  Bypass open: 16,777,216 IPv4 addresses can reach port 25 here; not wanted: all of them, 10.0.0.0",
        "    for one.",
        "  Internal addresses that get in: 10.0.0.0/8.",
    ]


def test_all_of_internal_ipv4_is_said_in_words() -> None:
    """Nobody needs the reserved networks spelt out where everyone gets in."""
    assert "  Internal addresses get in too, all IPv4 ones." in said(
        looked_at(union([allow("0.0.0.0/0")], GROUP))
    )


def test_a_target_that_is_gone_or_unreadable_says_what_is_known() -> None:
    """Neither reads as in sync: what isn't known is said to be unknown."""
    assert said(replace(GONE, reason="deleted at noon")) == [
        "  Gone: it was there last time and is no longer found. deleted at noon."
    ]
    assert said(replace(UNREADABLE, reason="")) == [
        "  Could not be read. Nothing is known of it, and nothing is planned."
    ]


def test_a_refusal_beside_steps() -> None:
    """Where only the closing is refused, the rest is planned, and the refusal says so."""
    refusal = Refusal(HALF.target, "no number is free ahead of `100 allow`")
    lines = said(replace(HALF, refusal=refusal, notes=(Note.FAILED, Note.NO_ROOM)))
    assert lines[6:9] == [
        "  Mode add: what others opened stays open; closing it takes enforce, or a person.",
        "  Refused: no number is free ahead of 100 allow. What can be done without it is planned.",
        "  Not right yet: no room.",
    ]


def test_a_command_is_never_broken() -> None:
    """Half a command that is pasted into a shell is another command: it stays on one line."""
    command = "aws ec2 revoke-security-group-ingress --group-id sg-1 " + "--x y " * 20
    remark = Remark("t", f"It stays; to close it run `{command.strip()}` by hand.")
    lines = said(replace(SYNCED, remarks=(remark,)))
    assert f"    {command.strip()}" in lines
    odd = replace(SYNCED, remarks=(Remark("t", "a lone ` stays"),))
    assert said(odd)[-1] == "  a lone ` stays"


def test_long_steps_are_cut_only_where_they_are_ours() -> None:
    """A person who approves sees every rule of somebody else that would go."""
    ours = adds(SYNCED.target, *(f"198.51.100.{number}" for number in range(40)))
    theirs = replace(ours, verb="remove", own=False)
    target = replace(SYNCED, steps=(ours, theirs), after=None)
    for rendered in (text, markdown):
        lines = rendered(Plan(LISTED.digest, (target,))).splitlines()
        assert sum("198.51.100." in line for line in lines) == 20 + 40
        assert [line.strip() for line in lines if "more" in line] == ["and 20 more"]
    assert html(Plan(LISTED.digest, (target,))).count("198.51.100.") == 80
    step = document(Plan(LISTED.digest, (target,)))["targets"][0]["steps"][0]
    assert len(step["changes"]) == 40


def test_a_long_row_of_networks_in_a_rule_of_ours_is_counted() -> None:
    """A deny of everybody else is a hundred networks; what is rewritten, or theirs, stays whole."""
    row = [f"198.51.100.{number}/32" for number in range(120)]
    new = f"+ 900 cloudsync-deny: deny tcp:25 from {', '.join(row)} [cloudsync/ours deny]"
    step = Step("add", (SYNCED.target,), (new,))
    wider = f"{new[:-22]}, 8.8.8.8/32 [cloudsync/ours deny]"
    rewritten = Step("replace", (SYNCED.target,), (f"- {new[2:]}", wider))
    theirs = Step("remove", (SYNCED.target,), (f"- {new[2:]}",), own=False)
    target = replace(SYNCED, steps=(step, rewritten, theirs), after=None)
    plan = Plan(LISTED.digest, (target,))
    short = (
        f"+ 900 cloudsync-deny: deny tcp:25 from {', '.join(row[:8])} and 112 more "
        "[cloudsync/ours deny]"
    )
    for rendered in (text, markdown):
        lines = [line.strip() for line in rendered(plan).splitlines()]
        assert [line for line in lines if " deny tcp:25 from " in line] == [
            short, wider, f"- {new[2:]}", f"- {new[2:]}",
        ]  # fmt: skip
    assert document(plan)["targets"][0]["steps"][0]["changes"] == [new]


def test_steps_that_leave_things_as_they_are_say_so() -> None:
    """Own rules behind a broader one change nothing today, and the plan doesn't pretend."""
    target = replace(SYNCED, steps=(adds(SYNCED.target, "203.0.113.1"),))
    assert said(target)[-1] == (
        "  After these steps still 12 IPv4 addresses can reach port 25 here, and the target is in sync."
    )


def test_what_stays_undetermined_after_the_steps_is_named() -> None:
    """Names and addresses that the steps can't settle stand under the outcome."""
    target = replace(UNSURE, steps=(adds(UNSURE.target, "x"),), after=UNSURE.before)
    assert said(target)[-2:] == [
        "  After these steps still 13 IPv4 addresses can reach port 25 here, and the target is undetermined:",
        "    still undetermined: 203.0.113.1, 203.0.113.2, Storage.WestEurope",
    ]


# ------------------------------------------------------------------------------ data


def test_the_plan_as_data_is_the_documented_one() -> None:
    """Every key, every number: IPv4 a number, IPv6 a decimal string, minimal CIDRs."""
    before = first_match(
        (
            deny("203.0.113.0/24", rule="85 some", full=False),
            deny("203.0.113.12", rule="90 deny"),
            deny(rule="92 tag", name=Name("tag:x", NOBODY)),
            allow("203.0.113.8/29", "2001:db8::/64", rule="100 filter"),
            allow("168.63.129.16", "10.0.0.0/9", rule="110 rest", name=Name("tag:y", EVERY_IPV4)),
            allow(rule="120 name alone", name=Name("tag:y", EVERY_IPV4)),
        ),
        "firewall",
    )
    target = replace(
        BLOCKED, before=state(before, replace(WANTED, networks=NETWORKS[8:])), after=RIGHT
    )
    plan = Plan(LISTED.digest, (target,))
    assert document(plan, LISTED) == {
        "schema": "cloudsync.plan/1",
        "digest": plan.digest,
        "list": {
            "source": "bundled",
            "format": "article39",
            "digest": LISTED.digest,
            "published": "2009-09-18",
            "networks": 12,
            "leaving": 1,
            "widened": 0,
            "going": [],
            "ahead": [],
            "withdrawn": [],
        },
        "targets": [
            {
                "target": "gcp:prod/default/tag:smtp",
                "digest": target.digest,
                "mode": "enforce",
                "verdict": "missing",
                "reason": "",
                "notes": ["held", "blocked", "managed_by"],
                "remarks": [
                    {"text": BLOCKED.remarks[0].text, "note": "blocked"},
                    {"text": BLOCKED.remarks[1].text, "note": None},
                ],
                "refusal": None,
                "mend": None,
                "missing": {
                    "addresses": {"ipv4": 1, "ipv6": "0"},
                    "networks": ["203.0.113.12/32"],
                    "names": [],
                    "stopped_by": [
                        {"rule": "90 deny", "layer": "firewall", "networks": ["203.0.113.12/32"]}
                    ],
                },
                "excess": {
                    "addresses": {"ipv4": 8388608 + 4, "ipv6": "18446744073709551616"},
                    "networks": [
                        "10.0.0.0/9", "203.0.113.8/32", "203.0.113.13/32", "203.0.113.14/31",
                        "2001:db8::/64",
                    ],
                    "grants": [
                        {
                            "rule": "100 filter",
                            "layer": "firewall",
                            "networks": [
                                "203.0.113.8/32", "203.0.113.13/32", "203.0.113.14/31",
                                "2001:db8::/64",
                            ],
                        },
                        {"rule": "110 rest", "layer": "firewall", "networks": ["10.0.0.0/9"]},
                    ],
                },
                "undetermined": {
                    "addresses": {"ipv4": 3, "ipv6": "0"},
                    "networks": ["203.0.113.9/32", "203.0.113.10/31"],
                    "names": ["tag:y"],
                },
                "internal": ["10.0.0.0/9"],
                "probe": ["168.63.129.16/32"],
                "names": ["tag:y"],
                "steps": [
                    {
                        "verb": "replace",
                        "own": True,
                        "changes": ["+ 100 allow filter", "- 100 allow filter"],
                    }
                ],
                "exposure": {
                    "before": [
                        "10.0.0.0/9", "168.63.129.16/32", "203.0.113.8/30", "203.0.113.13/32",
                        "203.0.113.14/31", "2001:db8::/64",
                    ],
                    "after": [
                        "203.0.113.1/32", "203.0.113.2/31", "203.0.113.4/30", "203.0.113.8/30",
                        "203.0.113.12/32",
                    ],
                },
            }
        ],
    }  # fmt: skip


def test_what_is_not_known_is_null() -> None:
    """A target that couldn't be looked at has no empty lists, which would read as in sync."""
    found = document(Plan(LISTED.digest, (UNREADABLE,)))
    assert found["list"] == {
        "source": None, "format": None, "digest": LISTED.digest, "published": None,
        "networks": None, "leaving": None, "widened": None, "going": None,
        "ahead": None, "withdrawn": None,
    }  # fmt: skip
    assert found["targets"] == [
        {
            "target": "aws:123456789012/us-east-1",
            "digest": UNREADABLE.digest,
            "mode": "add",
            "verdict": "unreadable",
            "reason": "access denied",
            "notes": [],
            "remarks": [],
            "refusal": None,
            "mend": None,
            "missing": None,
            "excess": None,
            "undetermined": None,
            "internal": None,
            "probe": None,
            "names": None,
            "steps": [],
            "exposure": {"before": None, "after": None},
        }
    ]


def test_the_run_as_data_is_the_documented_one() -> None:
    """Outcomes in their order, and each target as found afterwards with the verdict it had."""
    found = document_outcome(RUN, LISTED)
    assert [(one["verb"], one["own"], one["outcome"], one["message"], one["todo"], one["targets"])
            for one in found["outcomes"]] == [
        ("add", True, "done", "", "", [OPEN.target]),
        ("remove", False, "unknown", "the connection was closed", "", [OPEN.target]),
        ("add", True, "throttled", "RequestLimitExceeded", "Run it again", [HALF.target]),
    ]  # fmt: skip
    assert found["became_in_sync"] == [OPEN.target]
    assert found["digest"] == RUN.plan.digest
    same = {"before": "sha256:aaaa", "after": "sha256:aaaa"}
    other = {"before": "sha256:aaaa", "after": "sha256:bbbb"}
    assert [(one["target"], one["was"], one["verdict"], one["outbound"])
            for one in found["targets"]] == [
        (REFUSED.target, "missing", "unreadable", None),
        (GONE.target, None, "gone", None),
        (SYNCED.target, "in_sync", "in_sync", None),
        (HALF.target, "missing", "missing", other),
        (OPEN.target, "open", "in_sync", same),
    ]  # fmt: skip


def test_bytes_are_the_same_whatever_comes_first() -> None:
    """A cloud may list targets and rules in another order; the document doesn't change for it."""
    rules = [allow("198.51.100.0/24"), allow("9.0.0.0/8"), allow("10.0.0.0/8"), *LISTED_RULES]
    step = adds("aws:1/r/sg-1", "9.0.0.0/8", "10.0.0.0/8")
    turned = replace(step, changes=step.changes[::-1])
    one = replace(looked_at(union(rules, GROUP)), steps=(step,))
    same = replace(looked_at(union(rules[::-1], GROUP)), steps=(turned,))
    plans = Plan(LISTED.digest, (one, SYNCED)), Plan(LISTED.digest, (SYNCED, same))
    targets = [as_json({"targets": document(plan)["targets"]}) for plan in plans]
    assert targets[0] == targets[1]
    grants = document(plans[0])["targets"][0]["excess"]["grants"]
    assert [grant["rule"] for grant in grants] == [
        "tcp/25 from 9.0.0.0/8",
        "tcp/25 from 10.0.0.0/8",
        "tcp/25 from 198.51.100.0/24",
    ]
    assert said(one) == said(same)


# ------------------------------------------------------------------------------ hostile labels

HOSTILE = "</code><script>alert(1)</script>|`x`|\x1b[2J\n# in sync @team [a](https://evil.example)"


def hostile() -> tuple[Plan, RunReport]:
    """A plan and a run in which everything that somebody else writes is hostile."""
    rules = (
        allow("198.51.100.0/24", rule=HOSTILE, name=Name(HOSTILE, EVERY_IPV4)),
        deny("203.0.113.1", rule=HOSTILE),
    )
    target = TargetPlan(
        HOSTILE,
        Mode.ADD,
        HOSTILE,
        before=state(first_match(rules, HOSTILE)),
        after=state(first_match(rules, HOSTILE)),
        steps=(Step("add", (HOSTILE, HOSTILE + "2"), (f"+ {HOSTILE}",)),),
        remarks=(Remark(HOSTILE, HOSTILE, Note.BLOCKED), Remark(HOSTILE, "```")),
        refusal=Refusal(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
    )
    lost = TargetPlan(HOSTILE + "3", Mode.ADD, HOSTILE, reason=HOSTILE)
    plan = Plan(HOSTILE, (target, lost))
    failed = (target.steps[0], Outcome("failed", HOSTILE, HOSTILE))
    return plan, RunReport(plan, (failed,), plan, {HOSTILE: (HOSTILE, HOSTILE + "4")})


HOSTILE_LIST = replace(LISTED, source=HOSTILE, digest=HOSTILE)


def test_no_label_reaches_the_terminal_alive() -> None:
    """Neither an escape nor a line of its own: everything but our newlines prints."""
    plan, run = hostile()
    for out in (text(plan, HOSTILE_LIST), as_json(document(plan, HOSTILE_LIST))):
        assert {char for char in out if not char.isprintable()} == {"\n"}
        assert not [line for line in out.splitlines() if line.strip().startswith("# in sync")]
    assert as_json(document_outcome(run)).isascii()
    harmless = (
        r"</code><script>alert(1)</script>|`x`|\x1b[2J\n# in sync @team [a](https://evil.example)"
    )
    assert f"MISSING  {harmless}  (mode add)" in text(plan).splitlines()
    assert f"    + {harmless}" in text(plan).splitlines()


class Tags(HTMLParser):
    """What a browser would make elements of."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag and its attributes."""
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_no_label_makes_an_element() -> None:
    """The page holds our elements alone, loads nothing and links nowhere but within itself."""
    plan, run = hostile()
    for page in (html(plan, HOSTILE_LIST), html_outcome(run, HOSTILE_LIST)):
        tags = Tags()
        tags.feed(page)
        assert tags.found <= {
            "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "code", "table",
            "thead", "tbody", "tr", "th", "td", "a", "section", "div", "ul", "li", "pre", "br",
            "ins", "del", "span", "footer",
        }  # fmt: skip
        assert tags.attributes == {
            "lang", "charset", "http-equiv", "content", "name", "href", "id", "class",
        }  # fmt: skip
        assert re.findall(r"href=\"([^#][^\"]*)\"|url\(|@import", page) == []
        assert "\x1b" not in page
        assert "default-src 'none'; style-src 'unsafe-inline'" in page


def test_no_label_makes_markdown() -> None:
    """Rendered by a Markdown parser with HTML on, a label stays text: no element, link or mention."""
    from markdown_it import MarkdownIt

    plan, run = hostile()
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    for source in (markdown(plan, HOSTILE_LIST), markdown_outcome(run, HOSTILE_LIST)):
        tokens = parser.parse(source)
        kinds = {token.type for token in tokens}
        kinds |= {child.type for token in tokens for child in token.children or ()}
        assert kinds & {"html_block", "html_inline", "link_open", "image", "hr"} == set()
        assert sum(token.type == "heading_open" for token in tokens) == 3
        assert {token.markup for token in tokens if token.type == "fence"} == {"```"}
        rows = sum(token.type == "tr_open" for token in tokens)
        assert sum(token.type in {"td_open", "th_open"} for token in tokens) == 3 * rows
        prose = [
            child.content
            for token in tokens
            for child in token.children or ()
            if child.type == "text"
        ]
        assert [part for part in prose if "@team" in part] == []


def test_a_fence_is_longer_than_any_in_it() -> None:
    """A change that holds a fence of its own can't end the block it stands in."""
    step = Step("add", (SYNCED.target,), ("+ a", "+ b ````\n# forged"))
    lines = markdown(Plan("", (replace(SYNCED, steps=(step,)),))).splitlines()
    assert lines[-7:-2] == [
        "  `````diff",
        "  + a",
        r"  + b ````\n# forged",
        "  `````",
        "- After these steps still 12 IPv4 addresses can reach port 25 here, and the target is in sync.",
    ]


def test_an_empty_label_and_one_that_begins_with_a_backtick() -> None:
    """Neither leaves a stray fence behind."""
    step = Step("add", (SYNCED.target, "", "`a", " b"), ("+ x",))
    lines = markdown(Plan("", (replace(SYNCED, steps=(step,)),))).splitlines()
    assert "  - It touches also , `  b `, `` `a ``." in lines


def test_a_plan_of_nothing_is_a_page_all_the_same() -> None:
    """No target means no table and no section, and the page says so."""
    assert markdown(Plan(LISTED.digest)).splitlines()[2:] == [
        "- No target.",
        f"- Plan `{Plan(LISTED.digest).digest}`.",
        f"- List `{LISTED.digest}`.",
        "",
        "*Each verdict is of one target: other groups or policies on the same machine are not looked at yet.*",
    ]
    assert "<table>" not in html(Plan(LISTED.digest))


# ------------------------------------------------------------------------------ exit codes

HELD = replace(OPEN, notes=(Note.HELD,))
FAILED = replace(OPEN, notes=(Note.FAILED,))
STAYS_OPEN = replace(HALF, before=HALF.after, steps=())
WATCHED = replace(STAYS_OPEN, mode=Mode.WATCH)
UNDETERMINED = looked_at(
    union([*LISTED_RULES[1:], allow(str(NETWORKS[0]), full=False)], GROUP), mode=Mode.ENFORCE
)
A_NAME = Name("prefix list", EVERY_IPV4)
OUTSIDE_NAME = looked_at(union([*LISTED_RULES, allow(name=A_NAME)], GROUP), mode=Mode.ENFORCE)
MISSING_NAME = looked_at(
    union(LISTED_RULES, GROUP), replace(WANTED, names=frozenset({A_NAME})), mode=Mode.ADD
)


@pytest.mark.parametrize(
    ("target", "plan", "detailed", "drift", "apply"),
    [
        (SYNCED, 0, 0, 0, 0),
        (replace(SYNCED, steps=HALF.steps), 0, 2, 2, 2),
        (replace(SYNCED, steps=HALF.steps, mode=Mode.WATCH), 0, 2, 0, 0),
        (OPEN, 0, 2, 2, 2),
        (replace(OPEN, steps=()), 0, 0, 2, 2),
        (STAYS_OPEN, 0, 0, 2, 0),
        (WATCHED, 0, 0, 2, 0),
        (replace(HALF, steps=()), 0, 0, 2, 2),
        (replace(HALF, steps=(), mode=Mode.WATCH), 0, 0, 2, 0),
        (UNDETERMINED, 0, 0, 2, 2),
        (replace(UNDETERMINED, mode=Mode.ADD), 0, 0, 2, 0),
        (OUTSIDE_NAME, 0, 0, 2, 2),
        (MISSING_NAME, 0, 0, 2, 2),
        (HELD, 4, 4, 4, 4),
        (FAILED, 3, 3, 3, 3),
        (REFUSED, 3, 3, 3, 3),
        (replace(REFUSED, notes=()), 3, 3, 3, 3),
        (GONE, 3, 3, 3, 3),
        (UNREADABLE, 3, 3, 3, 3),
    ],
)
def test_what_a_target_makes_a_command_end_with(
    target: TargetPlan, plan: int, detailed: int, drift: int, apply: int
) -> None:
    """The table of the documentation, target by target."""
    one = Plan(LISTED.digest, (SYNCED, target))
    assert (
        exit_code(one, command="plan"),
        exit_code(one, command="plan", detailed=True),
        exit_code(one, command="drift"),
        exit_code(one, command="apply"),
    ) == (plan, detailed, drift, apply)


@pytest.mark.parametrize("command", ["plan", "drift", "apply"])
def test_the_gravest_code_wins(command: Command) -> None:
    """A failure comes before a hold, and a hold before differences."""
    targets = (OPEN, HELD, GONE)
    assert exit_code(Plan("", targets), command=command) == Exit.FAILED
    assert exit_code(Plan("", targets[:2]), command=command) == Exit.HELD
    assert exit_code(Plan(""), command=command) == Exit.DONE


@pytest.mark.parametrize(
    ("kind", "after", "code"),
    [
        ("done", SYNCED, Exit.DONE),
        ("unknown", SYNCED, Exit.DONE),
        ("done", STAYS_OPEN, Exit.DONE),
        ("done", HALF, Exit.PENDING),
        ("unknown", HALF, Exit.FAILED),
        ("denied", HALF, Exit.FAILED),
        ("done", GONE, Exit.FAILED),
        ("unknown", GONE, Exit.FAILED),
    ],
)
def test_what_a_run_ends_with(kind: Any, after: TargetPlan, code: Exit) -> None:
    """A step that wasn't done is a failure only while something is still to do there."""
    target = "aws:1/r/sg-1"
    plan = Plan("", (replace(OPEN, target=target),))
    step = adds(target, "203.0.113.1")
    report = RunReport(plan, ((step, Outcome(kind)),), Plan("", (replace(after, target=target),)))
    assert exit_of_run(report) == code
    assert report.failed == ((target,) if code == Exit.FAILED and kind != "done" else ())


def test_a_target_that_was_not_looked_at_again_has_failed() -> None:
    """Nobody knows what a run left behind there, so it must not end as done."""
    report = RunReport(Plan("", (SYNCED,)), (), Plan(""))
    assert exit_of_run(report) == Exit.FAILED
    assert [(one.target, one.verdict, one.reason) for one in report.now.targets] == [
        (SYNCED.target, Verdict.UNREADABLE, "it was not looked at again after the run")
    ]
    assert markdown_outcome(report).splitlines()[2:5] == [
        "- 0 of 0 steps done.",
        "- No target became in sync.",
        "- Now: 1 target: 1 unreadable; no step.",
    ]


def undone(target: TargetPlan) -> RunReport:
    """A run of two steps at ``target`` that can be taken back."""
    first, second = target.steps
    return RunReport(
        Plan("", (target,)),
        ((first, Outcome("done")), (second, Outcome("done"))),
        Plan("", (replace(target, before=RIGHT, steps=()),)),
        run="20261124T080000Z-abcdef",
        reversals={
            first: Reversal(("aws one --x 'a b'",)),
            second: Reversal(("aws two", "aws three"), {"rules": []}),
        },
    )


def test_a_run_that_enforced_says_how_it_is_taken_back() -> None:
    """The command of ours first, and at the end of the target the vendor's, the last step first."""
    report = undone(OPEN)
    lines = text_outcome(report).splitlines()
    assert (
        "To open again what this run closed, and pause what it closed: "
        "cloudsync undo 20261124T080000Z-abcdef --reason TEXT."
        in " ".join(text_outcome(report).split())
    )
    at = lines.index("  To undo this without cloudsync, one after the other:")
    assert lines[at + 1 : at + 5] == ["    aws two", "    aws three", "    aws one --x 'a b'", ""]
    found = document_outcome(report)
    assert found["run"] == "20261124T080000Z-abcdef"
    assert [one["undo"] for one in found["targets"]] == [
        ["aws two", "aws three", "aws one --x 'a b'"]
    ]


def test_what_only_lets_in_needs_no_taking_back() -> None:
    """In add no commands are said, since with them a person would shut mail out."""
    assert "without cloudsync" not in text_outcome(undone(replace(OPEN, mode=Mode.ADD)))
