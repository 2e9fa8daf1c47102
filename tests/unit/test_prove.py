"""The proof, over a provider whose snapshot is a set of strings: each promise, and its witness."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from cloudsync.model import Mode, Wanted
from cloudsync.prove import Proof, prove
from cloudsync.provider import Order, Refusal, Reversal, Snapshot, Step
from tests.unit.strings import StringRules, Strings, name, step

RULES = StringRules()
LISTED = "192.0.2.0/24"


def want(mode: Mode = Mode.ENFORCE, **more: object) -> Wanted:
    """A wish for one network."""
    more.setdefault("internal", "keep" if mode is Mode.ENFORCE else None)
    return Wanted("mail", mode, (ip_network(LISTED),), **more)  # type: ignore[arg-type]


def proof(before: set[str], steps: list[Step], wanted: Wanted | None = None) -> Proof:
    """The proof of some steps at the one target."""
    snapshot = Strings({"t": frozenset(before)})
    return prove(RULES, snapshot, steps, {"t": wanted or want()})


def refused(before: set[str], one: Step, wanted: Wanted | None = None) -> Refusal | None:
    """Why a step is refused, or None where it is proved."""
    found = proof(before, [one], wanted)
    assert bool(found.steps) is (found.refusal is None)
    return found.refusal


def stops(witness: str, why: str) -> Refusal:
    """The refusal of a step that stops somebody."""
    return Refusal("t", f"a step would stop {witness}, {why} and gets in today", witness=witness)


def test_steps_that_keep_the_promises_are_proved_to_the_end() -> None:
    """The proof gives every step and the snapshot they lead to."""
    steps = [
        step(f"+ 25 {LISTED} list"), step("+ 25 10.0.0.0/8 internal"),
        step("- 25 0.0.0.0/0 them", own=False),
    ]  # fmt: skip
    open_to_all = {"25 0.0.0.0/0 them", "443 0.0.0.0/0 them", "out all"}
    wanted = want(internal="close")
    probes = {"25 198.51.100.0/28 probe"}
    found = proof(open_to_all | probes, steps, wanted)
    assert found == Proof(
        tuple(steps),
        Strings(
            {"t": frozenset({f"25 {LISTED} list", "25 10.0.0.0/8 internal", "443 0.0.0.0/0 them",
                             "out all", *probes})}
        ),
        reversals=(
            Reversal((f"- 25 {LISTED} list",)), Reversal(("- 25 10.0.0.0/8 internal",)),
            Reversal(("+ 25 0.0.0.0/0 them",)),
        ),
    )  # fmt: skip


def test_the_steps_before_a_refused_one_stand() -> None:
    """A removal that can't be proved holds back no addition before it, and stops what follows."""
    good, bad, next_one = (
        step(f"+ 25 {LISTED} list"), step("- 25 10.1.0.0/16 list"), step("+ 25 192.0.2.7/32 list"),
    )  # fmt: skip
    found = proof({"25 10.1.0.0/16 list"}, [good, bad, next_one])
    assert found.steps == (good,)
    assert found.refusal == stops("10.1.0.0", "which is internal, and kept")
    assert found.after == RULES.after(Strings({"t": frozenset({"25 10.1.0.0/16 list"})}), good)


def test_nothing_to_do_is_proved() -> None:
    """No step is no change."""
    assert proof({"25 0.0.0.0/0 them"}, []).refusal is None


@pytest.mark.parametrize("mode", [Mode.ADD, Mode.ENFORCE])
def test_a_wanted_address_is_not_stopped(mode: Mode) -> None:
    """Promise 1: taking away what lets a wanted address in is refused, with the witness."""
    assert refused({"25 192.0.2.128/25 list"}, step("- 25 192.0.2.128/25 list"), want(mode)) == (
        stops("192.0.2.128", "which is wanted")
    )


def test_a_wanted_address_does_not_become_uncertain() -> None:
    """Promise 1 speaks of what is certain, too: a rule for some machines takes no full one's place."""
    change = step(f"- 25 {LISTED} list", f"+ 25 {LISTED} some")
    assert refused({f"25 {LISTED} list"}, change) == stops("192.0.2.0", "which is wanted")
    assert refused({f"25 {LISTED} some"}, step(f"- 25 {LISTED} some", own=False)) == (
        stops("192.0.2.0", "which is wanted")
    )


