"""The plan of a target: what it holds, what its digest is over, and what is left of it unproved."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.exposure import Exposure
from cloudsync.model import Mode, Note, Verdict, Wanted
from cloudsync.plan import Plan, State, TargetPlan, look, make
from cloudsync.provider import Proposal, Refusal, Remark, Snapshot
from tests.unit.strings import StringRules, Strings, step

LISTED = AddressSet.of("192.0.2.0/24")
WANT = Wanted("mail", Mode.ADD, (ip_network("192.0.2.0/24"),))
ADD = step("+ 25 192.0.2.0/24 list")
OPEN = step("+ 25 8.8.8.8/32 list")


def here(*lines: str, **more: frozenset[str]) -> Strings:
    """A snapshot of target t, and of others."""
    return Strings({"t": frozenset(lines), **more})


def plan(proposal: Proposal, snapshot: Strings | None = None, want: Wanted = WANT) -> TargetPlan:
    """The plan of t."""
    (found,) = make(StringRules(proposal), snapshot or here(), {"t": want}, "sha256:list")
    return found


def verdicts(state: State | None) -> Verdict | None:
    """A state's verdict, if there is one."""
    return state.verdict if state else None


def test_a_plan_says_before_steps_and_after() -> None:
    """What can be proved is planned, and what would then be so is said."""
    found = plan(Proposal((ADD,)))
    assert found.steps == (ADD,)
    assert (found.verdict, verdicts(found.after)) == (Verdict.MISSING, Verdict.IN_SYNC)
    assert found.refusal is None
    assert found.notes == ()
    assert found.list_digest == "sha256:list"


def test_nothing_to_do_leaves_after_as_before() -> None:
    """Without steps nothing is proved, and after is before."""
    found = plan(Proposal(), here("25 192.0.2.0/24 list"))
    assert found.after is found.before
    assert found.verdict is Verdict.IN_SYNC


def test_what_cannot_be_proved_is_refused_and_what_came_before_stands() -> None:
    """The proved steps are planned, the refusal says what stopped the rest, and is a note."""
    found = plan(Proposal((ADD, OPEN)))
    assert found.steps == (ADD,)
    assert found.refusal == Refusal(
        "t",
        "a step would let in 8.8.8.8, which gets in nowhere today and isn't wanted",
        witness="8.8.8.8",
    )
    assert found.notes == (Note.FAILED,)
    assert verdicts(found.after) is Verdict.IN_SYNC


def test_a_providers_refusal_is_kept() -> None:
    """What the provider refuses stands in the plan, with or without steps beside it."""
    refusal = Refusal("t", "would need 75 rules, the quota is 60", "Raise it.")
    assert plan(Proposal(refusals=(refusal,))).refusal == refusal
    assert plan(Proposal((ADD,), refusals=(refusal,))).refusal == refusal


def test_what_cannot_be_proved_is_said_beside_a_providers_refusal() -> None:
    """A provider refuses a part and goes on with the rest: what stops the rest isn't hidden by it."""
    refusal = Refusal("t", "holds IPv4, and 1 of 2 wanted networks is IPv6", "The rest is done.")
    found = plan(Proposal((ADD, OPEN), refusals=(refusal,)))
    assert found.steps == (ADD,)
    assert found.refusal == Refusal(
        "t",
        "a step would let in 8.8.8.8, which gets in nowhere today and isn't wanted",
        witness="8.8.8.8",
    )
    assert found.remarks == (Remark("t", "holds IPv4, and 1 of 2 wanted networks is IPv6"),)
    assert found.notes == (Note.FAILED,)


def test_remarks_and_notes_come_in_the_table_s_order() -> None:
    """Remarks are kept as they come; notes once each, in the order of the table."""
    remarks = (
        Remark("t", "second", Note.CONTESTED),
        Remark("t", "first", Note.BLOCKED),
        Remark("t", "again", Note.CONTESTED),
        Remark("t", "no note"),
        Remark("u", "another target's"),
    )
    found = plan(Proposal(remarks=remarks))
    assert found.remarks == remarks[:4]
    assert found.notes == (Note.BLOCKED, Note.CONTESTED)


def test_the_verdict_is_the_worst_over_the_ports() -> None:
    """One port in order doesn't hide another that isn't."""
    want = replace(WANT, ports=(25, 587))
    lines = ("25 192.0.2.0/24 list", "587 0.0.0.0/0 them")
    state = look(StringRules(), here(*lines), {"t": want})["t"]
    assert {port: one.verdict for port, one in state.differences.items()} == {
        25: Verdict.IN_SYNC, 587: Verdict.OPEN,
    }  # fmt: skip
    assert state.verdict is Verdict.OPEN


def test_only_wanted_targets_are_looked_at() -> None:
    """A snapshot may hold targets that nothing is wanted of; health checks are no excess."""
    snapshot = here(
        "25 198.51.100.0/28 them", "25 192.0.2.0/24 list", u=frozenset({"25 ::/0 them"})
    )
    states = look(StringRules(), snapshot, {"t": WANT, "elsewhere": WANT})
    assert list(states) == ["t"]
    assert states["t"].verdict is Verdict.IN_SYNC
    assert states["t"].differences[25].excess == NOBODY


