"""One is one, in every text that people read."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from cloudsync import docket
from cloudsync.conditions.telling import line
from cloudsync.holds import reminder
from cloudsync.memory.firewall import Rule
from cloudsync.plural import agreeing, counted
from cloudsync.preflight.page import Granted, Page
from cloudsync.preflight.page import text as preflight_text
from cloudsync.report import html, html_outcome, markdown, markdown_outcome, text, text_outcome
from cloudsync.tells import Permission
from tests.unit.test_reconcile import LISTED, NOW, OPEN
from tests.unit.test_worker import ENFORCE, Shift

NOUNS: Final = (
    "address|anchor|bypass|change|day|decision|entry|file|hour|interface|line|machine|minute|month|"
    "name|network|number|prefix|project|range|read|rule|run|sender|server|source|step|subnet|"
    "target|thing|time|warning|week"
)
MANY: Final = "|".join(counted(2, one).removeprefix("2 ") for one in NOUNS.split("|"))
ONE: Final = r"(?<![\w.,:/-])1 (?!of )(?:[A-Za-z0-9-]+ ){0,3}?"
WRONG: Final = re.compile(
    rf"{ONE}(?:{MANY})\b"
    rf"|(?<!of ){ONE}(?:{NOUNS}) (?:that )?(?:are|were|have|get|wait|need|leave)\b"
    r"|\b\w*(?:entrys|addresss|prefixs)\b"
)


def wrong(said: str) -> list[str]:
    """What nobody would say, in a text of any format."""
    plain = re.sub(r"<[^>]*>", "", said)
    return [match[0] for match in WRONG.finditer(plain)]


@pytest.mark.parametrize(
    ("noun", "one", "several"),
    [
        ("step", "1 step", "2,000 steps"),
        ("more rule", "1 more rule", "2,000 more rules"),
        ("address", "1 address", "2,000 addresses"),
        ("source prefix", "1 source prefix", "2,000 source prefixes"),
        ("entry", "1 entry", "2,000 entries"),
        ("day", "1 day", "2,000 days"),
    ],
)
def test_a_noun_is_counted(noun: str, one: str, several: str) -> None:
    """One of them, and several; none is several."""
    assert (counted(1, noun), counted(2_000, noun)) == (one, several)
    assert counted(0, noun) == several.replace("2,000", "0")


def test_a_verb_goes_with_its_number() -> None:
    """One is, none and two are."""
    assert [agreeing(number, "is", "are") for number in range(3)] == ["are", "is", "are"]


@pytest.mark.parametrize(
    "said",
    [
        "1 targets: 1 open", "<b>1</b> IPv4 addresses", "1 IPv4 address that get in today",
        "2 entrys", "1 network are new",
    ],
)  # fmt: skip
def test_what_nobody_would_say_is_seen(said: str) -> None:
    """So the tests below can fail."""
    assert wrong(said)


@pytest.fixture
def lonely() -> Shift:
    """One target, one sender that is listed, and one address that gets in unlisted."""
    rule = Rule(1000, "one", sources=("9.9.9.9/32",))
    return Shift({"one": (rule,)}, (ENFORCE,), LISTED[:1])


def test_every_report_counts_one_as_one(lonely: Shift) -> None:
    """As text, Markdown and HTML; before and after; held, approved, closed, open and lost again."""
    said: list[str] = []
    for step in range(4):
        passed = lonely.one_pass()
        plan, now, listed = passed.found.plan, passed.report.now, passed.found.listed
        for one in (plan, now):
            said += [text(one, listed), markdown(one, listed), html(one, listed)]
        for tell in (text_outcome, markdown_outcome, html_outcome):
            said.append(tell(passed.report, listed))
        said += [line(one) for one in passed.turn.tell]
        said += [reminder(one) for one in passed.tell]
        if step == 0:
            (hold,) = docket.holds(lonely.job)
            assert hold.what == "its first enforce would shut out 1 IPv4 address that gets in today"
            lonely.approve()
        if step == 1:
            lonely.world.edit("one", replace(lonely.world.firewalls["one"], rules=()))
        if step == 2:
            lonely.blocks = ({"mode": "watch"},)
            lonely.world.edit("one", replace(lonely.world.firewalls["one"], rules=(OPEN,)))
            lonely.listed = LISTED[1:2]
        lonely.now += timedelta(hours=5)
    assert [found for one in said for found in wrong(one)] == []
    assert any("1 target: 1 open" in one for one in said)


def test_preflight_counts_one_as_one() -> None:
    """One target, one permission."""
    granted = Granted("here", "add", 1, 1, (Permission("t", "a", held=True),))
    said = preflight_text(Page(NOW, (), {}, (), (), None, None, (granted,)))
    assert "permissions asked for at 1 of 1 target: 1 of 1 is there" in said
