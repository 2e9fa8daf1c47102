"""Breaking the glass at 3 a.m.: undo, allow, pause and relax, over the wire."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any, cast

import boto3
import pytest

from cloudsync_aws.sandbox import Call
from tests.e2e.world import (
    LIST,
    REGION,
    SCOPE,
    WORLD4,
    WORLD6,
    Clock,
    Ran,
    World,
    block,
    enforce,
    tcp,
)

WHY = ("--by", "ann", "--reason", "the printer is down")
OLD = "left by the old team"


@pytest.fixture
def closed(world: World, clock: Clock) -> tuple[str, str]:
    """A group that a run has closed, and the run's name."""
    group = world.group("mail", *tcp(WORLD4, text=OLD), *tcp(WORLD6), *tcp("10.0.0.0/8", port=22))
    rules = ec2().describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])[
        "SecurityGroupRules"
    ]
    six = [one["SecurityGroupRuleId"] for one in rules if one.get("CidrIpv6") == WORLD6
           and not one["IsEgress"]]  # fmt: skip
    ec2().create_tags(Resources=six, Tags=[{"Key": "owner", "Value": "net"}])
    world.config(enforce())
    world.accepted()
    ran = world.run("apply", "--yes")
    assert ran.code == 0, ran
    assert WORLD4 not in world.networks(group)
    found = re.search(r"cloudsync undo (\S+) --reason TEXT\.", ran.out)
    assert found
    return group, found[1]


def ec2() -> Any:
    """The SDK's client, which leads to the sandbox; its answers are no more than JSON here."""
    return cast("Any", boto3).client("ec2", region_name=REGION)


def shape(world: World, group: str) -> dict[tuple[str, int], tuple[str, dict[str, str]]]:
    """Description and tags of every inbound rule, by source and port."""
    rules = ec2().describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])[
        "SecurityGroupRules"
    ]
    return {
        (one.get("CidrIpv4") or one["CidrIpv6"], one["FromPort"]): (
            one.get("Description", ""), {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])},
        )
        for one in rules
        if not one["IsEgress"]
    }  # fmt: skip


def test_undo_gives_back_what_the_run_took_and_pauses(
    world: World, clock: Clock, closed: tuple[str, str]
) -> None:
    """With descriptions and tags; the list stays in; nothing is closed again until the pause ends."""
    group, run = closed
    ran = world.run("undo", run, "--for", "2h", "--yes", *WHY)
    assert ran.code == 0, ran
    stands = shape(world, group)
    assert (stands[WORLD4, 25], stands[WORLD6, 25]) == ((OLD, {}), ("", {"owner": "net"}))
    assert {(one, 25) for one in LIST} <= stands.keys()
    assert "paused by ann, until 2026-11-24 10:00 UTC: the printer is down" in ran.out
    world.forget()
    again = world.run("apply", "--yes")
    assert (again.code, world.mutations) == (0, [])
    assert "paused by ann" in again.out
    assert world.run("undo", run, "--yes", *WHY).code == 0
    assert world.mutations == []
    clock.pass_(hours=25)
    later = world.run("apply", "--yes")
    assert later.code == 0, later
    assert WORLD4 not in world.networks(group)


def test_the_commands_of_the_report_undo_it_without_cloudsync(
    world: World, closed: tuple[str, str]
) -> None:
    """As a person would, with AWS's own command line: the group is what it was before the run."""
    group, _ = closed
    world.run("pause", f"{SCOPE}/{group}", "--end")
    sandbox = world.sandbox.groups(REGION)[group]["IpPermissions"]
    assert sandbox
    world.config(enforce())
    client = ec2()
    before = shape(world, group)
    client.authorize_security_group_ingress(GroupId=group, IpPermissions=tcp(WORLD4, text=OLD))
    opened = shape(world, group)
    ran = world.run("apply", "--yes", "--format", "json")
    assert ran.code == 0, ran
    assert shape(world, group) == before
    (target,) = json.loads(ran.out)["targets"]
    for line in target["undo"]:
        aws, service, action, *options = shlex.split(line)
        assert (aws, service) == ("aws", "ec2")
        said = dict(zip(options[::2], options[1::2], strict=True))
        getattr(client, action.replace("-", "_"))(
            GroupId=said["--group-id"], IpPermissions=json.loads(said["--ip-permissions"])
        )
    assert shape(world, group) == opened


