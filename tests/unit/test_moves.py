"""The order of calls: what must hold of every way from what stands to what should stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import EVERY_IPV4, NOBODY, AddressSet
from cloudsync.exposure import Clause, Name
from cloudsync.model import Purpose
from cloudsync.moves import Move, moves
from cloudsync.numbering import Numbered, Placed, Slot
from cloudsync.place import Placement

POOL = tuple(AddressSet.of(f"192.0.2.{number}") for number in range(5))
RELAY = AddressSet.of("10.1.2.3")
LIST4, ALSO4 = Slot(Purpose.LIST, "ipv4"), Slot(Purpose.ALSO, "ipv4")
AHEAD, FURTHER = Slot(Purpose.LIST, "ipv4 ahead"), Slot(Purpose.LIST, "ipv4 ahead ahead")
DENY4 = Slot(Purpose.DENY, "ipv4")

sources = st.sets(st.sampled_from((*POOL, RELAY)), min_size=1).map(AddressSet.union)
slots = st.sets(st.sampled_from((LIST4, ALSO4, Slot(Purpose.PROBE, "ipv4"))))


def stands(slot: Slot, number: int, source: AddressSet) -> Numbered:
    """An own rule that stands."""
    return Numbered(number, Clause(slot.allow, source, f"{number}"), slot)


def made(standing: dict[Slot, Placed], move: Move) -> dict[Slot, Placed]:
    """What stands after one call."""
    others = {slot: rule for slot, rule in standing.items() if slot != move.rule.slot}
    return others if move.verb == "remove" else {**others, move.rule.slot: move.rule}


@given(data=st.data())
def test_what_is_wanted_and_stands_is_never_out_of_every_own_rule(data: st.DataObject) -> None:
    """Whoever stood in an own rule and will stand in one stands in one after each call between."""
    before = {
        slot: stands(slot, data.draw(st.integers(1, 3)), data.draw(sources))
        for slot in data.draw(slots)
    }
    after = {
        slot: Placed(slot, data.draw(st.integers(1, 3)), data.draw(sources))
        for slot in data.draw(slots)
    }
    stale = tuple(sorted(slot for slot in before if slot not in after))
    wanted = AddressSet.union(rule.source for rule in after.values())
    now = {slot: Placed(slot, rule.number, rule.clause.source) for slot, rule in before.items()}
    held = AddressSet.union(rule.source for rule in now.values()) & wanted
    narrowing = False
    for move in moves(before, Placement(tuple(after.values()), stale), wanted, RELAY):
        takes = move.verb == "remove" or move.narrows
        assert takes or not narrowing, "an addition after something was taken away"
        narrowing = takes
        assert (move.rule.slot in now) is (move.verb != "add")
        now = made(now, move)
        assert held <= AddressSet.union(rule.source for rule in now.values())
    assert AddressSet.union(rule.source for rule in now.values()) == wanted
    assert {rule.number for rule in now.values()} == {rule.number for rule in after.values()}


def test_a_rule_that_holds_what_is_blocked_stays_until_a_new_one_is_seen_ahead() -> None:
    """What may stay behind a deny isn't carried ahead of it; the new rule gets a free slot."""
    standing = {
        LIST4: stands(LIST4, 9, POOL[0] | POOL[1]),
        AHEAD: stands(AHEAD, 5, POOL[2]),
    }
    placement = Placement((Placed(LIST4, 1, POOL[0]),), stale=(AHEAD,), blocked=POOL[1])
    assert list(moves(standing, placement, POOL[0] | POOL[1], NOBODY)) == [
        Move("add", Placed(FURTHER, 1, POOL[0])),
        Move("replace", Placed(LIST4, 9, POOL[1]), narrows=True),
        Move("remove", Placed(AHEAD, 5, POOL[2])),
    ]


def test_a_deny_is_made_after_every_allow() -> None:
    """Own allows come, and move, before an own deny does either."""
    standing = {ALSO4: stands(ALSO4, 9, POOL[1]), DENY4: stands(DENY4, 8, POOL[3])}
    placement = Placement(
        (Placed(DENY4, 7, EVERY_IPV4), Placed(LIST4, 1, POOL[0]), Placed(ALSO4, 1, POOL[1]))
    )
    assert list(moves(standing, placement, POOL[0] | POOL[1], NOBODY)) == [
        Move("add", Placed(LIST4, 1, POOL[0])),
        Move("replace", Placed(ALSO4, 1, POOL[1])),
        Move("replace", Placed(DENY4, 7, EVERY_IPV4)),
    ]


def test_a_rule_that_goes_is_named_with_all_it_holds() -> None:
    """A removal carries number, addresses and names of what stood, so that it can be undone."""
    partner = Name("partner", EVERY_IPV4)
    slot = Slot(Purpose.ALSO, "partner")
    rule = Numbered(3, Clause(True, NOBODY, "3", frozenset([partner])), slot)
    assert list(moves({slot: rule}, Placement((), stale=(slot,)), NOBODY, NOBODY)) == [
        Move("remove", Placed(slot, 3, NOBODY, frozenset([partner])))
    ]
