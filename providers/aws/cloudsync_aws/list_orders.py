"""How a step at a prefix list is taken back, by a person or by ``undo``; it makes no calls of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cloudsync.model import Wanted
from cloudsync.plural import counted
from cloudsync.provider import Order, Proposal, Refusal, Remark, Reversal, Step
from cloudsync_aws.list_calls import ENTRIES_PER_CALL, ListCall, list_by_hand
from cloudsync_aws.lists import Entry, ListSnapshot, ManagedList

Record = Mapping[str, Any]


def reversal(snapshot: ListSnapshot, step: Step) -> Reversal:
    """The commands that take ``step`` back; of somebody else's entries also a record for ``undo``.

    A size that grew stays: with the entries gone it harms nobody.
    """
    call: ListCall = step.call
    match call.operation:
        case "add" | "restore":
            back = replace(call, operation="remove")
            return Reversal((list_by_hand(snapshot, back),))
        case "resize":
            return Reversal()
        case "remove":
            command = list_by_hand(snapshot, replace(call, operation="add"))
            if step.own:
                return Reversal((command,))
            entries = [
                {"cidr": entry.cidr, "description": entry.description} for entry in call.entries
            ]
            return Reversal(
                (command,), {"list": call.list, "version": call.version, "entries": entries}
            )


def proposed(snapshot: ListSnapshot, wanted: Mapping[str, Wanted], order: Order) -> Proposal:
    """``undo``: what a run took from others comes back, as it was, where it doesn't stand.

    Where nobody has written the list since, it gets the version back that it had: one call, and
    nothing to put together. A prefix list holds no deny, so there is nothing to relax.
    """
    steps: list[Step] = []
    refused: list[Refusal] = []
    said: list[Remark] = []
    for target in wanted:
        one = snapshot.lists[target]
        if order.verb == "relax":
            said.append(Remark(target, "a prefix list holds no denies; nothing is to be relaxed"))
            continue
        records = [each for each in order.records if each.get("list") == one.id]
        coming = _missing(one, records)
        needed = len(one.entries) + len(coming)
        if coming and needed > one.size:
            refused.append(
                Refusal(
                    target,
                    f"would need {counted(needed, 'entry')}, and its MaxEntries is {one.size}",
                    "Raise MaxEntries of the list, and undo again.",
                )
            )
            continue
        steps += _steps(snapshot, target, one, records, coming)
    return Proposal(tuple(steps), tuple(said), tuple(refused))


def _missing(one: ManagedList, records: Sequence[Record]) -> tuple[Entry, ...]:
    """The recorded entries that don't stand now."""
    standing = {entry.cidr for entry in one.entries}
    found = {
        each["cidr"]: Entry(each["cidr"], each["description"])
        for record in records
        for each in record["entries"]
        if each["cidr"] not in standing
    }
    return tuple(found.values())


def _steps(
    snapshot: ListSnapshot,
    target: str,
    one: ManagedList,
    records: Sequence[Record],
    coming: tuple[Entry, ...],
) -> Iterator[Step]:
    if not coming:
        return
    call = ListCall(
        "add", snapshot.account, snapshot.region, one.id, one.version,
        endpoint=getattr(snapshot.scope.settings, "endpoint", None), role=snapshot.role,
    )  # fmt: skip
    first = _restorable(one, records, coming)
    if first is not None:
        call = replace(call, operation="restore", previous=first, entries=(*one.entries, *coming))
        yield _step(snapshot, target, call, coming)
        return
    for number, start in enumerate(range(0, len(coming), ENTRIES_PER_CALL)):
        some = coming[start : start + ENTRIES_PER_CALL]
        made = replace(call, version=one.version + number, entries=some)
        yield _step(snapshot, target, made, some)


def _restorable(
    one: ManagedList, records: Sequence[Record], coming: tuple[Entry, ...]
) -> int | None:
    """The version that held exactly what is to stand, or None where others have written since."""
    versions = sorted(record["version"] for record in records)
    taken = sum(len(record["entries"]) for record in records)
    unbroken = versions == list(range(versions[0], one.version)) if versions else False
    return versions[0] if unbroken and taken == len(coming) else None


def _step(snapshot: ListSnapshot, target: str, call: ListCall, coming: Sequence[Entry]) -> Step:
    lines = tuple(f"+ {call.list} {entry}" for entry in coming)
    return Step("add", snapshot.together(target), lines, own=False, call=call)
