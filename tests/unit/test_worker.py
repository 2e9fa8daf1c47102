"""A pass with nobody to ask, over the in-memory provider: what goes on, and what waits for whom."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from cloudsync import docket, records
from cloudsync.addresses import AddressSet
from cloudsync.config import Config
from cloudsync.errors import Exit, UsageError
from cloudsync.job import Job
from cloudsync.memory.firewall import Rule
from cloudsync.model import Mode, Note, Verdict
from cloudsync.reconcile import reconcile
from cloudsync.remember import forget
from cloudsync.report import exit_of_run
from cloudsync.state import StateError
from cloudsync.worker import Passed, one_pass
from tests.unit.test_reconcile import LISTED, NOW, ONE, OPEN, Scene

ENFORCE = {
    "mode": "enforce",
    "path": "direct",
    "internal": "keep",
    "accept_risk": {"by": "ann", "reason": "a test", "until": "never"},
}


@dataclass
class Shift(Scene):
    """A scene with nobody to ask, where what waits can be approved."""

    approvals: dict[str, bool] = field(default_factory=dict[str, bool])
    blind: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    slept: list[float] = field(default_factory=list[float])

    @property
    def job(self) -> Job:
        """The worker's job."""
        job = super().job
        said = {**job.config.model_dump(), "approvals": self.approvals, "blind": self.blind}
        said["targets"] = job.config.targets
        pace = replace(job.pace, sleep=self.sleep, settle=90.0)
        return replace(job, attended=False, config=Config.model_validate(said), pace=pace)

    def sleep(self, seconds: float) -> None:
        """Time goes by, so that whoever waits for what never comes gives up."""
        self.slept.append(seconds)
        self.clock += seconds

    def one_pass(self) -> Passed:
        """One pass."""
        return one_pass(self.job)

    def approve(self, by: str = "ann") -> bool:
        """Approve whatever waits first."""
        _, enough = docket.approve(self.job, docket.holds(self.job)[0].digest, by, "looked at")
        return enough


@pytest.fixture
def shift() -> Shift:
    """One target that is open to the world and lacks the list, in enforce for the first time."""
    return Shift({"one": (OPEN, Rule(2000, "theirs", sources=("10.0.0.0/8",)))}, (ENFORCE,))


def reach(shift: Shift, name: str = "one") -> bool:
    """Whether somebody whom nobody wants can get in."""
    return any(rule.name == "open" for rule in shift.world.firewalls[name].rules) and not any(
        not rule.allow for rule in shift.world.firewalls[name].rules
    )


def test_a_first_enforce_is_held_and_wanted_senders_are_let_in(shift: Shift) -> None:
    """The list goes in, nothing is closed, the report has the command, and the exit is 4."""
    passed = shift.one_pass()
    (target,) = passed.report.now.targets
    rules = shift.world.firewalls["one"].rules
    own = [AddressSet.of(*r.sources) for r in rules if r.description == "cloudsync/ours list"]
    assert own == [AddressSet.of(*LISTED)]
    assert reach(shift)
    assert (target.verdict, target.mode, target.notes) == (Verdict.OPEN, Mode.ADD, (Note.HELD,))
    (hold,) = docket.holds(shift.job)
    assert hold.subject == ONE
    assert hold.command in target.remarks[-1].text
    assert passed.tell == (hold,)
    assert exit_of_run(passed.report) is Exit.HELD


def test_what_was_approved_is_done_though_senders_were_let_in_meanwhile(shift: Shift) -> None:
    """The digest of the first report still holds; then the target needs nobody any more."""
    shift.one_pass()
    (told,) = docket.holds(shift.job)
    shift.one_pass()
    assert docket.holds(shift.job) == (told,)
    assert shift.approve()
    passed = shift.one_pass()
    assert exit_of_run(passed.report) is Exit.DONE
    assert not reach(shift)
    assert docket.holds(shift.job) == ()
    assert set(docket.enforced(shift.job)) == {ONE}
    rules = shift.world.firewalls["one"].rules
    shift.world.edit("one", replace(shift.world.firewalls["one"], rules=tuple(
        rule for rule in rules if rule.allow)))  # fmt: skip
    assert exit_of_run(shift.one_pass().report) is Exit.DONE
    assert not reach(shift)


