"""A pass with nobody to ask, over the in-memory provider: what goes on, and what waits for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from cloudsync import docket, records
from cloudsync.addresses import AddressSet
from cloudsync.allowlist import InForce, Withdrawn
from cloudsync.conditions import ConditionKind, Turned
from cloudsync.conditions.watch import watched
from cloudsync.config.blind import Blind
from cloudsync.config.models import Approvals
from cloudsync.config.schedule import Schedule
from cloudsync.errors import Exit, HeldError, SourceRefused, UsageError
from cloudsync.job import Job
from cloudsync.memory.firewall import Firewall, Rule
from cloudsync.model import Mode, Note, Verdict
from cloudsync.provider import Outcome, Step
from cloudsync.reconcile import reconcile
from cloudsync.remember import forget, list_in_force, remember_list
from cloudsync.report import exit_of_run
from cloudsync.state import StateError
from cloudsync.vetting.leaving import begin
from cloudsync.vetting.vet import Read
from cloudsync.vetting.withdraw import restore
from cloudsync.worker.passes import Passed, one_pass
from tests.unit.test_reconcile import LISTED, NOW, ONE, OPEN, REFUSED, Scene

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
        config = replace(
            job.config,
            approvals=Approvals.model_validate(self.approvals),
            blind=tuple(map(Blind.model_validate, self.blind)),
        )
        pace = replace(job.pace, sleep=self.sleep, settle=90.0)
        return replace(job, attended=False, config=config, pace=pace)

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


class Crashed(BaseException):
    """The process is gone."""


def cut_short(shift: Shift, calls: int) -> None:
    """A pass whose process dies once it has made so many calls."""
    made, apply = 0, shift.provider.inner.apply

    def crashing(step: Step, deadline: float | None = None) -> Outcome:
        nonlocal made
        made += 1
        if made > calls:
            raise Crashed
        return apply(step, deadline)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shift.provider, "apply", crashing)
        with pytest.raises(Crashed):
            one_pass(shift.job)


def denies(shift: Shift) -> int:
    """How many own denies stand."""
    return sum(not rule.allow for rule in shift.world.firewalls["one"].rules)


@pytest.mark.parametrize("calls", range(4))
def test_an_approval_covers_the_rest_of_a_run_that_was_cut_short(shift: Shift, calls: int) -> None:
    """Between any two of two probes' rules and two denies it dies: the next pass does the rest."""
    shift.one_pass()
    shift.approve()
    cut_short(shift, calls)
    assert (denies(shift), docket.enforced(shift.job)) == (max(0, calls - 2), {})
    passed = shift.one_pass()
    assert exit_of_run(passed.report) is Exit.DONE
    assert (denies(shift), docket.holds(shift.job)) == (2, ())
    assert set(docket.enforced(shift.job)) == {ONE}


@pytest.mark.parametrize(
    "other",
    [
        {"internal": "close"},
        {"also_allow": [{"network": "9.9.9.9", "owner": "a", "reason": "b", "until": "never"}]},
        {"override_denies": True},
    ],
)
def test_the_rest_waits_anew_where_it_would_shut_out_somebody_else(
    shift: Shift, other: dict[str, Any]
) -> None:
    """What is wanted was changed while the run was cut short: a person is asked for the rest."""
    shift.one_pass()
    shift.approve()
    cut_short(shift, 3)
    shift.blocks = ({**ENFORCE, **other},)
    assert exit_of_run(shift.one_pass().report) is Exit.HELD
    assert denies(shift) == 1


def test_a_second_persons_word_is_needed_for_the_rest_too(shift: Shift) -> None:
    """One of two approvals covers nothing, whole or in part."""
    shift.one_pass()
    shift.approve()
    cut_short(shift, 3)
    shift.approvals = {"second": True}
    assert exit_of_run(shift.one_pass().report) is Exit.HELD
    assert denies(shift) == 1


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


