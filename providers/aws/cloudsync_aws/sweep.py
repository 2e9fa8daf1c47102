"""Looking at the security groups of one account's region, page by page; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from cloudsync.provider import Scope
from cloudsync_aws.caller import Failed
from cloudsync_aws.reading import (
    PAGE,
    Ceiling,
    Invoke,
    Known,
    closely,
    listings,
    named_lists,
    pages,
    prefix_lists,
)
from cloudsync_aws.rule import PrefixList
from cloudsync_aws.snapshot import AwsSnapshot, place, read


def sweep(
    invoke: Invoke, scope: Scope, known: Known, only: frozenset[str] | None
) -> Iterator[AwsSnapshot]:
    """One snapshot a page of up to 1,000 groups; a close look at ``only`` knows rule ids too.

    A sweep asks nothing per group. Prefix lists that rules or ``also_allow`` name, and the quota,
    stay in ``known``; the quota is asked for when a group would pass the default.

    Raises:
        Failed: something couldn't be read.
    """
    account, _ = place(scope)
    by_name = frozenset(also.prefix_list for also in scope.settings.also_allow if also.prefix_list)

    ceiling = Ceiling(known, invoke, Failed)
    ids = None if only is None else [target.rpartition("/")[2] for target in only]
    for filters in listings(scope.settings.select, ids):
        for page in pages(invoke, "DescribeSecurityGroups", PAGE, Filters=filters):
            groups = page.get("SecurityGroups", [])
            if not groups:
                continue
            unread = (named_lists(groups) | by_name) - known.lists.keys()
            if unread:
                known.lists.update(prefix_lists(invoke, unread, by_name, Failed))
            close = None
            if only is not None:
                close = closely(invoke, [group["GroupId"] for group in groups], account)
            yield read(scope, groups, _named(known.lists, by_name), ceiling, close)


def _named(lists: dict[str, PrefixList], by_name: frozenset[str]) -> dict[str, PrefixList]:
    """``lists`` as this target block takes them: another block may not want them by name."""
    return {
        identity: PrefixList(one.id, one.entries, one.weight, identity in by_name)
        for identity, one in lists.items()
    }
