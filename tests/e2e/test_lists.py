from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from cloudsync_aws.sandbox import Call
from tests.e2e.world import LIST, WORLD4, Clock, Ran, World, block, refused, tcp
from tests.unit.source import pages

DIGEST = "sha256:0d5c7233e4655671485b9fe5e309ca07f04dbaa1790988b3c5db72a9b0dabfe7"
ROWS = """\
  69.20.58.226/32    server45.appriver.com
  69.20.68.133/32    server55.appriver.com
  207.97.224.142/32  server75.appriver.com
  207.97.229.125/32  server101.appriver.com
  207.97.230.34/32   server102.appriver.com
  207.97.230.54/32   server105.appriver.com
  207.97.242.51/32   server115.appriver.com
  92.52.89.74/32     server305.appriver.com
  74.205.4.52/32     server120.appriver.com
  72.32.252.16/32    server502.appriver.com
  72.32.253.10/32    server510.appriver.com
  72.32.252.97/32    server520.appriver.com
  120.136.38.138/32  server605.appriver.com
  69.20.60.122/32    Appriver Load Balancer
  69.20.58.234/32    Appriver Backup Server
"""
SHORELINE = "  207.97.230.0/24      [EXG3]{}\n  72.32.253.0/24       [EXG4]{}\n"
UNCHOSEN = SHORELINE.format(" not chosen", " not chosen")
HEAD = "{}, read as article39, article 39, published 2009-09-18, at least 15 promised"


def article(world: World, form: str = "text", rows: tuple[str, ...] = pages.ROWS) -> str:
    """Write an article beside the configuration; its name."""
    lines = pages.article(rows)
    name = f"article.{form}"
    body = pages.html(lines).encode() if form == "html" else pages.text(lines)
    (world.folder / name).write_bytes(body)
    return name


@pytest.mark.parametrize("form", ["text", "html"])
def test_an_article_needs_no_configuration(world: World, form: str) -> None:
    """A file is read as what it is, text or HTML, and both give the same list."""
    name = article(world, form)
    assert world.run("list", "--source", name) == Ran(
        0,
        f"{HEAD.format(name)}\n{DIGEST}\n\n{ROWS}{UNCHOSEN}\n17 entries, 15 networks apply.\n",
        "",
    )
    assert world.sandbox.calls == []


def test_the_bundled_list_is_what_there_is_without_a_configuration(world: World) -> None:
    """``cloudsync list`` in an empty folder shows the snapshot that comes with the program."""
    assert world.run("list") == Ran(
        0,
        f"{HEAD.format('bundled')}\n{DIGEST}\n\n{ROWS}{UNCHOSEN}\n17 entries, 15 networks apply.\n",
        "",
    )


def test_the_list_as_data(world: World) -> None:
    """The JSON has every row with its line, groups nobody chose too, and the networks that apply."""
    found = json.loads(world.run("list", "--source", article(world), "--format", "json").out)
    entries = found.pop("entries")
    networks = found.pop("networks")
    assert found == {
        "schema": "cloudsync.list/1",
        "source": "article.text",
        "format": "article39",
        "digest": DIGEST,
        "published": "2009-09-18",
        "minimum": 15,
        "warnings": [],
        "going": None,
        "ahead": None,
        "withdrawn": None,
    }
    assert len(entries) == 17
    assert entries[0] == {
        "network": "69.20.58.226/32",
        "name": "server45.appriver.com",
        "group": "base",
        "line": pages.FIRST,
    }
    assert entries[-1] == {
        "network": "72.32.253.0/24",
        "name": None,
        "group": "EXG4",
        "line": pages.FIRST + 22,
    }
    lines = (world.folder / "article.text").read_text(encoding="utf-8").splitlines()
    for entry in entries:
        assert entry["network"].partition("/")[0] in lines[entry["line"] - 1]
    assert len(networks) == 15
    assert set(networks) == set(LIST)


