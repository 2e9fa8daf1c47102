"""Writing to stdout, stderr and files, and asking at the terminal; it chooses no words.

A reader that goes away (``cloudsync apply --yes | head``) stops nothing: the work goes on, and
the exit code stays what the work calls for.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import TextIO

from cloudsync import log
from cloudsync.errors import NOTHING_CHANGED, UsageError
from cloudsync.report.words import clean


def prepare() -> None:
    """Make stdout and stderr take whatever is written, whoever closed them or set their encoding."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # the shell's >&-
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for good
            setattr(sys, name, nowhere)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def put(result: str, out: Path | None, done: str = NOTHING_CHANGED) -> None:
    """Print a result, or write it to ``out``; ``done`` says what was done where that fails.

    Raises:
        UsageError: it can't be written.
    """
    body = result if result.endswith("\n") else f"{result}\n"
    try:
        if out is None:
            _into(sys.stdout, body)
        else:
            write(out, body)
    except OSError as error:
        where, todo = (
            (str(out), "Name another file.") if out else ("stdout", "Name one with --out.")
        )
        raise UsageError(where, _reason(error), done=done, todo=todo) from error


def check(out: Path | None) -> None:
    """See that ``out`` can be written, before anything is done that it is to tell of.

    Raises:
        UsageError: it can't.
    """
    if out is None:
        return
    found = 0
    if out.is_dir():
        found = errno.EISDIR
    elif not out.absolute().parent.is_dir():
        found = errno.ENOENT
    elif not os.access(out if out.exists() else out.absolute().parent, os.W_OK):
        found = errno.EACCES
    if found:
        what = _reason(OSError(found, os.strerror(found)))
        raise UsageError(str(out), what, todo="Name another file.")


def write(path: Path, body: str) -> None:
    """Write a file whole or not at all; a link stays one, and so does a device or a pipe.

    Raises:
        OSError: it can't be written.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if path.exists() and not path.is_file():
        # A file moved into its place would take /dev/stderr away from the whole machine.
        path.write_text(body, encoding="utf-8")
        return
    path = path.resolve()
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def tell(line: str) -> None:
    """One message beside the result, in which no label can speak to the terminal.

    Where there is a log it goes there, since what reads the log reads nothing else.
    """
    if log.begun():
        log.warning("told", text=line)
    else:
        tell_page(clean(line))


def tell_page(page: str) -> None:
    """A page of ours beside the result, for a person who is to answer."""
    try:
        _into(sys.stderr, f"{page}\n")
    except OSError:
        _silence(sys.stderr)  # nobody is left to say it to


def at_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin is not None and sys.stdin.isatty()


def confirmed(question: str) -> bool:
    """Whether a person at the terminal says yes; whatever else they do, Ctrl-C too, is no."""
    try:
        _into(sys.stderr, f"{question} [y/N] ")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
    except KeyboardInterrupt:
        tell_page("")
        return False


def _into(stream: TextIO, text: str) -> None:
    """Write at once.

    Raises:
        OSError: it can't be written, for another reason than that nobody reads any more.
    """
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
    except OSError:
        _silence(stream)
        raise


def _silence(stream: TextIO) -> None:
    """Lead ``stream`` nowhere: what it still holds would else fail again at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _reason(error: OSError) -> str:
    return f"can't be written: {error.strerror or error}"
