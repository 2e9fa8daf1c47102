"""The command line: it reads what a person wants, and prints what the core says; it decides nothing.

Results go to stdout and everything else to stderr. Whatever goes wrong is one message in the
house's form and an exit code of the one table: never a traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit code."""
    from cloudsync.cli.app import run  # noqa: PLC0415 - `import cloudsync.cli` stays free

    try:
        return run(list(sys.argv[1:] if argv is None else argv))
    except BrokenPipeError:
        # The reader of a help text has gone; results and messages see to that themselves.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