def test_the_list_as_a_table(world: World) -> None:
    """The CSV has one row an entry, and no cell that a spreadsheet would take for a formula."""
    path = world.offer("69.20.58.226 # =HYPERLINK(1)", "92.52.89.74")
    ran = world.run("list", "--source", path.name, "--format", "csv")
    assert (ran.code, ran.err) == (0, "")
    assert list(csv.reader(io.StringIO(ran.out))) == [
        ["network", "name", "group", "line"],
        ["69.20.58.226/32", "'=HYPERLINK(1)", "base", "1"],
        ["92.52.89.74/32", "", "base", "2"],
    ]


def test_a_reviewed_file(world: World) -> None:
    """An operator's file says who looked at it, and a row that stands twice is remarked on."""
    world.offer(
        "# reviewed: 2026-11-24 by ann from https://example.com/list",
        "69.20.58.226 # first",
        "2001:4860::/32",
        "69.20.58.226",
    )
    assert world.run("list", "--source", "list.txt") == Ran(
        0,
        "list.txt, read as cidr, published 2026-11-24, reviewed by ann from "
        "https://example.com/list\n"
        "sha256:c58a16c36236682f372a672a49b0e6792ac96b7c14c56862e3a75c4beada1a6c\n\n"
        "  69.20.58.226/32  first\n  2001:4860::/32\n\n2 entries, 2 networks apply.\n",
        "list.txt: W_DUPLICATE: line 4 repeats 69.20.58.226/32 of line 2\n",
    )


def test_a_refused_list(world: World) -> None:
    """A refusal says code and line on stderr, ends with 5, and is data where data was asked for."""
    name = article(world, rows=pages.ROWS[:14])
    message = (
        f"{name}:32: E_COUNT: 14 unique addresses, the article promises at least 15. The list in "
        "force is unchanged. Read the document itself, and report it to whoever publishes it."
    )
    assert world.run("list", "--source", name) == Ran(5, "", f"{message}\n")
    assert world.run("list", "--source", name, "--format", "csv") == Ran(5, "", f"{message}\n")
    ran = world.run("list", "--source", name, "--format", "json")
    assert (ran.code, ran.err) == (5, f"{message}\n")
    assert json.loads(ran.out) == {
        "schema": "cloudsync.refusal/1",
        "code": "E_COUNT",
        "message": message,
        "line": 32,
    }


def test_the_format_can_be_stated(world: World) -> None:
    """What is read in another format than its own is refused, not guessed at."""
    name = article(world)
    ran = world.run("list", "--source", name, "--list-format", "cidr")
    assert ran == Ran(
        5,
        "",
        f'{name}:1: E_ADDR: "{pages.HEAD[0]}" is no address. The list in force is unchanged. '
        "Correct the line, or wait until the publisher does; no line is ever skipped.\n",
    )
    ran = world.run("list", "--source", name, "--list-format", "page")
    assert ran == Ran(
        1,
        "",
        f"{name}: the format page needs a configuration that describes the page. Nothing was "
        "changed. Name one with -c FILE; page: stands under list:.\n",
    )


PAGE = """\
page:
  start: "Allow these:"
  end: "That is all."
  minimum: 2
  maximum: 40
"""


def test_a_page_is_described_in_the_configuration(world: World) -> None:
    """A new layout of the vendor's page needs no release."""
    (world.folder / "page.html").write_text(
        "<html><body><h1>Ranges</h1><p>Allow these:</p><p>5.152.184.0/25</p><p>8.31.233.0/24</p>"
        "<p>That is all.</p></body></html>",
        encoding="utf-8",
    )
    world.config(source="page.html", form="page", under=PAGE)
    found: dict[str, Any] = json.loads(world.run("list", "--format", "json").out)
    assert found["networks"] == ["5.152.184.0/25", "8.31.233.0/24"]
    assert found["format"] == "page"
    stated = world.run(
        "list", "--source", "page.html", "--list-format", "page", "-c", "cloudsync.yaml",
        "--format", "json",
    )  # fmt: skip
    assert json.loads(stated.out)["networks"] == found["networks"]


