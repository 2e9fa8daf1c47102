"""The list as the modules carry it: a data file, from which Terraform interprets nothing; pure.

Terraform's JSON syntax reads each string as a template, so that a label such as ``${file("…")}``
would be carried out. What ``jsondecode(file(…))`` gives is data, whatever stands in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC
from pathlib import PurePath
from typing import Any, Final

from cloudsync.addresses import Network
from cloudsync.allowlist import BASE, Entry, InForce, digest_of
from cloudsync.errors import UsageError
from cloudsync.immutable import immutable
from cloudsync.source import bundled

SCHEMA: Final = "cloudsync.modules/1"
FIRST: Final = (1, 0, 0)

Version = tuple[int, int, int]


@immutable
class Contents:
    """Everything in ``list.json`` but the version.

    ``entries`` are in the order of addresses, each network and group once. ``bundled`` is the day
    of the snapshot where it is nothing better; ``verified_at`` when the list was accepted.
    """

    source: str
    entries: tuple[Entry, ...]
    published: str | None = None
    verified_at: str | None = None
    bundled: str | None = None

    @property
    def networks(self) -> frozenset[tuple[Network, str]]:
        """Each network with its group: what a change is counted in."""
        return frozenset(entry.key for entry in self.entries)


def contents(listing: InForce) -> Contents:
    """The list in force, with the entries that are leaving, as modules carry it.

    Raises:
        UsageError: a name holds half a character, which Terraform would silently write otherwise.
    """
    for entry in listing.wanted:
        _check(entry)
    day = listing.published.isoformat() if listing.published else None
    at = listing.accepted_at
    return Contents(
        # A path says where it lay on one machine, and would differ on the next.
        listing.source if "://" in listing.source else PurePath(listing.source).name,
        _in_order(listing.wanted),
        day,
        at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None,
        day if listing.source == bundled.SOURCE else None,
    )


def rendered(made: Contents, version: Version) -> str:
    """``list.json``: equal contents and versions give equal text, in plain ASCII."""
    document = {
        "schema": SCHEMA,
        "version": written(version),
        "source": made.source,
        "digest": digest_of(made.entries),
        "published": made.published,
        "verified_at": made.verified_at,
        "bundled": made.bundled,
        "entries": [
            {"network": str(one.network), "group": one.group, "name": one.name}
            for one in made.entries
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def read(text: str) -> tuple[Version, frozenset[tuple[str, str]]]:
    """The version in a ``list.json``, and its networks with their groups, as text.

    Raises:
        ValueError: it isn't one that was written here; with the reason.
    """
    document: Any = json.loads(text)
    try:
        if document["schema"] != SCHEMA:
            raise ValueError(f"it says schema {document['schema']!r}, not {SCHEMA!r}")
        major, minor, patch = (int(part) for part in str(document["version"]).split("."))
        entries: list[dict[str, Any]] = document["entries"]
        keys = frozenset((str(one["network"]), str(one["group"])) for one in entries)
    except (KeyError, TypeError) as error:
        raise ValueError(f"it lacks what a list of {SCHEMA} holds ({error})") from error
    return (major, minor, patch), keys


def written(version: Version) -> str:
    """``1.2.3``."""
    return ".".join(str(part) for part in version)


def _check(entry: Entry) -> None:
    half = next((one for one in entry.name or "" if "\ud800" <= one <= "\udfff"), None)
    if half:
        raise UsageError(
            f"list: {entry.network}",
            f"its name holds half a character (U+{ord(half):04X}, a lone surrogate)",
            done="The modules stay as they are.",
            todo="Correct the name in the list's source.",
        )


def _in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Each network and group once, in address order; base before the groups."""
    once: dict[tuple[Network, str], Entry] = {}
    for entry in entries:
        once.setdefault(entry.key, entry)
    return tuple(
        sorted(
            once.values(),
            key=lambda one: (
                one.network.version,
                int(one.network.network_address),
                one.network.prefixlen,
                one.group != BASE,
                one.group,
            ),
        )
    )
