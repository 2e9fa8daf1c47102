"""When a condition begins, changes, ends, comes and goes, and when somebody is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cloudsync.conditions import Condition, ConditionKind, Turned, Watched, turned
from cloudsync.conditions.telling import line

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LOST = Condition(
    ConditionKind.MISSING, "memory:run/one", "Mail is lost.", "Nothing was done.", "Look.",
    rule="deny-all", witness="8.0.0.1", cause="hand",
)  # fmt: skip
MORE = Condition(ConditionKind.MISSING, "memory:run/one", "More mail is lost.")
OPEN = Condition(ConditionKind.OPEN, "memory:run/two", "It is open.")
MENDED = Condition(ConditionKind.REPAIRED, "memory:run/one", "It was mended.")
HELD = Condition(ConditionKind.HELD, "memory:run/one", "It waits.")


def told(turn: Turned) -> list[tuple[str, str]]:
    """What is told, as event and kind."""
    return [(one.event, one.watched.condition.kind) for one in turn.tell]


def played(*passes: tuple[timedelta, Sequence[Condition]]) -> tuple[list[list[str]], Turned]:
    """What is told in each of some passes, and how it stands after the last."""
    watched: tuple[Watched, ...] = ()
    events: list[list[str]] = []
    turn = Turned((), ())
    for after, found in passes:
        turn = turned(watched, found, NOON + after)
        watched = turn.watched
        events.append([one.event for one in turn.tell])
    return events, turn


def at(**given: float) -> timedelta:
    """So long after noon."""
    return timedelta(**given)


def test_one_hears_when_it_begins_and_when_it_ends_and_not_in_between() -> None:
    """One message at each end, whatever the number of passes."""
    events, turn = played(
        (at(), [LOST]), (at(minutes=5), [LOST]), (at(minutes=10), []), (at(minutes=15), [])
    )
    assert events == [["began"], [], ["ended"], []]
    assert turn.standing == ()


def test_what_changes_is_told_and_advice_alone_is_no_change() -> None:
    """Another number of lost senders is news; another command to run is not."""
    same = Condition(
        ConditionKind.MISSING, "memory:run/one", "Mail is lost.", "Another.", "Another.",
        rule="deny-all", witness="8.0.0.1", cause="hand",
    )  # fmt: skip
    events, turn = played((at(), [LOST]), (at(minutes=5), [same]), (at(minutes=10), [MORE]))
    assert events == [["began"], [], ["changed"]]
    assert turn.standing[0].condition == MORE
    assert turn.standing[0].first == NOON


def test_what_waits_is_told_again_when_another_thing_is_to_be_approved() -> None:
    """Or whoever was written to runs a command that lets nothing through."""
    one, other = (replace(HELD, todo=f"cloudsync approve sha256:{n}") for n in "12")
    older = replace(other, did="It has waited for a while.")
    events, turn = played((at(), [one]), (at(minutes=5), [other]), (at(minutes=10), [older]))
    assert events == [["began"], ["changed"], []]
    assert turn.standing[0].condition == older


def test_what_lasts_is_told_again_after_a_day() -> None:
    """The repetition is counted from when it was last told."""
    events, _ = played(
        (at(), [LOST]), (at(hours=23), [LOST]), (at(hours=24), [LOST]), (at(hours=47), [LOST])
    )
    assert events == [["began"], [], ["lasts"], []]


def test_what_waits_for_a_person_is_told_again_after_four_hours_then_daily() -> None:
    """Four hours, and then a day after that."""
    events, _ = played(
        (at(), [HELD]), (at(hours=3), [HELD]), (at(hours=4), [HELD]), (at(hours=9), [HELD]),
        (at(hours=28), [HELD]),
    )  # fmt: skip
    assert events == [["began"], [], ["lasts"], [], ["lasts"]]


def test_what_comes_and_goes_is_one_story() -> None:
    """The third beginning in a day is told as that; then silence until an hour of calm is over."""
    passes: list[tuple[timedelta, Sequence[Condition]]] = []
    for hour in range(5):
        passes += [(at(hours=hour), [OPEN]), (at(hours=hour, minutes=30), [])]
    passes += [(at(hours=4, minutes=59), []), (at(hours=5, minutes=30), [])]
    events, turn = played(*passes)
    assert events == [
        ["began"], ["ended"], ["began"], ["ended"], ["flaps"], [], [], [], [], [], [], ["ended"]
    ]  # fmt: skip
    assert turn.standing == ()


def test_what_comes_and_goes_slowly_is_one_story_too() -> None:
    """Every two hours isn't over after one: it must stay away for longer than it has before."""
    passes: list[tuple[timedelta, Sequence[Condition]]] = []
    for turn in range(5):
        passes += [
            (at(hours=2 * turn, minutes=minute), [] if minute else [OPEN])
            for minute in range(0, 120, 30)
        ]
    passes += [(at(hours=10), []), (at(hours=10, minutes=30), [])]
    events, _ = played(*passes)
    told = [one for each in events for one in each]
    # Until the third beginning nobody can know.
    assert told == ["began", "ended", "began", "ended", "flaps", "ended"]
    assert events[-1] == ["ended"]


