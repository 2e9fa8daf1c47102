"""``python -m deploy.bundle``: ``lock`` prints requirements."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from deploy.bundle import lock


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked for; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bundle", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("lock", help="print the locked requirements of some extras")
    one.add_argument("--extras", default="", help="as in pyproject.toml, with spaces between")
    asked = parser.parse_args(arguments)
    try:
        sys.stdout.write(lock.as_requirements(lock.subset(asked.extras.split())))
    except ValueError as error:
        sys.stderr.write(f"deploy.bundle: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
