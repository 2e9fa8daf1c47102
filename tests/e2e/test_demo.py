from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import EntryPoints
from pathlib import Path
from typing import Any, Self

import pytest

from cloudsync.cli.job import job, read_config
from cloudsync.demo import cast, run, serve
from cloudsync.demo.stage import stage, surroundings
from cloudsync.errors import UsageError
from cloudsync.model import Verdict
from cloudsync.reconcile import look, reconcile
from cloudsync.vetting.leaving import Removals, settle
from cloudsync_aws.fleet import RIGHT, Fleet

# Notes where the program connects to and what it asks a name server for, then runs the command.
WATCHED = """
import json, os, sys
def watch(event, args):
    if event == "socket.connect":
        log.append(["connect", repr(args[1])])
    elif event == "socket.getaddrinfo":
        log.append(["name", str(args[0])])
log = []
sys.addaudithook(watch)
from cloudsync.cli import main
code = main(["demo"])
with open(os.environ["SEEN"], "w") as file:
    json.dump(log, file)
sys.exit(code)
"""

PROMISES = """\
  ✓ The list has 15 networks.
  ✓ All 11 targets were found and read.
  ✓ Each of the 8 planned steps was done, by one call each.
  ✓ Every listed address is certain to get in, wherever something may be changed.
  ✓ What became in sync, and what stays open, is what the story said.
  ✓ Every other port, and all that goes out, is as it was.
  ✓ The rule that was broken by hand was found, named and repaired, and nothing else touched.
  ✓ A run on an unchanged world makes no mutating call.
"""

VERDICTS = """\
  IN SYNC  mx-open-to-the-world  (mode enforce, was open)
  IN SYNC  mx-world-in-two-halves  (mode enforce, was open)
  OPEN  mx-ports-20-to-30  (mode enforce)
  OPEN  mx-all-traffic  (mode enforce, was missing)
  IN SYNC  mx-internal-relays  (mode enforce, was open)
  IN SYNC  mx-right  (mode enforce)
  IN SYNC  mx-half-the-list  (mode add, was missing)
  IN SYNC  mx-who-left-the-list  (mode add, was open)
  OPEN  mx-partner  (mode add)
  IN SYNC  mx-by-reference  (mode enforce)
  OPEN  mx-not-ours-yet  (mode watch)
"""


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """The seeded groups, listening."""
    with Fleet() as one:
        yield one


def rules(fleet: Fleet, name: str) -> list[str]:
    """Who stands in a group's inbound rules, each with its protocol and ports, in order."""
    [group] = [one for one in fleet.cloud.groups("us-east-1").values() if one["GroupName"] == name]
    return sorted(
        f"{one['IpProtocol']}/{one.get('FromPort')}-{one.get('ToPort')} {source}"
        for one in group["IpPermissions"]
        for source in (
            *(each["CidrIp"] for each in one["IpRanges"]),
            *(each["CidrIpv6"] for each in one["Ipv6Ranges"]),
            *(each["GroupId"] for each in one["UserIdGroupPairs"]),
        )
    )


