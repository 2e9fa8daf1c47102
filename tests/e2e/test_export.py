from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.e2e.world import LIST, Ran, World

BUNDLED = "source: bundled\n  format: article39"
DIGEST = "sha256:0d5c7233e4655671485b9fe5e309ca07f04dbaa1790988b3c5db72a9b0dabfe7"


def configure(
    world: World, *exports: str, source: str = "{source: list.txt, format: cidr}"
) -> Path:
    """A configuration that names no cloud at all."""
    lines = [f"name: mail\nlist: {source}", "exports:", *(f"  - {{{one}}}" for one in exports)]
    path = world.folder / "cloudsync.yaml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def ready(world: World, *exports: str) -> Path:
    """The same, with a list of fifteen that a person accepted."""
    path = configure(world, *exports)
    world.accepted()
    return path


PF = "format: pf, relays: [10.20.0.0/16], path: direct"


def test_a_configuration_may_name_no_cloud(world: World) -> None:
    """Whoever has mail servers alone accepts a list, exports it, and is told what plan can't do."""
    path = ready(world, PF)
    ran = world.run("export", "pf")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].startswith(f"# Made by cloudsync from {path.parent}"[:80])
    assert lines[2] == "# 16 networks: 15 of the list, 1 of relays"
    assert {line.split(" ")[0] for line in lines[3:]} == {one.partition("/")[0] for one in LIST} | {
        "10.20.0.0/16"
    }
    assert world.run("plan") == Ran(
        1,
        "",
        f"{path}: names no target, so there is no cloud to look at. Nothing was changed. "
        "Add targets:, or run cloudsync export.\n",
    )
    assert world.sandbox.calls == []


def test_without_a_format_they_are_listed(world: World) -> None:
    """Each format has its line, and needs no configuration."""
    ran = world.run("export")
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out.splitlines()) == 26
    assert ran.out.splitlines()[13].split(maxsplit=1) == ["opensmtpd", "OpenSMTPD"]


