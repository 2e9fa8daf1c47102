"""The worker over the wire: a pass with nobody to ask, approvals, and several tenants."""

from __future__ import annotations

import re

from tests.e2e.world import LIST, SCOPE, WORLD4, Clock, World, block, enforce, ids, refused, tcp

SHUT = "3,702,390,769 IPv4 addresses"
WHY = ("--by", "ann", "--reason", "looked at the plan")


def test_a_first_enforce_waits_until_it_is_approved(world: World, clock: Clock) -> None:
    """The senders get in at once; what the report names as the command closes the rest."""
    group = world.group("mail", *tcp(WORLD4))
    world.config(enforce())
    world.accepted()
    ran = world.run("run", "--once")
    assert ran.code == 4, ran
    assert world.networks(group) == sorted((*LIST, WORLD4))
    command = re.search(r"(approve sha256:[0-9a-f]{64}) --by NAME --reason TEXT", ran.err)
    assert command
    assert command[0] in " ".join(ran.out.split())
    assert ran.err == (
        f"{SCOPE}/{group}: its first enforce would shut out {SHUT} that get in today. It has "
        f"waited since 2026-11-24 08:00 UTC. To let it through: cloudsync {command[0]}\n"
        f"page: The filter can be bypassed at {SCOPE}/{group}: {SHUT} that nobody listed can reach "
        "port 25. Since 2026-11-24 08:00 UTC. For one, 1.0.0.0: tcp/25 from 0.0.0.0/0. Not by the "
        "list, which didn't change: by the rules there. What closes it waits for a person; what "
        f"lets in is done. cloudsync explain 1.0.0.0 {SCOPE}/{group} shows the rule that decides. "
        "See docs/conditions.md#open.\n"
    )
    assert world.run("run", "--once").err == ""
    approved = world.run(*command[1].split(), *WHY)
    assert (approved.code, approved.err) == (
        0,
        f"{SCOPE}/{group}: approved by ann. No cloud was changed. The next run goes on.\n",
    )
    after = world.run("run", "--once")
    assert after.code == 0, after
    assert WORLD4 not in world.networks(group)
    world.forget()
    assert world.run("run", "--once").code == 0
    assert world.mutations == []


def test_an_approval_without_a_reason_is_refused(world: World) -> None:
    """Whoever reads it tomorrow has to know why."""
    world.config()
    refused(
        world,
        world.run("approve", "sha256:1", "--by", "ann"),
        1,
        "--reason: is empty. Nothing was changed. Say why, for whoever reads it tomorrow.",
    )


def test_each_file_is_a_tenant_and_one_that_fails_stops_no_other(world: World) -> None:
    """A wrong file, a tenant without a list, and one whose targets are made right all the same."""
    first, second = world.group("first"), world.group("second")
    world.offer(*LIST)
    world.config(block("add", select=ids(first)), name="one", file="one.yaml",
                 more="state: sqlite:///one.db")  # fmt: skip
    world.config(block("add", select=ids(second)), name="two", file="two.yaml",
                 more="state: sqlite:///two.db")  # fmt: skip
    (world.folder / "three.yaml").write_text("name: three\n", encoding="utf-8")
    accepted = world.run("list", "accept", "--yes", "-c", "two.yaml")
    assert accepted.code == 0, accepted
    ran = world.run("run", "--once", "-c", "three.yaml", "one.yaml", "two.yaml")
    assert ran.code == 1, ran
    assert "three.yaml:1: list: is missing" in ran.err
    assert "To let it through: cloudsync approve sha256:" in ran.err
    assert (world.networks(first), world.networks(second)) == ([], sorted(LIST))
    assert world.run("run", "--once", "-c", "one.yaml", "-c", "two.yaml").code == 4


def test_two_files_with_one_name_or_one_state_are_refused(world: World) -> None:
    """Each would take the other's rules for its own, or the other's memory."""
    world.config(name="one", file="one.yaml")
    world.config(name="one", file="two.yaml", more="state: sqlite:///two.db")
    refused(
        world,
        world.run("run", "--once", "one.yaml", "two.yaml"),
        1,
        "two.yaml: name: it is the same as in one.yaml. Nothing was changed. "
        "Each file is an installation with a name and a state of its own.",
    )
    world.config(name="two", file="two.yaml")
    refused(
        world,
        world.run("run", "--once", "one.yaml", "two.yaml"),
        1,
        "two.yaml: state: it is the same as in one.yaml. Nothing was changed. "
        "Each file is an installation with a name and a state of its own.",
    )
