"""Files that are replaced whole or not at all, and can be put back; it runs no program."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cloudsync.errors import UsageError
from cloudsync.export.format import Artifact, Format

ABOUT = ".about"
"""What the name of the header's own file ends in, where a format has no comments."""

Former = Mapping[Path, bytes | None]
"""What stood in each file before, None for one that wasn't there."""


def places(form: Format, made: Artifact, out: Path) -> dict[Path, str]:
    """The path and the text of each file: ``out`` itself, or in it where the format is several."""
    if form.many:
        return {out / name: text for name, text in made.files.items()}
    files = {out: made.text}
    if made.about:
        files[out.with_name(out.name + ABOUT)] = made.about
    return files


def write(files: Mapping[Path, str]) -> Former:
    """Write each file by a temporary one beside it, synced and renamed; gives what was there before.

    What is as it should be already isn't touched. If one can't be written, those before it are put
    back.

    Raises:
        UsageError: one can't be written.
    """
    former: dict[Path, bytes | None] = {}
    for path, text in files.items():
        try:
            before = path.read_bytes() if path.exists() else None
            body = text.encode("ascii")
            if before != body:
                _replace(path, body)
                former[path] = before
        except OSError as error:
            back(former)
            raise UsageError(
                str(path),
                f"can't be written: {error.strerror or error}",
                todo="Name another place with --out, or make its folder.",
            ) from error
    return former


def back(former: Former) -> None:
    """Put back what was there.

    Raises:
        OSError: it can't be written any more.
    """
    for path, body in former.items():
        if body is None:
            path.unlink(missing_ok=True)
        else:
            _replace(path, body)


def installed(form: Format, place: Path) -> str:
    """The text of what is installed at ``place``.

    Raises:
        UsageError: it isn't there, or can't be read.
    """
    if form.many and place.is_dir():
        return "".join(_text(place / name) for name in form.sheets)
    return _text(place)


def absent(form: Format, place: Path) -> list[Path]:
    """The files of the format that aren't there."""
    files = [place / name for name in form.sheets] if form.many else [place]
    return [path for path in files if not path.exists()]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        # What PowerShell's > writes.
        try:
            return path.read_text("utf-16")
        except UnicodeError:
            raise UsageError(str(path), f"isn't text: {error.reason}") from None
    except OSError as error:
        raise UsageError(
            str(path),
            f"can't be read: {error.strerror or error}",
            todo="Name the installed file, or write it with --out.",
        ) from error


def _replace(path: Path, body: bytes) -> None:
    """One file, whole or not at all, and on the disk when this returns."""
    path = path.resolve()
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    # Else a power cut could bring the old name back.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
