"""What one channel is sent of one pass, and what becomes of letters that can't be sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any

from cloudsync.alert.ledger import OUTBOX
from cloudsync.alert.letters import Letter, letters
from cloudsync.alert.outbox import KEPT, Outbox, Waiting, undelivered
from cloudsync.conditions import Condition, ConditionKind, Event, Severity, Told, Watched
from cloudsync.config.alerts import ChannelSettings

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALL = ChannelSettings(name="team", url_env="TEAM")


def told(kind: ConditionKind, target: int, event: Event = "began") -> Told:
    """Something to be told."""
    condition = Condition(kind, f"aws:1/r/sg-{target}", f"{kind} at {target}.", "Nothing.", "Look.")
    ended = NOON if event == "ended" else None
    return Told(event, Watched(condition, NOON, NOON, ended, (NOON,), NOON))


def letter(number: int, severity: Severity = Severity.PAGE) -> Letter:
    """One to the team."""
    return Letter("team", severity, f"subject {number}", "body", NOON + number * MINUTE)


def test_one_thing_has_its_own_words_as_the_subject() -> None:
    """Impact first; the body says the rest, line by line."""
    (only,) = letters("mail-prod", ALL, [told(ConditionKind.MISSING, 1)], NOON)
    assert only == Letter(
        "team", Severity.PAGE, "[page] mail-prod: missing at 1.",
        "missing at 1.\nSince 2026-11-24 12:00 UTC.\nNothing.\nLook.\nSee docs/conditions.md#missing.\n",
        NOON,
    )  # fmt: skip
    (named,) = letters("mail-prod", ALL, [told(ConditionKind.MISSING, 1)], NOON, run="r-1")
    assert named.body == f"{only.body}\nRun r-1."


def test_a_thousand_targets_are_three_letters_and_lost_mail_has_its_own() -> None:
    """Nothing is hidden by grouping: what isn't said in full is counted."""
    kinds = (ConditionKind.OPEN, ConditionKind.MISSING, ConditionKind.FAILED)
    tell = [told(kind, number) for number in range(1000) for kind in kinds]
    tell += [told(ConditionKind.HELD, 1)]
    sent = letters("mail-prod", ALL, tell, NOON)
    assert [one.subject for one in sent] == [
        "[page] mail-prod: Mail is lost at 1,000 targets",
        "[page] mail-prod: The filter can be bypassed at 1,000 targets",
        "[ticket] mail-prod: Failed (1,000); held (1)",
    ]
    assert sent[0].body.splitlines()[0] == "Mail is lost at 1,000 targets."
    assert sent[0].body.count("missing at") == 20
    assert "held at 1." in sent[2].body
    assert sent[0].body.endswith("And 980 more; cloudsync drift shows them all.")


def test_what_is_over_hides_nothing_that_holds() -> None:
    """Thirty endings before it in the order of names, and it still stands in the letter."""
    tell = [told(ConditionKind.MISSING, number, "ended") for number in range(30)]
    tell += [told(ConditionKind.MISSING, 99), told(ConditionKind.MISSING, 98, "left")]
    (sent,) = letters("m", ALL, tell, NOON)
    assert (
        sent.subject
        == "[page] m: Mail is lost at 1 target; over: missing (30); not watched any more: missing (1)"
    )
    assert sent.body.splitlines()[:3] == [
        "Mail is lost at 1 target; over: missing (30); not watched any more: missing (1).", "", "missing at 99."
    ]  # fmt: skip
    assert not sent.over
    assert not letters("m", ALL, [told(ConditionKind.MISSING, 98, "left")], NOON)[0].over
    several = [told(ConditionKind.GONE, 1), told(ConditionKind.GONE, 2)]
    assert letters("m", ALL, several, NOON)[0].subject == "[page] m: Not found any more: 2 targets"


def test_where_to_read_on_is_where_the_configuration_says() -> None:
    """So that whoever is woken can follow it."""
    (sent,) = letters("m", ALL, [told(ConditionKind.OPEN, 1)], NOON, "https://wiki.example/mail")
    assert sent.body.splitlines()[-1] == "See https://wiki.example/mail#open."


def test_an_order_is_heard_of_by_whoever_hears_of_its_target() -> None:
    """One for every target is heard of by everybody."""
    mine = replace_(ALL, targets=("aws:1/*",))

    def order(target: str) -> Told:
        said = Condition(ConditionKind.ORDER, f"pause of {target}", "Paused.", target=target)
        return Told("began", Watched(said, NOON, NOON))

    assert len(letters("m", mine, [order("aws:1/r/sg-1")], NOON)) == 1
    assert len(letters("m", mine, [order("all")], NOON)) == 1
    assert letters("m", mine, [order("gcp:p/n/all")], NOON) == ()


def test_what_is_over_is_marked() -> None:
    """A letter of nothing but endings is good news."""
    (over,) = letters("m", ALL, [told(ConditionKind.OPEN, 1, "ended")], NOON)
    assert over.over
    assert over.subject == "[page] m: Over: open at 1."
    both = [told(ConditionKind.OPEN, 1, "ended"), told(ConditionKind.OPEN, 2)]
    (mixed,) = letters("m", ALL, both, NOON)
    assert not mixed.over


