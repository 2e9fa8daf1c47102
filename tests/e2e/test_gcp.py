"""Whole commands on GCP: Google's client, over the wire, to the sandbox; every exchange as described."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudsync.cli import main
from cloudsync.cli.job import job
from cloudsync.demo import run
from cloudsync.demo.stage import stage, surroundings
from cloudsync.reconcile import look, reconcile
from cloudsync_gcp.fleet import RIGHT, Fleet
from cloudsync_gcp.sandbox import Call, Dialect, Reply, Sandbox
from tests.e2e.world import LIST, Ran
from tests.providers.gcp.sandbox.described import problems

VERDICTS = """\
  IN SYNC  mx-open-to-the-world  (mode enforce, was open)
  IN SYNC  mx-all-protocols  (mode enforce, was missing)
  OPEN  mx-first-in-line  (mode enforce)
  OPEN  mx-from-above  (mode enforce)
  IN SYNC  mx-switched-off  (mode enforce, was missing)
  IN SYNC  mx-right  (mode enforce)
  IN SYNC  mx-half-the-list  (mode add, was missing)
  IN SYNC  mx-who-left-the-list  (mode add, was open)
  OPEN  mx-partner  (mode add)
  OPEN  mx-not-ours-yet  (mode watch)
"""
PROJECT = "mail-prod"
TARGET = f"gcp:{PROJECT}/default/tag:mx"


class World:
    """A sandbox, a folder that is the working directory, and the commands that are run in it."""

    def __init__(self, sandbox: Sandbox, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.capsys = capsys

    def run(self, *argv: str) -> Ran:
        """Run ``cloudsync ARGV`` in this process."""
        self.capsys.readouterr()
        code = main(list(argv))
        said = self.capsys.readouterr()
        return Ran(code, said.out, said.err)

    def config(self, mode: str, *more: str, select: str = "tags: [mx]") -> None:
        """Write a configuration with one target block, and have the list accepted."""
        lines = [
            "name: mail", "list:", "  source: list.txt", "  format: cidr", "targets:",
            "  - provider: gcp", f"    endpoint: {self.sandbox.endpoint}",
            f"    projects: [{PROJECT}]", f"    select: {{network: default, {select}}}",
            f"    mode: {mode}", *(f"    {one}" for one in more),
        ]  # fmt: skip
        if mode == "enforce":
            lines += [
                "    path: direct", "    internal: keep",
                "    accept_risk: {by: ann, reason: a test, until: never}",
            ]  # fmt: skip
        (self.folder / "cloudsync.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.folder / "list.txt").write_text("\n".join(LIST) + "\n", encoding="utf-8")
        done = self.run("list", "accept", "--yes", "--by", "ann")
        assert done.code == 0, done

    def apply(self) -> Ran:
        """``apply``, and yes to what it asks."""
        return self.run("apply", "--yes")

    @property
    def mutations(self) -> list[str]:
        """The mutating calls so far, without what they all begin with."""
        found = [one for one in self.sandbox.calls if one.mutating]
        return [one.operation.removeprefix("compute.firewalls.") for one in found]

    def ranges(self, purpose: str) -> list[str]:
        """The source ranges of the own rules of one purpose."""
        return sorted(
            network
            for rule in self.sandbox.firewalls().values()
            if rule.get("description") == f"cloudsync/mail {purpose}"
            for network in rule["sourceRanges"]
        )


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    """A network whose mail servers are open to the world, beside a web server's rules."""
    found: list[str] = []

    def watch(call: Call, reply: Reply | None) -> None:
        found.extend(problems(call, reply))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("USER", "tester")
    with Sandbox() as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        sandbox.after_call(watch)
        for name, source in (("open", "0.0.0.0/0"), ("open-v6", "::/0")):
            sandbox.seed_firewall(
                {
                    "name": name, "targetTags": ["mx"], "sourceRanges": [source],
                    "allowed": [{"IPProtocol": "tcp", "ports": ["25"]}],
                }
            )  # fmt: skip
        sandbox.seed_firewall(
            {
                "name": "web", "targetTags": ["web"], "sourceRanges": ["0.0.0.0/0"],
                "allowed": [{"IPProtocol": "tcp", "ports": ["443"]}],
            }
        )  # fmt: skip
        sandbox.seed_firewall(
            {"name": "out", "direction": "EGRESS", "denied": [{"IPProtocol": "udp"}]}
        )
        yield World(sandbox, tmp_path, capsys)
    assert found == []


def foreign(world: World) -> dict[str, Any]:
    """Every rule that isn't ours."""
    return {
        name: rule
        for name, rule in world.sandbox.firewalls().items()
        if not rule.get("description", "").startswith("cloudsync/")
    }


def test_enforce_from_start_to_end(world: World) -> None:
    """Plan says it, apply does it, drift finds nothing, and a second run calls nothing."""
    before = foreign(world)
    world.config("enforce")
    planned = world.run("plan", "--detailed-exitcode")
    assert (planned.code, planned.err) == (2, "")
    assert TARGET in planned.out
    applied = world.apply()
    assert (applied.code, applied.err) == (0, "")
    assert foreign(world) == before
    assert set(world.ranges("list")) == {f"{one}/32" if "/" not in one else one for one in LIST}
    assert set(world.mutations) == {"insert"}
    done = len(world.mutations)
    drift = world.run("drift")
    assert (drift.code, drift.err) == (0, "")
    assert world.apply().code == 0
    assert len(world.mutations) == done


def test_add_lets_in_and_closes_nothing(world: World) -> None:
    """In add the list stands in a rule of ours, and what is open stays open and is said."""
    before = foreign(world)
    world.config("add")
    applied = world.apply()
    assert (applied.code, foreign(world)) == (0, before)
    assert world.mutations == ["insert"]
    assert world.ranges("deny") == []
    assert "Bypass open" in applied.out


