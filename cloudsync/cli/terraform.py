"""``cloudsync terraform``: the list in force as modules, and a root that takes rules over."""

from __future__ import annotations

from pathlib import Path

from cloudsync.allowlist import InForce
from cloudsync.cli.gather import NOTHING_WRITTEN, list_of
from cloudsync.cli.job import job
from cloudsync.cli.streams import put, tell
from cloudsync.errors import Exit, UsageError, first_of
from cloudsync.export.install.files import write as place
from cloudsync.job import Job
from cloudsync.report.words import counted
from cloudsync.terraform import publish as publishing
from cloudsync.terraform import request
from cloudsync.terraform import root as takeover
from cloudsync.terraform.contents import contents, written
from cloudsync.terraform.folder import following, put_down, there
from cloudsync.terraform.release import Release
from cloudsync.terraform.standing import standing


def write(path: Path, folder: Path) -> int:
    """Write the modules with the list in force into ``folder``."""
    with job(path) as each:
        in_force, codes = list_of(each)
        if in_force is None:
            return int(first_of(codes))
        put(_said(_written(each, in_force, folder), folder), None)
    return int(first_of(codes))


def root(path: Path, folder: Path) -> int:
    """Write the modules, and beside them a root module that takes over the rules that stand."""
    with job(path) as each:
        in_force, codes = list_of(each)
        if in_force is None:
            return int(first_of(codes))
        found = standing(each, in_force)
        made = takeover.root(found.taken, contents(in_force).bundled)
        tell(_said(_written(each, in_force, folder), folder))
        files = {folder / takeover.ROOT: made.text}
        if not (folder / takeover.PROVIDERS).exists():
            files[folder / takeover.PROVIDERS] = made.providers
        place(files)
    for remark in (*found.left, *made.remarks):
        tell(remark)
    where = folder / takeover.ROOT
    lines = [
        f"{where}: {counted(made.rules, 'rule')} of {counted(len(found.taken), 'target')}.",
        "Once its terraform apply is done, the configuration must say",
        *(f"  {block}: managed_by: terraform" for block in found.blocks),
    ]
    for block, stay in found.blocks.items():
        if stay:
            lines.append(
                f"{block} holds {counted(stay, 'target')} besides, named above, that nobody would "
                "keep then: give what is taken over a block of its own first."
            )
    put("\n".join(lines), None)
    return int(first_of((*codes, *([Exit.FAILED] if found.left else []))))


def publish(path: Path, out: Path | None) -> int:
    """Publish the modules with the list in force to where the configuration says."""
    with job(path) as each:
        in_force, codes = list_of(each)
        if in_force is None:
            return int(first_of(codes))
        found = publishing.publish(each, in_force)
    for one in found:
        new = "published" if one.made.changed else "has this list already"
        put(f'{one.where}: version {one.version} {new}.\n  source = "{one.source}"', None)
    if out and found:
        made = found[0].made
        try:
            put(f"{request.title(made)}\n\n{request.body(made, in_force)}", out)
        except UsageError as error:
            error.done = "The modules are published."
            raise
    return int(first_of(codes))


def _written(each: Job, in_force: InForce, folder: Path) -> Release:
    made = following(there(folder), in_force, each.now().date(), str(folder), NOTHING_WRITTEN)
    if made.changed:
        put_down(folder, dict(made.files))
    return made


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
