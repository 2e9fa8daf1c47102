"""Pauses of Python's search for cycles while much is made and nothing thrown away; they free nothing."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

_LOADED: Final[set[str]] = set()


@contextmanager
def uncollected() -> Generator[None]:
    """Have the block run without the collector; after it the collector is as it was.

    A page of 1,000 groups is some 70,000 containers that refer to nothing above them. Looking
    through them again and again as they come takes a third of the time of reading it, and finds
    nothing. Threads may overlap: the first that leaves turns the collector on again.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@contextmanager
def loading(what: str) -> Generator[None]:
    """Have the block load ``what``, an SDK or our own modules; the collector never looks at it.

    All that is there when ``what`` has been loaded counts as staying (``gc.freeze``). Otherwise the
    collector's next look, at what is new, would be at a whole SDK, which is a tenth of a start. Once
    in a process: what a pass leaves behind it must not stay.
    """
    with uncollected():
        yield
        if what not in _LOADED:
            _LOADED.add(what)
            gc.freeze()
