"""Whoever waits for a long look is told how far it has come, and whoever reads a log isn't flooded."""

from __future__ import annotations

import io
import json
import time

from cloudsync import log
from cloudsync.cli.progress import line, telling
from cloudsync.status.tally import Sofar, called, counting, did, saw


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def look(until: float = 0.3) -> None:
    """A look that takes a while."""
    saw(targets=7)
    saw(unreadable=2)
    called("aws", "DescribeSecurityGroups", "RequestLimitExceeded", throttled=True)
    time.sleep(until)


def test_what_is_seen_throttled_and_unreadable_is_said() -> None:
    """With what there is none of left out."""
    assert line("Looking", Sofar(1, 0, 1, 0)) == "Looking: 1 target seen; 1 answer of the clouds."
    assert line("Looking", Sofar(1200, 2, 90, 3)) == (
        "Looking: 1,200 targets seen; 2 unreadable; slowed down 3 times; 90 answers of the clouds."
    )
    assert line("Running", Sofar(3, 0, 9, 0, 1, 1)) == (
        "Running: 3 targets seen; 1 step done; 1 not done; 9 answers of the clouds."
    )
    assert line("Running", Sofar(3, 0, 9, 0, 0, 1)) == (
        "Running: 3 targets seen; 0 steps done; 1 not done; 9 answers of the clouds."
    )


def test_where_there_is_a_log_it_is_told_there_with_the_run() -> None:
    """In lines that a machine reads, as often as something is new, whatever the stream is."""
    out, terminal = io.StringIO(), Terminal()
    log.begin("json", out)
    try:
        with counting(), log.bound(run="r-1"), telling("Running", terminal, logged=0.05):
            did(done=True)
            look()
    finally:
        log.end()
    (said,) = [json.loads(text) for text in out.getvalue().splitlines()]
    said.pop("at")
    assert said == {
        "schema": "cloudsync.log/1", "level": "info", "event": "progress", "run": "r-1",
        "text": "Running: 7 targets seen; 2 unreadable; slowed down 1 time; 1 step done; 1 answer of the clouds.",
        "targets": 7, "unreadable": 2, "answers": 1, "throttled": 1, "steps": 1, "failed": 0,
    }  # fmt: skip
    assert terminal.getvalue() == ""


def test_elsewhere_than_at_a_terminal_a_plain_line_stands_once_for_what_is_so() -> None:
    """The same is not said twice, and nothing moves."""
    out = io.StringIO()
    with counting(), telling("Looking", out, lines=0.05):
        look()
    assert out.getvalue() == (
        "Looking: 7 targets seen; 2 unreadable; slowed down 1 time; 1 answer of the clouds.\n"
    )


def test_at_a_terminal_a_line_moves() -> None:
    """With what is so by then; it is taken away at the end."""
    out = Terminal()
    with counting(), telling("Looking", out, moves=0.02):
        look()
        look()
    assert "7 targets seen; 2 unreadable" in out.getvalue()
    assert "14 targets seen; 4 unreadable" in out.getvalue()
    assert "\x1b[" in out.getvalue()


def test_what_is_quick_says_nothing() -> None:
    """Neither at a terminal nor elsewhere."""
    for out in (io.StringIO(), Terminal()):
        with counting(), telling("Looking", out):
            look(0)
        assert out.getvalue() == ""


def test_a_reader_that_has_gone_stops_nothing() -> None:
    """The work goes on."""
    out = io.StringIO()
    with counting(), telling("Looking", out, lines=0.02):
        out.close()
        look(0.1)