def test_undo_of_what_closed_nothing_is_refused(world: World, closed: tuple[str, str]) -> None:
    """A run that isn't known, or took nothing from the target that is named."""
    _, run = closed
    for argv, what in (
        (
            ("undo", "20200101T000000Z-abcdef"),
            "20200101T000000Z-abcdef: no run of this name closed anything",
        ),
        (
            ("undo", run, f"{SCOPE}/sg-0123"),
            f"{run}: no run of this name closed anything at {SCOPE}/sg-0123",
        ),
    ):
        ran = world.run(*argv, "--yes", *WHY)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == (
            f"{what} that could be opened again. Nothing was changed. Take the name from the report "
            "of the run.\n"
        )


def test_undo_asks_first(world: World, closed: tuple[str, str]) -> None:
    """Without a terminal and without --yes nothing is done, and nothing is paused."""
    group, run = closed
    before = shape(world, group)
    ran = world.run("undo", run, *WHY)
    assert (ran.code, ran.err) == (
        1,
        (
            f"undo {run}: 2 steps are planned, and there is no terminal to ask at. Nothing was changed. "
            f"Say cloudsync undo {run} --yes.\n"
        ),
    )
    assert shape(world, group) == before
    assert "paused" not in world.run("drift").out


def test_who_is_allowed_gets_in_and_goes_by_itself(world: World, clock: Clock) -> None:
    """An own rule comes at once; the first run after the end takes it away."""
    group = world.group("mail")
    target = f"{SCOPE}/{group}"
    world.config(block("add"))
    world.accepted()
    assert world.run("apply", "--yes").code == 0
    ran = world.run("allow", "203.0.113.9", target, "--for", "24h", "--yes", *WHY)
    assert ran.code == 0, ran
    assert shape(world, group)["203.0.113.9/32", 25] == ("cloudsync/mail also", {})
    assert "203.0.113.9/32 is let in by ann, until 2026-11-25 08:00 UTC" in ran.out
    clock.pass_(hours=23)
    assert world.run("apply", "--yes").code == 0
    assert ("203.0.113.9/32", 25) in shape(world, group)
    clock.pass_(hours=1)
    assert world.run("apply", "--yes").code == 0
    assert ("203.0.113.9/32", 25) not in shape(world, group)


def test_what_is_allowed_can_end_before_its_time(world: World, clock: Clock) -> None:
    """The command says so, and the next run takes the rule away."""
    group = world.group("mail")
    target = f"{SCOPE}/{group}"
    world.config(block("add"))
    world.accepted()
    assert world.run("allow", "203.0.113.9", target, "--yes", *WHY).code == 0
    assert world.run("allow", "203.0.113.9", target, "--end").err == (
        f"{target}: 203.0.113.9/32 is no longer allowed. The next run takes its rule away.\n"
    )
    assert world.run("apply", "--yes").code == 0
    assert ("203.0.113.9/32", 25) not in shape(world, group)
    again = world.run("allow", "203.0.113.9", target, "--end")
    assert (again.code, again.err) == (
        1,
        (
            f"{target}: 203.0.113.9/32 was not allowed here by an order. Nothing was changed. See "
            "cloudsync drift.\n"
        ),
    )


