"""The figures of each state, as Prometheus reads them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from cloudsync import __version__, records
from cloudsync.records.punctual import PUNCTUAL, PUNCTUAL_KEY
from cloudsync.status.exposition import exposition
from cloudsync.status.known import Known
from cloudsync.status.metrics import build, samples, unreadable
from cloudsync.status.overview import Calls, Overview
from cloudsync.status.reading import known
from cloudsync.worker.punctual import Counts
from tests.unit.scenes import NOW, stage


def shown(scene: str) -> Known:
    """What is known in a scene."""
    with stage(scene).open() as job:
        return known(job)


def said(found: Known) -> dict[str, float]:
    """The values by ``name{label="value"}``, without the installation's own label."""
    own = re.compile(r'\{installation="mail-prod"\}|,?installation="mail-prod",?(?=.*\})')
    lines = [
        own.sub(lambda found: "," if found[0].count(",") == 2 else "", line)
        for line in exposition(samples(found)).splitlines()
        if not line.startswith("#")
    ]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_what_is_so_is_counted() -> None:
    """Verdicts by provider with their zeros, sums of addresses, and when it was seen."""
    found = said(shown("bypass-open"))
    assert found['cloudsync_targets{provider="gcp",verdict="undetermined"}'] == 1
    assert found['cloudsync_targets{provider="aws",verdict="open"}'] == 1
    assert found['cloudsync_targets{provider="azure",verdict="open"}'] == 0
    assert found['cloudsync_excess_addresses{family="ipv4"}'] == 3_702_390_769
    assert found['cloudsync_missing_addresses{family="ipv4"}'] == 0
    assert found["cloudsync_last_run_timestamp_seconds"] == (
        (NOW - timedelta(minutes=3)).timestamp()
    )
    assert found["cloudsync_source_age_seconds"] == 180
    assert found["cloudsync_stale_after_seconds"] == 3600
    assert found['cloudsync_run_duration_seconds{stage="look"}'] == 6.5
    assert found["cloudsync_changes_total"] == 0
    assert found["cloudsync_hold_age_seconds"] == 0
    assert found["cloudsync_state_readable"] == 1


def test_a_run_that_failed_is_no_success() -> None:
    """The last success stays when it was; a decision that waits grows old."""
    blind = said(shown("blind"))
    run, success = (blind[f"cloudsync_last_{one}_timestamp_seconds"] for one in ("run", "success"))
    assert run - success == 300
    held = said(shown("held"))
    assert held["cloudsync_hold_age_seconds"] == 5 * 3600
    assert held['cloudsync_holds{kind="list"}'] == held['cloudsync_holds{kind="target"}'] == 1


def test_what_was_never_seen_has_no_value() -> None:
    """No zero stands for what nobody knows; what can't be read says only that."""
    assert set(said(shown("empty"))) == {
        "cloudsync_state_readable", "cloudsync_stale_after_seconds", "cloudsync_hold_age_seconds",
        'cloudsync_holds{kind="list"}', 'cloudsync_holds{kind="target"}',
    }  # fmt: skip
    only = Overview(NOW, "", (), ())
    assert "cloudsync_last_run_timestamp_seconds" not in said(
        replace(shown("empty"), overview=only)
    )
    assert exposition([build(), unreadable("mail")]).splitlines()[2::3] == [
        f'cloudsync_build_info{{version="{__version__}"}} 1.0',
        'cloudsync_state_readable{installation="mail"} 0.0',
    ]


def test_answers_of_the_clouds_are_counted_by_code() -> None:
    """A provider that never slowed anybody down has its zero."""
    base = shown("all-right")
    assert base.overview
    calls = (
        Calls("aws", "DescribeSecurityGroups", "ok", 7),
        Calls("aws", "DescribeSecurityGroups", "RequestLimitExceeded", 2),
        Calls("gcp", "firewalls.list", "ok", 1),
    )
    found = said(replace(base, overview=replace(base.overview, calls=calls, throttled={"aws": 2})))
    name = "cloudsync_api_requests_total"
    assert found[
        f'{name}{{code="ok",operation="DescribeSecurityGroups",provider="aws"}}'
    ] == pytest.approx(7)
    assert found['cloudsync_throttled_total{provider="aws"}'] == 2
    assert found['cloudsync_throttled_total{provider="gcp"}'] == 0


def test_how_punctual_the_worker_was_is_counted() -> None:
    """Runs that ended by their exit code, and those that didn't come when they were due; kept exactly."""
    counts = {
        "fetch": Counts(begun=2, exits={0: 1, 5: 1}),
        "sweep": Counts(begun=24, late=1, left_out=2, exits={0: 24}),
    }
    with stage("bypass-open").open() as job:
        assert known(job).punctual == {}
        records.save(job.store, PUNCTUAL_KEY, PUNCTUAL, counts, None)
        found = known(job)
    assert found.punctual == counts
    values = {key: value for key, value in said(found).items() if key.startswith("cloudsync_runs")}
    assert values == {
        'cloudsync_runs_total{code="0",kind="fetch"}': 1,
        'cloudsync_runs_total{code="5",kind="fetch"}': 1,
        'cloudsync_runs_total{code="0",kind="sweep"}': 24,
        'cloudsync_runs_unpunctual_total{how="late",kind="fetch"}': 0,
        'cloudsync_runs_unpunctual_total{how="left_out",kind="fetch"}': 0,
        'cloudsync_runs_unpunctual_total{how="broken",kind="fetch"}': 0,
        'cloudsync_runs_unpunctual_total{how="late",kind="sweep"}': 1,
        'cloudsync_runs_unpunctual_total{how="left_out",kind="sweep"}': 2,
        'cloudsync_runs_unpunctual_total{how="broken",kind="sweep"}': 0,
    }