def test_an_own_rule_that_is_needed_goes_for_nothing_that_only_may_let_in() -> None:
    """Behind a deny for some machines a rule for some isn't known to let in the same ones as ours."""
    doubtful = {f"25 {LISTED} doubt", f"25 {LISTED} some"}
    ours = step(f"- 25 {LISTED} list")
    assert refused({f"25 {LISTED} list", *doubtful}, ours) == stops(
        "192.0.2.0", "which stands in a rule of ours"
    )
    kept = step("- 25 10.1.0.0/16 list")
    inside = {"25 10.1.0.0/16 list", "25 10.1.0.0/16 doubt", "25 10.1.0.0/16 some"}
    assert refused(inside, kept) == stops("10.1.0.0", "which stands in a rule of ours")
    assert refused(inside, kept, want(internal="close")) is None


def test_internal_space_is_kept_unless_it_was_withdrawn() -> None:
    """With `internal: keep` a relay isn't stopped; what an own `also` rule let in may go."""
    relay = step("- 25 10.1.0.0/16 list")
    assert refused({"25 10.1.0.0/16 list"}, relay) == stops(
        "10.1.0.0", "which is internal, and kept"
    )
    assert refused({"25 10.1.0.0/16 list"}, relay, want(internal="close")) is None
    assert refused({"25 10.1.0.0/16 also"}, step("- 25 10.1.0.0/16 also")) is None


def test_a_health_check_is_not_stopped() -> None:
    """What the platform checks from goes on getting in, whatever `internal` says."""
    check = {"25 198.51.100.3/32 list"}
    assert refused(check, step("- 25 198.51.100.3/32 list"), want(internal="close")) == stops(
        "198.51.100.3", "from which the platform checks health"
    )
    assert refused({"25 198.51.100.3/32 also"}, step("- 25 198.51.100.3/32 also")) is None


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("sg-1", want()),
        ("sg-1", want(internal="close", names=frozenset([name("sg-1")]))),
        ("partner", want(names=frozenset([name("partner")]))),
        ("probe", want(internal="close")),
    ],
)
def test_a_name_is_not_stopped(source: str, wanted: Wanted) -> None:
    """A name that is wanted, kept or a health check goes on getting in."""
    assert refused({f"25 {source} list"}, step(f"- 25 {source} list"), wanted) == Refusal(
        "t", f"a step would stop {source}, or a part of it, which gets in today"
    )


def test_a_name_may_go_where_nothing_asks_for_it() -> None:
    """Withdrawn names go, and so do those that neither are wanted nor kept, or get in by address."""
    assert refused({"25 sg-1 also"}, step("- 25 sg-1 also")) is None
    assert refused({"25 sg-1 list"}, step("- 25 sg-1 list"), want(internal="close")) is None
    assert refused({"25 partner list"}, step("- 25 partner list")) is None
    covered = {"25 sg-1 list", "25 0.0.0.0/0 them", "25 ::/0 them"}
    assert refused(covered, step("- 25 sg-1 list")) is None


def test_nobody_unwanted_is_let_in() -> None:
    """Promise 2: an address or a name that gets in nowhere today and isn't wanted stays out."""
    assert refused(set(), step("+ 25 192.0.2.0/23 list")) == Refusal(
        "t",
        "a step would let in 192.0.3.0, which gets in nowhere today and isn't wanted",
        witness="192.0.3.0",
    )
    assert refused({"25 192.0.3.0/24 some"}, step("+ 25 192.0.2.0/23 list")) is None
    assert refused(set(), step("+ 25 partner also")) == Refusal(
        "t", "a step would let in partner, which isn't wanted"
    )
    assert (
        refused(set(), step("+ 25 partner also"), want(names=frozenset([name("partner")]))) is None
    )


def test_every_port_is_asked() -> None:
    """A target's second port is proved as its first is."""
    wanted = want(ports=(25, 587))
    assert refused({f"587 {LISTED} list"}, step(f"- 587 {LISTED} list"), wanted) == stops(
        "192.0.2.0", "which is wanted"
    )


def test_watch_changes_nothing() -> None:
    """Promise 3: a step at a target that is watched is refused."""
    assert refused(set(), step(f"+ 25 {LISTED} list"), want(Mode.WATCH)) == Refusal(
        "t", "a step was planned for a target that is only watched"
    )


