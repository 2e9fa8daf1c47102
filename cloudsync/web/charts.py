"""Runs over time as shapes that a browser draws without help: verdicts as areas, exposure as lines; pure.

Time goes to the right, at its own scale: where nobody looked, nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import log10
from typing import Final

from cloudsync.immutable import immutable
from cloudsync.model import Verdict
from cloudsync.plural import agreeing, counted
from cloudsync.status.overview import Point
from cloudsync.web.said import ORDER

WIDTH: Final = 880
HEIGHT: Final = 150
LEFT: Final = 46
_RIGHT: Final = 8
_NARROWEST: Final = 3.0
_TICKS: Final = 4
_POWERS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@immutable
class Tick:
    """A label beside an axis, at ``at`` from its beginning."""

    at: float
    label: str


@immutable
class Area:
    """So many targets of one verdict for some time, as a rectangle."""

    x: float
    y: float
    width: float
    height: float
    verdict: Verdict


@immutable
class Chart:
    """What is drawn. ``said`` is what the drawing shows, for whoever can't see it."""

    said: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    areas: tuple[Area, ...] = ()
    missing: str = ""
    excess: str = ""
    verdicts: tuple[Verdict, ...] = ()


def targets_over_time(points: Sequence[Point], now: datetime) -> Chart | None:
    """How many targets had which verdict; None before the second run of all of them."""
    if len(points) < 2:
        return None
    most = max(1, *(sum(one.verdicts.values()) for one in points))
    place = _Place(points[0].at, now)
    areas: list[Area] = []
    for start, end, point in _spans(points, place):
        top = float(HEIGHT)
        for verdict in ORDER:
            if number := point.verdicts.get(verdict, 0):
                high = HEIGHT * number / most
                top -= high
                areas.append(Area(start, top, end - start, high, verdict))
    there = {one.verdict for one in areas}
    last = points[-1].verdicts
    wrong = sum(number for verdict, number in last.items() if verdict is not Verdict.IN_SYNC)
    return Chart(
        f"Targets by verdict over {counted(len(points), 'run')}; after the last, {wrong} of "
        f"{sum(last.values())} {agreeing(wrong, 'was', 'were')} not in sync.",
        place.ticks(),
        tuple(Tick(round(HEIGHT * (1 - number / most), 1), str(number)) for number in _steps(most)),
        areas=tuple(areas),
        verdicts=tuple(verdict for verdict in ORDER if verdict in there),
    )


def exposure_over_time(points: Sequence[Point], now: datetime) -> Chart | None:
    """How many addresses got in that shouldn't, and the other way, each by powers of ten."""
    if len(points) < 2:
        return None
    place = _Place(points[0].at, now)
    rows = [
        (start, end, sum(one.missing), sum(one.excess)) for start, end, one in _spans(points, place)
    ]
    most = max(max(row[2:]) for row in rows)
    power = max(1, _power(most))
    every = -(-power // _TICKS)
    shown = -(-power // every) * every
    _, _, missing, excess = rows[-1]
    return Chart(
        f"Addresses over {counted(len(points), 'run')}; after the last, {missing:,} {agreeing(missing, 'was', 'were')} missing and "
        f"{excess:,} in excess.",
        place.ticks(),
        (
            Tick(float(HEIGHT), "0"),
            *(
                Tick(round(HEIGHT * (1 - one / shown), 1), f"10{str(one).translate(_POWERS)}")
                for one in range(every, shown + 1, every)
            ),
        ),
        missing=_line([(start, end, number) for start, end, number, _ in rows], shown),
        excess=_line([(start, end, number) for start, end, _, number in rows], shown),
    )


@immutable
class _Place:
    """Where a moment stands between the first run and now."""

    first: datetime
    now: datetime

    @property
    def span(self) -> timedelta:
        return max(self.now - self.first, timedelta(seconds=1))

    def x(self, at: datetime) -> float:
        part = (at - self.first) / self.span
        return round(LEFT + (WIDTH - LEFT - _RIGHT) * min(1.0, max(0.0, part)), 1)

    def ticks(self) -> tuple[Tick, ...]:
        form = "%H:%M" if self.span < timedelta(hours=36) else "%d %b"
        moments = (self.first + self.span * part / (_TICKS - 1) for part in range(_TICKS))
        return tuple(Tick(self.x(at), f"{at:{form}}") for at in moments)


def _spans(points: Sequence[Point], place: _Place) -> Iterator[tuple[float, float, Point]]:
    """From where to where what a run found is drawn: to the next run, and those alike as one.

    The last is drawn no longer than the one before it: what came after nobody has seen.
    """
    start = 0
    for number, point in enumerate(points):
        alike = number + 1 < len(points) and _same(point, points[number + 1])
        if alike:
            continue
        begin = place.x(points[start].at)
        if number + 1 < len(points):
            end = place.x(points[number + 1].at)
        else:
            usual = point.at - points[number - 1].at
            end = place.x(min(point.at + usual, place.now))
        yield begin, round(max(end, begin + _NARROWEST), 1), point
        start = number + 1


def _same(one: Point, other: Point) -> bool:
    return (one.verdicts, one.missing, one.excess) == (other.verdicts, other.missing, other.excess)


def _power(number: int) -> int:
    """The power of ten that ``number`` doesn't pass."""
    return len(str(number - 1)) if number > 1 else 1


def _line(rows: Sequence[tuple[float, float, int]], shown: int) -> str:
    """A line of steps, as the points of an SVG polyline."""
    found: list[str] = []
    for start, end, number in rows:
        y = round(
            HEIGHT * (1 - min(1.0, (log10(number) if number > 1 else number * 0.15) / shown)), 1
        )
        found += [f"{start},{y}", f"{end},{y}"]
    return " ".join(found)


def _steps(most: int) -> Iterator[int]:
    step = max(1, -(-most // _TICKS))
    yield from range(0, most + 1, step)
