"""The CI examples: their scripts, run with a command that ends as drift may."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.manifests import documents
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
    summary = folder / "summary"
    environment = {
        **os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": str(summary),
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
    ended, out, summary = ran(script, tmp_path, code)
    assert (ended, summary) == (code, "# the page\n")
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
    ended, out, _ = ran(script, tmp_path, code)
    assert (ended, out) == (code, "# the page\n")
    assert job["artifacts"]["paths"] == ["drift.md"]
    assert job["artifacts"]["when"] == "always"


def test_githubs_job_may_no_more_than_it_needs() -> None:
    """It reads the repository and gets a token of its own; its actions can't change behind it."""
    (workflow,) = documents(FOLDER / "github.yml")
    assert workflow["permissions"] == {"contents": "read", "id-token": "write"}
    used = [step["uses"] for step in github()["steps"] if "uses" in step]
    assert all(len(one.partition("@")[2]) == 40 for one in used)
    assert "@sha256:" in github()["container"]["image"]
    assert "@sha256:" in gitlab()["image"]["name"]