def test_a_neighbour_nobody_asked_about_stays_as_it_is() -> None:
    """A step that reaches a target outside the selection is refused, and names that target."""
    snapshot = Strings({"t": frozenset(), "u": frozenset()}, shared=True)
    both = step(f"+ 25 {LISTED} list", targets=("t", "u"))
    assert prove(RULES, snapshot, [both], {"t": want()}).refusal == Refusal(
        "u", "a step was planned for a target that is only watched"
    )
    assert prove(RULES, snapshot, [both], {"t": want(), "u": want()}).refusal is None


def test_other_ports_and_outbound_stay() -> None:
    """Promise 4: what decides other ports, and outbound rules, aren't touched."""
    assert refused({"443 0.0.0.0/0 them"}, step("- 443 0.0.0.0/0 them")) == Refusal(
        "t", "the step (remove - 443 0.0.0.0/0 them) would change what decides other ports"
    )
    assert refused({"out all"}, step("- out all")) == Refusal(
        "t", "the step (remove - out all) would change outbound rules"
    )


def test_a_step_names_itself_shortly() -> None:
    """A refusal quotes the first change of a step and counts the others."""
    assert refused({"out all", "out some"}, step("- out all", "- out some")) == Refusal(
        "t", "the step (remove - out all and 1 more) would change outbound rules"
    )


def test_only_own_rules_are_made() -> None:
    """Promise 3: a step that would make a stranger's rule is refused."""
    assert refused(set(), step("+ 25 192.0.2.1/32 them")) == Refusal(
        "t",
        "the step (add + 25 192.0.2.1/32 them) would make a rule that isn't ours: "
        "25 192.0.2.1/32 them",
    )


@pytest.mark.parametrize(
    ("mode", "own"), [(Mode.ADD, False), (Mode.ADD, True), (Mode.ENFORCE, True)]
)
def test_a_strangers_rule_goes_only_in_enforce_and_openly(mode: Mode, own: bool) -> None:
    """In `add`, or by a step that says it is own, somebody else's rule isn't taken."""
    assert refused({"25 8.8.8.8/32 them"}, step("- 25 8.8.8.8/32 them", own=own), want(mode)) == (
        Refusal(
            "t",
            "the step (remove - 25 8.8.8.8/32 them) would take somebody else's rule: "
            "25 8.8.8.8/32 them",
        )
    )


@pytest.mark.parametrize(
    "rule", ["25 192.0.2.5/32 them", "25 8.8.8.8/32 theirs", "25 partner them"]
)
def test_what_enforce_may_not_take(rule: str) -> None:
    """A rule without excess, another installation's, and a name are left."""
    standing = {rule, f"25 {LISTED} list"}
    assert refused(standing, step(f"- {rule}", own=False)) == Refusal(
        "t", f"enforce may not take the rule {rule}"
    )


def test_a_broader_rule_is_never_taken() -> None:
    """A rule for every port decides other ports, so it can't go; alone it can."""
    assert refused({"* 8.8.8.8/32 them"}, step("- * 8.8.8.8/32 them", own=False)) == Refusal(
        "t", "the step (remove - * 8.8.8.8/32 them) would change what decides other ports"
    )
    assert refused({"25 8.8.8.8/32 them"}, step("- 25 8.8.8.8/32 them", own=False)) is None


def test_own_rules_stand_before_a_strangers_goes() -> None:
    """What a broad foreign rule covers by chance isn't an own rule: the wanted part stands first."""
    before = {"25 192.0.2.0/23 them", "* 192.0.0.0/8 them"}
    change = step("- 25 192.0.2.0/23 them", own=False)
    assert refused(before, change) == Refusal(
        "t",
        "25 192.0.2.0/23 them can't go before 192.0.2.0 stands in a rule of ours",
        witness="192.0.2.0",
    )
    assert refused({*before, f"25 {LISTED} list"}, change) is None
    assert refused({*before, f"25 {LISTED} them"}, change) is None


def test_an_own_deny_is_no_rule_that_stands() -> None:
    """A wanted address that stands only in an own deny has no rule of ours to let it in."""
    before = {"25 192.0.2.0/23 them", "* 192.0.0.0/8 them", f"25 {LISTED} deny"}
    assert refused(before, step("- 25 192.0.2.0/23 them", own=False)) == Refusal(
        "t",
        "25 192.0.2.0/23 them can't go before 192.0.2.0 stands in a rule of ours",
        witness="192.0.2.0",
    )


