"""What a run leaves to be measured."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from cloudsync.status.exposition import FILE
from tests.e2e.world import WORLD4, World, block, tcp


def test_a_run_counts_the_answers_of_the_cloud(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked of the cloud in a run stands in the figures it leaves."""
    world.group("mail")
    world.config(block("add"))
    world.accepted()
    file = tmp_path / "cloudsync.prom"
    monkeypatch.setenv(FILE, str(file))
    ran = world.run("run", "--once")
    assert ran.code == 0, ran
    text = file.read_text("utf-8")
    for action in ("DescribeSecurityGroups", "AuthorizeSecurityGroupIngress"):
        (line,) = [one for one in text.splitlines() if action in one]
        assert 'code="ok",installation="mail"' in line
    assert 'provider="aws",verdict="in_sync"} 1.0' in text
    assert 'cloudsync_changes_total{installation="mail"} 1.0' in text


def test_every_answer_is_counted_also_those_after_the_changes(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as the cloud itself counts: the second look before somebody is woken is one of them."""
    world.group("open", *tcp(WORLD4))
    world.config(block("watch"))
    world.accepted()
    file = tmp_path / "cloudsync.prom"
    monkeypatch.setenv(FILE, str(file))
    for _ in range(2):
        world.run("run", "--once")
        answers = Counter(call.action for call in world.sandbox.calls[world.before :])
        said = re.findall(
            r'^cloudsync_api_requests_total.*operation="(\w+)".* ([0-9.]+)$',
            file.read_text("utf-8"),
            re.MULTILINE,
        )
        assert {action: float(times) for action, times in said} == answers
