"""What waits for a person: which first enforces, under which digest, and when somebody is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloudsync.addresses import EVERYONE, INTERNAL, AddressSet
from cloudsync.closing import closing_of
from cloudsync.exposure import Exposure
from cloudsync.holds import Gate, Hold, held_back, remark_of, reminder, renewed
from cloudsync.model import Mode, Note, Verdict, Wanted, differ
from cloudsync.plan import Plan, State, TargetPlan
from cloudsync.provider import Refusal, Step
from cloudsync.report import text
from cloudsync.waves import fell_short, together, waves

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TARGET = "memory:run/one"
LET_IN = Step("add", (TARGET,), ("+ 8.0.0.1/32",))
SHUT = Step("remove", (TARGET,), ("- everyone",), own=False)
HOLD = Hold("sha256:1", "target", TARGET, "its first enforce would shut out somebody", NOW)


def plan(*steps: Step, mode: Mode = Mode.ENFORCE, target: str = TARGET) -> TargetPlan:
    """A plan with these steps; those of one target alone are made to be of ``target``."""
    own = tuple(
        replace(one, targets=(target,)) if one.targets == (TARGET,) else one for one in steps
    )
    return TargetPlan(target, mode, "sha256:0", steps=own)


def state(possible: AddressSet) -> State:
    """Who gets in, where one address is wanted."""
    exposure = Exposure(possible, possible)
    wanted = Wanted("ours", Mode.ENFORCE, (), internal="keep")
    return State({25: exposure}, {25: differ(exposure, wanted)})


ADD = plan(LET_IN, mode=Mode.ADD)
WANTED = Wanted("ours", Mode.ENFORCE, internal="keep")


def waits(
    gate: Gate, enforce: TargetPlan, add: TargetPlan = ADD, wanted: Wanted = WANTED
) -> str | None:
    """The digest that a plan waits for."""
    return gate.holds(enforce, add, wanted)


def test_a_first_enforce_that_closes_waits() -> None:
    """A target that was never closed waits; one that was, or whose digest is approved, doesn't."""
    digest = waits(Gate(), plan(LET_IN, SHUT), ADD)
    assert digest is not None
    assert waits(Gate([TARGET]), plan(LET_IN, SHUT), ADD) is None
    assert waits(Gate(approved={digest: "ann"}), plan(LET_IN, SHUT), ADD) is None
    assert waits(Gate(approved={"sha256:other": "ann"}), plan(LET_IN, SHUT), ADD) == digest


def test_what_only_lets_in_never_waits() -> None:
    """Nothing is held in add, nor where enforce would do no more than add."""
    assert waits(Gate(), plan(LET_IN, SHUT, mode=Mode.ADD), ADD) is None
    assert waits(Gate(), plan(LET_IN), ADD) is None


def test_letting_in_meanwhile_leaves_the_digest_as_it_is() -> None:
    """The digest is of what closes; a step that closes more, or another list, is another digest."""
    digest = waits(Gate(), plan(LET_IN, SHUT), ADD)
    assert waits(Gate(), plan(SHUT), plan(mode=Mode.ADD)) == digest
    more = replace(SHUT, changes=("- everyone", "- 10.0.0.0/8"))
    assert waits(Gate(), plan(LET_IN, more), ADD) not in {digest, None}
    assert waits(Gate(), replace(plan(LET_IN, SHUT), list_digest="sha256:2"), ADD) != digest


MORE = replace(SHUT, changes=("- 10.0.0.0/8",))


def begun(*steps: Step) -> Gate:
    """A gate where a first enforce of these steps was approved, and nothing was closed yet."""
    return Gate(begun={TARGET: [closing_of(plan(*steps), ADD, WANTED)]})


def test_the_rest_of_what_was_approved_goes_on() -> None:
    """A run that was cut short leaves a part of the steps; that needs nobody again."""
    for rest in ((SHUT,), (MORE,), (LET_IN, MORE), (SHUT, MORE)):
        assert waits(begun(LET_IN, SHUT, MORE), plan(*rest)) is None


