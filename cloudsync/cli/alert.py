"""``cloudsync alert test``: whether each channel can be reached."""

from __future__ import annotations

from pathlib import Path

from cloudsync.alert.channels import channels
from cloudsync.alert.letters import Letter
from cloudsync.cli.job import read_config
from cloudsync.cli.streams import put
from cloudsync.conditions import Severity
from cloudsync.errors import Exit, UsageError
from cloudsync.job import utc_now


def try_out(path: Path, only: str | None) -> int:
    """Send a letter that says it is a test to every channel, or to one; say which took it.

    Raises:
        UsageError: there is no channel, or none of that name.
    """
    config = read_config(path)
    ways = channels(config)
    if only is not None and only not in ways:
        known = f"the channels are {', '.join(ways)}" if ways else "there is none under alerts:"
        raise UsageError("--channel", f"{only} isn't one: {known}", todo="Name one of them.")
    if not ways:
        raise UsageError(
            f"{path}: alerts", "there is no channel", todo="Add one; see docs/alerts.md."
        )
    lines: list[str] = []
    failed = False
    for name in [only] if only else ways:
        letter = Letter(
            name,
            Severity.NOTE,
            f"[note] {config.name}: a test of channel {name}",
            "Nothing is the matter: somebody ran cloudsync alert test.",
            utc_now(),
        )
        error = ways[name](letter)
        failed = failed or bool(error)
        lines.append(f"{name}: not delivered: {error}." if error else f"{name}: delivered.")
    put("\n".join(lines) + "\n", None, "")
    return int(Exit.FAILED if failed else Exit.DONE)
