"""The modules that the program carries, those in a folder, and the release that follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from cloudsync.allowlist import InForce
from cloudsync.errors import UsageError
from cloudsync.export.install.files import write
from cloudsync.plural import agreeing
from cloudsync.report import words
from cloudsync.terraform.contents import contents
from cloudsync.terraform.release import LIST, LOG, Release, release

NAMES: Final = ("allow-list", "aws", "azure", "gcp")
_NOTHING: Final = "Nothing was written."


def carried() -> dict[str, str]:
    """The modules that came with the program: ``modules/aws/main.tf`` and so on, and their text."""
    inside = Path(__file__).parent / "modules"
    # Where the program runs from its own sources, the modules stand beside it.
    outside = Path(__file__).parents[2] / "terraform" / "modules"
    return _texts(inside if inside.is_dir() else outside)


def there(folder: Path) -> dict[str, str]:
    """What stands in ``folder`` where a release would stand.

    Raises:
        UsageError: modules stand there that weren't written here, or something can't be read.
    """
    modules = folder / "modules"
    try:
        found = _texts(modules) if modules.exists() else {}
        log = folder / LOG
        if log.exists():
            found[LOG] = log.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            str(folder), f"can't be read: {error}", done=_NOTHING, todo="Name another folder."
        ) from error
    if set(found) - {LOG} and LIST not in found:
        raise UsageError(
            str(modules),
            f"modules stand there that weren't written by cloudsync: there is no {LIST}",
            done=_NOTHING,
            todo="Name another folder, or take them away.",
        )
    return found


def following(
    found: Mapping[str, str], listing: InForce, today: date, where: str, done: str
) -> Release:
    """The release with ``listing`` that comes after ``found``, the files at ``where``.

    Raises:
        UsageError: the list there isn't one of ours, or Terraform would read a stranger's file with
            the modules; it says what was ``done``.
    """
    try:
        made = release(found, carried(), contents(listing), today)
    except ValueError as error:
        raise UsageError(
            where, f"the list there isn't one that cloudsync wrote: {error}", done=done,
            todo="Name another place, or take modules/ away there.",
        ) from error  # fmt: skip
    strange = [
        path
        for path in sorted(set(found) - set(made.files))
        if path.endswith((".tf", ".tf.json", ".tftest.hcl"))
    ]
    if strange:
        raise UsageError(
            where,
            f"{words.listing(strange)} {agreeing(len(strange), 'is', 'are')} no part of the modules, and "
            "Terraform would read it with them",
            done=done, todo="Move it out of modules/, or name another place.",
        )  # fmt: skip
    return made


def put_down(folder: Path, files: dict[str, str]) -> None:
    """Write a release, its list last, so that what was interrupted is a change next time too.

    Raises:
        UsageError: it can't be written.
    """
    placed = {folder / path: text for path, text in files.items() if path != LIST}
    try:
        for path in placed:
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            str(folder), f"can't be made: {error.strerror or error}", done=_NOTHING,
            todo="Name another folder.",
        ) from error  # fmt: skip
    write({**placed, folder / LIST: files[LIST]})


def _texts(modules: Path) -> dict[str, str]:
    return {
        f"modules/{path.relative_to(modules).as_posix()}": path.read_text("utf-8")
        for name in NAMES
        for path in sorted((modules / name).rglob("*"))
        # What `terraform init` leaves in a folder is no part of a module.
        if path.is_file()
        and not any(part.startswith(".") for part in path.parts[len(modules.parts) :])
    }
