from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.world import GUARDED, LIST, PROVIDERS, REGION, SCOPE, WORLD4, Ran, World, block, tcp
from tests.needs import missing

FULL = Path("/dev/full")


def shell(world: World, line: str) -> Ran:
    """Run ``cloudsync`` in a shell line, where it is called ``$C``."""
    ended = subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; C='{sys.executable} -m cloudsync'; {line}"],
        cwd=world.folder,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


# ----------------------------------------------------------------------------------- streams


def test_a_reader_that_goes_away_stops_nothing(ready: World) -> None:
    """With nobody left to read, the work is done to its end, and the exit code is the work's own."""
    assert shell(ready, "$C drift | true") == Ran(2, "", "")
    assert shell(ready, "$C apply --yes 2>&1 | true") == Ran(0, "", "")
    assert ready.mutations == ["AuthorizeSecurityGroupIngress"]
    assert shell(ready, "$C plam 2>&1 | true") == Ran(1, "", "")


def test_closed_streams(ready: World) -> None:
    """Streams that the shell closed are no reason to fail: the exit code still says how it ended."""
    assert shell(ready, "$C drift >&-") == Ran(2, "", "")
    assert shell(ready, "$C plam 2>&-") == Ran(1, "", "")
    assert shell(ready, "$C apply <&-") == Ran(
        1,
        "",
        "apply: 1 step is planned, and there is no terminal to ask at. Nothing was changed. Look "
        "at cloudsync plan, then say cloudsync apply --yes.\n",
    )


def test_a_full_disk(ready: World) -> None:
    """A result that can't be written is said to be so, with what was done."""
    if not FULL.is_char_device():
        missing("/dev/full", "a disk that is always full")
    assert shell(ready, "$C plan >/dev/full") == Ran(
        1,
        "",
        "stdout: can't be written: No space left on device. Nothing was changed. Name one with "
        "--out.\n",
    )
    assert shell(ready, "$C apply --yes >/dev/full") == Ran(
        1,
        "",
        "stdout: can't be written: No space left on device. The plan was applied; see cloudsync "
        "drift. Name one with --out.\n",
    )
    assert ready.mutations == ["AuthorizeSecurityGroupIngress"]


def test_a_terminal_that_knows_only_ascii(world: World) -> None:
    """Names beyond what the terminal can show are written as escapes, never a traceback."""
    world.offer("69.20.58.226 # café")
    ran = world.start("list", "--source", "list.txt", also={"PYTHONIOENCODING": "ascii"})
    assert (ran.code, ran.err) == (0, "")
    assert "  69.20.58.226/32  caf\\xe9\n" in ran.out


# ------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("nowhere/report.txt", "No such file or directory"),
        (".", "Is a directory"),
        ("list.txt/report.txt", "No such file or directory"),
    ],
)
def test_where_a_report_cant_be_written(ready: World, out: str, why: str) -> None:
    """That a report can't be written is found before anything is done that it would tell of."""
    message = f"{out}: can't be written: {why}. Nothing was changed. Name another file.\n"
    assert ready.run("apply", "--yes", "--out", out) == Ran(1, "", message)
    assert ready.mutations == []


def test_a_device_stays_a_device(ready: World) -> None:
    """``--out`` writes to a pipe or a device, and never puts a file in its place."""
    pipe = ready.folder / "pipe"
    os.mkfifo(pipe)
    ran = shell(ready, "timeout 30 cat pipe & $C plan --out pipe; wait")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == ready.run("plan").out
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_a_link(ready: World) -> None:
    """``--out`` writes what a link points at, with the mode that it has."""
    real = ready.folder / "real.txt"
    real.write_text("")
    real.chmod(0o600)
    (ready.folder / "link.txt").symlink_to(real)
    assert ready.run("plan", "--out", "link.txt").code == 0
    assert (ready.folder / "link.txt").is_symlink()
    assert real.read_text().startswith("1 target: 1 open; 1 step.\n")
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


