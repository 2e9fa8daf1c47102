"""What is said to be the matter with targets, for each thing that a run can find."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cloudsync.addresses import EVERYONE, AddressSet
from cloudsync.conditions import Condition, ConditionKind
from cloudsync.conditions.condition import SEVERITY
from cloudsync.conditions.of_targets import Since, of_targets, unseen
from cloudsync.exposure import first_match, union
from cloudsync.model import Mode, Note
from cloudsync.plan import Mend, Plan, TargetPlan
from cloudsync.provider import Outcome, Remark
from cloudsync.report import RunReport
from cloudsync.tells import Actor
from tests.unit import report_plans as plans

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
RIGHT = replace(plans.SYNCED, target=plans.OPEN.target)


def look(*targets: TargetPlan) -> RunReport:
    """A run that found these targets and did nothing."""
    plan = Plan(plans.LISTED.digest, targets)
    return RunReport(plan, (), plan)


def of(report: RunReport, since: Since | None = None) -> list[Condition]:
    """What is the matter."""
    return list(of_targets(report, since or Since()))


def mended(done: str = "done") -> RunReport:
    """A run that closed a target which stood open."""
    outcomes = [(step, Outcome("done")) for step in plans.OPEN.steps]
    outcomes[-1] = (outcomes[-1][0], Outcome(done))  # type: ignore[arg-type]
    before, after = Plan(plans.LISTED.digest, (plans.OPEN,)), Plan(plans.LISTED.digest, (RIGHT,))
    return RunReport(before, tuple(outcomes), after, run="20261124T030000Z-abc")


def test_lost_mail_says_who_is_stopped_by_which_rule_and_what_to_do() -> None:
    """The rule that stops, an address that is stopped, and whose doing it is."""
    lost, *_ = of(look(replace(plans.BLOCKED, mode=Mode.WATCH, notes=(), remarks=())))
    assert lost == Condition(
        ConditionKind.MISSING,
        "gcp:prod/default/tag:smtp",
        "Mail is lost at gcp:prod/default/tag:smtp: 5 IPv4 addresses, wanted, can't reach port 25.",
        "Mode watch: it is reported, and nothing is changed.",
        "cloudsync explain 203.0.113.8 gcp:prod/default/tag:smtp shows the rule that decides.",
        "90 deny abuse",
        "203.0.113.8",
        "hand",
    )


def test_a_consumer_that_lags_has_lost_mail_and_the_message_says_by_which_version() -> None:
    """Pinned where, published since when, how many are missing, and the change of the code."""
    why = "Its module is pinned at 1.2.0; 1.2.1 has been published since 2026-11-23, 7 networks missing."
    networks = tuple(f"203.0.113.{number}/32" for number in range(7))
    mend = Mend(why, "Let it say `v1.2.1`.", networks, (), (), "1.2.0", "1.2.1")
    lost, *_ = of(look(replace(plans.BLOCKED, mend=mend)))
    assert (lost.severity, lost.cause, lost.impact, lost.did, lost.todo) == (
        "page",
        "list",
        "Mail is lost at gcp:prod/default/tag:smtp: 5 IPv4 addresses, wanted, can't reach port 25. "
        + why,
        "Nothing is changed there, since Terraform keeps it.",
        "Let it say v1.2.1. The change: "
        + "; ".join(f"+ 203.0.113.{number}/32" for number in range(5))
        + "; 2 more.",
    )
    for mend in (
        Mend("Code of its own.", "Change it."),
        Mend("Code of its own.", "Change it.", pinned="1.2.1", newest="1.2.1"),
    ):
        lost, *_ = of(look(replace(plans.BLOCKED, mend=mend)))
        assert (lost.impact.endswith("can't reach port 25."), lost.cause, lost.did, lost.todo) == (
            True, "hand", "Nothing is changed there, since Terraform keeps it. Code of its own.",
            "Change it.",
        )  # fmt: skip


def test_what_the_list_gained_just_now_is_the_lists_doing() -> None:
    """Nobody broke anything where all that is missing came with the list."""
    report = look(replace(plans.BLOCKED, mode=Mode.WATCH))
    came = AddressSet.of("203.0.113.8/29")
    assert of(report, Since(came=came))[0].cause == "list"
    assert of(report, Since(came=AddressSet.of("203.0.113.8")))[0].cause == "hand"


def test_an_open_target_says_how_many_get_in_by_which_rules() -> None:
    """The witness is from outside; what the run goes on with is said."""
    (found,) = of(look(plans.OPEN))
    assert found.kind is ConditionKind.OPEN
    assert found.impact == (
        f"The filter can be bypassed at {plans.OPEN.target}: 4,294,967,283 IPv4 addresses and all "
        "of IPv6 that nobody listed can reach port 25."
    )
    assert found.rule == "tcp/25 from 0.0.0.0/0 and tcp/25 from ::/0"
    assert found.did == "The next run goes on with 2 steps."
    many = tuple(plans.allow(f"198.51.{n}.0/24") for n in range(5))
    (crowd,) = of(
        look(replace(plans.SYNCED, before=plans.state(union((*plans.LISTED_RULES, *many), ""))))
    )
    assert crowd.rule.endswith("198.51.2.0/24 and 2 more")
    assert crowd.did == "Mode enforce leaves it as it is."


def test_only_internal_addresses_may_be_the_witness_where_nobody_else_gets_in() -> None:
    """Internal space that isn't kept is excess too."""
    state = plans.state(union((*plans.LISTED_RULES, plans.allow("10.0.0.0/8")), ""))
    (found,) = of(look(replace(plans.SYNCED, before=state)))
    assert found.witness == "10.0.0.0"


