"""The list for appliances that fetch it: the last good one, with an ETag, and never an empty one."""

from __future__ import annotations

import hashlib
from typing import Final

from cloudsync.export.format import artifact
from cloudsync.export.formats import FORMATS
from cloudsync.export.material import material
from cloudsync.immutable import immutable
from cloudsync.status.known import Known

FEEDS: Final = ("text", "csv", "json", "paloalto-edl", "fortigate-feed")
"""The formats of export that a device fetches by itself."""

_TYPES: Final = {"csv": "text/csv", "json": "application/json"}


@immutable
class Feed:
    """The list in one format: its text, its type, and what names exactly this text."""

    text: str
    kind: str
    etag: str


def feed(known: Known, form: str) -> Feed | None:
    """The list in force in the format ``form``, or None where nothing is in force.

    What relays the configuration names for that format are in it, as in an export.

    Raises:
        UsageError: the format can't hold it, or nothing of the list applies: an appliance would
            take an empty feed for nobody, and all mail would stop.
    """
    if known.in_force is None or not known.in_force.wanted:
        return None
    said = known.config.export(form)
    settings = known.config.list
    made = material(known.in_force, said.relays if said else (), settings.shoreline, settings.widen)
    result = artifact(FORMATS[form], made)
    etag = f'"{hashlib.sha256(result.text.encode()).hexdigest()[:32]}"'
    return Feed(result.text, _TYPES.get(form, "text/plain"), etag)