def test_what_comes_and_goes_faster_than_it_did_is_over_sooner() -> None:
    """By how it went last: an hour of calm is enough where it last stayed away for minutes."""
    passes: list[tuple[timedelta, Sequence[Condition]]] = []
    passes += [(at(), [OPEN]), (at(minutes=30), []), (at(hours=5), [OPEN])]
    passes += [(at(hours=5, minutes=n), [] if n % 20 else [OPEN]) for n in (10, 20, 30, 40, 50)]
    passes += [(at(hours=6, minutes=49), []), (at(hours=6, minutes=50), [])]
    events, _ = played(*passes)
    assert events[3:] == [["ended"], ["flaps"], [], [], [], [], ["ended"]]


def test_what_came_to_stay_is_told_though_it_came_and_went_before() -> None:
    """Whoever heard that it comes and goes, and then nothing, would think that it is gone."""
    passes: list[tuple[timedelta, Sequence[Condition]]] = []
    for turn in range(4):
        passes += [(at(minutes=20 * turn), [LOST]), (at(minutes=20 * turn + 10), [])]
    passes += [(at(minutes=80 + 5 * turn), [LOST]) for turn in range(20)]
    events, _ = played(*passes)
    assert [one for each in events for one in each] == [
        "began", "ended", "began", "ended", "flaps", "lasts"
    ]  # fmt: skip
    assert events[8 + 12] == ["lasts"]


def test_what_changes_all_the_time_is_told_once_an_hour() -> None:
    """With what is at stake then; a change that was kept back isn't lost."""
    passes = [(at(), [LOST])]
    passes += [
        (at(minutes=5 * turn), [replace(LOST, impact=f"{turn} lost.")]) for turn in range(1, 20)
    ]
    passes += [(at(minutes=5 * turn), [replace(LOST, impact="19 lost.")]) for turn in range(20, 40)]
    events, turn = played(*passes)
    told = [number for number, each in enumerate(events) if each]
    assert told == [0, 1, 2, 3, 15, 27]
    assert {one for each in events[1:] for one in each} == {"changed"}
    assert turn.standing[0].unsaid is False


def test_whose_doing_it_is_does_not_turn_with_the_next_pass() -> None:
    """The list changes at a moment; nobody broke a rule because a pass went by."""
    by_list = replace(LOST, cause="list")
    otherwise = replace(LOST, todo="Look again.")
    events, turn = played((at(), [by_list]), (at(minutes=5), [otherwise]), (at(minutes=10), [LOST]))
    assert events == [["began"], [], []]
    assert turn.standing[0].condition.cause == "list"
    more = replace(LOST, impact="More is lost.")
    events, turn = played((at(), [by_list]), (at(minutes=5), [more]))
    assert events == [["began"], ["changed"]]
    assert turn.standing[0].condition.cause == "hand"


def test_each_change_of_the_list_is_told() -> None:
    """Also the fourth of a day: it isn't the third one again."""
    changed = Condition(ConditionKind.LIST_CHANGED, "./list.txt", "The list changed.")
    passes: list[tuple[timedelta, Sequence[Condition]]] = []
    for turn in range(5):
        passes += [(at(hours=turn), [changed]), (at(hours=turn, minutes=30), [])]
    events, _ = played(*passes)
    assert events == [["began"], [], ["began"], [], ["flaps"], [], ["flaps"], [], ["flaps"], []]


def test_what_nobody_looks_at_any_more_is_not_said_to_be_over() -> None:
    """A target that left the configuration; what isn't of a target ends as it did."""
    failed = Condition(ConditionKind.FAILED, "ours", "It can't work.")
    begun = turned((), [LOST, failed], NOON)
    later = turned(begun.watched, [], NOON + at(minutes=5), here=["memory:run/two"])
    assert told(later) == [("left", "missing"), ("ended", "failed")]
    assert line(later.tell[0]) == (
        "Not watched any more: Mail is lost. It held from 2026-11-24 12:00 to 2026-11-24 12:05 UTC. "
        "Nothing says that it is over: the configuration doesn't lead there any more."
    )


def test_what_happened_is_told_once_and_never_ends() -> None:
    """Something that was mended is news and no state; it is forgotten after a day."""
    events, turn = played((at(), [MENDED]), (at(minutes=5), []), (at(hours=25), []))
    assert events == [["began"], [], []]
    assert turn.watched == ()


