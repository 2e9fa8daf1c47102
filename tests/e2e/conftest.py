from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudsync.cli import job as jobs
from cloudsync.job import Job
from cloudsync_aws.sandbox import Sandbox
from tests.e2e.world import WORLD4, WORLD6, Clock, World, tcp


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    """An empty cloud on loopback, to which the environment leads, and an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    # Rich would cut the help at the width of whoever's terminal it is.
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("USER", "tester")
    with Sandbox() as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        yield World(sandbox, tmp_path, capsys)


@pytest.fixture
def ready(world: World) -> World:
    """A group that is open to the world, a configuration in add, and a list that is in force."""
    world.group("open", *tcp(WORLD4, WORLD6))
    world.config()
    world.accepted()
    return world


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands until it is moved."""
    made = Clock()
    monkeypatch.setattr(jobs, "Job", functools.partial(Job, now=made))
    return made
