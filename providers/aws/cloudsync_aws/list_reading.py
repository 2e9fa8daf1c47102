"""Looking at the prefix lists of one account's region and at who refers to them; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from cloudsync.provider import Scope
from cloudsync_aws.caller import Failed
from cloudsync_aws.ingress import Ingress, ingress
from cloudsync_aws.lists import Entry, ListSnapshot, ManagedList, Referrer
from cloudsync_aws.reading import FILTER_VALUES, PAGE, Ceiling, Invoke, Known, pages, prefix_lists
from cloudsync_aws.rule import canonical
from cloudsync_aws.snapshot import place

LIST_PAGE: Final = 100
"""Lists or entries in one answer; the API's most."""
_ASSOCIATION_PAGE: Final = 255


def sweep_lists(
    invoke: Invoke, scope: Scope, known: Known, only: frozenset[str] | None
) -> Iterator[ListSnapshot]:
    """One snapshot of every selected list, or none where no list is found.

    A close look reads as much as a sweep: lists to which one group refers are judged together.
    An entry is read at the version that the list's own description told, so that both belong
    together however late reads are.

    Raises:
        Failed: something couldn't be read.
    """
    account, _ = place(scope)
    close = {target.rpartition("/")[2] for target in only or ()}
    found = {one["PrefixListId"]: one for one in _selected(invoke, scope, account, close)}
    if not found:
        return
    groups = tuple(_referrers(invoke, scope, account, tuple(found)))
    inside = {group.id for group in groups}
    lists = {
        f"{scope.name}/{identity}": _read(invoke, one, account, inside)
        for identity, one in found.items()
    }
    named = {
        one.id
        for group in groups
        for rules in (group.inbound, group.outbound)
        for one in rules.lists
    }
    others = named - found.keys()
    known.lists.update(
        prefix_lists(invoke, others - known.lists.keys(), frozenset(), Failed) if others else {}
    )

    weights = {identity: known.lists[identity].weight for identity in sorted(others)}
    yield ListSnapshot(scope, lists, groups, weights, Ceiling(known, invoke, Failed))


def _selected(
    invoke: Invoke, scope: Scope, account: str, close: Iterable[str]
) -> Iterator[Mapping[str, Any]]:
    """What the API says of each list that the block selects, and of those in ``close``."""
    select = scope.settings.select
    ids = sorted({*(select.ids or ()), *close})
    for start in range(0, len(ids), FILTER_VALUES):
        yield from _described(invoke, "prefix-list-id", ids[start : start + FILTER_VALUES])
    if select.ids is None:
        # The API filters lists by owner, id and name, and not by tags.
        for one in _described(invoke, "owner-id", [account]):
            if _tagged(one, select.tags):
                yield one


def _described(invoke: Invoke, name: str, values: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    filters = [{"Name": name, "Values": list(values)}]
    for page in pages(invoke, "DescribeManagedPrefixLists", LIST_PAGE, Filters=filters):
        yield from page.get("PrefixLists", ())


def _tagged(answer: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    carried = {one["Key"]: one["Value"] for one in answer.get("Tags", ())}
    return all(carried.get(key) == value for key, value in tags.items())


def _read(
    invoke: Invoke, one: Mapping[str, Any], account: str, inside: Iterable[str]
) -> ManagedList:
    """One list with its entries; who refers to somebody else's list isn't told to this account."""
    identity: str = one["PrefixListId"]
    owner = "AWS" if one["OwnerId"] == "AWS" else str(one["OwnerId"])
    at = {"TargetVersion": one["Version"]} if one.get("Version") else {}
    entries = tuple(
        Entry(canonical(entry["Cidr"]), entry.get("Description", ""))
        for page in pages(
            invoke, "GetManagedPrefixListEntries", LIST_PAGE, PrefixListId=identity, **at
        )
        for entry in page.get("Entries", ())
    )
    others = _others(invoke, identity, account, set(inside)) if owner == account else ()
    return ManagedList(
        identity,
        "IPv6" if one["AddressFamily"] == "IPv6" else "IPv4",
        owner,
        int(one.get("Version") or 0),
        int(one.get("MaxEntries") or len(entries)),
        entries,
        str(one.get("State", "")),
        bool(one.get("IpamPrefixListResolverSyncEnabled"))
        or bool(one.get("IpamPrefixListResolverTargetId")),
        tuple(others),
    )


def _others(invoke: Invoke, identity: str, account: str, inside: set[str]) -> Iterator[str]:
    """Whatever refers to the list beside this account's own security groups, in words."""
    for page in pages(
        invoke, "GetManagedPrefixListAssociations", _ASSOCIATION_PAGE, PrefixListId=identity
    ):
        for one in page.get("PrefixListAssociations", ()):
            resource, owner = one["ResourceId"], one.get("ResourceOwner", account)
            if owner != account:
                yield f"{resource} of account {owner}"
            elif resource not in inside:
                yield resource


def _referrers(
    invoke: Invoke, scope: Scope, account: str, lists: Sequence[str]
) -> Iterator[Referrer]:
    """The account's groups with any rule, inbound or outbound, that names one of ``lists``."""
    select = scope.settings.select
    found: dict[str, Mapping[str, Any]] = {}
    for name in ("ip-permission.prefix-list-id", "egress.ip-permission.prefix-list-id"):
        for start in range(0, len(lists), FILTER_VALUES):
            filters = [{"Name": name, "Values": list(lists[start : start + FILTER_VALUES])}]
            for page in pages(invoke, "DescribeSecurityGroups", PAGE, Filters=filters):
                for group in page.get("SecurityGroups", ()):
                    found[group["GroupId"]] = group
    for identity in sorted(found):
        group = found[identity]
        yield Referrer(
            identity,
            _rules(group.get("IpPermissions", ()), account),
            _rules(group.get("IpPermissionsEgress", ()), account),
            identity in (select.groups or ())
            or (select.tags is not None and _tagged(group, select.tags)),
        )


def _rules(permissions: Sequence[Mapping[str, Any]], account: str) -> Ingress:
    return ingress(permissions, account, {})
