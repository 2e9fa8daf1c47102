"""The EC2 describes of managed prefix lists; it never changes one."""

from __future__ import annotations

from cloudsync_aws.sandbox.lists import find_list, references
from cloudsync_aws.sandbox.paging import Fields, matching, page, read_filters, read_paging
from cloudsync_aws.sandbox.render import list_xml
from cloudsync_aws.sandbox.request import Action, Request
from cloudsync_aws.sandbox.values import PrefixList
from cloudsync_aws.sandbox.wire import Refused, items, tag


def describe_lists(request: Request) -> str:
    """DescribeManagedPrefixLists: the account's own and AWS's."""
    lists = request.region.view().lists
    # SDK, DescribeManagedPrefixLists.Filters: these three and no tags.
    fields: Fields[PrefixList] = {
        "owner-id": lambda each: (each.owner,),
        "prefix-list-id": lambda each: (each.id,),
        "prefix-list-name": lambda each: (each.name,),
    }
    filters = read_filters(request.params, fields, tags=False)
    paging = read_paging(request.params, request.query, lowest=1, highest=100)
    ids = request.params.texts("PrefixListId")
    chosen = [find_list(lists, each) for each in ids] if ids else list(lists.values())
    found, token = page(matching(chosen, filters, fields), lambda each: each.id, paging)
    return tag("nextToken", token) + items("prefixListSet", map(list_xml, found))


def get_entries(request: Request) -> str:
    """GetManagedPrefixListEntries of the version in force or of TargetVersion."""
    lists = request.region.view().lists
    prefix_list = find_list(lists, request.params.need("PrefixListId"))
    version = request.params.number("TargetVersion")
    entries = prefix_list.entries(prefix_list.version if version is None else version)
    if entries is None:
        raise Refused(  # The code is UNVERIFIED.
            "InvalidParameterValue", "The target version does not exist in the prefix list."
        )
    paging = read_paging(request.params, request.query, lowest=1, highest=100)
    found, token = page(list(entries), lambda entry: entry.cidr, paging)
    return tag("nextToken", token) + items(
        "entrySet",
        (tag("cidr", each.cidr) + tag("description", each.description) for each in found),
    )


def get_associations(request: Request) -> str:
    """GetManagedPrefixListAssociations: whatever refers to a list of the caller's own."""
    region = request.region
    prefix_list = find_list(region.lists, request.params.need("PrefixListId"))
    paging = read_paging(request.params, request.query, lowest=5, highest=255)
    if prefix_list.owner != region.account:
        # SDK, GetManagedPrefixListAssociations speaks of the owner's list; the code is UNVERIFIED.
        raise Refused(
            "OperationNotPermitted", f"The prefix list ({prefix_list.id}) is not owned by you."
        )
    every = [(each, region.account) for each in references(region, prefix_list.id)]
    found, token = page([*every, *prefix_list.referrers], lambda each: each[0], paging)
    return tag("nextToken", token) + items(
        "prefixListAssociationSet",
        (tag("resourceId", each) + tag("resourceOwner", owner) for each, owner in found),
    )


ACTIONS: dict[str, Action] = {
    "DescribeManagedPrefixLists": describe_lists,
    "GetManagedPrefixListEntries": get_entries,
    "GetManagedPrefixListAssociations": get_associations,
}