def test_an_absent_target_has_the_verdict_it_was_given() -> None:
    """What couldn't be looked at is unreadable, unless it is known to be gone."""
    assert TargetPlan("t", Mode.ADD, "d").verdict is Verdict.UNREADABLE
    assert TargetPlan("t", Mode.ADD, "d", absent=Verdict.GONE).verdict is Verdict.GONE


def test_the_digest_is_over_target_list_mode_and_steps() -> None:
    """Each of these changes the digest; exposure, remarks and notes don't, nor does line order."""
    one = TargetPlan("t", Mode.ADD, "d", steps=(ADD,))
    same = replace(one, remarks=(Remark("t", "said"),), notes=(Note.BLOCKED,), reason="why")
    assert one.digest == same.digest
    others = (
        replace(one, target="u"), replace(one, list_digest="e"), replace(one, mode=Mode.ENFORCE),
        replace(one, steps=()), replace(one, steps=(replace(ADD, own=False),)),
        replace(one, steps=(replace(ADD, verb="replace"),)), replace(one, steps=(ADD, OPEN)),
        replace(one, steps=(OPEN, ADD)),
    )  # fmt: skip
    digests = {each.digest for each in (one, *others)}
    assert len(digests) == len(others) + 1
    two_lines = step("+ 25 192.0.2.0/25 list", "+ 25 192.0.2.128/25 list")
    turned = replace(two_lines, changes=two_lines.changes[::-1])
    assert replace(one, steps=(two_lines,)).digest == replace(one, steps=(turned,)).digest
    assert TargetPlan("t", Mode.ADD, "d").digest == (
        "sha256:d2362e1cf1879b0308ab1989ba37bdf68e31d12766bcc81ac56d0253e4a910e7"
    )


def test_the_whole_plan_is_over_its_targets_and_names_a_step_once() -> None:
    """A step that touches two targets is one step; the digest is over those of the targets."""
    shared = step("+ 25 192.0.2.0/24 list", targets=("t", "u"))
    t = TargetPlan("t", Mode.ADD, "d", steps=(shared, ADD))
    u = TargetPlan("u", Mode.ADD, "d", steps=(shared,))
    assert Plan("d", (t, u)).steps == (shared, ADD)
    assert Plan("d", (t, u)).digest == Plan("e", (replace(t, reason="x"), u)).digest
    assert Plan("d", (t, u)).digest != Plan("d", (u, t)).digest
    assert Plan("d").steps == ()


class Shared(StringRules):
    """A provider that gives equal targets one exposure, as a sweep over a fleet does."""

    def exposure(self, snapshot: Snapshot, port: int) -> dict[str, Exposure]:
        """One object for all of them."""
        first, *_ = super().exposure(snapshot, port).values()
        return dict.fromkeys(snapshot.targets, first)


def test_equal_targets_are_judged_once() -> None:
    """Targets that share an exposure and a wish share their state."""
    lines = frozenset({"25 192.0.2.0/24 list"})
    states = look(Shared(), Strings({"t": lines, "u": lines}), {"t": WANT, "u": WANT})
    assert states["t"] is states["u"]
    apart = look(Shared(), Strings({"t": lines, "u": lines}), {"t": WANT, "u": replace(WANT)})
    assert apart["t"] == apart["u"]
    assert apart["t"] is not apart["u"]


class Behind(Shared):
    """A provider whose machines are behind another layer as well, of the kinds that a test says."""

    def __init__(self, **kinds: tuple[Strings, ...]) -> None:
        super().__init__()
        self.kinds = kinds

    def beside(self, _snapshot: Snapshot, port: int) -> dict[str, list[Exposure]]:
        """Who gets past that layer, for each kind of machine."""
        return {
            target: [StringRules().exposure(kind, port)["t"] for kind in kinds]
            for target, kinds in self.kinds.items()
        }


def test_mail_has_to_pass_the_layer_beside_too() -> None:
    """Who is stopped there at every kind of machine is missing, at some of them undetermined."""
    lines = frozenset({"25 192.0.2.0/24 list"})
    passes, stops = here("25 0.0.0.0/0 them"), here("25 8.8.8.8/32 them")
    seen = Strings(dict.fromkeys(("clear", "stopped", "some", "alone"), lines))
    rules = Behind(clear=(passes,), stopped=(stops, stops), some=(passes, stops), alone=())
    states = look(rules, seen, dict.fromkeys(seen.targets, WANT))
    assert {target: (one.verdict, len(one.beside)) for target, one in states.items()} == {
        "clear": (Verdict.IN_SYNC, 1),
        "stopped": (Verdict.MISSING, 1),
        "some": (Verdict.UNDETERMINED, 1),
        "alone": (Verdict.IN_SYNC, 0),
    }
    assert states["stopped"].differences[25].missing == LISTED


def test_what_is_said_of_a_plan_is_said_once_and_noted_in_order() -> None:
    """Whoever says it again says nothing new; a remark without a note brings none."""
    plain, held = Remark("t", "look here"), Remark("t", "it waits", Note.HELD)
    bare = TargetPlan("t", Mode.ADD, "d", notes=(Note.FAILED,))
    once = bare.saying(plain, held)
    assert (once.remarks, once.notes) == ((plain, held), (Note.HELD, Note.FAILED))
    assert once.saying(held, plain) is once
    assert bare.noted(Note.PAUSED, Note.FAILED).notes == (Note.PAUSED, Note.FAILED)