def test_missing_names_and_what_can_not_be_told() -> None:
    """A wanted name that isn't let in is lost mail; a name let in that isn't wanted can't be told."""
    want = replace(plans.WANTED, names=frozenset({plans.PARTNER}))
    state = plans.state(union(plans.LISTED_RULES, ""), want)
    (lost,) = of(look(replace(plans.SYNCED, before=state)))
    assert lost.impact.endswith("sg-0partner, wanted, can't reach port 25.")
    assert (lost.rule, lost.witness, lost.cause) == ("no rule lets it in", "", None)
    assert lost.todo == "cloudsync plan shows the rule that decides."
    (unsure,) = of(look(plans.UNSURE))
    assert unsure.impact == (
        "It can't be told who reaches port 25 at azure:sub/mail/nsg: 2 IPv4 addresses, wanted, may "
        "reach only some of its machines; it lets in Storage.WestEurope, which may stand for "
        "outside addresses."
    )
    named = plans.state(first_match((*plans.LISTED_RULES, plans.allow(name=plans.TAG)), ""))
    (name,) = of(look(replace(plans.SYNCED, before=named)))
    assert name.impact.endswith(
        "it lets in Storage.WestEurope, which may stand for outside addresses."
    )


def test_why_nothing_is_done_is_said() -> None:
    """Paused, refused, held: whoever is woken must know what cloudsync won't do."""
    pause = Remark(plans.OPEN.target, "paused by ann", Note.PAUSED)
    paused = replace(plans.OPEN, steps=(), mode=Mode.WATCH).saying(pause)
    assert of(look(paused))[0].did == "Nothing is changed there: paused by ann."
    assert of(look(plans.REFUSED))[0].did == "Refused: would need 75 rules, the quota is 60."
    held = replace(plans.OPEN, steps=(), notes=(Note.HELD,))
    assert of(look(held))[0].did == "What closes it waits for a person; what lets in is done."


def test_what_can_not_be_made_right_is_said_with_the_clouds_words() -> None:
    """A refusal by the proof, and a step that the cloud refused."""
    refused = [one for one in of(look(plans.REFUSED)) if one.kind is ConditionKind.FAILED]
    assert [(one.did, one.todo) for one in refused] == [
        ("would need 75 rules, the quota is 60.", "Raise quota L-0EA8095F, or set `widen: 24`.")
    ]
    failed = [one for one in of(plans.RUN) if one.kind is ConditionKind.FAILED]
    assert [(one.subject, one.did, one.todo) for one in failed][:1] == [
        (plans.HALF.target, "throttled: RequestLimitExceeded.", "Run it again.")
    ]


