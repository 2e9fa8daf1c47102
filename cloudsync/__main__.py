"""``python -m cloudsync``: the command line; it is nothing of its own."""

from __future__ import annotations

import sys

from cloudsync.cli import main

if __name__ == "__main__":
    sys.exit(main())
