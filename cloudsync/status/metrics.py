"""What is measured, for Prometheus: names, labels, meanings, and the values that a state holds; pure.

The values come from the state, so that those of a run that has ended are there too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import Final, Literal

from cloudsync import __version__
from cloudsync.immutable import immutable
from cloudsync.model import Verdict
from cloudsync.status.known import Known
from cloudsync.status.overview import Overview


@immutable
class Metric:
    """One metric: its name as Prometheus has it, its type, its labels, and what it says."""

    name: str
    kind: Literal["gauge", "counter"]
    meaning: str
    labels: tuple[str, ...] = ()


@immutable
class Sample:
    """One value of a metric, with a value for each of its labels."""

    metric: Metric
    value: float
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


BUILD: Final = Metric("cloudsync_build_info", "gauge", "1, with the version.", ("version",))
READABLE: Final = Metric(
    "cloudsync_state_readable", "gauge",
    "1 where the configuration and the state can be read, else 0, and nothing else is said.",
    ("installation",),
)  # fmt: skip
LAST_RUN: Final = Metric(
    "cloudsync_last_run_timestamp_seconds", "gauge",
    "When a run of every target last ended, however it ended.", ("installation",),
)  # fmt: skip
LAST_SUCCESS: Final = Metric(
    "cloudsync_last_success_timestamp_seconds", "gauge",
    "When a run last ended that read every target and did every step it began (exit 0, 2 or 4).",
    ("installation",),
)  # fmt: skip
OLD_AFTER: Final = Metric(
    "cloudsync_stale_after_seconds", "gauge",
    "After how long without a look what is known is old: three sweeps of the file's schedule, or an hour.",
    ("installation",),
)  # fmt: skip
TARGETS: Final = Metric(
    "cloudsync_targets", "gauge", "Targets as the last look found them.",
    ("installation", "provider", "verdict"),
)  # fmt: skip
MISSING: Final = Metric(
    "cloudsync_missing_addresses", "gauge",
    "Wanted addresses that can't get in, added up over the targets: mail that is lost.",
    ("installation", "family"),
)  # fmt: skip
EXCESS: Final = Metric(
    "cloudsync_excess_addresses", "gauge",
    "Addresses that get in and aren't wanted, added up over the targets: the bypass.",
    ("installation", "family"),
)  # fmt: skip
HOLDS: Final = Metric(
    "cloudsync_holds", "gauge", "List changes and first enforces that wait for a person.",
    ("installation", "kind"),
)  # fmt: skip
HOLD_AGE: Final = Metric(
    "cloudsync_hold_age_seconds", "gauge", "How long the oldest of them has waited; 0 without any.",
    ("installation",),
)  # fmt: skip
SOURCE_AGE: Final = Metric(
    "cloudsync_source_age_seconds", "gauge",
    "How long ago a list that was read was last let through.", ("installation",),
)  # fmt: skip
REQUESTS: Final = Metric(
    "cloudsync_api_requests_total", "counter",
    "Answers of a cloud, each try counted; the code is `ok`, the vendor's own, or `lost`.",
    ("installation", "provider", "operation", "code"),
)  # fmt: skip
THROTTLED: Final = Metric(
    "cloudsync_throttled_total", "counter", "Answers by which a cloud said to slow down.",
    ("installation", "provider"),
)  # fmt: skip
DURATION: Final = Metric(
    "cloudsync_run_duration_seconds", "gauge",
    "How long the last run of every target took to look (fetch to proof) and to change (apply to verify).",
    ("installation", "stage"),
)  # fmt: skip
CHANGES: Final = Metric(
    "cloudsync_changes_total", "counter", "Steps that were done, each one mutating call.",
    ("installation",),
)  # fmt: skip

RUNS: Final = Metric(
    "cloudsync_runs_total", "counter",
    "Runs of the scheduled worker that ended since it was started, by exit code; the last isn't in yet.",
    ("installation", "kind", "code"),
)  # fmt: skip
UNPUNCTUAL: Final = Metric(
    "cloudsync_runs_unpunctual_total", "counter",
    "Runs of the scheduled worker that began more than an interval `late`, were `left_out` because the one before was still at work, or `broken`.",
    ("installation", "kind", "how"),
)  # fmt: skip

METRICS: Final = (
    BUILD, READABLE, LAST_RUN, LAST_SUCCESS, OLD_AFTER, TARGETS, MISSING, EXCESS, HOLDS, HOLD_AGE, SOURCE_AGE,
    REQUESTS, THROTTLED, DURATION, CHANGES, RUNS, UNPUNCTUAL,
)  # fmt: skip
"""Every metric there is, in the order of the document."""


def build() -> Sample:
    """The version."""
    return Sample(BUILD, 1, {"version": __version__})


def unreadable(name: str) -> Sample:
    """All that can be said of a tenant whose state can't be read."""
    return Sample(READABLE, 0, {"installation": name})


def samples(known: Known) -> Iterator[Sample]:
    """Every value of one tenant. What was never seen has no value, rather than a zero."""
    own = {"installation": known.name}
    yield Sample(READABLE, 1, own)
    yield Sample(OLD_AFTER, known.old_after.total_seconds(), own)
    waiting = Counter(one.kind for one in known.holds)
    for kind in ("list", "target"):
        yield Sample(HOLDS, waiting[kind], {**own, "kind": kind})
    ages = [(known.now - one.since).total_seconds() for one in known.holds]
    yield Sample(HOLD_AGE, max([0.0, *ages]), own)
    if known.overview:
        yield from _of_overview(known.overview, known.now, own)
    for kind, counts in sorted(known.punctual.items()):
        said = {**own, "kind": kind}
        for code, times in sorted(counts.exits.items()):
            yield Sample(RUNS, times, {**said, "code": str(code)})
        for how, times in (
            ("late", counts.late), ("left_out", counts.left_out), ("broken", counts.broken),
        ):  # fmt: skip
            yield Sample(UNPUNCTUAL, times, {**said, "how": how})


def _of_overview(overview: Overview, now: datetime, own: Mapping[str, str]) -> Iterator[Sample]:
    for metric, at in ((LAST_RUN, overview.looked_at), (LAST_SUCCESS, overview.succeeded_at)):
        if at:
            yield Sample(metric, at.timestamp(), own)
    if overview.vetted_at:
        yield Sample(SOURCE_AGE, max(0.0, (now - overview.vetted_at).total_seconds()), own)
    counts = Counter((one.provider, one.verdict) for one in overview.sights)
    for provider in sorted({one.provider for one in overview.sights}):
        for verdict in Verdict:
            said = {**own, "provider": provider, "verdict": verdict.value}
            yield Sample(TARGETS, counts[provider, verdict], said)
    found = [one.found for one in overview.sights if one.found]
    for metric, parts in (
        (MISSING, [one.missing for one in found]),
        (EXCESS, [one.excess for one in found]),
    ):
        yield Sample(metric, float(sum(one.ipv4 for one in parts)), {**own, "family": "ipv4"})
        yield Sample(metric, float(sum(one.ipv6 for one in parts)), {**own, "family": "ipv6"})
    for stage, seconds in sorted(overview.stages.items()):
        yield Sample(DURATION, seconds, {**own, "stage": stage})
    yield Sample(CHANGES, overview.changes, own)
    for one in overview.calls:
        said = {"provider": one.provider, "operation": one.operation, "code": one.code}
        yield Sample(REQUESTS, one.times, {**own, **said})
    for provider in sorted({one.provider for one in overview.calls}):
        times = overview.throttled.get(provider, 0)
        yield Sample(THROTTLED, times, {**own, "provider": provider})