def test_a_channel_hears_of_its_severities_and_targets_alone() -> None:
    """And never that it can't be reached itself."""
    tell = [told(ConditionKind.OPEN, 1), told(ConditionKind.HELD, 2), told(ConditionKind.OPEN, 3)]
    pages = replace_(ALL, severities=("page",))
    assert [one.subject for one in letters("m", pages, tell, NOON)] == [
        "[page] m: The filter can be bypassed at 2 targets"
    ]
    one = replace_(ALL, targets=("aws:1/r/sg-1", "gcp:*"))
    assert [each.subject for each in letters("m", one, tell, NOON)] == ["[page] m: open at 1."]
    silent = Condition(ConditionKind.UNDELIVERED, "team", "It doesn't get through.")
    lost = Told("began", Watched(silent, NOON, NOON))
    assert letters("m", ALL, [lost], NOON) == ()
    assert len(letters("m", replace_(ALL, name="other"), [lost], NOON)) == 1


def replace_(channel: ChannelSettings, **changed: Any) -> ChannelSettings:
    """The channel with other settings."""
    return replace(channel, **changed)


def test_strangers_labels_do_not_reach_a_terminal_or_forge_a_line() -> None:
    """An escape, a newline and a turned text are written out."""
    evil = replace(
        told(ConditionKind.OPEN, 1).watched,
        condition=Condition(ConditionKind.OPEN, "t", "Open\n[page] forged\x1b[2J\u202e."),
    )
    (sent,) = letters("m", ALL, [Told("began", evil)], NOON)
    assert sent.subject == "[page] m: Open\\n[page] forged\\x1b[2J\\u202e."
    assert "\x1b" not in sent.body
    assert sent.body.splitlines()[0] == "Open\\n[page] forged\\x1b[2J\\u202e."


def test_a_letter_in_vain_waits_twice_as_long_each_time_to_an_hour() -> None:
    """And goes when it is sent, with what was counted as dropped before it."""
    outbox = Outbox(dropped={"team": 2, "other": 1}).with_([letter(0)])
    waits: list[int] = []
    one = outbox.waiting[0]
    for _ in range(8):
        new = one.failed("refused", NOON)
        outbox = outbox.changed(one, new)
        one = new
        waits.append(int((one.due - NOON).total_seconds() // 60))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert outbox.due(NOON) == ()
    assert outbox.due(NOON + 60 * MINUTE) == (one,)
    assert outbox.due(NOON - 24 * 60 * MINUTE) == (one,)
    assert outbox.sent(one) == Outbox((), {"other": 1})


def test_a_channel_that_fails_twice_is_a_condition() -> None:
    """Once may be a hiccup; what was dropped is said."""
    first = Outbox().with_([letter(0)]).waiting[0].failed("refused", NOON)
    assert list(undelivered(Outbox((first,)))) == []
    second = first.failed("timed out", NOON)
    (found,) = undelivered(Outbox((second,), {"team": 3}))
    assert (found.subject, found.did) == (
        "team",
        "They wait, and are tried again, and 3 had to be dropped. The last error: timed out.",
    )
    (plain,) = undelivered(Outbox((second,)))
    assert plain.did == "They wait, and are tried again. The last error: timed out."


def test_so_many_wait_and_notes_go_before_pages() -> None:
    """Of one channel; the others keep theirs. A channel that is gone from the file is forgotten."""
    other = replace(letter(0), channel="other")
    notes = [letter(number, Severity.NOTE) for number in range(3)]
    outbox = Outbox().with_([other, *notes, *(letter(number) for number in range(KEPT - 1))])
    kept = [one.letter for one in outbox.waiting]
    assert other in kept
    assert [one for one in kept if one.severity is Severity.NOTE] == [notes[2]]
    assert outbox.dropped == {"team": 2}
    assert [one.letter for one in outbox.of(["other"]).waiting] == [other]
    assert outbox.of(["other"]).dropped == {}


def test_an_outbox_comes_back_from_its_document() -> None:
    """Every word of it."""
    one = Waiting(letter(1), NOON, 3, "refused")
    outbox = Outbox((one,), {"team": 1})
    assert OUTBOX.decode("outbox", OUTBOX.encode(outbox)) == outbox


def test_a_command_can_be_pasted_elsewhere() -> None:
    """With the configuration that it is about; what cloudsync did is no command."""
    condition = Condition(
        ConditionKind.MISSING, "t", "Mail is lost.", "cloudsync keeps asking.",
        "cloudsync explain 8.0.0.1 'azure:s/rg(1)/nsg' shows it; cloudsync list shows the list.",
    )  # fmt: skip
    tell = [Told("began", Watched(condition, NOON, NOON))]
    (sent,) = letters("m", ALL, tell, NOON, file=PurePath("/etc/my mail.yaml"))
    assert sent.body.splitlines()[2:4] == [
        "cloudsync keeps asking.",
        (
            "cloudsync -c '/etc/my mail.yaml' explain 8.0.0.1 'azure:s/rg(1)/nsg' shows it; "
            "cloudsync -c '/etc/my mail.yaml' list shows the list."
        ),
    ]
