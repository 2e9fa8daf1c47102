"""The reads of one account's region: groups, rules, prefix lists, the quota; it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from cloudsync.immutable import immutable
from cloudsync.uncollected import uncollected
from cloudsync_aws.ingress import reference
from cloudsync_aws.quota import CODE
from cloudsync_aws.rule import PrefixList, Rule, canonical
from cloudsync_aws.snapshot import DEFAULT_QUOTA, Close

PAGE: Final = 1_000
"""Groups or rules in one answer; the API's most."""
FILTER_VALUES: Final = 200
"""Values in one filter (EC2 user guide, "Filtering considerations")."""
_LIST_PAGE: Final = 100

# A list of AWS's own counts a weight that the API doesn't tell (VPC user guide, "AWS-managed
# prefix lists"); of the others, what is on them is the best guess there is.
_WEIGHTS: Final[Mapping[str, int]] = {"com.amazonaws.global.cloudfront.origin-facing": 55}

Invoke = Callable[..., dict[str, Any]]
"""``invoke(service, action, **arguments)``: one call at the run's pace, as boto3 answers it."""


@immutable
class Known:
    """What was read once of a region and holds for the run: prefix lists by id, and the quota."""

    lists: dict[str, PrefixList] = field(default_factory=dict[str, PrefixList])
    quota: list[int] = field(default_factory=list[int])


def listings(select: Any, only: Iterable[str] | None) -> Iterator[list[dict[str, Any]]]:
    """The filters of each listing that is needed to find what ``select`` asks for.

    Ids stand in a filter, not among the arguments: a group that is gone is then just absent.
    ``only`` narrows to these ids; a group that lost its tag meanwhile is still looked at closely.
    """
    ids: Sequence[str] | None = sorted(only) if only is not None else select.ids
    if ids is None:
        # Several tags are several filters, and EC2 wants all of them to match.
        yield [
            {"Name": f"tag:{key}", "Values": [_literal(value)]}
            for key, value in select.tags.items()
        ]
        return
    for start in range(0, len(ids), FILTER_VALUES):
        yield [{"Name": "group-id", "Values": list(ids[start : start + FILTER_VALUES])}]


def _literal(value: str) -> str:
    """``value`` as a filter takes it, where ``*`` and ``?`` match anything unless escaped."""
    return value.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def pages(invoke: Invoke, action: str, size: int, **arguments: Any) -> Iterator[dict[str, Any]]:
    """Every page of a listing."""
    token: dict[str, str] = {}
    while True:
        with uncollected():
            answer = invoke("ec2", action, MaxResults=size, **arguments, **token)
        yield answer
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def closely(invoke: Invoke, groups: Sequence[str], account: str) -> dict[str, Close]:
    """The ids and tags of the inbound rules of at most 200 ``groups``, by group."""
    found = {group: Close() for group in groups}
    filters = [{"Name": "group-id", "Values": list(groups)}]
    for page in pages(invoke, "DescribeSecurityGroupRules", PAGE, Filters=filters):
        for rule in page.get("SecurityGroupRules", ()):
            if rule.get("IsEgress"):
                continue
            key = _rule(rule, account).key
            close = found.setdefault(rule["GroupId"], Close())
            close.ids[key] = rule["SecurityGroupRuleId"]
            if rule.get("Tags"):
                close.tags[key] = tuple(sorted((one["Key"], one["Value"]) for one in rule["Tags"]))
    return found


def _rule(answer: Mapping[str, Any], account: str) -> Rule:
    source = (
        answer.get("CidrIpv4")
        or answer.get("CidrIpv6")
        or answer.get("PrefixListId")
        or reference(answer.get("ReferencedGroupInfo", {}), account)
    )
    protocol = "tcp" if answer["IpProtocol"] == "6" else answer["IpProtocol"]
    # Rules without ports say -1 here and nothing in a group's own listing.
    portless = protocol == "-1"
    return Rule(
        protocol,
        None if portless else answer.get("FromPort"),
        None if portless else answer.get("ToPort"),
        canonical(source),
    )


def named_lists(groups: Iterable[Mapping[str, Any]]) -> set[str]:
    """The prefix lists that inbound rules of ``groups`` name."""
    return {
        one["PrefixListId"]
        for group in groups
        for permission in group.get("IpPermissions", ())
        for one in permission.get("PrefixListIds", ())
    }


def prefix_lists(
    invoke: Invoke, ids: Iterable[str], by_name: frozenset[str], unreadable: type[Exception]
) -> dict[str, PrefixList]:
    """The prefix lists ``ids``; one that can't be read has no entries, and counts as opaque."""
    wanted = sorted(ids)
    found: dict[str, PrefixList] = {}
    for start in range(0, len(wanted), _LIST_PAGE):
        filters = [{"Name": "prefix-list-id", "Values": wanted[start : start + _LIST_PAGE]}]
        try:
            for page in pages(invoke, "DescribeManagedPrefixLists", _LIST_PAGE, Filters=filters):
                for one in page.get("PrefixLists", ()):
                    found[one["PrefixListId"]] = _prefix_list(invoke, one, by_name, unreadable)
        except unreadable:
            continue
    return {
        identity: found.get(identity, PrefixList(identity, by_name=identity in by_name))
        for identity in wanted
    }


def _prefix_list(
    invoke: Invoke, one: Mapping[str, Any], by_name: frozenset[str], unreadable: type[Exception]
) -> PrefixList:
    identity: str = one["PrefixListId"]
    entries: tuple[str, ...] | None
    try:
        entries = tuple(
            entry["Cidr"]
            for page in pages(
                invoke, "GetManagedPrefixListEntries", _LIST_PAGE, PrefixListId=identity
            )
            for entry in page.get("Entries", ())
        )
    except unreadable:
        entries = None
    weight = one.get("MaxEntries") or _WEIGHTS.get(one.get("PrefixListName", ""))
    return PrefixList(identity, entries, weight or len(entries or ()) or 1, identity in by_name)


def quota(invoke: Invoke, unreadable: type[Exception]) -> int:
    """Inbound rules a group may hold; the default where the number may not be read."""
    try:
        answer = invoke("service-quotas", "GetServiceQuota", ServiceCode="vpc", QuotaCode=CODE)
    except unreadable:
        return DEFAULT_QUOTA
    return int(answer["Quota"]["Value"])


@immutable
class Ceiling:
    """The quota of a region, asked for once, by whoever needs it first."""

    known: Known
    invoke: Invoke
    unreadable: type[Exception]

    def __call__(self) -> int:
        """The quota."""
        if not self.known.quota:
            self.known.quota.append(quota(self.invoke, self.unreadable))
        return self.known.quota[0]

    @property
    def asked(self) -> int | None:
        """The quota where somebody asked for it; asks nobody."""
        return self.known.quota[0] if self.known.quota else None
