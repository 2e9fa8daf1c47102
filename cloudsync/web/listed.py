"""The list as the page shows it: entries with where they come from, what came, what leaves when; pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from cloudsync.addresses import AddressSet
from cloudsync.allowlist import BASE, Entry, applied
from cloudsync.immutable import immutable
from cloudsync.status.known import Known
from cloudsync.vetting.leaving import Removals, ends


@immutable
class Row:
    """One entry. ``applies`` is whether any target of the configuration's own settings wants it.

    Of one that is leaving, ``since`` is when reads stopped showing it, ``until`` when it goes, and
    None while more reads are awaited. ``ahead`` is one that a held list brought, and ``off`` who
    took one off by hand, which isn't wanted then.
    """

    network: str
    name: str
    group: str
    line: int
    applies: bool
    leaving: bool = False
    since: datetime | None = None
    until: datetime | None = None
    reads: str = ""
    ahead: bool = False
    off: str = ""


@immutable
class Sheet:
    """The list in force."""

    source: str
    format: str
    digest: str
    published: str
    accepted_by: str
    accepted_at: datetime | None
    vetted_at: datetime | None
    rows: tuple[Row, ...]
    networks: int
    addresses: tuple[int, int]


def sheet(known: Known) -> Sheet | None:
    """The list in force as it is shown, or None where there is none."""
    in_force = known.in_force
    if in_force is None:
        return None
    settings = known.config.list
    said = known.config.removals
    removals = Removals(said.reads, said.apart, said.grace)
    groups = {BASE, *settings.shoreline}
    networks = applied(in_force.wanted, settings.shoreline, settings.widen)
    count = AddressSet.of(*networks).count()
    rows = [_row(entry, groups) for entry in in_force.entries]
    for one in in_force.leaving:
        row = _row(one.entry, groups)
        rows.append(
            Row(
                row.network, row.name, row.group, row.line, row.applies, leaving=True,
                since=one.first, until=ends(one, removals),
                reads=f"{one.reads} of {removals.reads} reads agree",
            )
        )  # fmt: skip
    rows += [replace(_row(entry, groups), ahead=True) for entry in in_force.ahead]
    off = {
        str(one.network): f"taken off by {one.by} at {one.at:%Y-%m-%d %H:%M} UTC: {one.reason}"
        for one in in_force.withdrawn
    }
    rows = [
        replace(row, applies=False, leaving=False, off=off[row.network])
        if row.network in off
        else row
        for row in rows
    ]
    return Sheet(
        source=in_force.source,
        format=in_force.format,
        digest=in_force.digest,
        published=in_force.published.isoformat() if in_force.published else "",
        accepted_by=in_force.accepted_by,
        accepted_at=in_force.accepted_at,
        vetted_at=known.overview.vetted_at if known.overview else None,
        rows=tuple(rows),
        networks=len(networks),
        addresses=(count.ipv4, count.ipv6),
    )


def _row(entry: Entry, groups: set[str]) -> Row:
    return Row(
        str(entry.network), entry.name or "", "" if entry.group == BASE else entry.group,
        entry.line, entry.group in groups,
    )  # fmt: skip
