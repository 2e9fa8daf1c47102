"""How far a long look or change has come: a line that moves at a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, TextIO

from cloudsync.report.words import counted
from cloudsync.status.tally import Sofar, Tally, here

MOVES: Final = 0.25
"""Seconds between two looks of a line that moves."""
LINES: Final = 15.0
"""Seconds between two lines where nothing moves, such as a log of CI."""


@contextmanager
def telling(
    what: str, out: TextIO | None = None, moves: float = MOVES, lines: float = LINES
) -> Generator[None]:
    """Tell on stderr how far the block has come that does ``what``, for as long as it runs.

    What is quick says nothing.
    """
    stream = out or sys.stderr
    over = threading.Event()
    show = _moving if stream.isatty() else _plain
    every = moves if stream.isatty() else lines
    tally = here()
    thread = threading.Thread(
        target=show, args=(what, tally, stream, over, every), name="progress", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def line(what: str, sofar: Sofar) -> str:
    """How far it has come, in one line."""
    said = [f"{what}: {counted(sofar.targets, 'target')} seen"]
    if sofar.unreadable:
        said.append(f"{sofar.unreadable:,} unreadable")
    if sofar.throttled:
        said.append(f"slowed down {counted(sofar.throttled, 'time')}")
    return f"{'; '.join(said)}; {counted(sofar.answers, 'answer')} of the clouds."


def _moving(what: str, tally: Tally, stream: TextIO, over: threading.Event, every: float) -> None:
    if over.wait(4 * every):
        return
    from rich.console import Console  # noqa: PLC0415

    console = Console(file=stream, highlight=False)
    with console.status(line(what, tally.sofar()), spinner="dots") as status:
        while not over.wait(every):
            status.update(line(what, tally.sofar()))


def _plain(what: str, tally: Tally, stream: TextIO, over: threading.Event, every: float) -> None:
    before = None
    while not over.wait(every):
        now = tally.sofar()
        if now != before:
            _written(stream.write, f"{line(what, now)}\n")
        before = now


def _written(write: Callable[[str], object], text: str) -> None:
    try:
        write(text)
    except (OSError, ValueError):
        return  # whoever read it has gone; the work goes on
