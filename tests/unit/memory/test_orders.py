"""Taking back at a firewall in memory: what a run closed is opened again, and no more."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

from cloudsync.addresses import EVERYONE, AddressSet
from cloudsync.memory.firewall import PROBES, Firewall, MemorySnapshot, Rule
from cloudsync.memory.rules import MemoryRules
from cloudsync.model import Mode, Wanted
from cloudsync.plan import make
from cloudsync.prove import prove
from cloudsync.provider import Order, Refusal, Scope, Snapshot, Step

T = "memory:w/fw"
RULES = MemoryRules()
OPEN = Rule(1000, "open")
WANT = Wanted("mail", Mode.ENFORCE, (ip_network("192.0.2.0/24"),), internal="close")


def snapshot(*rules: Rule) -> MemorySnapshot:
    """One firewall."""
    return MemorySnapshot(Scope("memory:w"), {T: Firewall(rules)})


def closed(before: Snapshot) -> tuple[Snapshot, Order]:
    """The firewall after an enforcing run, and the order to undo that run."""
    (plan,) = make(RULES, before, {T: WANT}, "d")
    now = before
    for step in plan.steps:
        now = RULES.after(now, step)
    records = tuple(one.record for one in plan.reversals if one.record)
    return now, Order("undo", records)


def follow(before: Snapshot, order: Order, want: Wanted = WANT) -> Snapshot:
    """The firewall after what was ordered; a second time there is nothing left to do."""
    (plan,) = make(RULES, before, {T: want}, "d", order)
    assert plan.refusal is None
    now = before
    for step in plan.steps:
        now = RULES.after(now, step)
    (again,) = make(RULES, now, {T: want}, "d", order)
    assert again.steps == ()
    return now


def possible(now: Snapshot) -> AddressSet:
    """Who gets in at port 25."""
    return RULES.exposure(now, 25)[T].possible


def test_undo_opens_what_the_run_closed_and_leaves_the_list_in() -> None:
    """Own denies go, own allows stay, in every mode that the target may have by now."""
    now, order = closed(snapshot(OPEN))
    assert possible(now) == WANT.addresses | PROBES
    for mode in Mode:
        after = follow(now, order, replace(WANT, mode=mode))
        assert possible(after) == EVERYONE
        assert any(rule.description == "cloudsync/mail list" for rule in rules(after))


def test_undo_of_a_wider_deny_gives_back_the_narrow_one() -> None:
    """What was closed before the run stays closed."""
    keep = replace(WANT, internal="keep")
    (plan,) = make(RULES, snapshot(OPEN), {T: keep}, "d")
    kept: Snapshot = snapshot(OPEN)
    for step in plan.steps:
        kept = RULES.after(kept, step)
    before = possible(kept)
    now, order = closed(kept)
    assert possible(now) == WANT.addresses | PROBES
    assert possible(follow(now, order)) == before


def test_undo_leaves_denies_of_other_runs() -> None:
    """A run that denied nothing has nothing to give back."""
    now, _ = closed(snapshot(OPEN))
    assert follow(now, Order("undo")) == now


def test_relax_takes_every_own_deny_away() -> None:
    """Whatever stood behind is open again; a stranger's deny stays."""
    theirs = Rule(50_000, "theirs", allow=False, sources=("203.0.113.0/24",))
    now, _ = closed(snapshot(OPEN, theirs))
    after = follow(now, Order("relax"))
    assert possible(after) == EVERYONE
    assert theirs in rules(after)


def rules(now: Snapshot) -> tuple[Rule, ...]:
    """The rules of the one firewall."""
    assert isinstance(now, MemorySnapshot)
    return now.firewalls[T].rules


def test_every_step_has_a_command() -> None:
    """What was made is removed by name; what was rewritten or removed is written as it stood."""
    (plan,) = make(RULES, snapshot(OPEN), {T: WANT}, "d")
    made = ("list:ipv4", "probe:ipv4", "probe:ipv6", "deny:ipv4", "deny:ipv6")
    assert [one.commands for one in plan.reversals] == [
        (f"memory remove 'cloudsync:mail:25:{name}'",) for name in made
    ]
    now, _ = closed(snapshot(OPEN))
    (undone,) = make(RULES, now, {T: WANT}, "d", Order("relax"))
    stood = "1000 cloudsync:mail:25:deny:ipv4: deny tcp/25 from 0.0.0.0/0 (cloudsync/mail deny)"
    assert undone.reversals[0].commands == (f"memory write '{stood}'",)
    assert [one.record for one in undone.reversals] == [{}, {}]


def test_an_own_rule_stays_where_what_else_lets_in_is_not_certain() -> None:
    """A partial allow behind a partial deny may let in nobody at all: only the own rule does."""
    standing = (
        Rule(10, "no", allow=False, sources=("192.0.2.0/24",), machines=("a",)),
        Rule(
            100, "cloudsync:mail:25:list:ipv4", sources=("192.0.2.0/24",),
            description="cloudsync/mail list",
        ),
        Rule(200, "yes", sources=("192.0.2.0/24",), machines=("a",)),
    )  # fmt: skip
    going = Step("remove", (T,), (f"- {standing[1]}",), call=standing[1])
    assert prove(RULES, snapshot(*standing), [going], {T: WANT}).refusal == Refusal(
        T,
        "a step would stop 192.0.2.0, which stands in a rule of ours and gets in today",
        witness="192.0.2.0",
    )
