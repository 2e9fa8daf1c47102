"""Runs as shapes: what is drawn, where, and what is left blank because nobody looked."""

from __future__ import annotations

from datetime import datetime, timedelta

from cloudsync.model import Verdict
from cloudsync.status.overview import Point
from cloudsync.web.charts import (
    HEIGHT,
    LEFT,
    WIDTH,
    Area,
    Chart,
    Tick,
    exposure_over_time,
    targets_over_time,
)
from tests.unit.scenes import NOW

RIGHT = WIDTH - 8.0
DRAWN = RIGHT - LEFT


def point(
    minutes: float, right: int = 2, wrong: int = 0, missing: int = 0, excess: int = 0
) -> Point:
    """A run so many minutes ago."""
    verdicts = {Verdict.IN_SYNC: right, Verdict.OPEN: wrong}
    at = NOW - timedelta(minutes=minutes)
    return Point(at, "r", "run", 0, 1.0, 0, verdicts, (missing, 0), (excess, 0))


def test_targets_are_stacked_with_what_is_wrong_below() -> None:
    """Runs alike are one area, and the last is drawn as long as the one before it."""
    chart = targets_over_time([point(40), point(30), point(20, 1, 1), point(10, 1, 1)], NOW)
    assert chart
    half, third = round(LEFT + DRAWN / 2, 1), round(LEFT + DRAWN, 1)
    assert chart.areas == (
        Area(LEFT, 0.0, half - LEFT, HEIGHT, Verdict.IN_SYNC),
        Area(half, HEIGHT / 2, third - half, HEIGHT / 2, Verdict.OPEN),
        Area(half, 0.0, third - half, HEIGHT / 2, Verdict.IN_SYNC),
    )
    assert chart.verdicts == (Verdict.OPEN, Verdict.IN_SYNC)
    assert chart.up == (Tick(HEIGHT, "0"), Tick(HEIGHT / 2, "1"), Tick(0.0, "2"))
    assert chart.said == ("Targets by verdict over 4 runs; after the last, 1 of 2 was not in sync.")


def test_where_nobody_looked_nothing_is_drawn() -> None:
    """Runs that stopped leave the chart blank from then on."""
    chart = targets_over_time([point(100), point(95), point(90)], NOW)
    assert chart
    (area,) = chart.areas
    assert area.x + area.width < LEFT + DRAWN / 5


def test_a_run_is_seen_however_short_it_was() -> None:
    """Among a week of others it is three units wide."""
    chart = targets_over_time([point(10_000), point(9_000, 1, 1), point(8_999), point(8_998)], NOW)
    assert chart
    assert next(one.width for one in chart.areas if one.verdict is Verdict.OPEN) == 3.0
    assert [tick.label for tick in chart.across] == ["17 Nov", "19 Nov", "22 Nov", "24 Nov"]


def test_exposure_goes_by_powers_of_ten() -> None:
    """A lost sender and an open world are both seen, and nothing is the line at the bottom."""
    chart = exposure_over_time(
        [point(30), point(20, missing=1), point(10, missing=10, excess=1_000_000)], NOW
    )
    assert chart
    assert chart.up == (
        Tick(HEIGHT, "0"), Tick(100.0, "10²"), Tick(50.0, "10⁴"), Tick(0.0, "10⁶"),
    )  # fmt: skip
    assert [one.partition(",")[2] for one in chart.excess.split()][-2:] == ["0.0", "0.0"]
    assert [one.partition(",")[2] for one in chart.missing.split()] == [
        "150.0", "150.0", "146.2", "146.2", "125.0", "125.0",
    ]  # fmt: skip
    assert chart.said == (
        "Addresses over 3 runs; after the last, 10 were missing and 1,000,000 in excess."
    )


def test_there_is_no_chart_of_one_run() -> None:
    """Nothing is over time yet; two at one moment are no division by nothing."""
    assert targets_over_time([point(1)], NOW) is None
    assert exposure_over_time([], NOW) is None
    both: list[Chart | None] = [
        targets_over_time([point(0, 0), point(0, 0)], NOW),
        exposure_over_time([point(0), point(0)], NOW),
    ]
    assert all(both)
    assert isinstance(NOW, datetime)
