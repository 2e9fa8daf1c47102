"""Signals: SIGTERM as a person's Ctrl-C, or as something to wait for; it ends nothing itself.

A command is interrupted, and lets go of what it holds. The scheduled worker waits for its signals:
a handler runs between any two instructions of the main thread, also while that holds a lock that
the handler would want. So its handler does nothing, and the interpreter writes the signal's number
into a pair of sockets (``signal.set_wakeup_fd``), which are waited for.
"""

from __future__ import annotations

import select
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self


class Terminated(KeyboardInterrupt):
    """The process was told to end by SIGTERM."""


def _terminate(_signal: int, _frame: object) -> None:
    raise Terminated


@contextmanager
def terminable() -> Generator[None]:
    """SIGTERM raises ``Terminated`` in the block, so that a lease is let go of and a file closed.

    Only the main thread can say what a signal does; in another the block is as it would be anyway.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Signals:
    """These signals, for as long as the block runs, in the main thread."""

    def __init__(self, *which: signal.Signals) -> None:
        self._which = which
        self._before: dict[signal.Signals, Any] = {}
        self._read, self._written = socket.socketpair()
        self._read.settimeout(0.0)
        self._written.settimeout(0.0)
        self._former = -1

    def __enter__(self) -> Self:
        self._former = signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        for one in self._which:
            self._before[one] = signal.signal(one, _nothing)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one, before in self._before.items():
            signal.signal(one, before)
        signal.set_wakeup_fd(self._former)
        self._read.close()
        self._written.close()

    def wait(self, seconds: float) -> str | None:
        """The name of the next of the signals (``SIGTERM``), or None where none came in time."""
        ready, _, _ = select.select([self._read], [], [], max(seconds, 0.0))
        if not ready:
            return None
        # One byte a signal; others that the process handles come the same way.
        number = self._read.recv(1)[0]
        return next((one.name for one in self._which if one == number), None)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Let the wakeup pipe tell."""
