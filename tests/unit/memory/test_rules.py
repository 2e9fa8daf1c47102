"""The in-memory rules: how one reads, what it decides, whose it is."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from cloudsync.addresses import EVERYONE, INTERNAL, NOBODY, PUBLIC, AddressSet
from cloudsync.exposure import Clause, Name
from cloudsync.memory.firewall import PROBES, Firewall, MemorySnapshot, Rule, clause, name_of
from cloudsync.memory.rules import MemoryRules
from cloudsync.model import Mode, Note, Purpose, Wanted, mark
from cloudsync.provider import Foreign, Remark, Scope, Sources

T = "memory:w/fw"
OWN = Rule(
    100, "cloudsync:mail:25:list:ipv4", sources=("192.0.2.0/24",),
    description=mark("mail", Purpose.LIST),
)  # fmt: skip


def snapshot(*rules: Rule) -> MemorySnapshot:
    """One firewall."""
    return MemorySnapshot(Scope("memory:w"), {T: Firewall(rules)})


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (OWN, "100 cloudsync:mail:25:list:ipv4: allow tcp/25 from 192.0.2.0/24 (cloudsync/mail list)"),
        (Rule(1, "d", allow=False), "1 d: deny tcp/25 from everyone"),
        (Rule(1, "r", sources=("10.0.0.0/8",), names=("tag-a",), ports=(20, 30), machines=("a",)),
         "1 r: allow tcp/20-30 from 10.0.0.0/8, tag-a to a only"),
        (Rule(1, "a", protocol="all"), "1 a: allow everything from everyone"),
        (Rule(1, "u", protocol="udp"), "1 u: allow udp/25 from everyone"),
    ],
)  # fmt: skip
def test_a_rule_reads_as_a_sentence(rule: Rule, text: str) -> None:
    """Number, name, what, from whom, to which machines, and the description."""
    assert str(rule) == text


@pytest.mark.parametrize(
    ("rule", "decides", "alone"),
    [
        (Rule(1, "r"), True, True),
        (Rule(1, "r", ports=(20, 30)), True, False),
        (Rule(1, "r", ports=(25, 26)), True, False),
        (Rule(1, "r", ports=(26, 30)), False, False),
        (Rule(1, "r", ports=(20, 24)), False, False),
        (Rule(1, "r", ports=(443, 443)), False, False),
        (Rule(1, "r", protocol="udp"), False, False),
        (Rule(1, "r", ports=(1, 2), protocol="all"), True, False),
    ],
)
def test_what_a_rule_decides(rule: Rule, decides: bool, alone: bool) -> None:
    """Ranges that hold the port and `all` decide it; only a rule for it and nothing else is alone."""
    assert (rule.decides(25), rule.alone((25,))) == (decides, alone)


def test_rules_are_asked_by_number_and_a_deny_wins() -> None:
    """On a tie the deny comes first."""
    rules = (Rule(2, "c"), Rule(1, "b"), Rule(1, "a", allow=False))
    assert [rule.name for rule in Firewall(rules).ordered] == ["a", "b", "c"]


def test_names_have_their_bounds() -> None:
    """Probes by the probes, outside names by public space, others by internal space."""
    assert name_of("probe:lb").bound == PROBES
    assert name_of("outside:x").bound == PUBLIC
    assert name_of("tag-a").bound == INTERNAL


def test_a_rule_is_one_clause() -> None:
    """Neither sources nor names is everyone; a name alone has no address; machines make it partial."""
    assert clause(Rule(1, "r")) == Clause(True, EVERYONE, "1 r: allow tcp/25 from everyone")
    named = Rule(1, "r", names=("tag-a",), machines=("a",))
    assert clause(named) == Clause(
        True, NOBODY, str(named), frozenset([Name("tag-a", INTERNAL)]), full=False
    )


@pytest.mark.parametrize(
    "reshaped",
    [
        replace(OWN, ports=(25, 26)),
        replace(OWN, protocol="all"),
        replace(OWN, machines=("a",)),
        replace(OWN, allow=False),
        replace(OWN, sources=()),
        replace(OWN, names=("tag-a",)),
        replace(OWN, sources=(), names=("tag-a", "tag-b")),
        replace(OWN, description="cloudsync/mail"),
        replace(OWN, description="cloudsync/mail-2 list"),
        replace(OWN, description="cloudsync-terraform/mail"),
        replace(OWN, name="renamed"),
    ],
)
def test_own_is_mark_and_shape(reshaped: Rule) -> None:
    """A rule of ours that somebody reshaped is a stranger's, and decides as one."""
    rules = MemoryRules()
    assert rules.own(snapshot(OWN), "mail", (25,)) == {
        T: {Purpose.LIST: Sources(AddressSet.of("192.0.2.0/24"))}
    }
    assert rules.foreign(snapshot(OWN), "mail", (25,)) == {T: {}}
    assert rules.own(snapshot(reshaped), "mail", (25,)) == {T: {}}
    assert list(rules.foreign(snapshot(reshaped), "mail", (25,))[T]) == [str(reshaped)]