def test_sweeps_count_no_read() -> None:
    """However often the targets are swept, an entry leaves by the reads that were made."""
    shift = Shift({"one": ()}, ({"mode": "add"},))
    shift.listed = LISTED[1:]
    shift.one_pass()
    once = shift.stored
    assert once
    assert [one.reads for one in once.leaving] == [1]
    for number in range(1, 200):
        shift.now = NOW + timedelta(hours=number)
        passed = one_pass(shift.job, sweep=True)
        assert (shift.stored, passed.found.read) == (once, Read(made=False))
    shift.one_pass()
    assert shift.stored
    assert [one.reads for one in shift.stored.leaving] == [2]
    shift.now += timedelta(days=7)
    one_pass(shift.job, sweep=True)
    assert shift.stored.leaving == ()
    (rule,) = shift.world.firewalls["one"].rules
    assert AddressSet.of(*rule.sources) == AddressSet.of(*LISTED[1:])


def test_a_sweep_repairs_by_the_list_in_force_and_reads_nothing(shift: Shift) -> None:
    """A rule that went is put back, whatever the source would say."""
    shift.blocks = ({"mode": "add"},)
    shift.one_pass()
    shift.world.edit("one", Firewall(()))
    shift.listed = (*LISTED, "9.0.0.1/32")
    shift.kept.clear()
    one_pass(shift.job, sweep=True)
    (rule,) = shift.world.firewalls["one"].rules
    assert AddressSet.of(*rule.sources) == AddressSet.of(*LISTED)
    assert shift.kept == []


def test_a_list_that_waits_goes_on_waiting_through_sweeps_and_refusals(shift: Shift) -> None:
    """Neither is a person's decision: the hold stays as old as it is, and the exit is 4."""
    shift.blocks = ({"mode": "add"},)
    shift.listed = LISTED[:4]
    (hold,) = shift.one_pass().tell
    shift.now = NOW + timedelta(hours=1)
    passed = one_pass(shift.job, sweep=True)
    assert (docket.holds(shift.job), passed.tell) == ((hold,), ())
    assert exit_of_run(passed.report) is Exit.HELD
    assert [plan.notes for plan in passed.report.now.targets] == [(Note.HELD,)]
    shift.read = Read(refused=REFUSED)
    assert exit_of_run(shift.one_pass().report) is Exit.SOURCE
    assert docket.holds(shift.job) == (hold,)


def test_an_approved_list_is_fetched_by_the_next_sweep(shift: Shift) -> None:
    """Whoever approved it doesn't wait for the hour; then sweeps read nothing again."""
    shift.blocks = ({"mode": "add"},)
    shift.listed = LISTED[:4]
    shift.one_pass()
    shift.approve()
    passed = one_pass(shift.job, sweep=True)
    assert passed.found.read.made
    assert exit_of_run(passed.report) is Exit.DONE
    assert shift.stored
    assert shift.stored.accepted_by == "ann"
    assert docket.holds(shift.job) == ()
    assert not one_pass(shift.job, sweep=True).found.read.made


def test_what_a_held_list_adds_is_let_in(shift: Shift) -> None:
    """Half the list gone waits, and the sender that is new gets in with the same pass."""
    shift.blocks = ({"mode": "add"},)
    shift.listed = (*LISTED[:4], "9.0.0.1/32")
    passed = shift.one_pass()
    assert exit_of_run(passed.report) is Exit.HELD
    own = [rule for rule in shift.world.firewalls["one"].rules if "ours" in rule.description]
    assert AddressSet.of(*(n for rule in own for n in rule.sources)) == AddressSet.of(
        *LISTED, "9.0.0.1/32"
    )


def test_without_a_list_there_is_nothing_to_sweep_by(shift: Shift) -> None:
    """The first list waits for a person; a sweep says so, and asks nobody."""
    shift.forget()
    shift.world.edit("one", Firewall((OPEN,)))
    shift.one_pass()
    before = watched(shift.job)
    with pytest.raises(HeldError) as caught:
        one_pass(shift.job, sweep=True)
    assert watched(shift.job) == before
    assert str(caught.value) == (
        "cloudsync.yaml: list: no list is in force, so there is nothing to sweep by. Nothing was "
        "changed. Look at it with cloudsync list, and let it through with cloudsync list accept."
    )


