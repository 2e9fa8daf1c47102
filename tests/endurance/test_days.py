"""A worker's bad morning; ``make endure`` has five days of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cloudsync.errors import Exit
from tests.endurance.days import Days, Held, judged, slope


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: each run makes sure several times that the disk has it."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as found:
        yield Path(found)


def test_a_worker_that_has_had_a_bad_morning_holds_no_more_than_before(folder: Path) -> None:
    """Memory, descriptors and threads stay; no run broke, and in the end everything is right."""
    days = Days(folder, 40, often=0.8)
    days.play()
    # In so few runs caches still fill; a report that is kept would show as a hundred.
    assert judged(days, most=20.0) == []
    assert days.last
    assert (days.last.exit, days.last.verdicts) == (Exit.DONE, {"in_sync": 1, "open": 1})
    assert days.lines.events["run_begun"] == days.lines.events["run_ended"] == days.done
    assert {0, 1, 3} <= set(days.exits)


def test_what_grows_is_seen() -> None:
    """The slope is of the second half alone: what is learnt at the start isn't a leak."""
    held = [Held(10 * n, 1_000 * min(n, 5) + 30 * n, 0, 3, 1) for n in range(1, 21)]
    assert slope(held) == pytest.approx(3.0)
