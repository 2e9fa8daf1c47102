"""From a folder to a zip whose bytes are the same each time: compiled, sorted, without times."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""
# Beside a package: where it was installed from, by what, and what it brought for a shell.
_LEFT_OUT: Final = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"})


def cleaned(packages: Path) -> None:
    """Take from installed packages what differs from build to build and what no function uses."""
    for path in packages.glob("*.dist-info/*"):
        if path.name in _LEFT_OUT:
            path.unlink()
    shutil.rmtree(packages / "bin", ignore_errors=True)
    for path in packages.rglob("__pycache__"):
        shutil.rmtree(path)


def compiled(folder: Path) -> None:
    """Compile every source below ``folder``; its byte code names no folder of this machine.

    It is valid by its source's content, never by a time (PEP 552), and isn't checked when it is
    loaded. One process and a fixed seed: the order of a set in it would else differ.

    Raises:
        CalledProcessError: a source can't be compiled.
    """
    subprocess.run(  # noqa: S603 - this interpreter and its own module
        [
            sys.executable, "-m", "compileall", "-q", "-j", "1", "-s", str(folder), "-p", "/",
            "--invalidation-mode", "unchecked-hash", str(folder),
        ],
        check=True, env={**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip


def packed(folder: Path, out: Path) -> None:
    """Write ``folder`` as the zip ``out``; every file is readable by whoever the platform runs as."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*"), key=lambda one: one.relative_to(folder).as_posix()):
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.create_system = 3  # Unix, whose modes follow
                entry.external_attr = (0o100755 if path.suffix == ".so" else 0o100644) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
