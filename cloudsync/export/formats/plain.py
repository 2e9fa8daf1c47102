"""The list as data: text, a table, JSON; for whatever has no format of its own."""

from __future__ import annotations

import json
from typing import Any, Final

from cloudsync.addresses import AddressSet
from cloudsync.errors import UsageError
from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.material import Material
from cloudsync.export.notation import NETWORK, union
from cloudsync.export.reading import lines

_CHECK: Final = (
    "`cloudsync export {} --check FILE` compares what stands there with the list of today."
)
_UNDO: Final = "Where it was put, put the former file back."


def _help(name: str, note: str) -> Help:
    return Help(
        apply=("Write it with `--out FILE`; a file is replaced whole, or not at all.",),
        verify=(_CHECK.format(name),),
        undo=(_UNDO,),
        notes=(note,),
    )


TEXT: Final = Format(
    name="text",
    title="Plain text",
    fit=Fit("ADDRESS/LENGTH, one a line"),
    sheets={
        "cloudsync.txt": """
@head # {line}
@each {cidr}{note}
"""
    },
    parse=lines(),
    help=_help("text", "A hash begins a comment."),
)

CSV: Final = Format(
    name="csv",
    title="CSV",
    fit=Fit("network, first and last address, length, name"),
    sheets={
        "cloudsync.csv": """
network,first,last,length,name
@each {cidr},{first},{last},{length},{label}
"""
    },
    parse=lines(rf"{NETWORK},.*"),
    comment="\0",
    help=_help(
        "csv", "The header stands beside it, in `FILE.about`, since a table has no comments."
    ),
)


def _json(_sheet: str, made: Material) -> str:
    document = {
        "schema": "cloudsync.export/1",
        "about": made.header,
        "source": made.source,
        "digest": made.digest,
        "listed": made.listed,
        "relays": made.relays,
        "widened": made.widened,
        "networks": [{"network": str(row.network), "name": row.label} for row in made.rows],
    }
    return json.dumps(document, indent=2) + "\n"


def _from_json(text: str) -> AddressSet:
    try:
        found: Any = json.loads(text)
        return union(row["network"] for row in found["networks"])
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(
            "JSON", f"it can't be read: {error}", todo="Write the file anew."
        ) from None


JSON: Final = Format(
    name="json",
    title="JSON",
    fit=Fit("`networks`, each with `network` and `name`"),
    sheets={"cloudsync.json": ""},
    parse=_from_json,
    comment="\0",
    render=_json,
    help=_help("json", "Its schema is `cloudsync.export/1`; source, digest and counts are keys."),
)
