"""What a change concerns, and a pass over that alone; over the in-memory provider."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from cloudsync import docket
from cloudsync.change import accounts, concerns, elsewhere, fields, malformed, ours
from cloudsync.errors import Exit
from cloudsync.job import Job
from cloudsync.remember import keep_standing
from cloudsync.report import exit_of_run
from cloudsync.standing import Pause
from cloudsync.worker.passes import Passed, one_pass
from tests.unit.test_reconcile import ONE, OPEN
from tests.unit.test_worker import ENFORCE, Shift, reach

TWO = ONE.replace("one", "two")


@pytest.mark.parametrize(
    ("only", "name", "answer"),
    [
        ((), "aws:1/eu/sg-1", True),
        (("aws:1/eu/sg-1",), "aws:1/eu/sg-1", True),
        (("aws:1/eu/SG-1",), "aws:1/eu/sg-1", True),
        (("aws:1/eu/sg-1",), "aws:1/eu", True),
        (("aws:1/eu",), "aws:1/eu/sg-1", True),
        (("gcp",), "gcp:project", True),
        (("aws:1/eu/sg-1",), "aws:1/eu/sg-12", False),
        (("aws:1/eu",), "aws:1/eu-west/sg-1", False),
        (("aws:1/eu/sg-1", "aws:2"), "aws:2/us/sg-9", True),
        (("aws:1/eu/sg-1",), "azure:1/eu/sg-1", False),
    ],
)
def test_a_change_concerns_what_it_names_holds_or_is_in(
    only: tuple[str, ...], name: str, answer: bool
) -> None:
    """A target, its scope, and all that is in a scope; never what only begins alike."""
    assert concerns(only, name) is answer


def test_an_object_is_told_from_what_is_none() -> None:
    """What an event should have as an object may be anything."""
    values: list[Any] = [{"a": 1}, [], "x", None]
    assert [fields(one) for one in values] == [{"a": 1}, None, None, None]


def test_a_refused_event_says_what_to_send() -> None:
    """In our words alone."""
    assert str(malformed("it is no object")) == (
        "event: it is no object. Nothing was changed. "
        "Send what the cloud's own rule or sink delivers."
    )


@dataclass
class Told(Shift):
    """Two targets that were closed once; then both are opened by hand, and a change tells of some."""

    only: frozenset[str] = frozenset()

    @property
    def job(self) -> Job:
        """The job, which looks at what the change concerns."""
        return replace(super().job, only=self.only)

    def told(self, *where: str) -> Passed:
        """A pass over what a change concerns."""
        self.only = frozenset(where)
        try:
            return one_pass(self.job, sweep=True)
        finally:
            self.only = frozenset()


@pytest.fixture
def told() -> Told:
    """Both are open, and no first enforce waits."""
    scene = Told({"one": (OPEN,), "two": (OPEN,)}, (ENFORCE,))
    scene.one_pass()
    for hold in docket.holds(scene.job):
        docket.approve(scene.job, hold.digest, "ann", "looked at")
    scene.one_pass()
    assert not reach(scene, "one")
    for name in ("one", "two"):
        rules = scene.world.firewalls[name].rules
        allows = tuple(rule for rule in rules if rule.allow)
        scene.world.edit(name, replace(scene.world.firewalls[name], rules=allows))
    assert (reach(scene, "one"), reach(scene, "two")) == (True, True)
    return scene


def test_the_one_target_concerned_is_repaired(told: Told) -> None:
    """Nothing else is looked at, reported or missed; told twice, the second time calls nothing."""
    passed = told.told(ONE)
    assert exit_of_run(passed.report) is Exit.DONE
    assert [plan.target for plan in passed.report.now.targets] == [ONE]
    assert (reach(told, "one"), reach(told, "two")) == (False, True)
    made = told.provider.made
    told.told(ONE)
    assert told.provider.made == made
    told.one_pass()
    assert not reach(told, "two")


def test_a_change_of_a_scope_repairs_all_that_is_in_it(told: Told) -> None:
    """Where the event doesn't say which target."""
    told.told("memory:run")
    assert (reach(told, "one"), reach(told, "two")) == (False, False)