SOURCES = {
    "/dev/zero": (1, ("/dev/zero: this is no regular file. Nothing was changed. Name the file that "
                  "holds the list.\n")),
    "": (1, ("--source: names nothing. Nothing was changed. Name a file, an https URL, or "
         "bundled.\n")),
    "\x1b[31mlist": (5, ("\\x1b[31mlist: E_UNREACHABLE: No such file or directory. The list in "
                     "force is unchanged. Check the name, the path and the way there.\n")),
    "http://example.com/list": (1, ("http://example.com/list: the scheme is http, only https is "
                                "fetched. Nothing was changed. Write it as https://HOST/PATH, in "
                                "ASCII.\n")),
    "https://ann:secret@example.com/": (1, ("https://example.com/: a user or password stands in the "
                                        "URL. Nothing was changed. Take it out: no secret stands "
                                        "in a source.\n")),
    "https://169.254.169.254/latest/": (5, ("https://169.254.169.254/latest/: E_PRIVATE: "
                                        "169.254.169.254 is 169.254.169.254, which isn't a public "
                                        "address. The list in force is unchanged. Check the name, "
                                        "and who answers for it; for an inside server use a "
                                        "file.\n")),
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_strange_sources(world: World, source: str) -> None:
    """A source that is no list is refused in one line, and no secret or escape is repeated."""
    code, message = SOURCES[source]
    assert world.run("list", "--source", source) == Ran(code, "", message)


def test_a_huge_source(world: World) -> None:
    """A source beyond any list's size is refused without being read to its end."""
    world.offer(*(f"8.{n // 65536}.{n // 256 % 256}.{n % 256}" for n in range(60_000)))
    assert world.run("list", "--source", "list.txt") == Ran(
        5,
        "",
        "list.txt: E_TOO_LARGE: more than 262,144 bytes. The list in force is unchanged. Check "
        "what the source points at.\n",
    )


def test_a_huge_configuration(world: World) -> None:
    """A configuration beyond any sense is refused by its size."""
    (world.folder / "cloudsync.yaml").write_text("# a line\n" * 200_000)
    assert world.run("plan") == Ran(
        1,
        "",
        "cloudsync.yaml: has 1,800,000 characters, the limit is 1,048,576. Nothing was changed. "
        "Split it: one file for each installation.\n",
    )


# ------------------------------------------------------------------------------------- labels


def test_a_label_that_speaks_to_the_terminal(ready: World) -> None:
    """What strangers write into rules and names reaches no terminal as anything but text."""
    group = ready.sandbox.seed_group(
        region=REGION, name="evil", tags=GUARDED, permissions=tcp("8.8.8.8/32", text="a;b $(c)")
    )
    for form in ("text", "json", "markdown", "html"):
        ran = ready.run("plan", "--format", form)
        assert ran.code == 0
        assert group in ran.out
        assert all(one.isprintable() for one in ran.out.splitlines())
    for command in ("explain 8.8.8.8", "forget"):
        ran = ready.run(*command.split(), f"{SCOPE}/\x1b[2Jsg-0")
        assert ran.code == 1
        assert "\x1b" not in ran.err
        assert f"{SCOPE}/\\x1b[2Jsg-0: " in ran.err


INIT = {
    "--region moon": (
        "--region: 'moon' isn't a region. Nothing was changed. Write its code, such as us-east-1.\n"
    ),
    "--endpoint nonsense": (
        "--endpoint: 'nonsense' isn't a URL. Nothing was changed. Write https://HOST or "
        "https://HOST:PORT.\n"
    ),
    "--provider gpc": (
        f"provider gpc: is not installed. Nothing was changed. Installed are: {PROVIDERS}. A "
        "provider of yours is found by the entry point cloudsync.providers.\n"
    ),
    "-c nowhere/cloudsync.yaml": (
        "nowhere/cloudsync.yaml: can't be written: No such file or directory. Nothing was changed. "
        "Name another file.\n"
    ),
}


@pytest.mark.parametrize("options", INIT)
def test_strange_options_of_init(world: World, options: str) -> None:
    """What ``init`` can't use is said in one line, and no file is written."""
    world.group("open", *tcp(WORLD4))
    assert world.run("init", *options.split()) == Ran(1, "", INIT[options])
    assert list(world.folder.iterdir()) == []


def test_a_fleet_of_a_thousand_groups(world: World) -> None:
    """A fleet that can't be read is one line on stderr, however many targets it has."""
    for number in range(1_000):
        world.group(f"g{number}", *tcp(*LIST[:1]))
    world.config(block("watch"))
    world.accepted()
    assert world.run("drift").code == 2
    world.sandbox.faults.denied("DescribeSecurityGroups")
    ran = world.run("drift")
    assert ran.code == 3
    assert ran.out.startswith("1,001 targets: 1,001 unreadable; no step.\n")
    assert ran.err == (
        f"{SCOPE}: access to DescribeSecurityGroups was denied (UnauthorizedOperation). Nothing "
        "was changed. Allow ec2:DescribeSecurityGroups; providers/aws/permissions/watch.json holds "
        "all that is needed.\n"
    )