def test_a_paused_target_is_watched_and_said_to_be_paused(world: World, clock: Clock) -> None:
    """Nothing is changed until the end, which a person may bring forward."""
    group = world.group("mail", *tcp(WORLD4))
    target = f"{SCOPE}/{group}"
    world.config(block("add"))
    world.accepted()
    assert world.run("pause", target, "--for", "4h", *WHY).err == (
        f"{target}: paused until 2026-11-24 12:00 UTC. No cloud was changed. To end it before: "
        f"cloudsync pause {target} --end\n"
    )
    world.forget()
    ran = world.run("apply", "--yes", "--format", "json")
    assert (ran.code, world.mutations) == (0, [])
    (told,) = json.loads(ran.out)["targets"]
    assert (told["mode"], told["notes"]) == ("watch", ["paused"])
    assert world.run("pause", target, "--end").code == 0
    assert world.run("apply", "--yes").code == 0
    assert {(one, 25) for one in LIST} <= shape(world, group).keys()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("pause", "{target}", "--for", "8d", *WHY),
         ("--for: an order stands for more than nothing and at most 7 days. Nothing was changed. Say "
         "--for 4h. What is needed for longer belongs in the configuration.\n")),
        (("pause", "{target}", "--for", "soon", *WHY),
         ("--for: 'soon' isn't a length of time. Nothing was changed. Write a number and one of s, m, "
         "h, d, w: 90s, 6h, 7d.\n")),
        (("pause", "{target}"),
         "--reason: is empty. Nothing was changed. Say why, for whoever reads it tomorrow.\n"),
        (("pause", "{target}x", *WHY),
         ("{target}x: no target block of the configuration selects it. Nothing was changed. Take a "
         "name from cloudsync plan.\n")),
        (("pause", "{target}", "--end"),
         "{target}: no pause stands here. Nothing was changed. See cloudsync drift.\n"),
        (("allow", "0.0.0.0/0", "{target}", "--yes", *WHY),
         ("NETWORK: 0.0.0.0/0 is wider than /8, the widest that may be let in beside the list. Nothing "
         "was changed. Name the networks that send mail here.\n")),
        (("allow", "203.0.113.9/24", "{target}", "--yes", *WHY),
         ("NETWORK: '203.0.113.9/24' has bits beyond its length. Nothing was changed. Write "
         "203.0.113.0/24, or the address that was meant with /32.\n")),
        (("allow", "203.0.113.9", "{target}", "--yes", *WHY),
         ("{target}: it is in watch, where nothing is changed. Nothing was changed. Set mode: add, or "
         "let the network in by hand.\n")),
    ],
)  # fmt: skip
def test_what_cannot_be_ordered_is_said(
    world: World, clock: Clock, argv: tuple[str, ...], said: str
) -> None:
    """Where, what, that nothing was changed, and what to do; no cloud is called to change anything."""
    target = f"{SCOPE}/{world.group('mail')}"
    world.config(block("watch"))
    world.accepted()
    ran = world.run(*(one.format(target=target) for one in argv))
    assert (ran.code, ran.err) == (1, said.format(target=target))
    assert world.mutations == []


def test_there_is_nothing_to_relax_at_a_security_group(world: World, clock: Clock) -> None:
    """It holds no denies; and a target in enforce isn't relaxed while a run would close it again."""
    target = f"{SCOPE}/{world.group('mail')}"
    world.config(block("add"))
    world.accepted()
    ran = world.run("relax", target, "--yes")
    assert ran.code == 0
    assert "a security group holds no denies" in ran.out
    world.config(enforce())
    ran = world.run("relax", target, "--yes")
    assert (ran.code, ran.err) == (
        1,
        (
            f"{target}: it is in enforce, so the next run would close it again. Nothing was changed. "
            f"Set another mode, or first say cloudsync pause {target} --for 4h --reason TEXT.\n"
        ),
    )


def test_a_pause_stops_a_run_that_is_at_work(world: World) -> None:
    """What was added stands; nothing is closed after the pause, and the run says whose it is."""
    group = world.group("mail", *tcp(WORLD4))
    world.config(enforce())
    world.accepted()
    paused: list[int] = []

    def stop(call: Call) -> None:
        if call.mutating and not paused:
            paused.append(world.start("pause", "all", "--for", "2h", *WHY).code)

    world.sandbox.after_call(stop)
    ran = world.run("apply", "--yes")
    assert (paused, ran.code) == ([0], 3)
    assert world.mutations == ["AuthorizeSecurityGroupIngress"]
    assert {WORLD4, *LIST} <= set(world.networks(group))
    assert (
        "it was not begun, since "
        f"{SCOPE}/{group}: it was paused by ann meanwhile: the printer is down" in plain(ran)
    )
    assert "paused by ann, until" in plain(ran)


def plain(ran: Ran) -> str:
    """All that a command said, without the breaks of its lines."""
    return " ".join(f"{ran.out} {ran.err}".split())


def test_a_report_after_steps_says_what_is_let_in_by_an_order(world: World) -> None:
    """Not only the report of a run that found nothing to do."""
    group = world.group("mail", *tcp(WORLD4))
    world.config()
    world.accepted()
    target = f"{SCOPE}/{group}"
    assert world.run("allow", "203.0.113.7", target, "--yes", *WHY).code == 0
    world.accepted(*LIST, "9.9.9.9")
    ran = world.run("apply", "--yes")
    assert world.mutations == ["AuthorizeSecurityGroupIngress"]
    assert "203.0.113.7/32 is let in by ann" in plain(ran)
