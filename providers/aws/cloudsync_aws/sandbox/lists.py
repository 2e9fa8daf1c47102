"""The EC2 actions that change managed prefix lists; it never touches a security group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from cloudsync_aws.sandbox.permissions import canonical
from cloudsync_aws.sandbox.quota import used
from cloudsync_aws.sandbox.render import list_xml
from cloudsync_aws.sandbox.request import Action, Request
from cloudsync_aws.sandbox.tagging import read_tags
from cloudsync_aws.sandbox.values import Entry, PrefixList
from cloudsync_aws.sandbox.wire import Params, Refused, nest
from cloudsync_aws.sandbox.world import Region

_SIZE_END = 1000
_ENTRIES_A_CALL = 100
_TEXT_END = 255
_VERSIONS_KEPT = 1000

Family = Literal["IPv4", "IPv6"]


def find_list(lists: Mapping[str, PrefixList], list_id: str) -> PrefixList:
    """One prefix list of those that the caller sees.

    Raises:
        Refused: InvalidPrefixListID.NotFound.
    """
    if list_id not in lists:
        raise Refused(
            "InvalidPrefixListID.NotFound", f"The prefix list ID '{list_id}' does not exist"
        )
    return lists[list_id]


def _writable(request: Request) -> PrefixList:
    request.region.settle_lists()
    prefix_list = find_list(request.region.lists, request.params.need("PrefixListId"))
    if prefix_list.owner != request.region.account:
        # The code is UNVERIFIED: an AWS-managed list can only be read.
        raise Refused(
            "OperationNotPermitted", f"The prefix list ({prefix_list.id}) is not owned by you."
        )
    if prefix_list.becomes is not None:
        # gh hashicorp/terraform-provider-aws: IncorrectState "... in the current state (...)".
        raise Refused(
            "IncorrectState",
            f"The request cannot be completed for prefix list ({prefix_list.id}) "
            f"in the current state ({prefix_list.state})",
        )
    return prefix_list


def _check_version(prefix_list: PrefixList, version: int | None) -> None:
    if version is not None and version != prefix_list.version:
        # SDK, ModifyManagedPrefixList: a version that isn't the true one fails.
        raise Refused(
            "PrefixListVersionMismatch", "The prefix list has the incorrect version number."
        )


def check_size(size: int | None) -> int:
    """The size asked for.

    Raises:
        Refused: InvalidParameterValue out of 1..1000 (gh aws-samples/update-aws-ip-ranges#1).
    """
    if size is None or not 1 <= size <= _SIZE_END:
        raise Refused("InvalidParameterValue", f"Must specify a max size between 1 and {_SIZE_END}")
    return size


def read_entry(family: Family, cidr: str, text: str | None) -> Entry:
    """One entry with its network canonical (that host bits are dropped here too is UNVERIFIED).

    Raises:
        Refused: InvalidParameterValue.
    """
    if text is not None and len(text) > _TEXT_END:
        raise Refused(
            "InvalidParameterValue",
            f"Entry descriptions may not be longer than {_TEXT_END} characters.",
        )
    return Entry(canonical("ipv4" if family == "IPv4" else "ipv6", cidr), text)


def _entries(family: Family, members: list[Params]) -> list[Entry]:
    if len(members) > _ENTRIES_A_CALL:
        # gh hashicorp/terraform-provider-aws#49955; the grammar is the vendor's.
        raise Refused(
            "InvalidParameterValue",
            f"The number of entries per request cannot exceeds limit ({_ENTRIES_A_CALL}).",
        )
    found = [read_entry(family, each.need("Cidr"), each.text("Description")) for each in members]
    if len({entry.cidr for entry in found}) < len(found):
        raise Refused("InvalidParameterValue", "Request cannot contain the same Cidr twice")
    return found


def _too_many(prefix_list: PrefixList) -> Refused:
    return Refused(
        "PrefixListMaxEntriesExceeded",
        f"You've reached the maximum number of entries for the prefix list ({prefix_list.id}).",
    )


def _start(
    request: Request, old: PrefixList, verb: str, done: PrefixList, *, fails: str | None = None
) -> str:
    """Begin a change: in progress until the dialect's time is over, then complete or failed."""
    if fails is None:
        done = replace(done, state=f"{verb}-complete", message=None)
    else:
        done = replace(old, state=f"{verb}-failed", message=fails)
    under_way = replace(
        old,
        state=f"{verb}-in-progress",
        message=None,
        becomes=replace(done, becomes=None),
        done_at=request.world.clock() + request.dialect.lists_settle,
    )
    request.region.put_list(under_way)
    request.region.settle_lists()
    return nest("prefixList", list_xml(under_way))


def create_list(request: Request) -> str:
    """CreateManagedPrefixList."""
    params, region = request.params, request.region
    token = params.text("ClientToken")
    if token and token in region.tokens and region.tokens[token] in region.lists:
        return nest("prefixList", list_xml(region.lists[region.tokens[token]]))
    name, family = params.need("PrefixListName"), params.need("AddressFamily")
    if name.startswith("com.amazonaws") or len(name) > _TEXT_END:
        raise Refused("InvalidParameterValue", f"Prefix list name '{name}' is not allowed")
    if family not in {"IPv4", "IPv6"}:
        raise Refused("InvalidParameterValue", f"Invalid address family '{family}'")
    known: Family = "IPv4" if family == "IPv4" else "IPv6"
    size = check_size(params.number("MaxEntries"))
    entries = tuple(_entries(known, params.structs("Entry")))
    prefix_list = PrefixList(
        id=region.world.ids.next("pl"),
        name=name,
        family=known,
        max_entries=size,
        owner=region.account,
        region=region.name,
        weight=size,
        versions=((1, entries),),
        tags=read_tags(params, "prefix-list"),
    )
    if len(entries) > size:
        raise _too_many(prefix_list)
    if token:
        region.tokens[token] = prefix_list.id
    return _start(request, prefix_list, "create", prefix_list)


def modify_list(request: Request) -> str:
    """ModifyManagedPrefixList: entries, or the size, or the name."""
    params = request.params
    old = _writable(request)
    if old.resolver is not None:
        # SDK, ManagedPrefixList.IpamPrefixListResolverTargetId; the code is UNVERIFIED.
        raise Refused(
            "OperationNotPermitted",
            f"The prefix list ({old.id}) is managed by {old.resolver}.",
        )
    adds = _entries(old.family, params.structs("AddEntry"))
    removes = _entries(old.family, params.structs("RemoveEntry"))
    size, version, name = (
        params.number("MaxEntries"),
        params.number("CurrentVersion"),
        params.text("PrefixListName"),
    )
    if size is not None and (adds or removes):
        # SDK, ModifyManagedPrefixList.MaxEntries.
        raise Refused(
            "InvalidParameterCombination",
            "You cannot modify the entries of a prefix list and its size at the same time",
        )
    if (adds or removes) and version is None:
        raise Refused("MissingParameter", "The request must contain the parameter CurrentVersion")
    _check_version(old, version)
    done = replace(old, name=name) if name else old
    if size is not None:
        resized = replace(done, max_entries=check_size(size), weight=size)
        if len(old.entries(old.version) or ()) > size:
            raise _too_many(old)
        return _start(request, old, "modify", resized, fails=_unfit(request.region, resized))
    if adds or removes:
        done = next_version(done, _changed(request, old, adds, removes))
    return _start(request, old, "modify", done)


def _changed(
    request: Request, old: PrefixList, adds: list[Entry], removes: list[Entry]
) -> tuple[Entry, ...]:
    now = {entry.cidr: entry for entry in old.entries(old.version) or ()}
    gone = {entry.cidr for entry in removes}
    for entry in adds:
        # Both answers are quoted in hashicorp/terraform-provider-aws, managed prefix list update:
        # a new description takes a call that removes the entry and another that adds it.
        if entry.cidr in gone:
            raise Refused(
                "InvalidParameterValue",
                f"Request cannot contain Cidr {entry.cidr} in both AddPrefixListEntries and "
                "RemovePrefixListEntries",
            )
        if entry.cidr in now:
            raise Refused("InvalidRequest", "The request received was invalid.")
    for cidr in gone:
        if cidr not in now:
            raise Refused(  # The code is UNVERIFIED.
                "InvalidPrefixListModification",
                f"The entry {cidr} does not exist in prefix list ({old.id}).",
            )
    kept = [entry for entry in now.values() if entry.cidr not in gone]
    room_for = len(now) if request.dialect.prefix_list_counting == "gross" else len(kept)
    if room_for + len(adds) > old.max_entries:
        raise _too_many(old)
    return (*kept, *adds)


def next_version(prefix_list: PrefixList, entries: tuple[Entry, ...]) -> PrefixList:
    """The list with other entries under the next number."""
    number = prefix_list.version + 1
    # VPC quotas: 1,000 versions, the oldest dropped.
    versions = (*prefix_list.versions, (number, entries))[-_VERSIONS_KEPT:]
    return replace(prefix_list, version=number, versions=versions)


def _unfit(region: Region, resized: PrefixList) -> str | None:
    """The state message where a group that refers to the list has no room for its new size."""
    quota = region.world.quota(region.account, region.name)
    extra = resized.max_entries - region.lists[resized.id].max_entries
    unfit: list[str] = []
    for group in region.groups.values():
        for egress in (False, True):
            # Every rule that names the list counts all of it, each direction for itself.
            times = sum(rule.peer == resized.id and rule.egress is egress for rule in group.rules)
            if times and max(used(region, group.rules, egress=egress)) + times * extra > quota:
                unfit.append(group.id)
    # SDK, ModifyManagedPrefixList.MaxEntries: the first ten resources stand in the message.
    return f"These resources do not support the size: {', '.join(unfit[:10])}" if unfit else None


def restore_list(request: Request) -> str:
    """RestoreManagedPrefixListVersion: an old version's entries as a new version."""
    old = _writable(request)
    _check_version(old, request.params.number("CurrentVersion"))
    entries = old.entries(request.params.number("PreviousVersion") or 0)
    if entries is None:
        raise Refused(  # The code is UNVERIFIED.
            "InvalidParameterValue", "The previous version does not exist in the prefix list."
        )
    if len(entries) > old.max_entries:
        raise _too_many(old)
    return _start(request, old, "restore", next_version(old, entries))


def delete_list(request: Request) -> str:
    """DeleteManagedPrefixList: references must be removed first."""
    old = _writable(request)
    if references(request.region, old.id):
        raise Refused(  # The code is UNVERIFIED.
            "DependencyViolation", f"The prefix list ({old.id}) has a dependent object"
        )
    return _start(request, old, "delete", old)


def references(region: Region, list_id: str) -> list[str]:
    """The ids of the groups whose rules refer to a prefix list."""
    return [
        group.id
        for group in region.groups.values()
        if any(rule.kind == "list" and rule.peer == list_id for rule in group.rules)
    ]


ACTIONS: dict[str, Action] = {
    "CreateManagedPrefixList": create_list,
    "ModifyManagedPrefixList": modify_list,
    "RestoreManagedPrefixListVersion": restore_list,
    "DeleteManagedPrefixList": delete_list,
}