@pytest.mark.parametrize("where", ["memory:run/other", "memory:elsewhere/one", "aws:1/eu/sg-1"])
def test_what_is_not_ours_is_left_alone(told: Told, where: str) -> None:
    """An event may name any firewall of the account: nothing is done, and nothing is missed."""
    made = told.provider.made
    passed = told.told(where)
    assert (passed.report.now.targets, exit_of_run(passed.report)) == ((), Exit.DONE)
    assert (told.provider.made, reach(told, "one")) == (made, True)


def test_a_target_that_was_deleted_is_gone(told: Told) -> None:
    """The event of a deletion names what is missed from then on."""
    told.world.edit("one", None)
    passed = told.told(ONE)
    assert [(plan.target, str(plan.verdict)) for plan in passed.report.now.targets] == [
        (ONE, "gone")
    ]
    assert exit_of_run(passed.report) is Exit.FAILED


def test_a_pause_is_honoured(told: Told) -> None:
    """Nothing is changed at a target that is paused, whoever tells of it."""
    now = told.job.now()
    pause = Pause(ONE, now + timedelta(hours=1), "ann", "looking", now)
    keep_standing(told.job, lambda standing: replace(standing, pauses=(pause,)))
    made = told.provider.made
    told.told(ONE)
    assert (told.provider.made, reach(told, "one")) == (made, True)


def test_what_waits_elsewhere_goes_on_waiting() -> None:
    """A change at one target forgets no hold of another, and its own is renewed."""
    scene = Told({"one": (OPEN,), "two": (OPEN,)}, (ENFORCE,))
    scene.one_pass()
    before = docket.holds(scene.job)
    assert {hold.subject for hold in before} == {ONE, TWO}
    passed = scene.told(ONE)
    assert set(docket.holds(scene.job)) == set(before)
    assert passed.tell == ()


@pytest.mark.parametrize(
    ("own", "actor", "answer"),
    [
        ("arn:aws:iam::*:role/cloudsync", "arn:aws:iam::210987654321:role/cloudsync", True),
        ("arn:aws:iam::*:role/cloudsync", "arn:aws:iam::210987654321:role/cloudsync-admin", False),
        ("arn:aws:iam::*:role/cloudsync", "arn:aws:iam::210987654321:role/x/cloudsync", False),
        ("arn:aws:iam::*:role/cloudsync", "arn:aws:iam::1:user/a:role/cloudsync", False),
        ("arn:aws:iam::*:role/cloudsync", "arn:aws-cn:iam::210987654321:role/cloudsync", False),
        ("arn:aws:iam::123456789012:role/a.b", "arn:aws:iam::123456789012:role/aXb", False),
        ("*", "ann@example.com", False),
    ],
)
def test_a_role_of_any_account_is_ours_by_its_whole_name(
    own: str, actor: str, answer: bool
) -> None:
    """The star stands for an account's digits and nothing else: nobody is ignored by a likeness."""
    assert ours([actor, "somebody"], ["nobody", own]) is answer


def test_the_accounts_of_a_change_are_known_unless_it_is_of_a_whole_cloud() -> None:
    """Then none needs to be listed to find them."""
    only = ["aws:1/eu/sg-1", "aws:1/us", "gcp:p"]
    assert accounts(only) == frozenset({"aws:1", "gcp:p"})
    assert accounts(["gcp", *only]) is None


def test_what_no_block_looks_into_is_elsewhere() -> None:
    """By scope, and by target where a scope is gone with its account."""
    only = ["aws:1/eu/sg-1", "aws:2/eu/sg-2", "aws:3/eu/sg-3"]
    assert elsewhere(only, ["aws:1/eu", "aws:3/eu/sg-3", "gcp:p"]) == {"aws:2/eu/sg-2"}
