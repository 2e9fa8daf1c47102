"""A worker's bad morning; ``make endure`` has five days of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
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
    # In a process of its own: threads that other tests left behind come and go as they like.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        wrong, exit_, verdicts, events, done, exits = alone.submit(_morning, folder).result()
    assert wrong == []
    assert (exit_, verdicts) == (Exit.DONE, {"in_sync": 1, "open": 1})
    assert events["run_begun"] == events["run_ended"] == done
    assert {0, 1, 3} <= exits


def _morning(
    folder: Path,
) -> tuple[list[str], int, dict[str, int], Counter[str], int, set[int]]:
    days = Days(folder, 40, often=0.8)
    days.play()
    assert days.last
    # In so few runs caches still fill; a report that is kept would show as a hundred.
    wrong = judged(days, most=20.0)
    return (
        wrong, int(days.last.exit), dict(days.last.verdicts), Counter(days.lines.events),
        days.done, {int(one) for one in days.exits},
    )  # fmt: skip


def test_what_grows_is_seen() -> None:
    """The slope is of the second half alone: what is learnt at the start isn't a leak."""
    held = [Held(10 * n, 1_000 * min(n, 5) + 30 * n, 0, 3, 1) for n in range(1, 21)]
    assert slope(held) == pytest.approx(3.0)
