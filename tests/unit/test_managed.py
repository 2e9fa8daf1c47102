"""Targets that somebody else keeps are watched, and every word about them says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from cloudsync.config import Config
from cloudsync.errors import Exit
from cloudsync.managed import managed_by, watched
from cloudsync.memory.firewall import Firewall, MemorySnapshot, Rule
from cloudsync.memory.rules import MemoryRules
from cloudsync.memory.settings import MemorySettings
from cloudsync.model import Mode, Note, Verdict, Wanted
from cloudsync.plan import Plan, make
from cloudsync.provider import Remark, Scope
from cloudsync.report import exit_code
from cloudsync.tells import Managed
from cloudsync.wants import wanted_of

ONE, TWO = "memory:m/one", "memory:m/two"
ROBOT = Managed("the robot", "the tag robot: yes", "Tell the robot.")
WANT = Wanted("ours", Mode.ENFORCE, (ip_network("8.0.0.1/32"),), internal="keep")
SAID = Remark(
    ONE,
    "the robot keeps it (the tag robot: yes), and would undo what is changed here, so it is only "
    "watched. Tell the robot. To have it changed here all the same, say managed_by: cloudsync.",
    Note.MANAGED_BY,
)


class Robotic(MemoryRules):
    """The in-memory firewall, where a robot keeps the first."""

    def managed(self, snapshot: MemorySnapshot) -> Mapping[str, Managed]:
        """The first firewall, wherever it is in."""
        return {ONE: ROBOT} if ONE in snapshot.targets else {}


def seen() -> MemorySnapshot:
    """Two firewalls that are open to everyone."""
    opened = Firewall((Rule(1000, "open"),))
    return MemorySnapshot(Scope("memory:m"), {ONE: opened, TWO: opened})


def test_what_a_robot_keeps_is_watched_and_reported() -> None:
    """Nothing is planned there, the drift is told all the same, and the mode that was asked for stays."""
    one, two = make(Robotic(), seen(), {ONE: WANT, TWO: WANT}, "sha256:0")
    assert (one.steps, one.remarks, one.notes) == ((), (SAID,), (Note.MANAGED_BY,))
    assert (one.mode, one.verdict, one.refusal) == (Mode.ENFORCE, Verdict.OPEN, None)
    assert two.steps != ()
    assert Note.MANAGED_BY not in two.notes
    for command in ("drift", "apply"):
        assert exit_code(Plan("sha256:0", (one,)), command=command) is Exit.PENDING


def test_a_person_may_say_that_it_is_changed_all_the_same() -> None:
    """With ``managed_by: cloudsync`` the signs of others count for nothing."""
    want = replace(WANT, managed_by="cloudsync")
    assert watched({ONE: want}, {ONE: ROBOT}) == ({ONE: want}, [])
    ours, theirs = (
        make(rules, seen(), {ONE: want}, "sha256:0") for rules in (Robotic(), MemoryRules())
    )
    assert [plan.steps for plan in ours] == [plan.steps for plan in theirs] != [()]


def test_the_configuration_may_say_who_keeps_it() -> None:
    """``managed_by: Terraform`` is a watch of the user's own choice, whatever signs there are."""
    want = replace(WANT, managed_by="Terraform")
    text = (
        "the configuration says that Terraform keeps it, so it is only watched. Say managed_by: "
        "cloudsync to have it changed here."
    )
    watch = replace(want, mode=Mode.WATCH)
    for signs in ({}, {ONE: ROBOT}):
        assert watched({ONE: want}, signs) == ({ONE: watch}, [Remark(ONE, text, Note.MANAGED_BY)])


def test_targets_that_want_the_same_go_on_sharing_it() -> None:
    """Two watched targets get one Wanted, since what is compared with it is remembered by identity."""
    wants, _ = watched({ONE: WANT, TWO: WANT}, {ONE: ROBOT, TWO: ROBOT})
    assert wants[ONE] is wants[TWO]
    asked = replace(WANT, mode=Mode.WATCH)
    assert watched({ONE: asked}, {ONE: ROBOT})[0][ONE] is asked


def test_a_provider_that_knows_no_signs_is_asked_for_none() -> None:
    """The hook is optional: without it nobody keeps anything."""
    assert managed_by(MemoryRules(), seen()) == {}
    assert managed_by(Robotic(), seen()) == {ONE: ROBOT}


@pytest.mark.parametrize(
    ("said", "mode"),
    [(None, Mode.ADD), ("cloudsync", Mode.ADD), ("Terraform", Mode.WATCH)],
)
def test_a_block_that_names_another_keeper_is_a_watch(said: str | None, mode: Mode) -> None:
    """What the configuration says of the keeper decides the mode before anything is looked at."""
    block = MemorySettings.model_validate({"world": "w", "mode": "add", "managed_by": said})
    config = Config.model_validate(
        {"name": "ours", "list": {"source": "./l", "format": "cidr"}, "targets": [block]}
    )
    want = wanted_of(config, block, (), datetime(2026, 11, 24, tzinfo=UTC))
    assert (want.mode, want.managed_by) == (mode, said)