def test_a_sweep_after_a_lost_state_closes_nothing(shift: Shift) -> None:
    """What own rules tell may be less than was in force, until a read says that it isn't."""
    shift.one_pass()
    shift.forget()
    shift.listed = LISTED[:4]
    first = one_pass(shift.job, sweep=True)
    assert [plan.mode for plan in first.report.now.targets] == [Mode.ADD]
    assert first.report.outcomes == ()
    assert reach(shift)


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


# -------------------------------------------------------------- whose doing a target's change was


def told(passed: Passed) -> list[tuple[str, str]]:
    """What somebody is told of, and what it is."""
    return [(one.watched.condition.kind, one.watched.condition.impact) for one in passed.turn.tell]


def by_a_person(shift: Shift, change: Callable[[InForce], InForce]) -> None:
    """A command that changes the list in force between two passes."""
    known = list_in_force(shift.job)
    assert known
    remember_list(shift.job, change(known), known)


@pytest.fixture
def steady() -> Shift:
    """A target that a pass has made right."""
    shift = Shift({"one": ()}, ({"mode": "add"},))
    shift.one_pass()
    return shift


def test_what_a_restored_entry_does_is_the_lists_doing(steady: Shift) -> None:
    """Nobody broke the target: it is told that the list changed, once, and of no repair."""
    gone = ip_network(LISTED[0])
    taken = Withdrawn(gone, "ann", "broken into", NOW)
    by_a_person(steady, lambda known: replace(known, withdrawn=(taken,)))
    assert told(steady.one_pass()) == [
        ("order", f"{gone} is kept off the list, though its source has it."),
        ("list_changed", f"The list changed: {gone} is gone."),
    ]
    by_a_person(steady, lambda known: restore(known, gone))
    passed = steady.one_pass()
    assert passed.report.outcomes
    assert ("list_changed", f"The list changed: {gone} is new and wanted at once.") in told(passed)
    assert "repaired" not in [kind for kind, _ in told(passed)]
    assert told(steady.one_pass()) == []


def test_what_an_accepted_list_does_is_the_lists_doing(steady: Shift) -> None:
    """Accepted by a command before the pass, which finds it in force."""
    steady.listed = (*LISTED, "9.0.0.1/32")
    by_a_person(steady, lambda _known: begin(steady.offered, NOW, "ann"))
    assert told(steady.one_pass()) == [
        ("list_changed", "The list changed: 9.0.0.1/32 is new and wanted at once.")
    ]


def test_who_lets_in_what_was_taken_off_before_is_a_hand(steady: Shift) -> None:
    """The list dropped it a pass ago, and the rules kept to that: somebody opened it since."""
    gone = ip_network(LISTED[0])
    taken = Withdrawn(gone, "ann", "broken into", NOW)
    by_a_person(steady, lambda known: replace(known, withdrawn=(taken,)))
    steady.one_pass()
    rules = steady.world.firewalls["one"].rules
    steady.world.edit("one", Firewall((*rules, Rule(999, "by hand", sources=(LISTED[0],)))))
    passed = steady.one_pass()
    causes = [one.watched.condition.cause for one in passed.turn.tell]
    assert ([kind for kind, _ in told(passed)], causes) == (["open"], ["hand"])


def test_a_hand_that_breaks_a_target_is_told_as_that(steady: Shift) -> None:
    """While the list is as it was, it is a repair, and is said to be one."""
    steady.world.edit("one", Firewall())
    assert [kind for kind, _ in told(steady.one_pass())] == ["repaired"]