def test_a_source_is_guessed_whatever_the_configuration_says(world: World) -> None:
    """With ``--source`` an article is an article and networks are networks; groups still count."""
    name = article(world)
    world.offer("69.20.58.226")
    world.config(source=name, form="article39", under="shoreline: [EXG3]")
    end = "17 entries, 14 networks apply.\n"
    assert world.run("list", "-c", "cloudsync.yaml", "--source", name).out.endswith(end)
    ran = world.run("list", "-c", "cloudsync.yaml", "--source", "list.txt")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "list.txt, read as cidr")
    assert ran.out.endswith("\n1 entry, 1 network applies.\n")


def test_groups_and_masks_are_chosen_in_the_configuration(world: World) -> None:
    """Shoreline groups and the article's mask are opt-in, and the list says what the mask costs."""
    article(world)
    world.config(source="article.text", form="article39", under="shoreline: [EXG3]")
    ran = world.run("list")
    assert ran.code == 0
    assert "[EXG3]\n" in ran.out
    assert "[EXG4] not chosen\n" in ran.out
    # Two single addresses lie in the group's network.
    assert ran.out.endswith("17 entries, 14 networks apply.\n")
    world.config(source="article.text", form="article39", under="widen: 24")
    assert world.run("list").out.endswith(
        "17 entries, 12 networks apply.\nwiden: 24 lets in 3,057 addresses that nobody listed.\n"
    )


# --------------------------------------------------------------------------------- accepting


def test_a_first_list_waits_for_a_person(world: World) -> None:
    """A first list is shown and planned with, and applied only once somebody accepted it."""
    group = world.group("open", *tcp(WORLD4))
    world.config()
    path = world.offer(*LIST)
    held = (
        f"{path}: the list is held: a first list, from {path} as cidr: 15 entries. There is no "
        "list in force; nothing was changed. Look at it with cloudsync list, and let it through "
        "with cloudsync list accept.\n"
    )
    for command in ("list", "plan", "drift", "apply --yes"):
        ran = world.run(*command.split())
        # Whoever looks at the list has it; only what rests on it waits.
        assert (ran.code, ran.err) == (0 if command == "list" else 4, held), command
    assert world.mutations == []
    ran = world.run("list", "accept", "--yes", "--by", "ann")
    assert ran.code == 0
    assert ran.out.startswith(f"{path}: 15 entries are in force, accepted by ann.\nsha256:")
    assert world.run("apply", "--yes").code == 0
    assert world.networks(group) == sorted([WORLD4, *LIST])


def test_a_list_that_no_person_may_accept(world: World) -> None:
    """What isn't a list of the filter can't be accepted, whoever asks."""
    world.config(under="anchors: [8.31.233.0/24]")
    path = world.offer(*LIST)
    world.group("open", *tcp(WORLD4))
    assert world.run("list", "accept", "--yes") == Ran(
        4,
        "",
        f"{path}: the list is refused: 1 of 1 anchor of the configuration is missing: "
        f"8.31.233.0/24; a first list, from {path} as cidr: 15 entries. There is no list in "
        "force; nothing was changed. Correct the source.\n",
    )
    assert world.run("plan").code == 4


def test_a_shrunken_list_can_be_accepted(world: World) -> None:
    """A person may let a shrunken list through; what left it is still wanted for its grace."""
    group = world.group("open")
    world.config()
    world.accepted()
    assert world.run("apply", "--yes").code == 0
    path = world.offer(*LIST[:7])
    assert world.run("apply", "--yes").code == 4
    ran = world.run("list", "accept", "--yes", "--by", "ann")
    assert ran.out.startswith(
        f"{path}: 7 entries are in force, accepted by ann; 8 are leaving and still wanted.\n"
    )
    world.forget()
    assert world.run("apply", "--yes").code == 0
    assert world.mutations == []
    assert world.networks(group) == sorted(LIST)