def test_watch_changes_nothing(world: World) -> None:
    """In watch nothing is called that changes, and the opening is reported with 2."""
    world.config("watch")
    assert world.run("drift").code == 2
    assert world.apply().code == 0
    assert world.mutations == []


def test_explain_names_the_rule(world: World) -> None:
    """Who gets in, by which rule, before and after."""
    world.config("enforce")
    assert "open" in world.run("explain", "8.8.8.8", TARGET).out
    world.apply()
    after = world.run("explain", "8.8.8.8", TARGET)
    assert "cloudsync-mail-deny-" in after.out
    assert "cloudsync-mail-list-" in world.run("explain", LIST[0].partition("/")[0], TARGET).out


@pytest.mark.parametrize(
    "dialect",
    [
        Dialect(answers="done"),
        Dialect(concurrent="refused", operations_take=0.05),
        Dialect(operations_take=0.05, no_source="absent"),
        Dialect(reads_late=0.3),
    ],
    ids=("done", "refused", "slow", "late"),
)
def test_every_dialect_ends_the_same(world: World, dialect: Dialect) -> None:
    """Whatever the documents leave open, the mail gets in and the rest is closed."""
    world.sandbox.world.dialect = dialect
    world.config("enforce")
    code = world.apply().code
    if code:  # a wait that was too short is finished by the next run
        code = world.apply().code
    assert (code, world.run("drift").code) == (0, 0)


def test_a_lost_answer_is_settled_by_looking(world: World) -> None:
    """An insert that stands though its answer was lost is found, and the run goes on."""
    world.config("enforce")
    world.sandbox.faults.lost_after("compute.firewalls.insert")
    world.apply()
    assert world.apply().code == 0
    assert world.run("drift").code == 0
    assert len(world.ranges("list")) == len(set(world.ranges("list"))) == len(LIST)


def test_an_operation_that_fails_inside(world: World) -> None:
    """A write that was answered with 200 and failed isn't taken for done, and says why."""
    world.config("add")
    world.sandbox.faults.fails_inside("compute.firewalls.insert", times=None)
    ran = world.apply()
    assert ran.code == 3
    assert world.ranges("list") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"enabled": False}, "gcloud services enable compute.googleapis.com"),
        ({"visible": False}, "permission"),
    ],
    ids=("disabled", "forbidden"),
)
def test_what_cannot_be_read_is_said(world: World, change: dict[str, Any], said: str) -> None:
    """A project whose API is off, or that may not be seen, is unreadable, with its own reason."""
    world.config("enforce")
    world.sandbox.change_project(PROJECT, **change)
    ran = world.run("drift")
    assert (ran.code, "UNREADABLE" in ran.out) == (3, True)
    assert said in ran.out + ran.err, ran
    assert world.mutations == []


def test_a_full_quota_lets_the_list_in_and_is_said(world: World) -> None:
    """Where closing doesn't fit into the project, the list's rule is made, and the numbers are named."""
    world.config("enforce")
    world.sandbox.change_project(PROJECT, firewalls=5)
    ran = world.apply()
    assert (ran.code, world.mutations) == (2, ["insert"])
    assert "No room: closing would add 4 firewall rules to the 5" in ran.out
    assert "its quota FIREWALLS is 5" in " ".join(ran.out.split())


def test_a_full_quota_is_said_before_the_first_call(world: World) -> None:
    """Where not even the list's rule fits, nothing is called, and the numbers are named."""
    world.config("enforce")
    world.sandbox.change_project(PROJECT, firewalls=4)
    ran = world.apply()
    assert ran.code == 3
    assert world.mutations == []
    assert "its quota FIREWALLS is 4" in " ".join(ran.err.split())


def test_the_story_on_gcp() -> None:
    """The demo's ten networks end as the story says, with every promise kept."""
    out = io.StringIO()
    assert run(out, of=(Fleet,)) == 0
    told = out.getvalue()
    assert VERDICTS in told
    assert "✗" not in told
    assert told.count("✓") == 8
    assert max(map(len, told.splitlines())) <= 180


def test_the_calls_in_the_log_are_the_steps_of_the_plan(tmp_path: Path) -> None:
    """Each step is one call of its kind, in its project, under a request id of its own."""
    with (
        Fleet() as fleet, surroundings([fleet]), job(stage(tmp_path, [fleet])) as each,
    ):  # fmt: skip
        found = look(each)
        assert fleet.mutations() == ()
        report = reconcile(each, found)
        called = [one for one in fleet.cloud.calls if one.mutating]
    kinds = {"add": "insert", "replace": "patch", "remove": "delete"}
    planned = Counter((kinds[step.verb], *step.targets) for step in found.plan.steps)
    assert planned == Counter(
        (one.operation.rpartition(".")[2], f"gcp:{one.project}/default/tag:smtp") for one in called
    )
    assert len({one.query["requestId"] for one in called}) == len(called) == len(report.outcomes)


def test_the_network_that_is_right_is_the_one_that_is_broken() -> None:
    """The hand takes one address out of the list's rule, adds a rule of its own, and says where."""
    with Fleet() as fleet:
        before = fleet.cloud.firewalls(RIGHT)
        mishap = fleet.break_by_hand()
        after = fleet.cloud.firewalls(RIGHT)
        assert set(after) - set(before) == {"just-a-test"}
        gone = {
            network
            for name, rule in before.items()
            for network in set(rule["sourceRanges"]) - set(after[name]["sourceRanges"])
        }
        assert gone == {"69.20.58.226/32"}
        assert [sin.name for sin in fleet.sins if sin.target == mishap.target] == [RIGHT]