def test_a_neighbour_in_watch_holds_nobody_back() -> None:
    """A step that doesn't touch a watched target of the same group is proved all the same."""
    snapshot = Strings({"t": frozenset(), "u": frozenset()}, shared=True)
    mine = step(f"+ 25 {LISTED} list")
    both = {"t": want(Mode.ADD), "u": want(Mode.WATCH)}
    assert prove(RULES, snapshot, [mine], both).refusal is None


class Leaky(StringRules):
    """A cloud where what is done to one target reaches its neighbour, whatever the step says."""

    def after(self, snapshot: Snapshot, step: Step) -> Strings:
        """The change, at every target."""
        return super().after(snapshot, replace(step, targets=snapshot.targets))


def test_a_step_that_reaches_a_neighbour_it_does_not_name_is_refused() -> None:
    """Who gets in at a target that the step doesn't name stays the same, wanted or not."""
    snapshot = Strings({"t": frozenset(), "u": frozenset()}, shared=True)
    both = {"t": want(), "u": want()}
    assert prove(Leaky(), snapshot, [step(f"+ 25 {LISTED} list")], both).refusal == Refusal(
        "u", f"the step (add + 25 {LISTED} list) would change who gets in here as well"
    )


UNDO, RELAX = Order("undo"), Order("relax")


def ordered(before: set[str], one: Step, order: Order | None, mode: Mode = Mode.WATCH) -> Proof:
    """The proof of one step that a person ordered."""
    return prove(RULES, Strings({"t": frozenset(before)}), [one], {"t": want(mode)}, order)


def test_undo_gives_others_their_rules_back_in_any_mode() -> None:
    """Only an order makes a rule that isn't ours and lets in whom nobody wants."""
    back = step("+ 25 0.0.0.0/0 them", own=False)
    for mode in Mode:
        assert ordered(set(), back, UNDO, mode).refusal is None
        assert ordered(set(), back, None, mode).refusal is not None
    assert ordered(set(), back, RELAX).refusal == Refusal(
        "t",
        "the step (add + 25 0.0.0.0/0 them) would make a rule that isn't ours: 25 0.0.0.0/0 them",
    )


def test_an_order_takes_nothing_away() -> None:
    """Whoever is wanted goes on getting in, and no stranger's rule goes, whatever is ordered."""
    standing = {f"25 {LISTED} list", "25 198.51.100.64/26 them", "443 0.0.0.0/0 them"}
    for order in (UNDO, RELAX):
        assert ordered(standing, step(f"- 25 {LISTED} list"), order).refusal == stops(
            "192.0.2.0", "which is wanted"
        )
        taken = ordered(standing, step("- 25 198.51.100.64/26 them", own=False), order)
        assert taken.refusal == Refusal(
            "t",
            "the step (remove - 25 198.51.100.64/26 them) would take somebody else's rule: "
            "25 198.51.100.64/26 them",
        )
        other = ordered(standing, step("+ * 198.51.100.64/26 them", own=False), order)
        assert other.refusal == Refusal(
            "t",
            "the step (add + * 198.51.100.64/26 them) would change what decides other ports",
        )


def test_an_order_opens_nothing_at_a_neighbour() -> None:
    """Who shares an object with the target that was named stays shut."""
    snapshot = Strings({"t": frozenset(), "u": frozenset()}, shared=True)

    class Leaky(StringRules):
        """A step at one target that opens the other too."""

        def after(self, snapshot: Snapshot, step: Step) -> Strings:
            return super().after(snapshot, replace(step, targets=("t", "u")))

    found = prove(
        Leaky(),
        snapshot,
        [step("+ 25 0.0.0.0/0 them", own=False)],
        {"t": want(), "u": want()},
        UNDO,
    )
    assert found.refusal == Refusal(
        "u", "the step (add + 25 0.0.0.0/0 them) would change who gets in here as well"
    )


def test_every_proved_step_says_how_it_is_taken_back() -> None:
    """The reversals are those of the steps that are done, in their order."""
    first, second = step(f"+ 25 {LISTED} list"), step(f"- 25 {LISTED} list")
    found = proof(set(), [first, second])
    assert found.steps == (first,)
    assert found.reversals == (Reversal((f"- 25 {LISTED} list",)),)