def test_a_list_that_was_accepted_meanwhile_stays_accepted(world: World) -> None:
    """A run that looked before it was accepted doesn't put the older one back, and changes nothing."""
    world.group("mail", *tcp(WORLD4))
    world.config()
    world.accepted()
    world.offer(*LIST, *(f"9.9.9.{number}" for number in range(20)))
    accepted: list[int] = []

    def accept(_call: Call) -> None:
        if not accepted:
            accepted.append(0)
            accepted.append(world.start("list", "accept", "--yes", "--by", "bob").code)

    world.sandbox.after_call(accept)
    ran = world.run("apply", "--yes")
    assert (accepted, ran.code) == ([0, 0], 6)
    assert world.mutations == []
    assert ran.err.endswith(
        "state list: another list has come into force since this run read it. Nothing was changed. "
        "Run again.\n"
    )
    again = world.run("apply", "--yes")
    assert (again.code, again.err) == (0, "")
    assert {"9.9.9.0/32", "9.9.9.19/32"} <= set(world.networks(world.guarded[0]))


# ------------------------------------------------------------------ a sender that was broken into

OFF = ("--by", "ann", "--reason", "it sends spam")


def test_a_sender_that_is_taken_off_is_shut_out_and_stays_out(world: World, clock: Clock) -> None:
    """At once, whatever its source says, until somebody puts it back; and every report says so."""
    group = world.group("shut")
    world.config()
    world.accepted()
    assert world.run("apply", "--yes").code == 0
    first, *rest = LIST
    assert world.run("list", "remove", first, "--now", *OFF) == Ran(
        0,
        "",
        f"{first}: it is off the list in force, taken off by ann, and stays off while its source "
        "has it. No cloud was changed; the next run shuts it out. To let it in again: cloudsync "
        f"list restore {first} --reason TEXT\n",
    )
    assert world.run("apply", "--yes").code == 0
    assert world.networks(group) == sorted(rest)
    clock.pass_(days=2)
    ran = world.run("run", "--once")
    assert (ran.code, world.networks(group)) == (0, sorted(rest))
    said = f"Taken off by hand: {first}, on 2026-11-24 08:00 UTC by ann: it sends spam."
    assert said in " ".join(ran.out.split())
    assert said in " ".join(world.run("list").out.split())
    (off,) = json.loads(world.run("list", "--format", "json").out)["withdrawn"]
    assert off == {
        "network": first, "by": "ann", "reason": "it sends spam", "at": "2026-11-24T08:00:00+00:00",
    }  # fmt: skip
    back = world.run("list", "restore", first, *OFF)
    assert (back.code, back.err) == (
        0,
        (
            f"{first}: ann put it back on the list in force. No cloud was changed; the next run lets it "
            "in.\n"
        ),
    )
    assert world.run("apply", "--yes").code == 0
    assert world.networks(group) == sorted(LIST)


def test_a_person_who_accepts_a_list_wants_all_of_it(world: World, clock: Clock) -> None:
    """What was taken off is wanted again, and that is said."""
    world.config()
    world.accepted()
    assert world.run("list", "remove", LIST[0], "--now", *OFF).code == 0
    again = world.run("list", "accept", "--yes", "--by", "bob")
    assert (again.code, again.err) == (
        0, f"{LIST[0]}: ann took it off (it sends spam), and it is wanted again.\n",
    )  # fmt: skip
    assert json.loads(world.run("list", "--format", "json").out)["withdrawn"] == []


def test_what_cant_be_taken_off(world: World) -> None:
    """Without --now or a reason, or without a list in force; and where it gets in all the same is said."""
    world.config(
        block("add", "also_allow: [{network: 69.20.58.0/24, owner: o, reason: r, until: never}]")
    )
    first = LIST[0]
    refused(world, world.run("list", "remove", first, *OFF), 1,
            "--now: without it an entry goes when its source drops it, after reads and a grace. "
            "Nothing was changed. For a sender that was broken into, say --now.")  # fmt: skip
    refused(world, world.run("list", "remove", first, "--now"), 1,
            "--reason: is empty. Nothing was changed. Say why, for whoever reads it tomorrow.")  # fmt: skip
    ran = world.run("list", "restore", first, *OFF)
    assert ran.code == 1
    assert "there is no list in force. Nothing was changed. Accept one with" in ran.err
    world.accepted()
    told = world.run("list", "remove", first, "--now", *OFF)
    assert told.code == 0
    assert told.err.endswith(
        "cloudsync.yaml:10: targets[0].also_allow: it is let in here beside the list, and that "
        "stands.\n"
    )
