"""A release of the modules: its files, its version, and what its change log says; pure.

The version says what a plan will show: an address that came is a patch, one that went a minor
version, an input that broke a major one. Nothing changed is the same version, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from cloudsync.immutable import immutable
from cloudsync.report.words import counted
from cloudsync.terraform.contents import FIRST, Contents, Version, read, rendered, written
from cloudsync.terraform.inputs import broken

LIST: Final = "modules/allow-list/list.json"
LOG: Final = "CHANGELOG.md"
NOTHING_PUBLISHED: Final = "Nothing was published."
"""How an error of publishing ends, where it was so."""
_VARIABLES: Final = "/variables.tf"
_HEAD: Final = (
    "# Changes\n\n"
    "An address that came is a patch version, one that went a minor version, an input that broke "
    "a major one.\n"
)


@immutable
class Release:
    """What is to stand in the folder, by path, and how it differs from what stands there.

    ``came`` and ``went`` are networks, with the group where it is opt-in; ``broke`` says which
    inputs break a caller.
    """

    version: Version
    before: Version | None
    files: Mapping[str, str]
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    broke: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything differs from what stood there."""
        return self.version != self.before


def release(
    there: Mapping[str, str], modules: Mapping[str, str], made: Contents, today: date
) -> Release:
    """The release that follows what is ``there``.

    ``there`` and ``modules`` are files by their paths, ``modules/aws/main.tf``: what stands in the
    folder, and what the program carries.

    Raises:
        ValueError: the list that stands there wasn't written here; with the reason.
    """
    before, old = read(there[LIST]) if LIST in there else (None, frozenset[tuple[str, str]]())
    new = frozenset((str(network), group) for network, group in made.networks)
    names = [f"{one.network} {one.group}" for one in made.entries]
    came = tuple(one for one in names if tuple(one.split(" ", 1)) not in old)
    went = tuple(f"{network} {group}" for network, group in sorted(old - new))
    sources = {path: text for path, text in modules.items() if path != LIST}
    broke = tuple(
        f"{path.split('/')[1]}: {what}"
        for path in sorted({*there, *sources})
        if before and path.count("/") == 2 and path.endswith(_VARIABLES)
        for what in broken(there.get(path, ""), sources.get(path, ""))
    )
    same = before is not None and {**sources, LIST: rendered(made, before)} == {
        path: text for path, text in there.items() if path != LOG
    }
    version = before if same and before else _next(before, went=bool(went), broke=bool(broke))
    files = {**sources, LIST: rendered(made, version)}
    log = there.get(LOG, _HEAD)
    if not same:
        log = _logged(log, _entry(version, today, came, went, broke, first=before is None))
    return Release(version, before, {**files, LOG: log}, came, went, broke)


def _next(before: Version | None, *, went: bool, broke: bool) -> Version:
    if before is None:
        return FIRST
    major, minor, patch = before
    if broke:
        return major + 1, 0, 0
    return (major, minor + 1, 0) if went else (major, minor, patch + 1)


def _entry(
    version: Version,
    today: date,
    came: tuple[str, ...],
    went: tuple[str, ...],
    broke: tuple[str, ...],
    *,
    first: bool,
) -> str:
    lines = [f"## {written(version)} ({today})", ""]
    if first:
        lines += [f"The first version: {counted(len(came), 'network')}."]
    else:
        lines += [f"- Came: `{one}`" for one in came]
        lines += [f"- Went: `{one}`" for one in went]
        lines += [f"- Broke {one}" for one in broke]
        if not (came or went or broke):
            lines += ["The same networks: the modules' own text or the list's dates changed."]
    return "\n".join(lines) + "\n"


def _logged(log: str, entry: str) -> str:
    """``log`` with ``entry`` ahead of its newest."""
    head, found, rest = log.partition("\n## ")
    return f"{head.rstrip()}\n\n{entry}" + (f"\n## {rest}" if found else "")
