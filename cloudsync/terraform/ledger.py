"""What is known of the published versions, kept in the state so that no look asks a repository."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from cloudsync import records
from cloudsync.records import Kind
from cloudsync.records.adapted import Adapted
from cloudsync.state import Conflict, Store, Value
from cloudsync.terraform.versions import Versions

VERSIONS_KEY: Final = "versions"

_SHAPE: Final = Adapted[Versions](Versions)


def _versions(value: Value) -> Versions:
    found = _SHAPE.from_value(value)
    for _ in found.each():
        pass  # what is no network is an error of the document
    return found


VERSIONS: Final[Kind[Versions]] = Kind("versions", 1, _SHAPE.to_value, _versions)


def published(store: Store) -> Versions | None:
    """What was last seen to be published; None where nothing was.

    Raises:
        StateError: the state can't be used as it is.
    """
    stored = records.load(store, VERSIONS_KEY, VERSIONS)
    return stored.value if stored else None


def keep(store: Store, versions: Versions) -> None:
    """Keep what is published now.

    Raises:
        StateError: the state can't be written.
    """
    stored = records.load(store, VERSIONS_KEY, VERSIONS)
    if stored and stored.value == versions:
        return
    # Who published at the same moment has read the same repository.
    with suppress(Conflict):
        records.save(store, VERSIONS_KEY, VERSIONS, versions, stored.generation if stored else None)
