from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from cloudsync import __version__, records
from cloudsync.report import PLAN_SCHEMA, REPORT_SCHEMA
from cloudsync.state import open_state
from tests.e2e.world import (
    LIST,
    REGION,
    SCOPE,
    WORLD4,
    WORLD6,
    Ran,
    World,
    block,
    enforce,
    ids,
    tcp,
)

# No stubs of it are installed, and what it is asked here needs none.
jsonschema: Any = import_module("jsonschema")

RULES = "".join(
    f"    + tcp/25 from {network} (cloudsync/mail list)\n"
    for network in sorted(LIST, key=lambda one: tuple(map(int, one.partition("/")[0].split("."))))
)
FOOTER = (
    "Each verdict is of one target: other groups or policies on the same machine are not looked "
    "at yet.\n"
)


@pytest.fixture
def ready(world: World) -> World:
    """A group that lets nobody in, a configuration in add, and a list that is in force."""
    world.group("shut")
    world.config()
    world.accepted()
    return world


class Person(io.StringIO):
    """Somebody at a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


# -------------------------------------------------------------------------- help and version


def test_help_prints_the_one_table_of_exit_codes(world: World) -> None:
    """``--help`` names every command, and each exit code with its meaning."""
    ran = world.start("--help", also={"COLUMNS": "400"})
    assert (ran.code, ran.err) == (0, "")
    words = " ".join(ran.out.split())
    assert (
        "Exit codes: 0 done, or in sync · 1 error in use or configuration · 2 differences are "
        "pending · 3 some targets failed, were refused, are gone or couldn't be read · 4 held by a "
        "guard or by preflight · 5 the source was refused or couldn't be fetched · 6 another run "
        "holds the lease. Where several hold, the first of 1, 5, 6, 3, 4, 2 is given."
    ) in words
    commands = {line.split()[1] for line in ran.out.splitlines() if line.startswith("│ ")}
    assert commands >= {
        "init", "schema", "list", "plan", "apply", "drift", "explain", "demo", "sandbox",
    }  # fmt: skip


@pytest.mark.parametrize(
    "line", ["--version", "--help", "plan --help", "schema", "list", "list --format json"]
)
def test_no_sdk_is_loaded_before_a_cloud_is_asked(world: World, line: str) -> None:
    """Version, help, schema and list are quick: they load no cloud's SDK."""
    # A distribution may put the bare name of a namespace there when Python starts.
    watch = """
import atexit, sys
before = set(sys.modules)
@atexit.register
def say():
    loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
    print(sorted(loaded & {"boto3", "botocore", "azure", "google", "moto"}), file=sys.stderr)
"""
    ran = world.start(*line.split(), code=watch)
    assert (ran.code, ran.err) == (0, "[]\n")
    assert ran.out


def test_the_version(world: World) -> None:
    """``--version`` says the version, and nothing else."""
    assert world.run("--version") == Ran(0, f"cloudsync {__version__}\n", "")


