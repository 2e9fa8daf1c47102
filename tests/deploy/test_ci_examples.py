"""The CI examples: their scripts, run with a command that ends as drift may."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cloudsync.demo.stage import surroundings
from cloudsync_aws.fleet import Fleet
from tests.deploy.manifests import documents
from tests.deploy.stage import begun, told
from tests.tree import tree

FOLDER = tree() / "deploy/ci"
CODES = [0, 1, 2, 3, 4, 5]


def github() -> dict[str, Any]:
    """The one job of the workflow."""
    (workflow,) = documents(FOLDER / "github.yml")
    job: dict[str, Any] = workflow["jobs"]["drift"]
    return job


def gitlab() -> dict[str, Any]:
    """The one job of the pipeline."""
    (pipeline,) = documents(FOLDER / "gitlab.yml")
    job: dict[str, Any] = pipeline["cloudsync-drift"]
    return job


def ran(script: str, folder: Path, code: int, *, page: bool = True) -> tuple[int, str, str]:
    """How ``script`` ends where cloudsync ends with ``code``: its code, stdout, and the summary."""
    fake = folder / "cloudsync"
    write = 'echo "# the page" > drift.md; ' if page else ""
    fake.write_text(f'#!/bin/sh\necho "$@" > asked; {write}exit {code}\n')
    fake.chmod(0o755)
    return ended(script, folder, folder)


def ended(script: str, folder: Path, programs: Path) -> tuple[int, str, str]:
    """How ``script`` ends with cloudsync from ``programs``: its code, stdout, and the summary."""
    summary = folder / "summary"
    environment = {
        **os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": str(summary),
        "CLOUD_TOKEN": "a token",
    }  # fmt: skip
    done = subprocess.run(
        ["sh", "-e", "-c", script], cwd=folder, env=environment, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout, summary.read_text() if summary.exists() else ""


@pytest.mark.parametrize("code", CODES)
def test_githubs_job_ends_as_drift_does_and_shows_the_page(code: int, tmp_path: Path) -> None:
    """The page is in the job's summary whatever the code is."""
    script = github()["steps"][-1]["run"]
    exit_code, out, summary = ran(script, tmp_path, code)
    assert (exit_code, summary) == (code, "# the page\n")
    assert ("::error::" in out) == (code == 2)
    assert (tmp_path / "asked").read_text().split() == (
        ["drift", "-c", "cloudsync.yaml", "--format", "markdown", "--out", "drift.md"]
    )


def test_githubs_job_fails_without_a_page_too(tmp_path: Path) -> None:
    """A wrong configuration makes no page, and its code is the job's."""
    script = github()["steps"][-1]["run"]
    assert ran(script, tmp_path, 1, page=False) == (1, "", "")


@pytest.mark.parametrize("code", CODES)
def test_gitlabs_job_ends_as_drift_does_and_shows_the_page(code: int, tmp_path: Path) -> None:
    """The page is in the log and among the artifacts whatever the code is."""
    job = gitlab()
    script = "\n".join(job["script"]).replace("/tmp/token", str(tmp_path / "token"))
    exit_code, out, _ = ran(script, tmp_path, code)
    assert (exit_code, out) == (code, "# the page\n")
    assert job["artifacts"]["paths"] == ["drift.md"]
    assert job["artifacts"]["when"] == "always"


def test_both_jobs_show_what_the_program_says_of_a_fleet(tmp_path: Path) -> None:
    """The command is the real one: the page names each target that is open, and nothing is changed."""
    programs = Path(sys.executable).parent
    with Fleet() as fleet, surroundings((fleet,)):
        begun(state := f"sqlite:///{tmp_path}/cloudsync.db")
        (tmp_path / "cloudsync.yaml").write_text(told(fleet, state), "utf-8")
        exit_code, _, summary = ended(github()["steps"][-1]["run"], tmp_path, programs)
        script = "\n".join(gitlab()["script"]).replace("/tmp/token", str(tmp_path / "token"))
        assert ended(script, tmp_path, programs)[0] == exit_code == 2
        unnamed = [one.target for one in fleet.sins if f"| `{one.target}` |" not in summary]
        assert unnamed == []
        assert (tmp_path / "drift.md").read_text("utf-8") == summary
        assert list(fleet.mutations()) == []


def test_githubs_job_may_no_more_than_it_needs() -> None:
    """It reads the repository and gets a token of its own; its actions can't change behind it."""
    (workflow,) = documents(FOLDER / "github.yml")
    assert workflow["permissions"] == {"contents": "read", "id-token": "write"}
    used = [step["uses"] for step in github()["steps"] if "uses" in step]
    assert all(len(one.partition("@")[2]) == 40 for one in used)
    assert "@sha256:" in github()["container"]["image"]
    assert "@sha256:" in gitlab()["image"]["name"]
