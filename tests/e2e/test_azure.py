"""Whole commands on Azure: its own SDK, over the wire, to the sandbox, judged packet by packet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudsync.cli import main
from cloudsync.demo import run
from cloudsync_azure.fleet import Fleet
from cloudsync_azure.sandbox import Dialect, Sandbox
from tests.e2e.world import LIST, Ran
from tests.oracle.azure import Packet, gets_in

VERDICTS = """\
  IN SYNC  nsg-open-to-the-world  (mode enforce, was open)
  IN SYNC  nsg-any-any  (mode enforce, was open)
  IN SYNC  nsg-internal-relays  (mode enforce, was open)
  IN SYNC  nsg-shut  (mode add, was missing)
  IN SYNC  nsg-right  (mode add)
  IN SYNC  nsg-half-the-list  (mode add, was missing)
  IN SYNC  nsg-second-lock  (mode add, was missing)
  IN SYNC  nsg-who-left-the-list  (mode add, was open)
  OPEN  nsg-partner  (mode add)
  OPEN  nsg-not-ours-yet  (mode watch)
"""
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TARGET = f"azure:{SUBSCRIPTION}/mail/mx"
LISTED = [one.partition("/")[0] for one in LIST]
MEANING = {"virtualnetwork": ("10.0.0.0/8",)}


def rule(name: str, priority: int, **said: Any) -> dict[str, Any]:
    """An inbound rule for port 25 from everyone, but for what is said."""
    properties = {
        "protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": priority,
        "sourcePortRange": "*", "sourceAddressPrefix": "*", "destinationPortRange": "25",
        "destinationAddressPrefix": "*", **said,
    }  # fmt: skip
    return {"name": name, "properties": properties}


FOREIGN = (
    rule("smtp", 200),
    rule("web", 300, destinationPortRange="443"),
    rule("no-udp", 100, direction="Outbound", access="Deny", protocol="Udp"),
)


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

    def config(self, mode: str) -> None:
        """Write a configuration with one target block, and have the list accepted."""
        lines = [
            "name: mail", "list:", "  source: list.txt", "  format: cidr", "targets:",
            "  - provider: azure", f"    endpoint: {self.sandbox.endpoint}",
            f'    subscriptions: ["{SUBSCRIPTION}"]', "    select: {ids: [mail/mx]}",
            "    protect: all", f"    mode: {mode}",
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

    def lets_in(self, *sources: str) -> list[bool]:
        """Whether a packet from each of ``sources`` gets in to port 25, as it really is."""
        nsg = self.sandbox.nsg("mx")
        return [
            gets_in(nsg, Packet(each, "fd00::9" if ":" in each else "10.0.0.9"), MEANING)
            for each in sources
        ]

    def foreign(self) -> list[Any]:
        """Every rule that isn't ours, but for its etag."""
        return [
            (one["name"], one["properties"])
            for one in self.sandbox.nsg("mx")["properties"]["securityRules"]
            if not one["properties"].get("description", "").startswith("cloudsync/")
        ]


