"""How far a long look or change has come: a line that moves at a terminal, a line now and then elsewhere, or in the log."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import asdict
from typing import Final, TextIO

from cloudsync import log
from cloudsync.report.words import counted
from cloudsync.status.tally import Sofar, Tally, here

MOVES: Final = 0.25
"""Seconds between two looks of a line that moves."""
LINES: Final = 15.0
"""Seconds between two lines where nothing moves, such as a log of CI."""
LOGGED: Final = 60.0
"""Seconds between two lines of the log."""


@contextmanager
def telling(
    what: str,
    out: TextIO | None = None,
    moves: float = MOVES,
    lines: float = LINES,
    logged: float = LOGGED,
) -> Generator[None]:
    """Tell on stderr how far the block has come that does ``what``, for as long as it runs.

    Where there is a log, it is told there. What is quick says nothing. While a line moves, nothing
    may be written to stdout, which would go where the line is.
    """
    stream = out or sys.stderr
    over = threading.Event()
    show: Callable[[str, Tally, TextIO, threading.Event, float], None] = _plain
    every = lines
    if log.begun():
        show, every = _logged, logged
    elif stream.isatty():
        show, every = _moving, moves
    # The log's lines say whose run it is.
    thread = threading.Thread(
        target=copy_context().run, args=(show, what, here(), stream, over, every), name="progress",
        daemon=True,
    )  # fmt: skip
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
    if sofar.steps or sofar.failed:
        said.append(f"{counted(sofar.steps, 'step')} done")
    if sofar.failed:
        said.append(f"{sofar.failed:,} not done")
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
    for now in _changes(tally, over, every):
        _written(stream.write, f"{line(what, now)}\n")


def _logged(what: str, tally: Tally, _stream: TextIO, over: threading.Event, every: float) -> None:
    for now in _changes(tally, over, every):
        log.info("progress", **asdict(now), text=line(what, now))


def _changes(tally: Tally, over: threading.Event, every: float) -> Iterator[Sofar]:
    """How far it has come, now and then, where that isn't as it was."""
    before = None
    while not over.wait(every):
        now = tally.sofar()
        if now != before:
            yield now
        before = now


def _written(write: Callable[[str], object], text: str) -> None:
    try:
        write(text)
    except (OSError, ValueError):
        return  # whoever read it has gone; the work goes on
