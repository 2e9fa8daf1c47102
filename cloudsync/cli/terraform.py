"""``cloudsync terraform write``: the list in force as modules, in a folder."""

from __future__ import annotations

from pathlib import Path

from cloudsync.cli.gather import NOTHING_WRITTEN, list_of
from cloudsync.cli.job import job
from cloudsync.cli.streams import put
from cloudsync.errors import UsageError, first_of
from cloudsync.report.words import counted
from cloudsync.terraform.contents import contents, written
from cloudsync.terraform.folder import carried, put_down, strangers, there
from cloudsync.terraform.release import LIST, Release, release


def write(path: Path, folder: Path) -> int:
    """Write the modules with the list in force into ``folder``."""
    with job(path) as each:
        in_force, codes = list_of(each)
        if in_force is None:
            return int(first_of(codes))
        today = each.now().date()
    found = there(folder)
    try:
        made = release(found, carried(), contents(in_force), today)
    except ValueError as error:
        raise UsageError(
            str(folder / LIST),
            f"isn't one that cloudsync wrote: {error}",
            done=NOTHING_WRITTEN,
            todo="Name another folder, or take the modules in it away.",
        ) from error
    strange = strangers(found, dict(made.files))
    if strange:
        raise UsageError(
            str(folder),
            f"{', '.join(strange)} is no part of the modules, and Terraform would read it with them",
            done=NOTHING_WRITTEN,
            todo="Move it out, or name another folder.",
        )
    if made.changed:
        put_down(folder, dict(made.files))
    put(_said(made, folder), None)
    return int(first_of(codes))


def _said(made: Release, folder: Path) -> str:
    version = written(made.version)
    if not made.changed:
        return f"{folder}: version {version} has this list already. Nothing was written."
    count = f"{counted(len(made.came), 'network')} came, {len(made.went):,} went"
    lines = [f"{folder}: version {version}, {count}."]
    if made.before:
        lines += [f"  + {one}" for one in made.came]
        lines += [f"  - {one}" for one in made.went]
    return "\n".join([*lines, *(f"  ! {one}" for one in made.broke)])