def test_the_schema_of_the_configuration(ready: World) -> None:
    """``schema`` prints a JSON Schema that a configuration of every mode keeps to."""
    from ruamel.yaml import YAML

    ran = ready.run("schema")
    assert (ran.code, ran.err) == (0, "")
    schema = json.loads(ran.out)
    jsonschema.Draft202012Validator.check_schema(schema)
    path = ready.config(block("watch"), block("add"), enforce())
    yaml: Any = YAML(typ="safe")
    jsonschema.validate(yaml.load(path), schema)
    wrong = yaml.load(path.read_text().replace("mode: add", "mode: all"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


# ------------------------------------------------------------------------------------- init


def test_init_writes_a_configuration_that_only_watches(world: World) -> None:
    """``init`` shows what can be reached, and writes a file with which ``plan`` goes on."""
    opened = world.group("open", *tcp(WORLD4, WORLD6))
    half = world.group("half", *tcp(*LIST[:8]))
    world.group("web", *tcp(WORLD4, port=443))
    ran = world.run("init", "--region", REGION)
    assert (ran.code, ran.err) == (
        0,
        (
            "cloudsync.yaml: 2 targets in watch. Nothing else was changed. Look it over, then run "
            "cloudsync plan -c cloudsync.yaml.\n"
        ),
    )
    assert ran.out.startswith("2 targets: 1 missing and 1 open; no step.\n")
    written = (world.folder / "cloudsync.yaml").read_text(encoding="utf-8")
    assert f"- {opened}  # open: 4,294,967,296 IPv4 addresses and all of IPv6\n" in written
    assert f"- {half}  # missing: 8 IPv4 addresses\n" in written
    assert "mode: watch" in written
    assert all(line.count("mode: add") == 0 for line in written.splitlines())
    planned = world.run("plan")
    assert (planned.code, planned.err) == (0, "")
    assert planned.out.startswith("2 targets: 1 missing and 1 open; no step.\n")
    assert world.run("apply", "--yes").code == 0
    assert world.mutations == []


def test_init_overwrites_nothing_unasked(ready: World) -> None:
    """A configuration that is there stays, unless ``--force`` is said."""
    before = (ready.folder / "cloudsync.yaml").read_text(encoding="utf-8")
    ready.group("open", *tcp(WORLD4))
    assert ready.run("init") == Ran(
        1,
        "",
        "cloudsync.yaml: there is a configuration already. Nothing was changed. Name another file "
        "with -c FILE, or say --force to overwrite it.\n",
    )
    assert (ready.folder / "cloudsync.yaml").read_text(encoding="utf-8") == before
    assert ready.run("init", "-c", "other.yaml").code == 0
    assert ready.run("init", "--force").code == 0
    assert (ready.folder / "cloudsync.yaml").read_text(encoding="utf-8") != before


def test_init_where_nothing_can_be_reached(world: World) -> None:
    """Without a group that lets anybody in there is nothing to watch, and no file is written."""
    world.group("web", *tcp(WORLD4, port=443))
    assert world.run("init") == Ran(
        1,
        "",
        "provider aws: nothing that can be read lets anybody reach port 25. Nothing was changed. "
        "Give credentials that may look at the mail servers' account, or --region.\n",
    )
    assert not (world.folder / "cloudsync.yaml").exists()


def test_init_looks_in_every_region(world: World) -> None:
    """A region that can't be read is named, and the others are written all the same."""
    world.group("open", *tcp(WORLD4))
    other = world.sandbox.seed_group(region="eu-west-1", name="far", permissions=tcp(WORLD6))
    assert world.run("init").code == 0
    written = (world.folder / "cloudsync.yaml").read_text(encoding="utf-8")
    assert "regions: [eu-west-1]" in written
    assert other in written
    world.sandbox.faults.denied("DescribeSecurityGroups", region="eu-west-1")
    ran = world.run("init", "--force")
    assert ran.code == 3
    assert ran.err.startswith(
        "aws:123456789012/eu-west-1: access to DescribeSecurityGroups was denied "
        "(UnauthorizedOperation). It was not looked at. Allow ec2:DescribeSecurityGroups; "
    )
    assert other not in (world.folder / "cloudsync.yaml").read_text(encoding="utf-8")


def test_init_with_a_name_that_cant_be_one(world: World) -> None:
    """What couldn't be read again isn't written."""
    world.group("open", *tcp(WORLD4))
    ran = world.run("init", "--name", "Mail Prod")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("cloudsync.yaml:3: name: 'Mail Prod' isn't of the right shape. ")
    assert not (world.folder / "cloudsync.yaml").exists()


# ------------------------------------------------------------------------------- plan and drift


def test_a_plan_as_text(ready: World) -> None:
    """The plan says what is so, what would be done and what would then be so, and does nothing."""
    (group,) = ready.guarded
    ran = ready.run("plan")
    assert (ran.code, ran.err) == (0, "")
    head, _, rest = ran.out.partition("\n\n")
    assert head.splitlines()[0] == "1 target: 1 missing; 1 step."
    assert rest == (
        f"MISSING  {SCOPE}/{group}  (mode add)\n"
        "  Mail is lost: all 15 listed IPv4 addresses can't reach port 25: 69.20.58.226, "
        "69.20.58.234,\n"
        "    69.20.60.122, 69.20.68.133, 72.32.252.16, 72.32.252.97, 72.32.253.10, 74.205.4.52 and "
        "7 more.\n"
        "  No address can reach port 25 here.\n"
        "  Step 1 adds 15 rules of ours:\n"
        f"{RULES}"
        "  After these steps 15 IPv4 addresses instead of no address can reach port 25 here, and the "
        "target\n    is in sync.\n"
        f"\n{FOOTER}"
    )
    assert ready.mutations == []


def test_a_plan_in_every_format(ready: World) -> None:
    """Text, JSON, Markdown and HTML name the target, the verdict and the digest of one plan."""
    (group,) = ready.guarded
    data = json.loads(ready.run("plan", "--format", "json").out)
    jsonschema.validate(data, PLAN_SCHEMA)
    assert data["targets"][0]["verdict"] == "missing"
    assert data["targets"][0]["missing"]["addresses"] == {"ipv4": 15, "ipv6": "0"}
    assert data["targets"][0]["exposure"]["before"] == []
    assert len(data["targets"][0]["exposure"]["after"]) == 15
    for form, start in (("text", "1 target"), ("markdown", "## cloudsync plan"), ("html", "<!")):
        ran = ready.run("plan", "--format", form)
        assert ran.code == 0
        assert ran.out.startswith(start)
        assert f"{SCOPE}/{group}" in ran.out
        assert data["digest"] in ran.out


def test_a_plan_written_to_a_file(ready: World) -> None:
    """``--out`` writes what would have been printed, whole, and prints nothing."""
    printed = ready.run("plan", "--format", "json").out
    assert ready.run("plan", "--format", "json", "--out", "plan.json") == Ran(0, "", "")
    assert (ready.folder / "plan.json").read_text(encoding="utf-8") == printed
    assert ready.run("plan", "--out", "nowhere/plan.txt") == Ran(
        1,
        "",
        "nowhere/plan.txt: can't be written: No such file or directory. Nothing was changed. Name "
        "another file.\n",
    )
    assert sorted(path.name for path in ready.folder.iterdir()) == [
        "cloudsync.db", "cloudsync.yaml", "list.txt", "plan.json",
    ]  # fmt: skip


def test_detailed_exit_codes(ready: World) -> None:
    """With ``--detailed-exitcode`` a plan with steps ends with 2, and one without with 0."""
    assert ready.run("plan").code == 0
    assert ready.run("plan", "--detailed-exitcode").code == 2
    assert ready.run("drift").code == 2
    assert ready.run("apply", "--yes").code == 0
    assert ready.run("plan", "--detailed-exitcode").code == 0
    assert ready.run("drift").code == 0


def test_drift_only_looks(ready: World) -> None:
    """A rule that is taken away by hand is drift: named, ending with 2, and left to ``apply``."""
    (group,) = ready.guarded
    ready.run("apply", "--yes")
    ready.forget()
    ready.sandbox.uproot(REGION, group, tcp("69.20.58.226/32"))
    ran = ready.run("drift")
    assert (ran.code, ran.err) == (2, "")
    assert (
        "  Mail is lost: 1 of 15 listed IPv4 addresses can't reach port 25: 69.20.58.226.\n"
        in ran.out
    )
    assert ready.mutations == []
    assert ready.run("apply", "--yes").code == 0
    assert ready.networks(group) == sorted(LIST)


# ------------------------------------------------------------------------------------- apply


def test_apply_says_what_was_done(ready: World) -> None:
    """The report names each rule that was added, what became in sync, and what is so now."""
    (group,) = ready.guarded
    ran = ready.run("apply", "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(
        f"1 of 1 step done.\nBecame in sync: {SCOPE}/{group}.\nNow: 1 target: 1 in sync; no step.\n"
    )
    assert f"  Added 15 rules of ours:\n{RULES}" in ran.out
    assert "  Outbound rules are as they were:" in ran.out
    assert "  15 IPv4 addresses can reach port 25 here.\n" in ran.out
    assert ready.mutations == ["AuthorizeSecurityGroupIngress"]
    assert ready.networks(group) == sorted(LIST)
    assert set(ready.marks(group).values()) == {"cloudsync/mail list"}


def test_apply_is_written_down(ready: World) -> None:
    """Each run stands in the state with its plan, its exit code and what was then so."""
    (group,) = ready.guarded
    planned = json.loads(ready.run("plan", "--format", "json").out)
    assert ready.run("apply", "--yes").code == 0
    with closing(open_state(f"sqlite:///{ready.folder}/cloudsync.db")) as store:
        (key,) = store.keys(records.run_key(""))
        stored = records.load(store, key, records.RUN)
    assert stored is not None
    run = stored.value
    assert run.finished is not None
    assert (run.command, run.plan_digest, run.exit, run.targets) == (
        "apply",
        planned["digest"],
        0,
        {f"{SCOPE}/{group}": "in_sync"},
    )


def test_apply_as_data(ready: World) -> None:
    """The report as JSON keeps to its schema."""
    (group,) = ready.guarded
    data = json.loads(ready.run("apply", "--yes", "--format", "json").out)
    jsonschema.validate(data, REPORT_SCHEMA)
    assert data["became_in_sync"] == [f"{SCOPE}/{group}"]
    assert [one["outcome"] for one in data["outcomes"]] == ["done"]


def test_a_saved_plan_is_applied_as_it_was_saved(ready: World) -> None:
    """A saved plan is the approval: where nothing changed since, nobody is asked again."""
    (group,) = ready.guarded
    ready.run("plan", "--format", "json", "--out", "plan.json")
    # A rule for another port changes no step, and so no digest.
    ready.sandbox.plant(REGION, group, tcp(WORLD4, port=443))
    ran = ready.run("apply", "plan.json")
    assert (ran.code, ran.err) == (0, "")
    assert ready.mutations == ["AuthorizeSecurityGroupIngress"]


def test_a_stale_saved_plan_changes_nothing(ready: World) -> None:
    """A saved plan that isn't what would be done now is held, with both digests, whatever --yes."""
    (group,) = ready.guarded
    ready.run("plan", "--format", "json", "--out", "plan.json")
    was = json.loads((ready.folder / "plan.json").read_text())["digest"]
    ready.sandbox.plant(REGION, group, tcp("69.20.58.226/32", text="cloudsync/mail list"))
    now = json.loads(ready.run("plan", "--format", "json").out)["digest"]
    for more in ([], ["--yes"]):
        assert ready.run("apply", "plan.json", *more) == Ran(
            4,
            "",
            f"plan.json: it is the plan {was}, and what would be done now is {now}. Nothing was "
            "changed. Look at cloudsync plan again, and apply what it now says.\n",
        )
    assert was != now
    assert ready.mutations == []


@pytest.mark.parametrize(("answer", "done"), [("y\n", True), ("YES\n", True), ("yes \n", True),
                                              ("n\n", False), ("\n", False), ("", False),
                                              ("yess\n", False)])  # fmt: skip
def test_a_person_is_asked(
    ready: World, monkeypatch: pytest.MonkeyPatch, answer: str, done: bool
) -> None:
    """At a terminal the plan is shown and a person asked; anything but yes is no."""
    monkeypatch.setattr(sys, "stdin", Person(answer))
    ran = ready.run("apply")
    assert "Step 1 adds 15 rules of ours:" in ran.err
    assert "Apply 1 step? [y/N] " in ran.err
    if done:
        assert ran.code == 0
        assert ready.mutations == ["AuthorizeSecurityGroupIngress"]
    else:
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.endswith("[y/N] apply: the answer was no. Nothing was changed.\n")
        assert ready.mutations == []


def test_nobody_is_there_to_be_asked(ready: World) -> None:
    """Without a terminal ``apply`` alone changes nothing, and says what to say."""
    ran = ready.start("apply", stdin="y\n")
    assert ran == Ran(
        1,
        "",
        "apply: 1 step is planned, and there is no terminal to ask at. Nothing was changed. Look "
        "at cloudsync plan, then say cloudsync apply --yes.\n",
    )
    assert ready.mutations == []


def test_a_person_stops_it_at_the_question(ready: World) -> None:
    """Ctrl-C at the question ends with one line, and nothing was changed."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "cloudsync", "apply"],
        cwd=ready.folder,
        env=dict(os.environ),
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as asking:
        assert asking.stderr is not None
        said = b""
        while not said.endswith(b"[y/N] ") and (one := asking.stderr.read(1)):
            said += one
        asking.send_signal(signal.SIGINT)
        out, err = asking.communicate(timeout=30)
    os.close(master)
    os.close(slave)
    assert said.endswith(b"Apply 1 step? [y/N] ")
    assert (asking.returncode, out) == (1, b"")
    assert err == b"\napply: the answer was no. Nothing was changed.\n"
    assert ready.mutations == []


# ------------------------------------------------------------------------------------- explain


def test_explain_names_the_rule(ready: World) -> None:
    """``explain`` says whether an address gets in, by which rule, and whether it is listed."""
    (group,) = ready.guarded
    ready.run("apply", "--yes")
    ready.sandbox.plant(REGION, group, tcp("10.0.0.0/8"))
    target = f"{SCOPE}/{group}"
    end = "Other groups or policies on the same machine aren't looked at yet.\n"
    assert ready.run("explain", "69.20.58.226", target) == Ran(
        0,
        f"69.20.58.226 can reach port 25 at {target}.\n"
        "  let in by tcp/25 from 69.20.58.226/32 (cloudsync/mail list) (security group)\n"
        f"It is in the list in force: 69.20.58.226/32.\n{end}",
        "",
    )
    assert ready.run("explain", "10.1.2.3", target) == Ran(
        0,
        f"10.1.2.3 can reach port 25 at {target}.\n"
        "  let in by tcp/25 from 10.0.0.0/8 (security group)\n"
        f"It is not in the list in force.\nIt is an internal address.\n{end}",
        "",
    )
    assert ready.run("explain", "2001:4860::1", target) == Ran(
        0,
        f"2001:4860::1 can't reach port 25 at {target}.\n  No rule lets it in.\n"
        f"It is not in the list in force.\n{end}",
        "",
    )


def test_explain_as_data(ready: World) -> None:
    """``explain`` as JSON has an answer for each port, with the rules that have a say."""
    (group,) = ready.guarded
    ready.config(block("add", "ports: [25, 587]"))
    ready.run("apply", "--yes")
    ready.sandbox.uproot(REGION, group, tcp("69.20.58.226/32", port=587))
    ran = ready.run("explain", "69.20.58.226", f"{SCOPE}/{group}", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == {
        "schema": "cloudsync.explain/1",
        "address": "69.20.58.226",
        "target": f"{SCOPE}/{group}",
        "listed": "69.20.58.226/32",
        "ports": [
            {
                "port": 25,
                "answer": "in",
                "rules": [
                    {
                        "rule": "tcp/25 from 69.20.58.226/32 (cloudsync/mail list)",
                        "layer": "security group",
                        "allow": True,
                        "full": True,
                        "certain": True,
                        "names": [],
                    }
                ],
            },
            {"port": 587, "answer": "out", "rules": []},
        ],
    }
    assert ready.run("explain", "69.20.58.226", f"{SCOPE}/{group}", "--format", "csv").code == 1


def test_explain_where_the_target_cant_be_read(ready: World) -> None:
    """A target that can't be looked at has no answer, and ends with 3."""
    (group,) = ready.guarded
    ready.sandbox.faults.denied("DescribeSecurityGroups")
    assert ready.run("explain", "69.20.58.226", f"{SCOPE}/{group}") == Ran(
        3,
        "",
        f"{SCOPE}: access to DescribeSecurityGroups was denied (UnauthorizedOperation). Nothing "
        "was changed. Allow ec2:DescribeSecurityGroups; providers/aws/permissions/watch.json holds "
        "all that is needed.\n",
    )


# ---------------------------------------------------------------------------------- exit codes


def test_a_run_is_written_down_with_what_the_list_calls_for(ready: World) -> None:
    """The exit code in the record of a run is the program's, also where the list made it so."""
    ready.offer(*LIST[:7])
    assert ready.run("apply", "--yes").code == 4
    (ready.folder / "list.txt").write_text("")
    assert ready.run("apply", "--yes").code == 5
    with closing(open_state(f"sqlite:///{ready.folder}/cloudsync.db")) as store:
        runs = [records.load(store, key, records.RUN) for key in store.keys(records.run_key(""))]
    assert sorted(run.value.exit or 0 for run in runs if run) == [4, 5]


def test_a_group_that_the_list_lacks_is_spoken_of(ready: World) -> None:
    """A Shoreline group that no entry belongs to is no silence: every look at the list names it."""
    ready.config(block("watch", "shoreline: [EXG7]"))
    said = (
        "./list.txt: the list has no Shoreline group EXG7, so that choosing it lets nobody in. "
        "Correct shoreline:, or look at the source.\n"
    ).replace("./", f"{ready.folder}/")
    assert ready.run("plan").err == said
    assert ready.run("drift").err == said
    assert ready.run("apply", "--yes").err == said


def test_several_exit_codes_at_once(ready: World) -> None:
    """Where several hold, the first of 1, 5, 6, 3, 4, 2 is given."""
    gone = ready.group("going")
    assert ready.run("apply", "--yes").code == 0
    ready.sandbox.delete_group(REGION, gone)
    (group,) = ready.guarded
    ready.sandbox.uproot(REGION, group, tcp("69.20.58.226/32"))
    assert ready.run("drift").code == 3  # gone, and missing
    ready.offer(*LIST[:7])
    ran = ready.run("drift")  # and held
    assert ran.code == 3
    assert "the list is held" in ran.err
    assert "it was there on" in ran.err
    (ready.folder / "list.txt").write_text("")
    assert ready.run("drift").code == 5  # and refused
    (ready.folder / "cloudsync.yaml").write_text("")
    assert ready.run("drift").code == 1


def test_held_and_pending_at_once(ready: World) -> None:
    """A held list comes before pending differences, and after what couldn't be read."""
    ready.offer(*LIST[:7])
    assert ready.run("drift").code == 4
    assert ready.run("plan", "--detailed-exitcode").code == 4
    ready.sandbox.faults.denied("DescribeSecurityGroups")
    assert ready.run("drift").code == 3


def test_enforce_that_leaves_something_open_is_pending(world: World) -> None:
    """``enforce`` that may not close a wider rule says so, and ends with 2; ``add`` ends with 0."""
    wide = {"IpProtocol": "tcp", "FromPort": 20, "ToPort": 30, "IpRanges": [{"CidrIp": WORLD4}]}
    group = world.group("wide", wide)
    world.config(enforce(select=ids(group)))
    world.accepted()
    ran = world.run("apply", "--yes")
    assert ran.code == 2
    assert "tcp/20-30 from 0.0.0.0/0 lets in" in " ".join(ran.out.split())
    assert "aws ec2 revoke-security-group-ingress" in ran.out
    assert WORLD4 in world.networks(group)
    world.config(block("add", select=ids(group)))
    assert world.run("apply", "--yes").code == 0


def test_another_run_at_work(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that finds the state changed under it ends with 6, and says to run again."""
    ready.run("apply", "--yes")
    ready.forget()
    save = records.save
    ready.offer(*LIST, "69.20.58.235")

    def late(store: Any, key: str, kind: Any, value: Any, expect: int | None) -> Any:
        # Somebody else writes the list between this run's read and its write. Were it the lease
        # each time, this run would try for it for ever.
        if key == records.LIST_KEY:
            held = store.get(key)
            store.put(key, held.value, held.generation)
        return save(store, key, kind, value, expect)

    monkeypatch.setattr(records, "save", late)
    assert ready.run("apply", "--yes") == Ran(
        6,
        "",
        f"{ready.folder}/cloudsync.db: list is at generation 2, this run read at generation 1; "
        "another run changed it meanwhile. The document was left as it is. Run again.\n",
    )
    assert ready.mutations == []


# ------------------------------------------------------------------------------- where and how


def test_the_configuration_is_named_before_or_after(ready: World, tmp_path: Path) -> None:
    """``-c`` stands before the command or behind it; the one behind it is nearer, and counts."""
    ready.run("apply", "--yes")
    path = ready.folder / "cloudsync.yaml"
    other = path.rename(ready.folder / "other.yaml")
    for line in (["-c", "other.yaml", "drift"], ["drift", "-c", "other.yaml"],
                 ["-c", "nowhere.yaml", "drift", "-c", str(other)]):  # fmt: skip
        assert ready.run(*line).code == 0
    assert ready.run("-c", "other.yaml", "list").code == 0
    assert ready.run("-c", "other.yaml", "list", "accept", "--yes").code == 0
    assert ready.run("list", "-c", "other.yaml", "accept", "--yes").code == 0
    assert ready.run("drift").code == 1


def test_paths_start_from_the_configuration(
    ready: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """List and state are relative to the configuration's folder, wherever the command is run."""
    ready.run("apply", "--yes")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    ran = ready.run("drift", "-c", "../cloudsync.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert list(elsewhere.iterdir()) == []


def test_ctrl_c_in_the_middle(ready: World) -> None:
    """Ctrl-C while a cloud is asked ends with one line and an exit code of the table."""
    asked = threading.Event()
    ready.sandbox.after_call(lambda _call: asked.set())
    ready.sandbox.faults.latency(5, "DescribeSecurityGroups")
    with subprocess.Popen(
        [sys.executable, "-m", "cloudsync", "apply", "--yes"],
        cwd=ready.folder,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert asked.wait(30)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err) == (
        1,
        b"",
        (
            b"cloudsync: it was stopped by Ctrl-C. What was done before is kept. Run cloudsync drift "
            b"to see how things are.\n"
        ),
    )
    assert ready.mutations == []


def test_a_reader_that_goes_away(ready: World) -> None:
    """``cloudsync plan | true`` shows no traceback."""
    ended = subprocess.run(
        [
            "/bin/sh", "-c",
            (f"{sys.executable} -c 'import sys; from cloudsync.cli import main; "
            "sys.stdin.read(); sys.exit(main([\"schema\"]))' | true; echo done"),
        ],
        cwd=ready.folder, env=dict(os.environ), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.stdout, ended.stderr) == ("done\n", "")
