"""The list in force as a document."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network
from typing import Final, cast, get_args

from cloudsync.allowlist import Entry, Format, InForce, Leaving, Withdrawn
from cloudsync.records.fields import maybe, number, text, time, time_text
from cloudsync.records.kind import Kind
from cloudsync.state import Value

LIST_KEY: Final = "list"


def _list_value(in_force: InForce) -> Value:
    return {
        "source": in_force.source,
        "format": in_force.format,
        "entries": [_entry_value(entry) for entry in in_force.entries],
        "leaving": [
            {
                "entry": _entry_value(leaving.entry),
                "first": time_text(leaving.first),
                "last": time_text(leaving.last),
                "reads": leaving.reads,
                "confirmed": maybe(time_text, leaving.confirmed),
            }
            for leaving in in_force.leaving
        ],
        "published": in_force.published.isoformat() if in_force.published else None,
        "minimum": in_force.minimum,
        "accepted_by": in_force.accepted_by,
        "accepted_at": maybe(time_text, in_force.accepted_at),
        "ahead": [_entry_value(entry) for entry in in_force.ahead],
        "withdrawn": [
            {
                "network": str(one.network),
                "by": one.by,
                "reason": one.reason,
                "at": time_text(one.at),
            }
            for one in in_force.withdrawn
        ],
    }


def _list(value: Value) -> InForce:
    if value["format"] not in get_args(Format):
        raise ValueError(f"{value['format']!r} is no format")
    return InForce(
        source=text(value["source"]),
        format=cast("Format", value["format"]),
        entries=tuple(_entry(entry) for entry in value["entries"]),
        leaving=tuple(
            Leaving(
                entry=_entry(leaving["entry"]),
                first=time(leaving["first"]),
                last=time(leaving["last"]),
                reads=number(leaving["reads"]),
                confirmed=maybe(time, leaving["confirmed"]),
            )
            for leaving in value["leaving"]
        ),
        published=maybe(date.fromisoformat, value["published"]),
        minimum=maybe(number, value["minimum"]),
        accepted_by=text(value["accepted_by"]),
        accepted_at=maybe(time, value["accepted_at"]),
        # Neither stands in what was written before there were any.
        ahead=tuple(_entry(entry) for entry in value.get("ahead", ())),
        withdrawn=tuple(
            Withdrawn(
                ip_network(text(one["network"])), text(one["by"]), text(one["reason"]),
                time(one["at"]),
            )
            for one in value.get("withdrawn", ())
        ),
    )  # fmt: skip


def _entry_value(entry: Entry) -> Value:
    return {
        "network": str(entry.network),
        "name": entry.name,
        "group": entry.group,
        "line": entry.line,
    }


def _entry(value: Value) -> Entry:
    return Entry(
        network=ip_network(text(value["network"])),
        name=maybe(text, value["name"]),
        group=text(value["group"]),
        line=number(value["line"]),
    )


LIST: Final[Kind[InForce]] = Kind("list", 1, _list_value, _list)