def test_an_approval_is_of_exactly_that(shift: Shift) -> None:
    """Where the list changed since, what would be closed is another thing, and waits anew."""
    shift.one_pass()
    shift.approve()
    shift.listed = (*LISTED, "9.0.0.1/32")
    passed = shift.one_pass()
    assert exit_of_run(passed.report) is Exit.HELD
    assert reach(shift)
    assert len(passed.tell) == 1


def test_a_persons_apply_is_the_approval(shift: Shift) -> None:
    """What somebody said yes to isn't held, and the worker keeps it closed from then on."""
    reconcile(replace(shift.job, attended=True))
    assert not reach(shift)
    assert set(docket.enforced(shift.job)) == {ONE}
    assert exit_of_run(shift.one_pass().report) is Exit.DONE


def test_a_second_person_is_asked_where_the_configuration_says_so(shift: Shift) -> None:
    """One approval isn't enough, the same person's second isn't either; another's is."""
    shift.approvals = {"second": True}
    shift.one_pass()
    assert not shift.approve("ann")
    assert exit_of_run(shift.one_pass().report) is Exit.HELD
    with pytest.raises(UsageError, match="ann has approved it already"):
        shift.approve(" Ann")
    assert shift.approve("bob")
    assert docket.approved(shift.job).popitem()[1] == "ann and bob"
    assert exit_of_run(shift.one_pass().report) is Exit.DONE


def test_nothing_but_what_waits_can_be_approved(shift: Shift) -> None:
    """An unknown digest names what waits; a second approval of one person is refused."""
    with pytest.raises(UsageError) as nothing:
        docket.approve(shift.job, "sha256:1", "ann", "why")
    assert str(nothing.value) == (
        "sha256:1: nothing waits as this. Nothing was changed. "
        "Take the digest from the last report of cloudsync run."
    )
    shift.one_pass()
    with pytest.raises(UsageError, match=f"what waits is sha256:[0-9a-f]+ .{ONE}"):
        docket.approve(shift.job, "sha256:1", "ann", "why")
    shift.approve()
    with pytest.raises(UsageError, match="ann has approved it already"):
        shift.approve("bob")


def test_a_held_list_is_let_through_by_its_digest(shift: Shift) -> None:
    """Half the list gone waits; approved, it is in force under the name of who approved it."""
    shift.blocks = ({"mode": "add"},)
    shift.listed = LISTED[:4]
    passed = shift.one_pass()
    assert [one.kind for one in passed.tell] == ["list"]
    assert exit_of_run(passed.report) is Exit.HELD
    shift.approve()
    assert exit_of_run(shift.one_pass().report) is Exit.DONE
    assert shift.stored
    assert shift.stored.accepted_by == "ann"


def test_a_first_list_waits_and_changes_nothing(shift: Shift) -> None:
    """Without a list in force the pass ends held, and its digest is what lets the list begin."""
    shift.forget()
    shift.world.edit("one", replace(shift.world.firewalls["one"], rules=(OPEN,)))
    passed = shift.one_pass()
    assert (exit_of_run(passed.report), shift.provider.made) == (Exit.HELD, 0)
    list_hold = next(one for one in docket.holds(shift.job) if one.kind == "list")
    docket.approve(shift.job, list_hold.digest, "ann", "looked at")
    shift.one_pass()
    assert shift.stored


def test_holds_are_told_of_again_after_four_hours(shift: Shift) -> None:
    """Not at every pass, and never silently forgotten."""
    assert len(shift.one_pass().tell) == 1
    shift.now = NOW + timedelta(hours=3)
    assert shift.one_pass().tell == ()
    shift.now = NOW + timedelta(hours=4)
    assert len(shift.one_pass().tell) == 1