def test_nothing_beside_what_was_approved_goes_on() -> None:
    """Another rule of somebody else's, other terms, another target: a person is asked, as at first."""
    approved = begun(LET_IN, SHUT)
    beside = plan(SHUT, MORE)
    digest = waits(Gate(), beside)
    assert digest is not None
    assert waits(approved, beside) == digest
    close = replace(WANTED, internal="close")
    assert waits(approved, plan(SHUT), wanted=close) is not None
    assert waits(approved, plan(SHUT, target="memory:run/two")) is not None


@pytest.mark.parametrize(
    ("after", "who"),
    [
        (INTERNAL, "more than 2^127 IPv6"),
        (EVERYONE, "nobody who gets in today"),
    ],
)
def test_a_hold_says_who_would_be_shut_out(after: AddressSet, who: str) -> None:
    """What stands instead is what add would do, with the command that lets the rest through."""
    enforce = replace(plan(LET_IN, SHUT), before=state(EVERYONE), after=state(after))
    passed, hold = held_back(enforce, ADD, WANTED, "sha256:1", NOW)
    assert who in hold.what
    assert (passed.steps, passed.notes) == ((LET_IN,), (Note.HELD,))
    assert passed.remarks == (remark_of(hold),)
    assert "`cloudsync approve sha256:1 --by NAME --reason TEXT`" in passed.remarks[0].text


def test_a_report_breaks_no_command() -> None:
    """What lets a target through can be pasted as it is printed, however long its digest."""
    hold = replace(HOLD, digest=f"sha256:{'1' * 64}")
    page = text(Plan("sha256:2", (ADD.saying(remark_of(hold)),)))
    assert any(hold.command in line for line in page.splitlines())


def test_a_plan_that_was_not_looked_at_shuts_nobody_out() -> None:
    """Without an exposure before and after nobody can be counted."""
    for enforce in (plan(SHUT), replace(plan(SHUT), before=state(EVERYONE))):
        _, hold = held_back(enforce, ADD, WANTED, "sha256:1", NOW)
        assert hold.what == "its first enforce would shut out nobody who gets in today"


def test_a_reminder_says_what_waits_since_when_and_the_command() -> None:
    """One line, for whoever is to decide."""
    assert reminder(replace(HOLD, told=NOW)) == (
        "memory:run/one: its first enforce would shut out somebody. It has waited since 2026-11-24 "
        "12:00 UTC. To let it through: cloudsync approve sha256:1 --by NAME --reason TEXT"
    )


def test_somebody_is_told_at_once_then_after_four_hours_then_daily() -> None:
    """The hours at which one hold is told of, looked at every hour for three days."""
    standing: tuple[Hold, ...] = ()
    told: list[int] = []
    for hour in range(73):
        now = NOW + timedelta(hours=hour)
        standing, tell = renewed(standing, [replace(HOLD, since=now)], now)
        told += [hour] * len(tell)
    assert told == [0, 4, 28, 52]
    assert [one.since for one in standing] == [NOW]


def test_another_digest_is_told_at_once_and_is_as_old_as_the_first() -> None:
    """What would be done has changed, so what was told is no longer true; the wait goes on."""
    standing, _ = renewed((), [HOLD], NOW)
    later = NOW + timedelta(minutes=10)
    standing, tell = renewed(standing, [replace(HOLD, digest="sha256:2", since=later)], later)
    assert [(one.digest, one.since, one.told) for one in tell] == [("sha256:2", NOW, later)]
    assert standing == tell


def test_what_waits_no_longer_is_forgotten_and_a_clock_that_went_back_tells_nobody() -> None:
    """Only what was found stands; at an earlier hour nothing is due."""
    standing, _ = renewed((), [HOLD], NOW)
    assert renewed(standing, [HOLD], NOW - timedelta(days=1)) == (standing, ())
    assert renewed(standing, [], NOW) == ((), ())