def test_help_needs_no_configuration(world: World) -> None:
    """Apply, verify and undo are printed for whoever only wants to know."""
    ran = world.run("export", "domino", "--format-help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("# Lotus Notes and Domino\n")
    assert "CA-2003-11" in ran.out
    assert world.run("export", "domina") == Ran(
        1, "", "export: 'domina' isn't a format. Nothing was written. Did you mean domino?\n"
    )
    assert world.run("export", "zzz", "--format-help") == Ran(
        1, "", "export: 'zzz' isn't a format. Nothing was written. cloudsync export lists them.\n"
    )


def test_without_relays_it_is_refused(world: World) -> None:
    """A server that lets in the filter alone cuts off its own printers: somebody says that it may."""
    path = ready(world, PF, "format: exim, path: direct")
    first = world.run("export", "text")
    assert first == Ran(
        1,
        "",
        f"{path}: names no relays for text, and a server that lets in the filter alone cuts off its "
        "own printers and applications. Nothing was written. Add exports: [{format: text, path: "
        "direct, relays: [NETWORK, …]}], or say --no-relays.\n",
    )
    assert world.run("export", "exim") == Ran(
        1,
        "",
        f"{path}: exports[1].relays: names nobody, and a server that lets in the filter alone cuts "
        "off its own printers and applications. Nothing was written. Name the networks that deliver "
        "to it, or say --no-relays.\n",
    )
    assert world.run("export", "exim", "--no-relays").code == 0
    bare = world.run("export", "text", "--no-relays")
    assert (bare.code, bare.err) == (
        0,
        (
            f"{path}: exports doesn't say how mail comes to this server. If something in front replaces "
            "the sender's address, a list here stops all mail.\n"
        ),
    )
    assert world.run("export", "pf", "--no-relays") == Ran(
        1,
        "",
        f"{path}: exports[0].relays: names 1 network, and --no-relays says that there are none. "
        "Nothing was written. Leave one of the two out.\n",
    )


def test_behind_something_that_replaces_the_address_it_is_refused(world: World) -> None:
    """There the list would let in nobody or everybody; it belongs on what is in front."""
    path = ready(world, "format: pf, relays: [10.20.0.0/16], path: proxied")
    assert world.run("export", "pf") == Ran(
        1,
        "",
        f"{path}: exports[0].path: 'proxied' says that something in front replaces the sender's "
        "address, so a list here would let in nobody or everybody. Nothing was written. Put the list "
        "on what is in front.\n",
    )


@pytest.mark.parametrize(
    ("export", "message"),
    [
        ("format: postfx, path: direct", "exports[0].format: 'postfx' isn't a format of export. Nothing was changed. Did you mean postfix?"),
        ("format: pf", "exports[0].path: is missing. Nothing was changed. Add path: how mail comes there: to the machine itself, with the sender's address kept, or proxied."),
        ("format: pf, path: direct, relays: [0.0.0.0/0]", "exports[0].relays[0]: 0.0.0.0/0 is wider than /8, the widest that may be let in beside the list. Nothing was changed. Name the networks that send mail here."),
        ("format: pf, path: direct, listen: '9.9.9.9:25'", "exports[0].listen: has no meaning with format: pf. Nothing was changed. Leave it out."),
        ("format: smartermail, path: direct, listen: '9.9.9.9:25', submission: '9.9.9.9:25'", "exports[0].submission: 9.9.9.9:25 is where the MX leads to: all inbound mail would need a login there, and would stop. Nothing was changed. Name port 587, or another address of the server."),
        ("format: smartermail, path: direct, listen: 'mail:25'", "exports[0].listen: 'mail:25' isn't an address and a port. Nothing was changed. Write 203.0.113.25:587."),
        ("format: smartermail, path: direct, listen: '9.9.9.9:0'", "exports[0].listen: '9.9.9.9:0' isn't an address and a port. Nothing was changed. Write 203.0.113.25:587."),
    ],
)  # fmt: skip
def test_a_wrong_export_is_refused_with_its_line(world: World, export: str, message: str) -> None:
    """The configuration says which key, what is wrong and what to do, before anything is fetched."""
    path = configure(world, export)
    assert world.run("export", "pf", "--no-relays") == Ran(1, "", f"{path.name}:4: {message}\n")


def test_one_format_stands_once(world: World) -> None:
    """An export is called by its format, so two servers of one kind have two configurations."""
    path = configure(world, PF, PF)
    assert world.run("export", "pf") == Ran(
        1,
        "",
        f"{path.name}:5: exports[1].format: pf stands twice. Nothing was changed. "
        "Put the other server into a configuration of its own.\n",
    )


def test_the_bundled_list_is_accepted_by_its_date(world: World) -> None:
    """A list of 2009 is exported for whoever names its date, and for nobody else."""
    path = configure(world, PF, source="{source: bundled, format: article39}")
    assert world.run("export", "pf") == Ran(
        1,
        "",
        f"{path}: list.accept_bundled: the bundled list carries the facts of 2009-09-18, and the "
        "vendor has replaced them since. Nothing was written. Name a source of your own under list:, "
        "or say accept_bundled: 2009-09-18.\n",
    )
    configure(world, "format: json, relays: [10.20.0.0/16], path: direct", source="{source: bundled, format: article39, accept_bundled: 2009-09-18, shoreline: [EXG3], widen: 24}")  # fmt: skip
    ran = world.run("export", "json")
    assert ran.code == 0
    assert ran.err == "export json: widened to /24: 2,803 addresses that nobody listed.\n"
    found = json.loads(ran.out)
    assert (found["source"], found["digest"], found["widened"]) == ("bundled", DIGEST, 2_803)
    assert len(found["networks"]) == 13


def test_a_list_that_nobody_accepted_is_not_exported(world: World) -> None:
    """Nothing is written from a first list until a person has looked at it."""
    configure(world, PF)
    world.offer(*LIST)
    ran = world.run("export", "pf", "--out", "out")
    assert (ran.code, ran.out) == (4, "")
    assert not (world.folder / "out").exists()


def test_a_source_that_is_gone_leaves_the_list_in_force(world: World) -> None:
    """What was accepted goes on, and the exit code says that the source couldn't be read."""
    ready(world, PF)
    (world.folder / "list.txt").write_text("nonsense\n", "utf-8")
    ran = world.run("export", "pf", "--out", "out")
    assert (ran.code, ran.out) == (5, "")
    assert (world.folder / "out").read_text("utf-8").count("\n") == 19
    (world.folder / "cloudsync.db").unlink()
    assert world.run("export", "pf").code == 5


def test_what_is_unchanged_is_not_written(world: World) -> None:
    """Twice the same list is twice the same bytes, and the file keeps its time and its mode."""
    ready(world, PF)
    out = world.folder / "out"
    said = "16 networks, list sha256:"
    assert world.run("export", "pf", "--out", "out").err.startswith(f"out: written, {said}")
    out.chmod(0o600)
    os.utime(out, (1, 1))
    assert world.run("export", "pf", "--out", "out").err.startswith(f"out: unchanged, {said}")
    assert out.stat().st_mtime == 1
    out.write_text("x", "utf-8")
    world.run("export", "pf", "--out", "out")
    assert out.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in world.folder.iterdir() if path.name.startswith(".")] == []


