"""The versions that were published, read back from a release's own list and change log; pure.

What a consumer's rules hold tells which of them it has. No rule carries its version: then each
release would change every rule, and a plan would show more than the addresses that changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from ipaddress import ip_network
from typing import Final

from cloudsync.addresses import AddressSet, Count, Network
from cloudsync.allowlist import Entry
from cloudsync.immutable import immutable
from cloudsync.terraform.contents import read, written
from cloudsync.terraform.release import LIST, LOG

KEPT: Final = 50
"""So many versions are read back: who lags further is behind all of them."""

_HEAD: Final = re.compile(r"^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)$")
_LINE: Final = re.compile(r"^- (Came|Went): `(\S+) (\S+)`$")

Key = tuple[str, str]
"""A network and its group, as text."""


@immutable
class Change:
    """What one version brought and took, and the day on which it was made."""

    version: str
    day: date
    came: tuple[Key, ...] = ()
    went: tuple[Key, ...] = ()


@immutable
class Version:
    """One published version with its whole list; ``day`` is None where the log doesn't tell."""

    number: str
    day: date | None
    entries: tuple[Entry, ...]


@immutable
class Versions:
    """What is published: the newest version's networks, and the changes that led there, the newest first.

    ``source`` is what a module block writes for the newest. ``proposed`` is the branch on which that
    waits for a person to merge it; empty where it counts already.
    """

    number: str
    keys: tuple[Key, ...]
    changes: tuple[Change, ...]
    source: str
    proposed: str = ""

    @property
    def newest(self) -> Version:
        """The newest version."""
        return next(self.each())

    def each(self) -> Iterator[Version]:
        """Every version as far back as the log goes on without a gap, the newest first."""
        keys = set(self.keys)
        if not self.changes or self.changes[0].version != self.number:
            yield Version(self.number, None, _entries(keys))
            return
        for change in self.changes:
            yield Version(change.version, change.day, _entries(keys))
            if not keys >= set(change.came):
                return  # somebody wrote in the log: what it says further back isn't so
            keys = (keys - set(change.came)) | set(change.went)


def read_back(files: Mapping[str, str], source: str, proposed: str = "") -> Versions:
    """The versions of a release, from its files by their paths.

    Raises:
        ValueError: its list isn't one that was written here, or its log isn't.
    """
    number, keys = read(files[LIST])
    found = Versions(
        written(number), tuple(sorted(keys)), tuple(_changes(files.get(LOG, "")))[:KEPT],
        source, proposed,
    )  # fmt: skip
    for _ in found.each():
        pass  # what is no network is found now, and not when it is compared
    return found


def pinned(
    versions: Versions,
    holds: AddressSet,
    networks_of: Callable[[Iterable[Entry]], Sequence[Network]],
) -> Version | None:
    """The version whose list a module's rules hold whole, with the least besides; None if none is.

    ``holds`` is who the rules let in, ``networks_of`` which networks of a list apply there. Networks
    of the team's own stand beside every version alike. Of versions with one list it is the newest.
    """
    found: tuple[Count, Version] | None = None
    for version in versions.each():
        listed = AddressSet.of(*networks_of(version.entries))
        if listed and listed <= holds:
            besides = (holds - listed).count()
            if found is None or besides < found[0]:
                found = besides, version
    return found[1] if found else None


def _changes(log: str) -> Iterator[Change]:
    version: tuple[str, date] | None = None
    keys: dict[str, list[Key]] = {}
    for line in (*log.splitlines(), "## "):
        if line.startswith("## "):
            if version:
                yield Change(*version, tuple(keys["Came"]), tuple(keys["Went"]))
            head = _HEAD.match(line)
            version = (head[1], date.fromisoformat(head[2])) if head else None
            keys = {"Came": [], "Went": []}
        elif one := _LINE.match(line):
            keys[one[1]].append((one[2], one[3]))


def _entries(keys: Iterable[Key]) -> tuple[Entry, ...]:
    return tuple(Entry(ip_network(network), group=group) for network, group in sorted(keys))