def world_of(
    dialect: Dialect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[World]:
    """A group that is open to the world, in a working directory of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("USER", "tester")
    with Sandbox(dialect=dialect) as sandbox:
        sandbox.seed_nsg("mx", FOREIGN)
        yield World(sandbox, tmp_path, capsys)


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    """The group under the likelier dialect."""
    yield from world_of(Dialect(), tmp_path, monkeypatch, capsys)


def test_enforce_from_start_to_end(world: World) -> None:
    """Plan says it, apply does it, packets show it, drift finds nothing, a second run calls nothing."""
    before = world.foreign()
    world.config("enforce")
    planned = world.run("plan", "--detailed-exitcode")
    assert (planned.code, planned.err) == (2, "")
    assert TARGET in planned.out
    applied = world.apply()
    assert (applied.code, applied.err) == (0, "")
    assert world.foreign() == before
    assert all(world.lets_in(*LISTED, "10.1.2.3", "168.63.129.16"))
    assert not any(world.lets_in("8.8.8.8", "2001:db8::1", "69.20.58.225"))
    done = world.sandbox.mutations()
    assert set(done) == {"SecurityRules_CreateOrUpdate"}
    drift = world.run("drift")
    assert (drift.code, drift.err) == (0, "")
    assert world.apply().code == 0
    assert world.sandbox.mutations() == done


def test_add_lets_in_and_closes_nothing(world: World) -> None:
    """In add the list stands in one rule of ours, and what is open stays open and is said."""
    before = world.foreign()
    world.config("add")
    applied = world.apply()
    assert (applied.code, world.foreign()) == (0, before)
    assert world.sandbox.mutations() == ["SecurityRules_CreateOrUpdate"]
    world.sandbox.uproot("mx", ["smtp"])
    assert all(world.lets_in(*LISTED))
    assert "Bypass open" in applied.out


def test_watch_changes_nothing(world: World) -> None:
    """In watch nothing is called that changes, and the opening is reported with 2."""
    world.config("watch")
    assert world.run("drift").code == 2
    assert world.apply().code == 0
    assert world.sandbox.mutations() == []


def test_explain_names_the_rule(world: World) -> None:
    """Who gets in, by which rule, before and after."""
    world.config("enforce")
    assert "smtp" in world.run("explain", "8.8.8.8", TARGET).out
    world.apply()
    assert "cloudsync-mail-25-deny-" in world.run("explain", "8.8.8.8", TARGET).out
    assert "cloudsync-mail-25-list-" in world.run("explain", LISTED[0], TARGET).out


@pytest.mark.parametrize(
    "dialect",
    [
        Dialect(if_match="rule"),
        Dialect(if_match="ignored"),
        Dialect(lro="async"),
        Dialect(plurals="absent", protocol="lower", overlaps="refused"),
        Dialect(reads_late=0.3),
    ],
    ids=("by rule", "ignored", "async", "shapes", "late"),
)
def test_every_dialect_ends_the_same(
    dialect: Dialect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever the documents leave open, the mail gets in and the rest is closed."""
    for world in world_of(dialect, tmp_path, monkeypatch, capsys):
        world.config("enforce")
        code = world.apply().code
        if code:  # a wait that was too short is finished by the next run
            code = world.apply().code
        assert (code, world.run("drift").code) == (0, 0)
        assert all(world.lets_in(*LISTED))
        assert not any(world.lets_in("8.8.8.8", "2001:db8::1"))


def test_a_lost_answer_is_settled_by_looking(world: World) -> None:
    """A rule that stands though its answer was lost is found, and the run goes on."""
    world.config("enforce")
    world.sandbox.faults.lost_after("SecurityRules_CreateOrUpdate")
    world.apply()
    assert world.apply().code == 0
    assert world.run("drift").code == 0
    assert all(world.lets_in(*LISTED))


def test_what_may_not_be_written_is_said(world: World) -> None:
    """A 403 changes nothing, and the run says what is missing and ends with 3."""
    world.config("enforce")
    world.sandbox.faults.denied("SecurityRules_CreateOrUpdate")
    ran = world.apply()
    assert ran.code == 3
    assert "Microsoft.Network/networkSecurityGroups/securityRules/write" in " ".join(
        (ran.out + ran.err).split()
    )
    assert world.lets_in("8.8.8.8") == [True]


def test_what_may_not_be_read_is_unreadable(world: World) -> None:
    """A subscription that may not be read is never in sync."""
    world.config("enforce")
    world.sandbox.faults.denied("*")
    ran = world.run("drift")
    assert (ran.code, "UNREADABLE" in ran.out) == (3, True)
    assert world.sandbox.mutations() == []


def test_the_story_on_azure() -> None:
    """The demo's ten groups end as the story says, with every promise kept."""
    out = io.StringIO()
    assert run(out, of=(Fleet,)) == 0
    told = out.getvalue()
    assert VERDICTS in told
    assert "✗" not in told
    assert told.count("✓") == 8


@pytest.mark.parametrize("again", ["mail/mx", "MAIL/Mx"])
def test_parts_of_one_group_stand_in_one_block(world: World, again: str) -> None:
    """A second block for some of its machines is refused, also where it spells the group otherwise."""
    world.config("add")
    file = world.folder / "cloudsync.yaml"
    block = "\n".join(file.read_text(encoding="utf-8").splitlines()[5:])
    other = block.replace("mail/mx", again).replace("all", "{addresses: [10.0.0.9]}")
    file.write_text(f"{file.read_text(encoding='utf-8')}{other}\n", encoding="utf-8")
    ran = world.run("apply", "--yes")
    assert (ran.code, ran.out) == (1, "")
    said = f"azure:{SUBSCRIPTION}/{again} is a target of an earlier block too"
    assert said in ran.err
    assert world.sandbox.mutations() == []


def test_a_second_lock_is_told_and_opened(world: World) -> None:
    """The list stands in the subnet's group, and the interface's stops it: missing, until both have it."""
    at = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/mail/providers/Microsoft.Network"
    subnet = f"{at}/virtualNetworks/mail/subnets/mx"
    card = world.sandbox.seed_nsg("card", [rule("web", 300, destinationPortRange="443")])
    world.sandbox.seed_nsg("mx", FOREIGN, subnets=[subnet])
    world.sandbox.seed_interface("mx1", subnet, nsg=card)
    world.config("add")
    world.apply()
    drift = world.run("drift")
    said = " ".join(drift.out.split())
    assert drift.code == 2
    assert "MISSING" in said
    assert "stopped by rule 65500 DenyAllInBound" in said
    assert "mail/mx1" in said
    explained = world.run("explain", LISTED[0], TARGET).out
    assert f"{LISTED[0]} can't reach port 25" in explained
    assert "(network security group mail/card)" in explained
    file = world.folder / "cloudsync.yaml"
    text = file.read_text(encoding="utf-8").replace("[mail/mx]", "[mail/mx, mail/card]")
    file.write_text(text, encoding="utf-8")
    applied = world.apply()
    assert (applied.code, world.run("explain", LISTED[0], TARGET).out[:len(LISTED[0]) + 10]) == (
        0, f"{LISTED[0]} can reach",
    )  # fmt: skip
    assert world.sandbox.nsg("card")["properties"]["securityRules"][0]["name"] == "web"


def test_what_a_narrow_deny_stops_is_not_said_to_be_let_in(world: World) -> None:
    """An order that lets nobody in ends with 2, and the report names the rule that stops it."""
    world.sandbox.plant(
        "mx", [rule("no", 150, access="Deny", sourceAddressPrefix="203.0.113.0/24")]
    )
    world.config("enforce")
    world.apply()
    ran = world.run("allow", "203.0.113.7", TARGET, "--yes", "--reason", "a partner")
    assert (ran.code, world.lets_in("203.0.113.7")) == (2, [False])
    assert "stopped by rule 150 no" in ran.out
