"""Who stands behind a command, as far as this machine knows; it asks no cloud and no person."""

from __future__ import annotations

import getpass
import socket


def user() -> str:
    """The name of the user, ``unknown`` where the machine has none for it, as in a container.

    ``getpass.getuser`` takes it from ``LOGNAME``, ``USER`` and their like before it asks the
    machine, and raises OSError (before Python 3.13 KeyError, ImportError) where nobody answers
    (docs.python.org/3/library/getpass.html).
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def caller() -> str:
    """User and machine: ``ann@mail-1``. Whoever can write to the state could forge it."""
    return f"{user()}@{socket.gethostname()}"
