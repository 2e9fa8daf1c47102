"""What is kept of a run for whoever looks later: small, whole in what matters, merged over orders."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from cloudsync import records
from cloudsync.errors import Exit
from cloudsync.model import Mode, Note, Verdict
from cloudsync.plan import Mend, Plan, TargetPlan
from cloudsync.provider import Outcome, Step
from cloudsync.report import RunReport
from cloudsync.state import MemoryStore, StateError
from cloudsync.status import logbook
from cloudsync.status.after import RUNS, SHOWN, TURNS, after_calls, after_run
from cloudsync.status.document import OVERVIEW
from cloudsync.status.overview import Calls, Mending, Overview, Part, Ran
from tests.unit import report_plans as made
from tests.unit.scenes import AWS, BYPASS, FINE, NOW, OPEN, target

RAN = Ran("run-1", "run", NOW - timedelta(seconds=9), NOW, 0, whole=True, vetted=True,
          stages={"look": 4.0, "change": 5.0})  # fmt: skip


def report(*targets: TargetPlan, done: int = 0) -> RunReport:
    """A run that found these, with so many steps done and one that failed."""
    plan = Plan("sha256:1", targets)
    steps = [Step("add", (targets[0].target,), (f"+ {number}",)) for number in range(done)]
    outcomes = [(step, Outcome("done")) for step in steps]
    failed = (Step("remove", (targets[0].target,), ("- x",)), Outcome("failed", "no"))
    return RunReport(plan, (*outcomes, *([failed] if done else [])), plan)


def test_a_target_that_is_open_keeps_its_count_its_first_networks_and_the_rule() -> None:
    """Hundreds of networks would be kept for every open target; the number of the rest stands."""
    seen = after_run(None, report(target(f"{AWS}/sg-1", OPEN)), RAN).sights[0]
    assert seen.found
    assert (seen.found.excess.ipv4, seen.found.excess.ipv6) == (3_702_390_769, 0)
    assert len(seen.found.excess.networks) == SHOWN
    assert seen.found.excess.more == 51
    (rule,) = seen.found.grants
    assert (rule.rule, rule.part.ipv4) == (
        "tcp/0-65535 from 0.0.0.0/0 (sgr-0be4)", 3_702_390_769,
    )  # fmt: skip
    assert seen.provider == "aws"
    assert not Part()
    assert seen.found.missing == Part()


def test_a_target_that_could_not_be_looked_at_claims_nothing() -> None:
    """None stands where a number would claim to know."""
    unread = target(f"{AWS}/sg-1", None, reason="throttled")
    (seen,) = after_run(None, report(unread), RAN).sights
    assert (seen.found, seen.reason, seen.verdict) == (None, "throttled", Verdict.UNREADABLE)


def test_a_refusal_remarks_and_long_steps_are_kept_cut() -> None:
    """What a person has to know stands; of a long step the first lines do."""
    lines = tuple(f"+ tcp/25 from 203.0.113.{number}/32" for number in range(40))
    plan = replace(
        made.REFUSED, remarks=made.BLOCKED.remarks, notes=(Note.BLOCKED,),
        steps=(Step("add", (made.REFUSED.target,), lines),),
    )  # fmt: skip
    (seen,) = after_run(None, report(plan), RAN).sights
    assert plan.refusal
    assert seen.refusal == (plan.refusal.what, plan.refusal.todo)
    assert seen.remarks == tuple(one.text for one in made.BLOCKED.remarks)
    (step,) = seen.steps
    assert (step.verb, len(step.changes), step.more) == ("add", SHOWN, 40 - SHOWN)


def test_what_mends_terraforms_code_is_kept_cut() -> None:
    """Why and what to do stand whole, of a long change the first lines do; elsewhere there is none."""
    networks = tuple(f"203.0.113.{number}/32" for number in range(30))
    mend = Mend("Pinned.", "Take it.", networks, ("192.0.2.1/32",))
    (seen,) = after_run(None, report(replace(made.BLOCKED, mend=mend)), RAN).sights
    lines = tuple(f"+ {one}" for one in networks[:SHOWN])
    assert seen.mend == Mending("Pinned.", "Take it.", lines, 31 - SHOWN)
    (seen,) = after_run(None, report(made.BLOCKED), RAN).sights
    assert seen.mend is None


def test_a_verdict_begins_when_it_was_first_seen() -> None:
    """The same verdict in the next run is no new turn; another one is, and old turns go."""
    name = FINE[2].target
    overview = after_run(None, report(*FINE), RAN)
    later = replace(RAN, ended=NOW + timedelta(minutes=5))
    overview = after_run(overview, report(*FINE), later)
    seen = overview.sight(name)
    assert seen
    assert (seen.at, seen.since) == (later.ended, NOW)
    for number in range(2 * TURNS):
        then = replace(RAN, ended=NOW + timedelta(hours=number + 1))
        overview = after_run(overview, report(*(BYPASS if number % 2 else FINE)), then)
    seen = overview.sight(name)
    assert seen
    assert len(seen.turns) == TURNS
    assert seen.turns[-1].verdict is Verdict.OPEN
    assert overview.sight("aws:none") is None


def test_an_order_speaks_of_its_targets_alone() -> None:
    """What it didn't look at stays as it was seen, and it counts neither as a look nor as a read."""
    before = after_run(None, report(*FINE), RAN)
    order = replace(
        RAN, id="run-2", command="allow", ended=NOW + timedelta(minutes=1), whole=False,
        vetted=False, stages={},
    )  # fmt: skip
    after = after_run(before, report(BYPASS[2], done=3), order)
    assert [one.target for one in after.sights] == [one.target for one in before.sights]
    assert {one.run for one in after.sights} == {"run-1", "run-2"}
    assert (after.looked_at, after.succeeded_at, after.vetted_at) == (NOW, NOW, NOW)
    assert (after.stages, after.changes) == (RAN.stages, 3)
    whole = replace(RAN, ended=NOW + timedelta(hours=1), exit=int(Exit.FAILED), vetted=False)
    gone = after_run(after, report(*FINE[:2]), whole)
    assert len(gone.sights) == 2
    assert (gone.looked_at, gone.succeeded_at) == (whole.ended, NOW)
    assert gone.vetted_at == NOW


