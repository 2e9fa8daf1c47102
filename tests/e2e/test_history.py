"""What happened, as the command tells it and as it leaves the house."""

from __future__ import annotations

import json
import re

from tests.e2e.world import WORLD4, Clock, World, enforce, refused, tcp

HASH = r"sha256:[0-9a-f]{64}"


def test_the_history_tells_lists_runs_and_approvals(world: World, clock: Clock) -> None:
    """Who accepted the list, what the worker did, who let the first closing through and why."""
    world.group("mail", *tcp(WORLD4))
    world.config(enforce())
    world.accepted()
    held = world.run("run", "--once")
    digest = re.search(HASH, held.err)
    assert digest
    world.run("approve", digest[0], "--by", "bob", "--reason", "=looked at the plan")
    clock.pass_(minutes=5)
    assert world.run("run", "--once").code == 0
    world.run("pause", "all", "--by", "bob", "--reason", "lunch", "--for", "1h")
    clock.pass_(minutes=1)
    world.run("pause", "all", "--end")
    told = world.run("history")
    assert (told.code, told.err) == (0, "")
    lines = [re.sub(r"tester@[^ )]+", "tester@HOST", line) for line in told.out.splitlines()]
    assert lines[0] == "Lists"
    assert re.fullmatch(
        r"  2026-11-24 08:00  \S*list\.txt: accepted by ann \(tester@HOST\); 15 entries; came .*",
        lines[1],
    )
    assert lines[2] == "Runs"
    assert [re.sub(r"2026112\dT\d{6}Z-\w{6}", "RUN", line) for line in lines[3:5]] == [
        "  2026-11-24 08:00  RUN  run (tester@HOST): exit 4; 1 step; 1 open",
        "  2026-11-24 08:05  RUN  run (tester@HOST): exit 0; 2 steps; 1 in_sync",
    ]
    assert lines[5] == "Approvals"
    assert lines[6].endswith(": bob (tester@HOST): =looked at the plan")
    assert lines[7] == f"    {digest[0]}"
    assert lines[8:] == [
        "Said",
        "  2026-11-24 08:05  all: pause until 2026-11-24 09:05 by bob (tester@HOST): lunch",
        "  2026-11-24 08:06  all: end of a pause (tester@HOST)",
    ]
    run = lines[4].split()[2]
    report = world.run("history", "show", run)
    assert report.code == 0
    document = json.loads(report.out)
    assert (document["schema"], document["run"]) == ("cloudsync.report/1", run)
    assert document["outcomes"][0]["outcome"] == "done"
    again = world.run("history", "replay", run)
    assert (again.code, again.err) == (
        0, f"{run}: the same plan again, {document['digest']}, 2 steps.\n",
    )  # fmt: skip
    assert "1 target" in again.out
    # Runs of one second are picked by chance, told in the order in which they began.
    shown = json.loads(world.run("history", "--format", "json", "--most", "2").out)
    assert (shown["runs"][1]["id"], shown["runs"][1]["reported"]) == (run, True)
    one = json.loads(world.run("history", "--format", "json", "--most", "1").out)
    assert [len(one[part]) for part in ("lists", "runs", "approvals", "said")] == [1, 1, 1, 1]

    for form in ("json", "csv"):
        done = world.run("history", "export", "--format", form, "--out", f"h.{form}")
        assert (done.code, done.out) == (0, "")
        last = re.search(HASH, done.err)
        assert last
        checked = world.run("history", "export", "--verify", f"h.{form}", "--last", last[0])
        assert (checked.code, checked.err) == (
            0, f"h.{form}: whole, 6 things that happened. Its last hash: {last[0]}\n",
        )  # fmt: skip
    assert '"\'=looked at the plan"' in (world.folder / "h.csv").read_text()
    body = (world.folder / "h.json").read_text()
    (world.folder / "h.json").write_text(body.replace('"by":"bob"', '"by":"eve"'))
    forged = world.run("history", "export", "--verify", "h.json")
    assert forged.code == 1
    assert re.fullmatch(
        r"h\.json: line \d: it isn't what was written\. Nothing was changed\. "
        r"Export it anew, and compare with a copy that was kept\.\n",
        forged.err,
    )


def test_a_history_that_is_not_there_is_said(world: World) -> None:
    """An empty state has an empty history; a run without a report, and a file that isn't there."""
    world.config()
    none = "  none is known\n"
    assert world.run("history").out == (
        f"Lists\n{none}Runs\n{none}Approvals\n{none}Said\n  nothing is known\n"
    )
    refused(
        world,
        world.run("history", "show", "x"),
        1,
        "x: no report is kept of a run with this name. Nothing was changed. One is kept of each run "
        "that did something or didn't end with 0; see cloudsync history.",
    )
    refused(
        world,
        world.run("history", "export", "--verify", "none.json"),
        1,
        "none.json: can't be read: No such file or directory. Nothing was changed.",
    )
    kept = world.run("history", "export", "--out", "h.json")
    assert kept.code == 0
    refused(
        world,
        world.run("history", "export", "--verify", "h.json", "--last", "sha256:0"),
        1,
        f"h.json: its last hash is {kept.err.split()[-1]}, not sha256:0. Nothing was changed. "
        "Whoever made this file made another one than the one that was kept.",
    )
