"""What a person should be told of a prefix list that cloudsync leaves as it is; it changes none."""

from __future__ import annotations

from collections.abc import Iterator

from cloudsync.addresses import AddressSet
from cloudsync.model import OUR_MARKS, Mode, Note, Purpose, Wanted
from cloudsync.provider import Remark
from cloudsync_aws.list_calls import ListCall, list_by_hand
from cloudsync_aws.list_decide import decides_alone, purpose_of, sharers, used_for
from cloudsync_aws.lists import Entry, ListSnapshot, ManagedList
from cloudsync_aws.remarks import said
from cloudsync_aws.rule import addresses


def remarks(
    snapshot: ListSnapshot, target: str, one: ManagedList, want: Wanted
) -> Iterator[Remark]:
    """What stands in the way of ``want`` and stays, each with what a person can do."""
    ports = ", ".join(map(str, want.ports))
    if not used_for(snapshot, one, want.ports):
        yield Remark(
            target,
            f"no rule refers to {one.id} for port {ports}, so what stands in it lets nobody in. "
            "Refer to it from the groups that guard mail servers.",
        )
        return
    others = sharers(snapshot, one, want.ports)
    if others:
        yield Remark(target, f"{one.id} also serves {'; '.join(others)}", Note.SHARED)
    alone = decides_alone(snapshot, one, want.ports)
    for entry in one.entries:
        open_to = addresses((entry.cidr,)) - want.addresses - want.kept
        purpose = purpose_of(entry, want.installation)
        if open_to and purpose is Purpose.ALSO and want.unsure:
            yield Remark(
                target,
                f"{entry} in {one.id} was written for also_allow, which has it no more. The list may "
                "by now, and hasn't been read since the state was lost, so it stays until then.",
                Note.HELD,
            )
        if not open_to or purpose is not None:
            continue
        if entry.description.startswith(OUR_MARKS):
            yield Remark(
                target,
                f"{entry} in {one.id} belongs to another installation of cloudsync, and lets in "
                f"{said(open_to)} that this one doesn't want. It is left alone. Agree on one "
                "list, or one installation.",
                Note.CONTESTED,
            )
        elif want.mode is Mode.ENFORCE and not alone:
            yield Remark(target, _staying(snapshot, one, entry, open_to))


def _staying(snapshot: ListSnapshot, one: ManagedList, entry: Entry, open_to: AddressSet) -> str:
    call = ListCall("remove", snapshot.account, snapshot.region, one.id, one.version, (entry,))
    return (
        f"{entry} in {one.id} lets in {said(open_to)} that aren't wanted, and the list decides "
        "more than the guarded port, so it is left. Once nothing else needs it, close it: "
        f"`{list_by_hand(snapshot, call)}`"
    )