def test_runs_are_kept_to_be_drawn_and_the_oldest_go() -> None:
    """Each is a point with its sums; there are never more than are drawn."""
    overview: Overview | None = None
    for number in range(3):
        overview = after_run(
            overview, report(*BYPASS, done=1), replace(RAN, id=f"run-{number}", exit=2)
        )
    assert overview
    point = overview.points[-1]
    assert (point.run, point.exit, point.seconds, point.done) == ("run-2", 2, 9.0, 1)
    assert point.verdicts == {Verdict.IN_SYNC: 4, Verdict.OPEN: 1, Verdict.UNDETERMINED: 1}
    assert (point.missing, point.excess) == ((0, 0), (3_702_390_769, 0))
    assert overview.changes == 3
    many = replace(overview, points=overview.points * RUNS)
    assert len(after_run(many, report(*FINE), RAN).points) == RUNS


def test_what_is_kept_comes_back_as_it_was() -> None:
    """Over the state and back, to the last number of IPv6."""
    wide = after_run(None, report(made.OPEN, *BYPASS, target("x:1", None, Mode.ADD)), RAN)
    store = MemoryStore()
    assert logbook.overview(store) is None
    records.save(store, logbook.OVERVIEW_KEY, OVERVIEW, wide, None)
    assert logbook.overview(store) == wide
    found = wide.sight(made.OPEN.target)
    assert found
    assert found.found
    assert found.found.excess.ipv6 > 2**127


def test_a_fleet_that_is_alike_is_written_once() -> None:
    """So many more targets add little more than their names, and come back each with its own."""
    sizes: list[int] = []
    for many in (100, 1_000):
        fleet = [target(f"{AWS}/sg-{number}", FINE[0].before, Mode.ADD) for number in range(many)]
        seen = after_run(
            after_run(None, report(*fleet), RAN), report(*fleet), replace(RAN, id="run-2")
        )
        written = OVERVIEW.encode(seen)
        assert OVERVIEW.decode("overview", written) == seen
        sizes.append(len(json.dumps(written)))
    names = sum(len(json.dumps(f"{AWS}/sg-{number}, ")) for number in range(100, 1_000))
    assert sizes[1] - sizes[0] < names * 1.1


def test_what_an_older_release_wrote_is_shown() -> None:
    """Every target stood there spelt out."""
    wide = after_run(None, report(made.OPEN, *BYPASS, *FINE), RAN)
    spelt = TypeAdapter(Overview).dump_python(wide, mode="json")
    assert OVERVIEW.decode("overview", {"schema": "cloudsync.state.overview/1", **spelt}) == wide


def test_a_row_that_leads_nowhere_is_an_error_of_the_state() -> None:
    """As every document that isn't what was written; never a traceback."""
    written = OVERVIEW.encode(after_run(None, report(*FINE), RAN))
    with pytest.raises(StateError, match="IndexError"):
        OVERVIEW.decode("overview", {**written, "alike": []})


def test_answers_of_the_clouds_add_up_over_runs() -> None:
    """By provider, operation and code; and how often one said to slow down."""
    read = Calls("aws", "DescribeSecurityGroups", "ok", 3)
    slow = Calls("aws", "DescribeSecurityGroups", "RequestLimitExceeded", 1)
    first = after_run(None, report(*FINE), replace(RAN, calls=(read,)))
    ran = replace(RAN, calls=(read, slow), throttled={"aws": 1})
    second = after_run(first, report(*FINE), ran)
    assert second.calls == (slow, replace(read, times=6))
    assert second.throttled == {"aws": 1}


def test_answers_beside_a_run_add_up_and_change_nothing_else() -> None:
    """A second look's answers are counted with the run's; what the run found stays as it was."""
    read = Calls("aws", "DescribeSecurityGroups", "ok", 3)
    first = after_run(None, report(*FINE), replace(RAN, calls=(read,), throttled={"aws": 1}))
    event = Calls("aws", "LookupEvents", "ok", 2)
    assert after_calls(first, [replace(read, times=1), event], {"aws": 1, "gcp": 4}) == replace(
        first, calls=(replace(read, times=4), event), throttled={"aws": 2, "gcp": 4}
    )