def test_what_could_not_be_looked_at_has_not_ended() -> None:
    """Lost mail stays lost while its target can't be read; that of another is over."""
    begun = turned((), [LOST, OPEN], NOON)
    later = turned(begun.watched, [], NOON + at(minutes=5), unseen=["memory:run/one"])
    assert told(later) == [("ended", "open")]
    assert [one.condition for one in later.standing] == [LOST]


def test_of_two_that_are_the_same_the_first_counts_and_the_gravest_comes_first() -> None:
    """The order is that of the kinds."""
    turn = turned((), [OPEN, LOST, MORE], NOON)
    assert told(turn) == [("began", "missing"), ("began", "open")]
    assert turn.tell[0].watched.condition == LOST


def test_a_clock_that_goes_back_tells_nothing_twice() -> None:
    """Whoever was told an hour from now isn't told again."""
    events, turn = played((at(hours=1), [LOST]), (at(), [LOST]), (at(minutes=5), []))
    assert events == [["began"], [], ["ended"]]
    assert turn.standing == ()


def test_a_clock_that_leapt_and_came_back_silences_nothing() -> None:
    """After a run a year ahead one hears again at once, then daily; and what began then is young."""
    year = timedelta(days=365)
    events, turn = played(
        (at(), [LOST]), (year, [LOST, HELD]), (at(minutes=5), [LOST, HELD]),
        (at(minutes=10), [LOST, HELD]), (at(hours=4, minutes=5), [LOST, HELD]),
        (at(hours=24, minutes=5), [LOST]),
    )  # fmt: skip
    assert events == [
        ["began"], ["lasts", "began"], ["lasts", "lasts"], [], ["lasts"], ["lasts", "ended"],
    ]  # fmt: skip
    assert [one.first for one in turn.watched] == [NOON, NOON + at(minutes=5)]


def test_what_was_seen_to_be_over_a_year_ahead_is_told_and_forgotten() -> None:
    """What flaps and ended by a wrong clock is told to be over, and is gone in a day, not in a year."""
    begun = [(at(minutes=5 * n), [LOST] if n % 2 else []) for n in range(6)]
    events, turn = played(
        *begun, (timedelta(days=365), []), (at(minutes=30), []), (at(hours=25), [])
    )
    assert (events[-4:], turn.watched) == ([["flaps"], [], ["ended"], []], ())


def test_a_beginning_a_year_ahead_is_no_beginning_of_today() -> None:
    """Of three beginnings one was by a wrong clock: that makes no story of coming and going."""
    year = timedelta(days=365)
    events, _ = played(
        (year, [LOST]), (at(), []), (at(minutes=5), [LOST]), (at(minutes=10), []),
        (at(minutes=15), [LOST]),
    )  # fmt: skip
    assert events == [["began"], ["ended"], ["began"], ["ended"], ["began"]]


def test_a_clock_that_went_back_a_day_tells_nothing_twice() -> None:
    """A day ahead is as far as a time may lie and be believed; a beginning there is none of today."""
    day = timedelta(days=1)
    events, turn = played((day, [LOST]), (at(), [LOST]))
    assert events == [["began"], []]
    assert turn.watched[0].began == ()


def test_each_event_reads_as_a_line() -> None:
    """What is at stake stands first, in the past where it is over."""
    (mended,) = turned((), [replace(MENDED, cause="hand")], NOON).tell
    assert line(mended) == (
        f"{MENDED.impact} Seen at 2026-11-24 12:00 UTC. See docs/conditions.md#repaired."
    )
    begun = turned((), [LOST], NOON)
    assert line(begun.tell[0]) == (
        "Mail is lost. Since 2026-11-24 12:00 UTC. For one, 8.0.0.1: deny-all. Not by the list, "
        "which didn't change: by the rules there. Nothing was done. Look. "
        "See docs/conditions.md#missing."
    )
    lasting = turned(begun.watched, [LOST], NOON + at(days=1))
    assert line(lasting.tell[0]).startswith(
        "Still: Mail is lost. Since 2026-11-24 12:00 UTC. For one"
    )
    over = turned(lasting.watched, [], NOON + at(days=1, minutes=5))
    assert line(over.tell[0]) == (
        "Over: Mail is lost. It held from 2026-11-24 12:00 to 2026-11-25 12:05 UTC."
    )
    watched: tuple[Watched, ...] = ()
    said = ""
    for minute in range(5):
        turn = turned(watched, [] if minute % 2 else [OPEN], NOON + at(minutes=minute))
        watched = turn.watched
        said = line(turn.tell[0])
    assert (
        said
        == "Comes and goes: It is open. It has begun 3 times in a day, the last time at 2026-11-24 12:04 UTC. See docs/conditions.md#open."
    )