def test_lost_state_holds_again_and_loses_no_mail(shift: Shift) -> None:
    """A target that is closed stays closed, and is known as closed again."""
    reconcile(replace(shift.job, attended=True))
    shift.forget()
    passed = shift.one_pass()
    assert not reach(shift)
    assert passed.report.outcomes == ()
    assert set(docket.enforced(shift.job)) == {ONE}


def test_what_is_forgotten_is_held_again(shift: Shift) -> None:
    """A name that comes back may be another firewall."""
    reconcile(replace(shift.job, attended=True))
    forget(shift.job, ONE)
    assert docket.enforced(shift.job) == {}


def fleet(number: int) -> Shift:
    """Many targets that are closed for the first time, each approved."""
    shift = Shift({f"t{n:02}": (OPEN,) for n in range(number)}, (ENFORCE,))
    shift.one_pass()
    for hold in docket.holds(shift.job):
        docket.approve(shift.job, hold.digest, "ann", "looked at")
    return shift


def test_many_targets_are_closed_in_waves_with_time_between() -> None:
    """One, two, four: in three waves, and twice the settling time is waited."""
    shift = fleet(7)
    slept = len(shift.slept)
    passed = shift.one_pass()
    assert exit_of_run(passed.report) is Exit.DONE
    assert shift.slept[slept:] == [90.0, 90.0]
    assert [plan.target for plan in passed.report.now.targets] == sorted(
        plan.target for plan in passed.report.now.targets
    )
    assert len(docket.enforced(shift.job)) == 7


def test_waves_stop_where_one_fell_short() -> None:
    """What is behind a wave that failed stays as it was, and says for whom it waits."""
    alone = fleet(1)
    calls = len(alone.world.calls)
    alone.one_pass()
    shift = fleet(7)
    shift.world.faults.extend([*[None] * (len(alone.world.calls) - calls), "denied"])
    passed = shift.one_pass()
    closed = [f"t{n:02}" for n in range(7) if not reach(shift, f"t{n:02}")]
    assert closed == ["t00", "t02"]
    assert exit_of_run(passed.report) is Exit.FAILED
    waiting = [plan for plan in passed.report.now.targets if Note.HELD in plan.notes]
    assert [plan.target for plan in waiting] == [f"memory:run/t{n:02}" for n in range(3, 7)]
    assert waiting[0].remarks[-1].text == (
        "it waits: memory:run/t01, which was to be closed before it, isn't as was planned. "
        "Look there first"
    )
    assert exit_of_run(shift.one_pass().report) is Exit.DONE


def test_a_document_that_is_no_hold_is_an_error(shift: Shift) -> None:
    """What the state holds is what was written, or the pass ends before it changes anything."""
    shift.store.put("holds", {"schema": docket.HOLDS.schema, "holds": [
        {"digest": "1", "kind": "mail", "subject": "", "what": "", "since": "", "told": None}
    ]}, None)  # fmt: skip
    with pytest.raises(StateError, match="'mail' is nothing that waits"):
        shift.one_pass()
    assert shift.provider.made == 0
    assert records.load(shift.store, docket.ENFORCED_KEY, docket.ENFORCED) is None


def test_a_scope_that_somebody_answers_for_ends_a_pass_well(shift: Shift) -> None:
    """What can't be read is in the report with its owner, and the exit code is of the rest."""
    shift.one_pass()
    shift.world.unreadable = "denied"
    assert exit_of_run(shift.one_pass().report) is Exit.FAILED
    shift.blind = [{"scope": "memory:run", "owner": "ann", "reason": "it moves", "until": "never"}]
    report = shift.one_pass().report
    assert exit_of_run(report) is Exit.DONE
    assert {(plan.verdict, plan.notes) for plan in report.now.targets} == {
        (Verdict.UNREADABLE, (Note.BLIND,))
    }
