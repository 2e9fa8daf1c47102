"""The steps that would make prefix lists right, in the order that loses no mail; it sends none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from cloudsync.immutable import immutable
from cloudsync.model import Mode, Note, Wanted
from cloudsync.plural import agreeing, counted
from cloudsync.provider import Proposal, Refusal, Remark, Step, Verb
from cloudsync_aws.list_calls import ENTRIES_PER_CALL, ListCall, ListOperation
from cloudsync_aws.list_decide import ListDecision, decide, served, sharers
from cloudsync_aws.list_remarks import remarks
from cloudsync_aws.list_room import Room, room_for
from cloudsync_aws.lists import Entry, ListSnapshot, ManagedList


@immutable
class _Fit:
    """What is to be done with one list, and the size that it needs for it."""

    decision: ListDecision
    room: Room


def propose(snapshot: ListSnapshot, wanted: Mapping[str, Wanted]) -> Proposal:
    """Steps, remarks and refusals for the lists in ``wanted`` that ``snapshot`` holds.

    Of one list: it grows, entries are added, own ones go, then those of others. What takes away
    comes after what every list adds, so that a removal that can't be proved holds up no other
    list's mail. Every group that refers to a list follows each call at once.
    """
    steps: list[Step] = []
    said: list[Remark] = []
    refused: list[Refusal] = []
    for target, want in wanted.items():
        one = snapshot.lists.get(target)
        if one is None:
            continue
        said += remarks(snapshot, target, one, want)
        if want.mode is Mode.WATCH:
            continue
        refusal = _untouchable(snapshot, target, one, want)
        if refusal:
            refused.append(refusal)
            continue
        fit = _fit(snapshot, one, want, want.mode)
        if fit.room.too_many and want.mode is Mode.ENFORCE:
            # What `add` would do may fit, and mail must not wait for the closing.
            less = _fit(snapshot, one, want, Mode.ADD)
            if not less.room.too_many:
                text = f"to close what is open, it {fit.room.too_many}. It is left open. "
                said.append(Remark(target, text + fit.room.todo, Note.NO_ROOM))
                fit = less
        if fit.room.too_many:
            refused.append(Refusal(target, fit.room.too_many, fit.room.todo))
            # Own entries that nobody wants make room: with them gone the next run may add.
            fit = _Fit(ListDecision(removed=fit.decision.removed), Room(one.size))
        elif homeless := _homeless(snapshot, target, one, want):
            refused.append(homeless)
        made = tuple(_steps(snapshot, target, one, fit))
        steps += made
        if made and (names := [each.id for each in snapshot.referring(one.id)]):
            said.append(Remark(target, f"each change reaches {', '.join(names)} at once"))
    steps.sort(key=lambda step: step.later)
    return Proposal(tuple(steps), tuple(said), tuple(refused))


def _fit(snapshot: ListSnapshot, one: ManagedList, want: Wanted, mode: Mode) -> _Fit:
    decision = decide(snapshot, one, want, mode)
    # Counted at its peak: what is added stands before anything goes.
    needed = len(one.entries) + len(decision.added) if decision.added else 0
    return _Fit(decision, room_for(snapshot, one, needed))


def _untouchable(
    snapshot: ListSnapshot, target: str, one: ManagedList, want: Wanted
) -> Refusal | None:
    """Why nothing of the list may be changed, where that is so."""
    if one.owner == "AWS":
        return Refusal(target, "is a list of AWS's own", "Select a list of this account.")
    if one.owner != snapshot.account:
        return Refusal(
            target,
            f"belongs to account {one.owner}, which alone may change it",
            "Run with that account's credentials, or set mode: watch.",
        )
    if one.by_ipam:
        return Refusal(
            target,
            "is written by the VPC IP address manager, which would undo every change",
            "Select a list that nothing else writes, or set mode: watch.",
        )
    if one.state.startswith("delete-"):
        return Refusal(target, f"is being deleted ({one.state})", "Select another list.")
    others = [] if want.shared else sharers(snapshot, one, want.ports)
    if others:
        return Refusal(
            target,
            f"is shared with {_listing(others)}",
            "Name the groups under select: groups, make a list for mail alone, or set "
            "shared: true.",
        )
    return None


def _listing(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _homeless(
    snapshot: ListSnapshot, target: str, one: ManagedList, want: Wanted
) -> Refusal | None:
    """What is wanted of the other family, where no selected list takes it at the same groups."""
    networks = [str(network) for network in (*want.networks, *want.also)]
    other = [cidr for cidr in networks if not one.takes(cidr)]
    if not other:
        return None
    for each in snapshot.lists.values():
        if each.takes(other[0]) and all(
            served(snapshot, one, port) <= served(snapshot, each, port, certain=True)
            for port in want.ports
        ):
            return None
    family = "IPv4" if one.family == "IPv6" else "IPv6"
    return Refusal(
        target,
        f"holds {one.family}, and {len(other)} of {counted(len(networks), 'wanted network')} "
        f"{agreeing(len(other), 'is', 'are')} {family}, beginning with {other[0]}",
        f"Select an {family} list too, that the same groups refer to. The {one.family} part is "
        "done all the same.",
    )


def _steps(snapshot: ListSnapshot, target: str, one: ManagedList, fit: _Fit) -> Iterator[Step]:
    # Each change of entries makes the next version; a change of the size makes none.
    versions = count(one.version)
    decision = fit.decision
    if fit.room.size > one.size:
        lines = (f"- {one.id} MaxEntries {one.size}", f"+ {one.id} MaxEntries {fit.room.size}")
        call = _call(snapshot, one, "resize", one.version, size=fit.room.size)
        yield Step("replace", snapshot.together(target), lines, call=call)
    for entries in _batches(decision.added):
        yield _step(snapshot, target, one, "add", next(versions), entries)
    for entries in _batches(decision.removed):
        yield _step(snapshot, target, one, "remove", next(versions), entries)
    for entries in _batches(decision.revoked):
        yield _step(snapshot, target, one, "remove", next(versions), entries, own=False)


def _batches(entries: Sequence[Entry]) -> Iterator[tuple[Entry, ...]]:
    for start in range(0, len(entries), ENTRIES_PER_CALL):
        yield tuple(entries[start : start + ENTRIES_PER_CALL])


def _step(
    snapshot: ListSnapshot,
    target: str,
    one: ManagedList,
    operation: Verb,
    version: int,
    entries: tuple[Entry, ...],
    *,
    own: bool = True,
) -> Step:
    kind: ListOperation = "add" if operation == "add" else "remove"
    call = _call(snapshot, one, kind, version, entries)
    return Step(
        operation, snapshot.together(target), written(one, kind, entries), own=own, call=call
    )


def written(
    one: ManagedList, operation: ListOperation, entries: Sequence[Entry]
) -> tuple[str, ...]:
    """What a person reads of entries that come or go: ``+ pl-0abc 192.0.2.0/24 (…)``."""
    sign = "-" if operation == "remove" else "+"
    return tuple(f"{sign} {one.id} {entry}" for entry in entries)


def _call(
    snapshot: ListSnapshot,
    one: ManagedList,
    operation: ListOperation,
    version: int,
    entries: tuple[Entry, ...] = (),
    *,
    size: int = 0,
) -> ListCall:
    return ListCall(
        operation, snapshot.account, snapshot.region, one.id, version, entries, size,
        endpoint=getattr(snapshot.scope.settings, "endpoint", None), role=snapshot.role,
    )  # fmt: skip
