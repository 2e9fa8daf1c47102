"""The demo from curtain to curtain: it starts the clouds, tells the story, and takes them down again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from cloudsync.cli.job import job
from cloudsync.demo.cast import Builder, builders
from cloudsync.demo.stage import stage, surroundings
from cloudsync.demo.story import tell
from cloudsync.demo.voice import Voice
from cloudsync.errors import Exit


def run(out: TextIO, *, keep: Path | None = None, of: Sequence[Builder] | None = None) -> int:
    """Tell the story on ``out``; 0 where all that it promises happened, 1 otherwise.

    Configuration and state are in a folder that is gone afterwards, or in ``keep``. ``of`` are the fleets to build; left out,
    every one that is installed.

    Raises:
        CloudsyncError: a cloud, the folder or the job can't be used as it is.
    """
    voice = Voice(out)
    with ExitStack() as stack:
        fleets = [stack.enter_context(builder()) for builder in of or builders()]
        folder = keep or Path(stack.enter_context(TemporaryDirectory(prefix="cloudsync-demo-")))
        path = stage(folder, fleets)
        stack.enter_context(surroundings(fleets))
        checks = tell(stack.enter_context(job(path)), fleets, voice)
    voice.heading("What this has shown")
    for what, held in checks:
        voice.check(what, held=held)
    failed = [what for what, held in checks if not held]
    if failed:
        voice.say(f"{len(failed)} of {len(checks)} promises were not kept.")
        return int(Exit.ERROR)
    return int(Exit.DONE)
