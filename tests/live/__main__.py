"""Asks a real cloud what its documents leave open: opt-in, bounded, and nothing is left behind.

``python -m tests.live azure --account ID`` says what it would do and does nothing. With ``--yes`` it
does it, and writes what it saw beside what the sandbox says, dated, to ``--out``. ``--dry-run`` asks
the sandbox alone, and needs no account.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.live.clouds import CLOUDS
from tests.live.kit import Seen, Trial, hold, report


def main(
    argv: Sequence[str] | None = None, *, named: Callable[[], str] = lambda: secrets.token_hex(4)
) -> int:
    """Ask, and say how it went: 0, or 1 where something stopped it or was left behind."""
    parser = argparse.ArgumentParser(prog="python -m tests.live", description=__doc__)
    parser.add_argument("cloud", choices=sorted(CLOUDS))
    parser.add_argument("--account", help="one that is there to be thrown away")
    parser.add_argument("--location")
    parser.add_argument("--yes", action="store_true", help="do it")
    parser.add_argument("--dry-run", action="store_true", help="ask the sandbox alone")
    parser.add_argument("--out", type=Path, help="where the report goes; left out: stdout")
    said = parser.parse_args(argv)
    cloud, run = CLOUDS[said.cloud], named()
    rehearsal = cloud.rehearsal(run)
    if said.dry_run:
        expected = hold(rehearsal)
        return _told(rehearsal, expected, expected, said.out)
    if not said.account:
        parser.error(f"name a throwaway account ({cloud.account}), or ask with --dry-run")
    trial = cloud.live(said.account, said.location or cloud.location, run)
    sys.stdout.write("".join(f"- {line}\n" for line in trial.plan))
    if not said.yes:
        sys.stdout.write("Nothing was done. Say --yes to do it.\n")
        return 0
    return _told(trial, hold(trial), hold(rehearsal), said.out)


def _told(trial: Trial, live: Seen, sandbox: Seen, out: Path | None) -> int:
    text = report(trial, live, sandbox)
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")
    return int(bool(live.stopped or live.left))


if __name__ == "__main__":
    sys.exit(main())
