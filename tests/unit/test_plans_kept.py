"""Plans as documents: what a report asks of them comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from cloudsync.addresses import EVERYONE, PUBLIC, AddressSet
from cloudsync.exposure import Clause, Name, first_match
from cloudsync.model import Mode, Note, Verdict, Wanted, differ
from cloudsync.plan import Mend, State, TargetPlan
from cloudsync.provider import Outcome, Refusal, Remark, Reversal, Step
from cloudsync.records.plans import Reading, Writing
from cloudsync.report.facts import facts
from tests.unit.scenes import LOST, OPEN, PARTLY, RIGHT, STOPPED

NAMED = State(
    {
        port: first_match(
            (
                Clause(allow=False, source=AddressSet.of("192.0.2.0/24"), rule="deny", full=False),
                Clause(
                    allow=True, source=AddressSet.of("::/0"), rule="tag",
                    names=frozenset({Name("Internet", PUBLIC), Name("lb", AddressSet.of("10.0.0.1"))}),
                ),
            ),
            "layer",
        )
        for port in (25, 587)
    },
    {},
)  # fmt: skip
BOTH = State(
    NAMED.exposures,
    {
        port: differ(exposure, Wanted("ours", Mode.ADD, names=frozenset({Name("gone", PUBLIC)})))
        for port, exposure in NAMED.exposures.items()
    },
)
SHUT = first_match([Clause(allow=False, source=EVERYONE, rule="shut")], "another layer")
BESIDE = State(
    NAMED.exposures,
    {
        port: differ(
            exposure,
            Wanted("ours", Mode.ADD, (ip_network("2001:db8::/32"),)),
            beside=[SHUT],
        )
        for port, exposure in NAMED.exposures.items()
    },
    dict.fromkeys(NAMED.exposures, (SHUT,)),
)
STEP = Step("replace", ("aws:1/r/sg-1", "aws:1/r/sg-2"), ("- a", "+ b"), own=False, narrows=True)
REMARK = Remark("aws:1/r/sg-1", "blocked by `x`", Note.BLOCKED)
PLANS = (
    TargetPlan("aws:1/r/sg-1", Mode.ADD, "sha256:1", RIGHT, RIGHT, outbound="o1"),
    TargetPlan("aws:1/r/sg-2", Mode.ENFORCE, "sha256:1", OPEN, RIGHT, (STEP,)).saying(REMARK),
    TargetPlan("aws:1/r/sg-3", Mode.WATCH, "sha256:1", STOPPED, PARTLY,
               refusal=Refusal("aws:1/r/sg-3", "no room", "make some", "8.0.0.1")),
    TargetPlan("aws:1/r/sg-4", Mode.WATCH, "sha256:1", LOST, BOTH,
               mend=Mend("lags", "take `2`", ("a",), ("b",), ("c",), "1", "2", None)),
    TargetPlan("aws:1/r/sg-5", Mode.ADD, "sha256:1", absent=Verdict.GONE, reason="it was there"),
    TargetPlan("aws:1/r", Mode.ADD, "sha256:1", reason="denied"),
    TargetPlan("aws:1/r/sg-6", Mode.ADD, "sha256:1", BESIDE, BESIDE),
)  # fmt: skip


def kept(plans: tuple[TargetPlan, ...], reading: Reading | None = None) -> tuple[TargetPlan, ...]:
    """The plans, written and read again."""
    writing = Writing()
    said = [writing.plan(one) for one in plans]
    value = json.loads(json.dumps(writing.value(plans=said)))
    pages = (reading or Reading()).document(value)
    return tuple(pages.plan(one) for one in value["plans"])


def test_a_plan_comes_back_as_it_was() -> None:
    """Everything that a report or a condition asks, the deciding rules where something differs too."""
    back = kept(PLANS)
    assert back == PLANS
    for one, other in zip(back, PLANS, strict=True):
        assert one.verdict is other.verdict
        assert one.digest == other.digest
        if one.before and other.before:
            assert facts(one.before) == facts(other.before)
        if one.after and other.after:
            assert facts(one.after) == facts(other.after)


def test_a_rule_of_another_layer_is_told_of_what_it_stops() -> None:
    """Who is missing though the target lets him in is stopped by the layer beside it, kept or not."""
    for state in (BESIDE, *(one.before for one in kept(PLANS[-1:]) if one.before)):
        [share] = facts(state).stops
        assert (share.rule, share.layer) == ("shut", "another layer")
        assert share.part == AddressSet.of("2001:db8::/32")


def test_what_is_alike_is_written_once_and_read_as_one_object() -> None:
    """A fleet of a hundred alike targets holds one state, over documents too."""
    fleet = tuple(replace(PLANS[0], target=f"aws:1/r/sg-{number}") for number in range(100))
    writing = Writing()
    said = [writing.plan(one) for one in fleet]
    assert len(writing.value(plans=said)["states"]) == 1
    reading = Reading()
    first, second = kept(fleet[:2], reading)
    (third,) = kept(fleet[2:3], reading)
    assert first.before is second.before is third.before


@pytest.mark.parametrize("reversal", [None, Reversal(("undo it",), {"deny": "x"})])
def test_how_a_step_ended_comes_back(reversal: Reversal | None) -> None:
    """With how it is taken back, where it can be."""
    writing = Writing()
    outcome = Outcome("unknown", "the answer was lost", "look again")
    said = json.loads(json.dumps(writing.made(STEP, outcome, reversal)))
    pages = Reading().document(json.loads(json.dumps(writing.value())))
    assert pages.made(said) == (STEP, outcome, reversal)


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("step", {"verb": "open"}),
        ("outcome", ["fine", "", ""]),
    ],
)
def test_what_was_never_written_is_an_error(what: str, wrong: Any) -> None:
    """No default takes the place of what isn't what was written."""
    writing = Writing()
    said = writing.made(STEP, Outcome("done"), None)
    said[what] = {**said[what], **wrong} if isinstance(wrong, dict) else wrong
    pages = Reading().document(writing.value())
    with pytest.raises(ValueError, match=r"is no step|no step ends as 'fine'"):
        pages.made(said)


def test_a_fold_that_nobody_knows_is_an_error() -> None:
    """A newer release may fold otherwise: its exposure isn't guessed."""
    writing = Writing()
    said = [writing.plan(PLANS[1])]
    value = writing.value(plans=said)
    value["states"][0]["25"]["fold"] = "last_match"
    with pytest.raises(ValueError, match="folds nothing"):
        Reading().document(value)