def test_foreign_rules_are_told_with_what_they_let_in() -> None:
    """A deny lets nobody in; a rule that doesn't decide the port isn't listed."""
    deny, broad, web = (
        Rule(1, "d", allow=False), Rule(2, "b", sources=("10.0.0.0/8",), ports=(20, 30)),
        Rule(3, "w", ports=(443, 443)),
    )  # fmt: skip
    assert MemoryRules().foreign(snapshot(deny, broad, web), "mail", (25,))[T] == {
        str(deny): Foreign(str(deny), NOBODY, alone=True, untouchable=True),
        str(broad): Foreign(str(broad), AddressSet.of("10.0.0.0/8"), alone=False, untouchable=True),
    }


def test_elsewhere_is_every_rule_but_those_for_the_port_alone() -> None:
    """A broader rule and its place count; a rule for port 25 alone doesn't."""
    rules = MemoryRules()
    web, broad = Rule(3, "w", ports=(443, 443)), Rule(2, "b", ports=(20, 30))
    same = rules.elsewhere(snapshot(web, broad), (25,))
    assert rules.elsewhere(snapshot(broad, OWN, web), (25,)) == same
    assert rules.elsewhere(snapshot(web), (25,)) != same
    assert rules.elsewhere(snapshot(web, replace(broad, number=4)), (25,)) != same


def test_a_name_that_a_stranger_has_is_avoided() -> None:
    """A reshaped rule keeps its name, so the new own rule gets another."""
    reshaped = replace(OWN, ports=(25, 26))
    want = Wanted("mail", Mode.ADD, (ip_network("192.0.2.0/24"),))
    proposal = MemoryRules().steps(snapshot(reshaped), {T: want})
    assert [step.call.name for step in proposal.steps] == ["cloudsync:mail:25:list:ipv4'"]
    assert proposal.remarks == (
        Remark(T, f"a rule of cloudsync's was changed by hand: {reshaped}", Note.CONTESTED),
    )


def test_another_installation_that_opens_is_contested() -> None:
    """What it lets in that nobody wants here is said; what is wanted here isn't."""
    theirs = Rule(5, "x", sources=("8.8.8.8/32",), description="cloudsync/other list")
    fine = Rule(6, "y", sources=("192.0.2.7/32",), description="cloudsync/other list")
    want = Wanted("mail", Mode.WATCH, (ip_network("192.0.2.0/24"),))
    proposal = MemoryRules().steps(snapshot(theirs, fine), {T: want, "elsewhere": want})
    assert proposal.steps == ()
    assert proposal.remarks == (
        Remark(T, f"a rule of cloudsync's was changed by hand: {theirs}", Note.CONTESTED),
    )


def test_a_target_nobody_asked_for_gets_no_step() -> None:
    """Only what something is wanted of is planned."""
    assert MemoryRules().steps(snapshot(), {}).steps == ()


def test_a_copy_of_an_own_rule_goes() -> None:
    """A second own rule for the same purpose and family has no place, and is taken away."""
    copy = replace(OWN, number=200, name="cloudsync:copy")
    want = Wanted("mail", Mode.ADD, (ip_network("192.0.2.0/24"),))
    proposal = MemoryRules().steps(snapshot(OWN, copy), {T: want})
    assert [(step.verb, step.call) for step in proposal.steps] == [("remove", copy)]