def test_a_header_that_has_no_place_stands_beside(world: World) -> None:
    """A format without comments gets a file of its own for the header, or stderr."""
    ready(world, "format: domino, relays: [10.20.0.0/16], path: direct")
    ran = world.run("export", "domino")
    assert ran.out.splitlines()[0] == "[10.20.*.*]"
    assert ran.err.splitlines()[2] == "16 networks: 15 of the list, 1 of relays"
    world.run("export", "domino", "--out", "group.txt")
    assert (world.folder / "group.txt.about").read_text("utf-8") == ran.err


def test_several_files_go_into_a_folder(world: World) -> None:
    """A format of several files wants a folder, and says so; the folder has to be there."""
    ready(world, "format: ipset, relays: [10.20.0.0/16], path: direct")
    assert world.run("export", "ipset") == Ran(
        1,
        "",
        "export ipset: it is 3 files (cloudsync-smtp.ipset, cloudsync-smtp.iptables, "
        "cloudsync-smtp.ip6tables). Nothing was written. Name a folder for them with --out.\n",
    )
    assert world.run("export", "ipset", "--out", "gone") == Ran(
        1,
        "",
        "gone/cloudsync-smtp.ipset: can't be written: No such file or directory. Nothing was changed. "
        "Name another place with --out, or make its folder.\n",
    )
    (world.folder / "here").mkdir()
    assert world.run("export", "ipset", "--out", "here").code == 0
    assert len(list((world.folder / "here").iterdir())) == 3


def test_several_files_are_written_together_or_not_at_all(world: World) -> None:
    """If the second can't be written, the first is as it was."""
    ready(world, "format: ipset, relays: [10.20.0.0/16], path: direct")
    here = world.folder / "here"
    (here / "cloudsync-smtp.iptables").mkdir(parents=True)
    (here / "cloudsync-smtp.ipset").write_text("before\n", "utf-8")
    ran = world.run("export", "ipset", "--out", "here")
    assert (ran.code, ran.err) == (
        1,
        (
            "here/cloudsync-smtp.iptables: can't be written: Is a directory. Nothing was changed. "
            "Name another place with --out, or make its folder.\n"
        ),
    )
    assert (here / "cloudsync-smtp.ipset").read_text("utf-8") == "before\n"