@pytest.mark.parametrize("begun", [0, 365])
def test_a_clock_that_leapt_and_came_back_silences_no_hold(begun: int) -> None:
    """Told of a year ahead, it is told of again at once, after four hours and daily, as ever."""
    ahead = NOW + timedelta(days=365)
    standing: tuple[Hold, ...] = ()
    if not begun:
        standing, _ = renewed((), [HOLD], NOW)
    standing, _ = renewed(standing, [replace(HOLD, since=ahead)], ahead)
    told: list[int] = []
    for hour in range(1, 60):
        now = NOW + timedelta(hours=hour)
        standing, tell = renewed(standing, [replace(HOLD, since=now)], now)
        told += [hour] * len(tell)
    assert told == ([1, 5, 29, 53] if begun else [1, 4, 28, 52])
    assert [one.since for one in standing] == [NOW + timedelta(hours=1) if begun else NOW]


# -------------------------------------------------------------------------------------- waves


def sizes(number: int) -> list[int]:
    """How large the waves of this many first enforces are."""
    _, later = waves([plan(SHUT, target=f"memory:run/{n}") for n in range(number)], ())
    return [len(wave) for wave in later]


def test_waves_begin_with_five_or_five_percent_and_double() -> None:
    """At least one target; the smaller of the two; and each wave twice the one before."""
    assert sizes(0) == []
    assert sizes(3) == [1, 2]
    assert sizes(40) == [2, 4, 8, 16, 10]
    assert sizes(400) == [5, 10, 20, 40, 80, 160, 85]


def test_what_lets_in_and_what_was_closed_before_waits_for_no_wave() -> None:
    """Additions, watching, a target with nothing to do, and repairs go at once."""
    at_once = [
        ADD,
        plan(SHUT, mode=Mode.WATCH, target="memory:run/two"),
        plan(target="memory:run/three"),
        plan(SHUT, target="memory:run/four"),
    ]
    first = plan(SHUT, target="memory:run/five")
    assert waves([*at_once, first], ["memory:run/four"]) == (tuple(at_once), ((first,),))


def test_what_one_call_touches_is_in_one_wave() -> None:
    """Three targets that a call ties together are closed as one, and the fourth after them."""
    names = [f"memory:run/{n}" for n in range(4)]
    tied = replace(SHUT, targets=(names[0], names[2]))
    also = replace(SHUT, targets=(names[1], names[2]))
    plans = [
        plan(tied, target=names[0]),
        plan(also, target=names[1]),
        plan(tied, also, target=names[2]),
        plan(SHUT, target=names[3]),
    ]
    assert [len(group) for group in together(plans)] == [3, 1]
    _, later = waves(plans, [names[0]])
    assert [{one.target for one in wave} for wave in later] == [set(names[:3]), {names[3]}]


def test_a_target_falls_short_where_it_is_not_what_was_planned() -> None:
    """Unread, unfinished, refused or newly missing is a failure; missing before is somebody's deny."""
    before = replace(plan(SHUT), before=state(EVERYONE))
    good = replace(plan(), before=state(INTERNAL))
    assert not fell_short(before, good)
    assert fell_short(before, plan())
    assert fell_short(before, replace(good, steps=(SHUT,)))
    assert fell_short(before, replace(good, refusal=Refusal(TARGET, "no")))
    wanted = Wanted("ours", Mode.ENFORCE, (), also=(), names=frozenset())
    exposure = Exposure(AddressSet(), AddressSet())
    lost = State({25: exposure}, {25: replace(differ(exposure, wanted), missing=EVERYONE)})
    missing = replace(good, before=lost)
    assert missing.verdict is Verdict.MISSING
    assert fell_short(before, missing)
    assert not fell_short(replace(before, before=lost), missing)