def test_the_demo_keeps_its_promises_and_never_leaves_this_machine(tmp_path: Path) -> None:
    """`cloudsync demo` ends with 0 and every promise kept, and connects to loopback alone."""
    seen = tmp_path / "seen.json"
    ended = subprocess.run(
        [sys.executable, "-c", WATCHED],
        cwd=tmp_path,
        env={**os.environ, "SEEN": str(seen), "PYTHONIOENCODING": "utf-8",
             "AWS_PROFILE": "a-real-account", "AWS_ENDPOINT_URL_EC2": "https://192.0.2.1",
             "HTTP_PROXY": "http://192.0.2.2:3128"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )  # fmt: skip
    assert (ended.stderr, ended.returncode) == ("", 0)
    promised = re.findall(
        r"^  (.) ", ended.stdout[ended.stdout.index("What this has shown") :], re.MULTILINE
    )
    assert promised == ["✓"] * 8
    assert VERDICTS in ended.stdout
    contacted = json.loads(seen.read_text(encoding="utf-8"))
    assert {kind for kind, _ in contacted} == {"connect", "name"}
    assert all(
        where.startswith("('127.0.0.1',") if kind == "connect" else where == "127.0.0.1"
        for kind, where in contacted
    )
    assert [one.name for one in tmp_path.iterdir()] == ["seen.json"]


def test_the_story_says_what_is_so_in_plain_words() -> None:
    """Sizes, rules, reasons and the command for a person stand in it, plain and not too long."""
    out = io.StringIO()
    assert run(out, of=(Fleet,)) == 0
    told = out.getvalue()
    assert told.endswith(PROMISES)
    plain = " ".join(told.split())
    for sentence in (
        "Bypass open: 4,294,967,296 IPv4 addresses and all of IPv6 can reach port 25 here",
        "through rule tcp/25 from 128.0.0.0/1 (all customers) (security group): 1,609,433,083 IPv4",
        "Mail is lost: 8 of 15 listed IPv4 addresses can't reach port 25: 74.205.4.52,",
        "through rule tcp/25 from 203.0.113.7/32 (cloudsync/demo list) (security group): 1 IPv4",
        "Internal addresses that get in: 10.20.0.0/16.",
        "15 IPv4 addresses instead of 17 IPv4 addresses can reach port 25 here, and the target is",
        "8 of 8 steps are done, by 8 mutating calls.",
        "lets in 3,702,390,769 IPv4 addresses that aren't wanted, and opens more than the guarded port, so it is never rewritten.",
        "aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-",
        "Mode add: what others opened stays open; closing it takes enforce, or a person.",
        "Let in by name: sg-",
        'deletes the rule for 69.20.58.226, and lets in 192.0.2.0/24, "just a test".',
        "Mail is lost: 1 of 15 listed IPv4 addresses can't reach port 25: 69.20.58.226.",
        "The same job on an unchanged world: 0 mutating calls. 11 targets: 4 open and 7 in sync;",
    ):  # fmt: skip
        assert sentence in plain, sentence
    assert "\x1b" not in told
    assert 150 <= len(told.splitlines()) <= 260
    # A command is never broken: half of one is another.
    wide = [line.split()[0] for line in told.splitlines() if len(line) > 105]
    assert set(wide) == {"aws"}


def test_the_calls_in_the_clouds_log_are_the_steps_of_the_plan(
    fleet: Fleet, tmp_path: Path
) -> None:
    """Each step is one call of its kind, at its group, and no other call changes anything."""
    with surroundings([fleet]), job(stage(tmp_path, [fleet])) as each:
        found = look(each)
        assert fleet.mutations() == ()
        report = reconcile(each, found)
    kinds = {"add": "AuthorizeSecurityGroupIngress", "remove": "RevokeSecurityGroupIngress"}
    planned = Counter((kinds[step.verb], *step.targets) for step in found.plan.steps)
    called = Counter(
        (call.action, f"aws:{call.account}/{call.region}/{call.params['GroupId']}")
        for call in fleet.cloud.calls
        if call.mutating
    )
    assert called == planned
    assert len(report.outcomes) == planned.total() == 8


def test_what_the_job_leaves_in_the_groups(fleet: Fleet, tmp_path: Path) -> None:
    """The list stands in each group that may be changed; the rules that it mustn't touch are there."""
    listed = sorted(f"tcp/25-25 {network}" for network in cast.LISTED)
    watched = rules(fleet, "mx-not-ours-yet")
    with surroundings([fleet]), job(stage(tmp_path, [fleet])) as each:
        reconcile(each)
    assert rules(fleet, "mx-not-ours-yet") == watched
    assert rules(fleet, "mx-half-the-list") == listed
    assert rules(fleet, "mx-who-left-the-list") == listed
    assert rules(fleet, "mx-internal-relays") == sorted([*listed, "tcp/25-25 10.20.0.0/16"])
    assert rules(fleet, "mx-partner") == sorted([*listed, "tcp/25-25 198.51.100.0/24"])
    assert rules(fleet, "mx-ports-20-to-30") == sorted([*listed, "tcp/20-30 0.0.0.0/0"])
    assert rules(fleet, "mx-all-traffic") == sorted(
        [*listed, "-1/None-None 10.0.0.0/8", "-1/None-None 54.0.0.0/8"]
    )
    now_closed = rules(fleet, "mx-open-to-the-world")
    assert set(listed) < set(now_closed)
    assert not {"tcp/25-25 0.0.0.0/0", "tcp/25-25 ::/0"} & set(now_closed)
    assert {"tcp/443-443 0.0.0.0/0", "tcp/443-443 ::/0"} < set(now_closed)


def test_a_reader_who_leaves_early_is_no_error(tmp_path: Path) -> None:
    """`cloudsync demo | head -1` ends quietly, with 0."""
    with subprocess.Popen(
        [sys.executable, "-m", "cloudsync", "demo"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    ) as told:  # fmt: skip
        assert told.stdout is not None
        assert told.stderr is not None
        told.stdout.readline()
        told.stdout.close()
        errors = told.stderr.read()
    assert (errors, told.returncode) == ("", 0)


class Betrayed(Fleet):
    """A fleet in which the hand that breaks one group breaks another one too."""

    def break_by_hand(self) -> cast.Mishap:
        """Break two, and own up to one."""
        self.cloud.plant(
            "us-east-1",
            self._ids["mx-half-the-list"],
            [{"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25,
              "IpRanges": [{"CidrIp": "198.51.100.7/32"}]}],
        )  # fmt: skip
        return super().break_by_hand()


def test_a_promise_that_is_not_kept_is_said_and_ends_with_1() -> None:
    """Where more has drifted than the story knows of, the demo doesn't call itself a success."""
    out = io.StringIO()
    assert run(out, of=(Betrayed,)) == 1
    assert out.getvalue().endswith(
        PROMISES.replace("✓ The rule that", "✗ The rule that").replace("✓ A run on", "✗ A run on")
        + "2 of 8 promises were not kept.\n"
    )


class Unreadable(Fleet):
    """A fleet whose cloud lets nobody read the groups."""

    def __enter__(self) -> Self:
        """Start, and refuse."""
        entered = super().__enter__()
        self.cloud.faults.denied("DescribeSecurityGroups", times=None)
        return entered


def test_a_cloud_that_cant_be_read_fails_the_demo_without_a_traceback() -> None:
    """The scope is named as unreadable, and the promises that rest on it are not kept."""
    out = io.StringIO()
    assert run(out, of=(Unreadable,)) == 1
    told = out.getvalue()
    assert "\n  UNREADABLE  aws:123456789012/us-east-1  (mode enforce)\n" in told
    assert "\n  ✗ All 11 targets were found and read.\n" in told
    assert "\n  ✗ Every listed address is certain to get in, wherever" in told


def test_what_the_demo_is_told_to_keep_can_be_used(tmp_path: Path) -> None:
    """With `keep` the configuration stays, is readable, and a second demo may write it anew."""
    for _ in range(2):
        assert run(io.StringIO(), keep=tmp_path, of=(Fleet,)) == 0
    config = read_config(tmp_path / "cloudsync.yaml")
    assert (config.name, [target.mode for target in config.targets]) == (
        "demo",
        ["enforce", "add", "watch"],
    )


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("cloudsync.yaml", "is a configuration of somebody's own, not one of a demo"),
        ("cloudsync.db", "is a state of somebody's own, not one of a demo"),
    ],
)
def test_what_no_demo_wrote_is_left_alone(tmp_path: Path, name: str, what: str) -> None:
    """A configuration or a state that stands in the folder is refused, and kept byte by byte."""
    (tmp_path / name).write_text("name: mine\n", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        run(io.StringIO(), keep=tmp_path)
    assert str(refused.value) == (
        f"{tmp_path / name}: {what}. Nothing was changed. Run this in another folder."
    )
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "name: mine\n"


def test_a_persons_own_variables_come_back(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that leads to a real account is out of the way inside, and there again after."""
    monkeypatch.setenv("AWS_PROFILE", "a-real-account")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    before = dict(os.environ)
    with surroundings([fleet]):
        inside = {name: os.environ.get(name) for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL")}
    assert inside == {"AWS_PROFILE": None, "AWS_ENDPOINT_URL": fleet.url}
    assert dict(os.environ) == before


def test_those_who_left_have_served_the_default_grace() -> None:
    """The seeded list has two leaving entries, and the first settling lets them go."""
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    seeded = cast.in_force(now)
    assert [str(one.entry.network) for one in seeded.leaving] == [
        "203.0.113.7/32",
        "203.0.113.8/32",
    ]
    assert settle(seeded, now, Removals()).leaving == ()


def test_the_group_that_is_right_is_the_one_that_is_broken(fleet: Fleet) -> None:
    """The hand deletes one rule of the list, adds one of its own, and names the group."""
    before = set(rules(fleet, RIGHT))
    mishap = fleet.break_by_hand()
    after = set(rules(fleet, RIGHT))
    assert (before - after, after - before) == (
        {"tcp/25-25 69.20.58.226/32"}, {"tcp/25-25 192.0.2.0/24"},
    )  # fmt: skip
    [sin] = [one for one in fleet.sins if one.target == mishap.target]
    assert (sin.name, sin.ends) == (RIGHT, Verdict.IN_SYNC)
    assert fleet.mutations() == ()


def nothing_installed(*, group: str) -> EntryPoints:
    """What `entry_points` answers where no distribution names the group."""
    assert group == "cloudsync.sandboxes"
    return EntryPoints()


def test_without_a_cloud_there_is_no_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no distribution brings a sandbox, the demo says what to install."""
    monkeypatch.setattr(cast, "entry_points", nothing_installed)
    with pytest.raises(UsageError) as refused:
        run(io.StringIO())
    assert str(refused.value) == (
        "demo: no cloud with a sandbox is installed. Nothing was changed. "
        "Install cloudsync-smtp[aws,sandbox]."
    )


def test_the_sandbox_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    """What it prints is enough to point cloudsync at it; an interrupt ends it with 0."""
    with subprocess.Popen(
        [sys.executable, "-m", "cloudsync", "sandbox"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    ) as served:  # fmt: skip
        assert served.stdout is not None
        told: list[str] = []
        while not told or told[-1] != "Ctrl-C stops them.\n":
            line = served.stdout.readline()
            assert line, served.stderr and served.stderr.read()
            told.append(line)
        exported = [one.split() for one in told if one.startswith("  export ")]
        look_first = next(one.split() for one in told if one.endswith(" drift\n"))
        variables = dict(one[1].split("=", 1) for one in exported)
        ended = subprocess.run(
            [sys.executable, "-m", *look_first],
            cwd=tmp_path, env={**os.environ, **variables}, capture_output=True,
            encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        served.send_signal(signal.SIGINT)
        last, errors = served.communicate(timeout=30)
    said = re.fullmatch(r"(\d+) targets: .* steps\.", ended.stdout.splitlines()[0])
    served_targets = re.findall(
        r"^  http://127\.0\.0\.1:\d+  (\d+) targets$", "".join(told), re.MULTILINE
    )
    assert said is not None
    assert int(said[1]) == sum(map(int, served_targets)) >= 11
    # One network is opened from above, where no rule can be made: that target is refused.
    assert ended.returncode == 3
    # A slow machine is told now and then how far the look has come.
    said_of = [one for one in ended.stderr.splitlines() if not one.startswith("Looking: ")]
    assert said_of[0].startswith("gcp:mx-from-above/default/tag:smtp: hierarchical policy")
    assert (last.strip(), errors, served.returncode) == (
        "Stopped: these clouds and their rules are gone.", "", 0,
    )  # fmt: skip


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    """The message names the way out, and nothing is written."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: Any = taken.getsockname()[1]
        with pytest.raises(UsageError) as refused:
            serve(port, io.StringIO(), folder=tmp_path / "clouds")
    assert str(refused.value) == (
        "sandbox: can't listen on that port of 127.0.0.1: Address already in use. "
        "Nothing was changed. Name another one with --port, or leave it out."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_without_the_signs_gets_plain_ones() -> None:
    """Where the alphabet is Latin-1, the demo speaks in what it has, and ends as well."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", write_through=True)
    assert run(out) == 0
    out.seek(0)
    told = out.read()
    assert told.count("\n  kept: ") == 8
    assert "\n== 1  The list ====" in told