def test_check_says_what_differs(world: World) -> None:
    """A match ends with 0, a mismatch with 2 and numbers; file: in the configuration is looked at."""
    path = ready(world, f"{PF}, file: installed")
    assert world.run("export", "pf", "--check") == Ran(
        2, f"{path.parent}/installed: it isn't there.\n", ""
    )
    world.run("export", "pf", "--out", "installed")
    assert world.run("export", "pf", "--check") == Ran(
        0, f"{path.parent}/installed: matches, 16 networks.\n", ""
    )
    (world.folder / "printed").write_text("   10.20.0.0/16\n   9.9.9.9\n", "utf-16")
    assert world.run("export", "pf", "--check", "printed") == Ran(
        2,
        "printed: 15 IPv4 addresses can't connect (69.20.58.226/32 and 14 networks more); "
        "1 IPv4 address can and should not (9.9.9.9/32).\n",
        "",
    )
    assert world.run("export", "pf", "--check", "gone") == Ran(
        1,
        "",
        "gone: can't be read: No such file or directory. Nothing was changed. "
        "Name the installed file, or write it with --out.\n",
    )
    (world.folder / "binary").write_bytes(b"\xff\x00\xff")
    assert world.run("export", "pf", "--check", "binary").code == 1


def test_a_device_is_compared_through_a_pipe(world: World) -> None:
    """What a device prints comes by stdin, and the difference is in its own words."""
    ready(world, "format: cisco-asa, relays: [10.20.0.0/16], path: direct")
    printed = "object-group network CLOUDSYNC-SMTP\n network-object host 9.9.9.9\n"
    ran = world.start("export", "cisco-asa", "--diff", "-", stdin=printed)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "object-group network CLOUDSYNC-SMTP"
    assert lines[-1] == " no network-object host 9.9.9.9"
    assert len(lines) == 18


def test_diff_shows_networks(world: World) -> None:
    """Without words of its own a format is compared as networks, and nothing is pending by looking."""
    ready(world, PF)
    (world.folder / "old").write_text(
        "10.20.0.0/16\n" + "".join(f"{one}\n" for one in LIST[1:]) + "9.9.9.9\n", "utf-8"
    )
    assert world.run("export", "pf", "--diff", "old") == Ran(
        0, "+ 69.20.58.226/32\n- 9.9.9.9/32\n", ""
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--check", "--diff", "x"), "--check and --diff exclude each other. Nothing was written."),
        (("x",), "x stands there without --check or --diff. Nothing was written. Say what is to be done with it; --out FILE writes."),
        (("--check", "--out", "x"), "--check writes nothing, so --out has no meaning. Nothing was written."),
        (("--diff",), "--diff needs the installed file. Nothing was written. Name it; - is stdin."),
        (("--apply",), "pf can't be applied from here. Nothing was written. cloudsync export pf --format-help says how a person does it."),
    ],
)  # fmt: skip
def test_options_that_contradict_are_refused(
    world: World, words: tuple[str, ...], message: str
) -> None:
    """Nothing is guessed: what can't be meant together is said."""
    ready(world, PF)
    assert world.run("export", "pf", *words) == Ran(1, "", f"command line: {message}\n")


def test_check_without_a_place_is_refused(world: World) -> None:
    """Where nothing says what is installed, there is nothing to compare."""
    ready(world, PF)
    assert world.run("export", "pf", "--check") == Ran(
        1,
        "",
        "export pf: nothing says where it is installed. Nothing was compared. Name the file behind "
        "--check, - for stdin, or file: in the configuration.\n",
    )


def test_an_entry_that_leaves_stays_until_its_grace_is_over(world: World) -> None:
    """A mail server keeps letting in what the clouds still let in: the same list, the same digest."""
    ready(world, PF)
    world.run("export", "pf", "--out", "before")
    world.offer(*LIST[1:])
    ran = world.run("export", "pf", "--out", "after")
    assert ran.code == 0
    assert (world.folder / "after").read_text() == (world.folder / "before").read_text()


def test_a_split_network_is_said(world: World) -> None:
    """Exact, but more entries than the list has: a person is told."""
    configure(world, "format: domino, relays: [10.20.0.0/23], path: direct")
    world.accepted()
    ran = world.run("export", "domino")
    assert ran.err.splitlines()[0] == (
        "export domino: 1 network is written as 2 entries of the same addresses."
    )
    assert ran.out.splitlines()[:2] == ["[10.20.0.*]", "[10.20.1.*]"]
