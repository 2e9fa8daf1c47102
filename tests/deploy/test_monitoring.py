"""Rules and dashboard: what Prometheus's own tool says of them, and whether each rule fires."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from cloudsync.status.exposition import exposition
from cloudsync.status.metrics import METRICS, build, samples
from cloudsync.status.reading import known
from tests.needs import need
from tests.tree import tree
from tests.unit.scenes import SCENES, stage

FOLDER: Final = tree() / "deploy" / "monitoring"


def promtool(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """What promtool says."""
    return subprocess.run(
        [need("promtool", "it judges rules and metrics"), *argv],
        cwd=FOLDER, input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip


def read(name: str) -> Any:
    """A YAML file of the folder."""
    reader: Any = YAML(typ="safe")
    return reader.load((FOLDER / name).read_text("utf-8"))


def names(text: str) -> set[str]:
    """The metrics that are named in expressions."""
    return set(re.findall(r"cloudsync_[a-z_]+", text))


KNOWN: Final = {one.name for one in METRICS}


def test_each_rule_is_taken_and_fires() -> None:
    """Promtool takes the rules, sees each fire, and none where all is well."""
    checked = promtool("check", "rules", "rules.yaml")
    assert checked.returncode == 0, checked.stderr
    rules = [rule for group in read("rules.yaml")["groups"] for rule in group["rules"]]
    tested = read("rules_test.yaml")["tests"][0]["alert_rule_test"]
    fired = [test["alertname"] for test in tested if test["exp_alerts"]]
    assert fired == [rule["alert"] for rule in rules]
    assert {name for rule in rules for name in names(rule["expr"])} <= KNOWN
    ran = promtool("test", "rules", "rules_test.yaml")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_rule_that_never_fires_is_found(tmp_path: Path) -> None:
    """With another threshold the test fails: it can."""
    rules = (FOLDER / "rules.yaml").read_text("utf-8").replace("> 14400", "> 1440000")
    (tmp_path / "rules.yaml").write_text(rules, "utf-8")
    (tmp_path / "rules_test.yaml").write_text((FOLDER / "rules_test.yaml").read_text("utf-8"))
    ran = promtool("test", "rules", str(tmp_path / "rules_test.yaml"))
    assert ran.returncode == 1
    assert "CloudsyncDecisionWaits" in ran.stdout + ran.stderr


def test_the_dashboard_asks_for_what_there_is(tmp_path: Path) -> None:
    """Every metric stands on it, and Prometheus takes every question."""
    board = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
    asked = [one["expr"] for panel in board["panels"] for one in panel["targets"]]
    assert names(" ".join(asked)) == KNOWN
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    rules = [
        {
            "record": f"x:{number}",
            "expr": one.replace("$__rate_interval", "5m").replace("$installation", ".*"),
        }
        for number, one in enumerate(asked)
    ]
    file = tmp_path / "asked.yaml"
    file.write_text(json.dumps({"groups": [{"name": "asked", "rules": rules}]}), "utf-8")
    checked = promtool("check", "rules", "--lint=none", str(file))
    assert checked.returncode == 0, checked.stderr


def test_prometheus_takes_the_metrics_of_every_state() -> None:
    """Several tenants in one answer, each with its own label."""
    found = [build()]
    for scene in SCENES:
        with stage(scene, scene).open() as job:
            found += samples(known(job))
    checked = promtool("check", "metrics", stdin=exposition(found))
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
