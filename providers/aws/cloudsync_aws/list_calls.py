"""The mutating calls on prefix lists as values, and the SDK requests they stand for; it sends none."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from cloudsync.immutable import immutable
from cloudsync_aws.lists import Entry, ListSnapshot, ManagedList
from cloudsync_aws.roles import Role

ENTRIES_PER_CALL: Final = 100
"""Entries that one call may add, or remove (EC2 API reference, ModifyManagedPrefixList)."""

ListOperation = Literal["add", "remove", "resize", "restore"]

LIST_ACTION: Final[Mapping[ListOperation, str]] = {
    "add": "ModifyManagedPrefixList",
    "remove": "ModifyManagedPrefixList",
    "resize": "ModifyManagedPrefixList",
    "restore": "RestoreManagedPrefixListVersion",
}


@immutable
class ListCall:
    """One mutating call on one list, which AWS refuses unless ``version`` is the one in force.

    ``entries`` come or go; of a restore they are all that ``previous`` held. ``size`` is what a
    resize makes MaxEntries. Size and entries can't change in one call, and no call here both adds
    and removes, so that it doesn't matter whether AWS makes room before it fills it.
    """

    operation: ListOperation
    account: str
    region: str
    list: str
    version: int
    entries: tuple[Entry, ...] = ()
    size: int = 0
    previous: int = 0
    endpoint: str | None = None
    role: Role | None = None


def list_request(call: ListCall) -> dict[str, Any]:
    """The arguments of the SDK's method for ``call``."""
    named = {"PrefixListId": call.list, "CurrentVersion": call.version}
    match call.operation:
        case "add":
            return {**named, "AddEntries": [_written(one) for one in call.entries]}
        case "remove":
            return {**named, "RemoveEntries": [{"Cidr": one.cidr} for one in call.entries]}
        case "resize":
            # The size has no versions, and the API refuses a version that comes with it.
            return {"PrefixListId": call.list, "MaxEntries": call.size}
        case "restore":
            return {**named, "PreviousVersion": call.previous}


def _written(entry: Entry) -> dict[str, str]:
    said = {"Description": entry.description} if entry.description else {}
    return {"Cidr": entry.cidr, **said}


def list_after(standing: ManagedList, call: ListCall) -> ManagedList:
    """The list once ``call`` is done."""
    touched = {one.cidr for one in call.entries}
    kept = tuple(one for one in standing.entries if one.cidr not in touched)
    match call.operation:
        case "resize":
            return replace(standing, size=call.size)
        case "restore":
            return replace(standing, entries=call.entries, version=call.version + 1)
        case "add":
            return replace(standing, entries=(*kept, *call.entries), version=call.version + 1)
        case "remove":
            return replace(standing, entries=kept, version=call.version + 1)


def list_shows(standing: ManagedList, call: ListCall) -> bool:
    """Whether the list is as ``call`` was to leave it, as far as ``call`` speaks of it."""
    held = {one.cidr: one for one in standing.entries}
    match call.operation:
        case "resize":
            return standing.size == call.size
        case "restore":
            return held == {one.cidr: one for one in call.entries}
        case "add":
            return all(held.get(one.cidr) == one for one in call.entries)
        case "remove":
            return not any(one.cidr in held for one in call.entries)


def list_by_hand(snapshot: ListSnapshot, call: ListCall) -> str:
    """``call`` as a person would make it, whatever the version then is; for a POSIX shell."""
    ask = shlex.join(
        ["aws", "ec2", "describe-managed-prefix-lists", "--region", snapshot.region,
         "--prefix-list-ids", call.list, "--query", "PrefixLists[0].Version", "--output", "text"]
    )  # fmt: skip
    what = shlex.join(
        ["aws", "ec2", "modify-managed-prefix-list", "--region", snapshot.region,
         "--prefix-list-id", call.list]
    )  # fmt: skip
    if call.operation == "resize":
        return f"{what} --max-entries {call.size}"
    flag = "--add-entries" if call.operation == "add" else "--remove-entries"
    request = list_request(call)["AddEntries" if call.operation == "add" else "RemoveEntries"]
    entries = shlex.quote(json.dumps(request, separators=(",", ":")))
    return f'{what} --current-version "$({ask})" {flag} {entries}'
