"""What every installer is, and how it starts programs; it knows none of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from cloudsync.addresses import AddressSet
from cloudsync.errors import TargetError, UsageError
from cloudsync.export.compare import Difference
from cloudsync.export.format import Artifact, Format
from cloudsync.immutable import immutable

_SECONDS: Final = 120


@immutable
class Ran:
    """How a program ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """Its last words, for a message."""
        said = (self.err or self.out).strip().splitlines()
        return said[-1] if said else f"exit code {self.code}"


Run = Callable[[Sequence[str], str], Ran]
"""Starts a program with its arguments and its input."""


@immutable
class Live:
    """What counts on this machine now: who may connect, and what else isn't as it should be."""

    addresses: AddressSet
    faults: tuple[str, ...] = ()

    def against(self, made: Artifact) -> tuple[str, ...]:
        """Everything that differs from what is wanted, in words."""
        there = Difference(made.allowed - self.addresses, self.addresses - made.allowed)
        return (*((there.words,) if there else ()), *self.faults)


@immutable
class Applied:
    """What a person should know of an artifact that was taken over, and what only they can do."""

    said: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()


class Installer(Protocol):
    """Takes an artifact over on this machine, and looks at what counts there."""

    def look(self, run: Run, place: Path) -> Live:
        """What counts now.

        Raises:
            UsageError: a program that is needed isn't here.
            TargetError: it can't be asked.
        """
        ...

    def apply(self, run: Run, form: Format, made: Artifact, place: Path) -> Applied:
        """Check, take over at once, read back.

        Raises:
            UsageError: a program that is needed isn't here, or a file can't be written.
            TargetError: it failed, and what was there before is back.
        """
        ...


def start(argv: Sequence[str], stdin: str) -> Ran:
    """Run a program to its end, in the C locale, with the system's own directories in its path.

    Raises:
        UsageError: it isn't here.
        TargetError: it didn't end in two minutes.
    """
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    try:
        done = subprocess.run(  # noqa: S603 - the words are fixed; addresses alone are put in
            list(argv),
            input=stdin,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            env={**os.environ, "LC_ALL": "C", "PATH": path},
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError(
            argv[0], "isn't installed here", todo="Run this on the server itself, as root."
        ) from None
    except subprocess.TimeoutExpired:
        raise TargetError(
            argv[0],
            f"it didn't end within {_SECONDS} seconds",
            done="Whether it did anything isn't known.",
            todo="Look at it, then run this again.",
        ) from None
    return Ran(done.returncode, done.stdout, done.stderr)


def must(run: Run, argv: Sequence[str], stdin: str = "", *, quiet: bool = True) -> str:
    """What a program printed.

    Raises:
        TargetError: it ended with another code than 0, or where ``quiet``, said something on stderr:
            several of these programs skip a bad line with a warning, and end well.
    """
    ran = run(argv, stdin)
    if ran.code or (quiet and ran.err.strip()):
        raise TargetError(
            " ".join(argv[:2]),
            ran.words,
            todo="Run this as root on the server, and see what it says there.",
        )
    return ran.out


def taken_back(where: str, what: str, *, whole: bool = True) -> TargetError:
    """The error for something that failed after it began, and was undone."""
    done = "What was there before is back." if whole else "Not all could be put back."
    return TargetError(where, what, done=done, todo="Look at the server, then run this again.")
