"""The errors a person may read, and the exit code each one ends the program with; it prints nothing.

Every message has the same four parts, in this order: where it happened, what is wrong (with
numbers), what was done or not done, and what to do about it.

    CloudsyncError                      exit
    ├── UsageError                      1  use or configuration
    │   └── NoCredentials               1  nobody can ask a cloud; 3 where others can be asked
    ├── TargetError                     3  a target failed, was refused, is gone or unreadable
    ├── HeldError                       4  a guard waits for a person
    ├── SourceRefused                   5  the list was refused or couldn't be fetched
    ├── LeaseError                      6  another run is at work
    └── StoppedError                    1  the process was told to end
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar, Final


class Exit(IntEnum):
    """The one table of exit codes; the docs and ``--help`` print it from here."""

    DONE = 0
    ERROR = 1
    PENDING = 2
    FAILED = 3
    HELD = 4
    SOURCE = 5
    LEASE = 6


MEANING: Final = {
    Exit.DONE: "done, or in sync",
    Exit.ERROR: "error in use or configuration",
    Exit.PENDING: "differences are pending",
    Exit.FAILED: "some targets failed, were refused, are gone or couldn't be read",
    Exit.HELD: "held by a guard or by preflight",
    Exit.SOURCE: "the source was refused or couldn't be fetched",
    Exit.LEASE: "another run holds the lease",
}

# Where several hold, the first of these is the one a script should act on.
_ORDER: Final = (Exit.ERROR, Exit.SOURCE, Exit.LEASE, Exit.FAILED, Exit.HELD, Exit.PENDING)


def first_of(codes: Iterable[Exit]) -> Exit:
    """The exit code to end with where several hold; ``Exit.DONE`` for none."""
    seen = set(codes)
    return next((code for code in _ORDER if code in seen), Exit.DONE)


NOTHING_CHANGED: Final = "Nothing was changed."


class CloudsyncError(Exception):
    """An error with its four parts; ``str()`` of it is the line a person reads."""

    exit_code: ClassVar[Exit] = Exit.ERROR

    def __init__(
        self, where: str, what: str, *, done: str = NOTHING_CHANGED, todo: str = ""
    ) -> None:
        super().__init__(where, what, done, todo)
        self.where = where
        self.what = what
        self.done = done
        self.todo = todo

    def __str__(self) -> str:
        what = self.what if self.what.endswith((".", "?", "!")) else f"{self.what}."
        return " ".join(part for part in (f"{self.where}: {what}", self.done, self.todo) if part)


class UsageError(CloudsyncError):
    """The command line or the configuration asks for something that can't be done."""


class NoCredentials(UsageError):
    """Nobody can ask a cloud: there are no credentials for it, or they aren't good (any more)."""


class TargetError(CloudsyncError):
    """One target, or the scope it is in, could not be read or changed."""

    exit_code = Exit.FAILED


class HeldError(CloudsyncError):
    """A guard stopped the run until a person decides."""

    exit_code = Exit.HELD


class LeaseError(CloudsyncError):
    """Another run of this installation is at work."""

    exit_code = Exit.LEASE


class StoppedError(CloudsyncError):
    """A run ended before it changed anything, because the process was told to end."""


class SourceRefused(CloudsyncError):
    """The source can't be used as it is.

    ``code`` is stable and documented (``E_COUNT``, ``E_REDIRECT``, …); ``line`` is the line of the
    document it stands on, counted from 1, or None.
    """

    exit_code = Exit.SOURCE

    def __init__(
        self, where: str, code: str, what: str, *, line: int | None = None, todo: str = ""
    ) -> None:
        at = where if line is None else f"{where}:{line}"
        super().__init__(at, f"{code}: {what}", done="The list in force is unchanged.", todo=todo)
        self.code = code
        self.line = line
