"""The demo's clouds, served until somebody stops them; it runs no job on them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from shlex import quote
from threading import Event
from typing import Final, TextIO

from cloudsync.demo.cast import Fleet, builders
from cloudsync.demo.stage import stage, variables
from cloudsync.errors import UsageError

FOLDER: Final = Path("cloudsync-sandbox")


def serve(port: int, out: TextIO, *, folder: Path = FOLDER, until: Event | None = None) -> int:
    """Start the clouds, say how to reach them, and wait for Ctrl-C or ``until``.

    The first cloud listens on ``port`` of 127.0.0.1, 0 for a free one, the next ones behind it.
    Configuration and state are written into ``folder``.

    Raises:
        UsageError: the port is taken, the folder can't be used, or no cloud has a sandbox.
    """
    with ExitStack() as stack:
        fleets = [
            _started(builder(port=port + number if port else 0), stack)
            for number, builder in enumerate(builders())
        ]
        path = stage(folder, fleets)
        try:
            out.write(_introduction(path, fleets))
            out.flush()
            (until or Event()).wait()
        except KeyboardInterrupt:
            out.write("\n")
        out.write("Stopped: these clouds and their rules are gone.\n")
    return 0


def _started(fleet: Fleet, stack: ExitStack) -> Fleet:
    try:
        return stack.enter_context(fleet)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            "sandbox", f"can't listen on that port of 127.0.0.1: {reason}",
            todo="Name another one with --port, or leave it out.",
        ) from error  # fmt: skip


def _introduction(path: Path, fleets: list[Fleet]) -> str:
    lines = ["These clouds live on this machine, for as long as this command runs:"]
    lines += [f"  {fleet.url}  {len(fleet.sins)} targets" for fleet in fleets]
    lines += ["", "In another terminal, so that no real account is meant:"]
    lines += [
        f"  unset {name}" if value is None else f"  export {name}={quote(value)}"
        for name, value in variables(fleets).items()
    ]
    lines += ["", "Then look, plan and apply; the configuration is commented:"]
    lines += [f"  cloudsync -c {quote(str(path))} {verb}" for verb in ("drift", "plan", "apply")]
    lines += [f"  {command}" for fleet in fleets for command in fleet.commands]
    return "\n".join([*lines, "", "Ctrl-C stops them.", ""])