def test_absent_targets() -> None:
    """Gone is another thing than unreadable; a blind scope wakes nobody; unreadable isn't over."""
    report = look(plans.GONE, plans.UNREADABLE, replace(plans.GONE, reason="it was there"))
    found = of(report)
    assert [(one.kind, one.did) for one in found] == [
        (ConditionKind.GONE, "cloudsync keeps asking for it."),
        (ConditionKind.GONE, "cloudsync keeps asking for it; it was there."),
        (ConditionKind.UNREADABLE, "Nothing was changed there; access denied."),
    ]
    silent = of(look(replace(plans.UNREADABLE, reason="")))
    assert silent[0].did == "Nothing was changed there."
    assert unseen(report) == {plans.UNREADABLE.target, plans.GONE.target}
    assert of(look(replace(plans.UNREADABLE, notes=(Note.BLIND,)))) == []


def test_a_contested_target_says_who_takes_turns() -> None:
    """The words are those of the report."""
    said = Remark(plans.SYNCED.target, "it was undone by eve", Note.CONTESTED)
    (found,) = of(look(plans.SYNCED.saying(said)))
    assert (found.kind, found.did) == (ConditionKind.CONTESTED, "it was undone by eve.")


def test_what_was_right_and_was_mended_is_told_with_who_had_changed_it() -> None:
    """Only where it was right before, the list is as it was, and it is right again."""
    actor = Actor("eve", "AuthorizeSecurityGroupIngress", NOW)
    since = Since(in_sync={RIGHT.target}, actors={RIGHT.target: actor})
    (found,) = of(mended(), since)
    assert found.impact == (
        f"{RIGHT.target} had been changed by eve (AuthorizeSecurityGroupIngress, 2026-11-24 03:00 "
        "UTC), and is right again: 4,294,967,283 IPv4 addresses and all of IPv6 could reach it "
        "unlisted."
    )
    assert found.did == "cloudsync made 2 changes in run 20261124T030000Z-abc."
    assert of(mended(), Since()) == []
    assert of(mended(), replace(since, went=EVERYONE)) == []
    assert of(look(RIGHT), since) == []
    other = replace(mended(), plan=Plan(plans.LISTED.digest, ()))
    assert of(other, since) == []


def test_a_rule_of_ours_that_was_gone_unnoticed_is_mended_too() -> None:
    """A broader rule let the sender in meanwhile, so no mail was lost."""
    before = replace(plans.OPEN, before=plans.RIGHT)
    report = replace(mended(), plan=Plan(plans.LISTED.digest, (before,)))
    (found,) = of(report, Since(in_sync={RIGHT.target}))
    assert found.impact == (
        f"{RIGHT.target} had been changed, and is right again: a rule of ours was gone."
    )
    lost = replace(plans.BLOCKED, target=RIGHT.target)
    report = replace(mended(), plan=Plan(plans.LISTED.digest, (lost,)))
    (found,) = of(report, Since(in_sync={RIGHT.target}))
    assert found.impact.endswith(
        "is right again: 5 IPv4 addresses couldn't reach it and 241 IPv4 addresses could reach it "
        "unlisted."
    )
    assert (found.rule, found.witness) == ("90 deny abuse", "203.0.113.8")
    assert of(report, Since(came=EVERYONE, in_sync={RIGHT.target})) == []


def test_each_kind_has_a_severity_and_a_section_to_read() -> None:
    """Whoever is woken finds the page that the message names."""
    assert list(SEVERITY) == list(ConditionKind)
    text = (Path(__file__).parents[3] / "docs" / "conditions.md").read_text(encoding="utf-8")
    for kind, severity in SEVERITY.items():
        assert f"\n## {kind}\n" in text
        assert f"| [{kind}](#{kind}) | {severity} |" in text
