"""The folder and the surroundings that a demo runs in: configuration, state, variables; it runs nothing."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent
from typing import Final

from cloudsync import records
from cloudsync.demo.cast import INSTALLATION, Fleet, in_force
from cloudsync.errors import UsageError
from cloudsync.source import bundled
from cloudsync.state import open_state

CONFIGURATION: Final = "cloudsync.yaml"
_STATE: Final = "cloudsync.db"
_HEAD: Final = (
    "# Written by cloudsync for clouds that live on this machine: it is written anew each time.\n"
)


def stage(folder: Path, fleets: Iterable[Fleet]) -> Path:
    """Write configuration and seeded state into ``folder``; gives the configuration's path.

    What an earlier demo left there is replaced; anything else is left alone.

    Raises:
        UsageError: the folder can't be written, or holds a configuration that no demo wrote.
        StateError: the state can't be written.
    """
    path = folder / CONFIGURATION
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.read_text(encoding="utf-8").startswith(_HEAD):
            raise UsageError(
                str(path), "is a configuration of somebody's own, not one of a demo",
                todo="Run this in another folder.",
            )  # fmt: skip
        if not path.exists() and (folder / _STATE).exists():
            raise UsageError(
                str(folder / _STATE), "is a state of somebody's own, not one of a demo",
                todo="Run this in another folder.",
            )  # fmt: skip
        # The clouds begin anew, and what was seen in the last ones would be taken for gone.
        for left in folder.glob(f"{_STATE}*"):
            left.unlink()
        path.write_text(configuration(fleets), encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't text"
        raise UsageError(
            str(folder), f"can't be used: {reason}", todo="Run this in another folder."
        ) from error
    with closing(open_state(f"sqlite:///{folder / _STATE}")) as store:
        records.save(
            store, records.LIST_KEY, records.LIST, in_force(datetime.now(UTC)), expect=None
        )
    return path


def configuration(fleets: Iterable[Fleet]) -> str:
    """The whole configuration, commented."""
    blocks = "\n".join(indent(fleet.configuration(), "  ") for fleet in fleets)
    return f"""{_HEAD}
# Stands in the mark of every rule that cloudsync makes here.
name: {INSTALLATION}

# The list as it stood on {bundled.LISTING.published}. It came with the program, and a real cloud
# is never changed by it: name your own source there.
list:
  source: {bundled.SOURCE}
  format: {bundled.LISTING.format}

# An entry that left the list stays wanted until two reads agreed and a week has passed.
removals: {{reads: 2, apart: 6h, grace: 7d}}

state: sqlite:///{_STATE}

targets:
{blocks}"""


def variables(fleets: Iterable[Fleet]) -> dict[str, str | None]:
    """What leads every SDK to the fleets and nowhere else; None: it must not be set."""
    # A proxy that stands in the environment must not be asked for loopback.
    wanted: dict[str, str | None] = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    for fleet in fleets:
        wanted.update(fleet.environment())
    return wanted


@contextmanager
def surroundings(fleets: Sequence[Fleet]) -> Generator[None]:
    """The fleets' variables for as long as the block runs; then those that were set before."""
    wanted = variables(fleets)
    before = {name: os.environ.get(name) for name in wanted}
    _set(wanted.items())
    try:
        yield
    finally:
        _set(before.items())


def _set(variables: Iterable[tuple[str, str | None]]) -> None:
    for name, value in variables:
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