def test_a_look_at_some_targets_ends_nothing_of_the_others() -> None:
    """Nor is it told of: what nobody looked at is as it was, and the next pass tells of the rest."""
    shift = Shift({"one": (OPEN,), "two": (OPEN,)}, ({"mode": "watch"},))
    begun = [one.watched.condition.subject for one in shift.one_pass().turn.tell]
    assert begun == [ONE, "memory:run/two"]
    shift.world.edit("one", Firewall())
    passed = one_pass(replace(shift.job, only=frozenset({ONE})), sweep=True)
    assert passed.turn == Turned((), ())
    assert [one.condition.subject for one in watched(shift.job) if one.stands] == begun
    assert told(shift.one_pass())[0][0] == "missing"


# ------------------------------------------------------------------------------- the second look


@pytest.mark.parametrize(
    ("first", "spent", "looks"),
    [
        (0.0, 0.0, 2), (0.0, 59.0, 2), (0.0, 60.0, 1), (0.0, 1e9, 1), (20.0, 39.0, 2),
        (20.0, 40.0, 1),
    ],
)  # fmt: skip
def test_a_second_look_keeps_the_runs_deadline(first: float, spent: float, looks: int) -> None:
    """What the first look and the rest of the pass took is gone from its minute; without time the
    first counts.
    """
    shift = Shift({"one": (OPEN,)}, ({"mode": "watch"},))
    shift.limit = 60.0
    seen: list[float] = []

    def seeing() -> None:
        shift.clock += 0.0 if seen else first
        seen.append(shift.clock)

    shift.provider.looks = seeing

    def ask(_job: Job) -> None:
        shift.clock += spent

    passed = one_pass(replace(shift.job, domains=ask))
    assert len(seen) == looks
    assert [kind for kind, _ in told(passed)] == ["open"]


def test_what_was_just_changed_is_not_looked_at_once_more() -> None:
    """The look that verified the change has seen it."""
    shift = Shift({"one": (OPEN,)}, ({"mode": "add"},))
    looks: list[int] = []
    shift.provider.looks = lambda: looks.append(len(shift.world.firewalls["one"].rules))
    assert [kind for kind, _ in told(shift.one_pass())] == ["open"]
    assert [rules > 1 for rules in looks] == [False, True]


def test_a_run_that_is_told_to_end_at_its_second_look_says_nothing() -> None:
    """That may have had no time: the next run says what is the matter."""
    shift = Shift({"one": (OPEN,)}, ({"mode": "watch"},))
    seen: list[int] = []
    shift.provider.looks = lambda: seen.append(1)
    passed = one_pass(replace(shift.job, stopped=lambda: len(seen) > 1))
    assert (len(seen), passed.turn, watched(shift.job)) == (2, Turned((), ()), ())


def test_a_list_is_old_by_how_often_it_is_asked_for(steady: Shift) -> None:
    """Two days are nothing where the file says that it is asked once a day."""
    steady.now += timedelta(days=2)
    job = steady.job
    daily = job.config.but(schedule=Schedule.model_validate({"fetch": "24h"}))
    seldom = one_pass(replace(job, config=daily), sweep=True)
    hourly = one_pass(job, sweep=True)
    assert [[kind for kind, _ in told(passed)] for passed in (seldom, hourly)] == [[], ["stale"]]


def test_refused_reads_count_while_there_is_no_list(steady: Shift) -> None:
    """From the second on it is told that the source is refused, with the ways out; then it is over."""
    steady.forget()
    steady.world.edit("one", Firewall())
    steady.read = Read(refused=REFUSED)

    def refused() -> list[str]:
        with pytest.raises(SourceRefused):
            steady.one_pass()
        return [
            one.condition.did
            for one in watched(steady.job)
            if one.stands and one.condition.kind is ConditionKind.REFUSED
        ]

    since = "in a row since 2026-11-24 12:00 UTC. There is no list in force."
    assert refused() == []
    assert refused() == [f"2 reads {since}"]
    assert refused() == [f"3 reads {since}"]
    steady.read = None
    steady.one_pass()
    assert [one.condition.kind for one in watched(steady.job) if one.stands] == ["missing", "held"]
