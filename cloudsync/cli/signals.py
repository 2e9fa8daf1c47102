"""SIGTERM as a person's Ctrl-C: what holds something lets go of it; it ends nothing itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager


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
