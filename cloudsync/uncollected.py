"""A pause of Python's search for cycles while much is made and nothing thrown away; it frees nothing."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Generator[None]:
    """Have the block run without the collector; after it the collector is as it was.

    A page of 1,000 groups is some 70,000 containers that refer to nothing above them, and an SDK
    is as many classes, functions and tables that stay. Looking through them again and again as they
    come takes a third of the time of reading a page and a fifth of loading an SDK, and finds
    nothing. Threads may overlap: the first that leaves turns the collector on again.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
