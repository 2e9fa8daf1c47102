"""What the tests of the rules share: permissions, snapshots and wishes; it holds no test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any, Literal

from cloudsync.exposure import Name
from cloudsync.model import Mode, Wanted
from cloudsync.provider import Scope
from cloudsync_aws.rule import PrefixList
from cloudsync_aws.snapshot import AwsSnapshot, read

SCOPE = Scope("aws:123456789012/us-east-1")
TARGET = "aws:123456789012/us-east-1/sg-0abc"


def permission(
    *sources: str,
    protocol: str = "tcp",
    first: int | None = 25,
    last: int | None = None,
    text: str = "",
) -> dict[str, Any]:
    """One permission: ``sources`` are CIDRs, ``pl-…``, ``sg-…`` or ``ACCOUNT/sg-…``."""
    found: dict[str, Any] = {"IpProtocol": protocol}
    if first is not None:
        found |= {"FromPort": first, "ToPort": first if last is None else last}
    for source in sources:
        kind, one = _source(source)
        if text:
            one["Description"] = text
        found.setdefault(kind, []).append(one)
    return found


def _source(source: str) -> tuple[str, dict[str, str]]:
    if source.startswith("pl-"):
        return "PrefixListIds", {"PrefixListId": source}
    if "sg-" in source:
        owner, _, group = source.rpartition("/")
        return "UserIdGroupPairs", {"UserId": owner or "123456789012", "GroupId": group}
    if ":" in source:
        return "Ipv6Ranges", {"CidrIpv6": source}
    return "IpRanges", {"CidrIp": source}


def own(*sources: str, purpose: str = "list", first: int = 25) -> dict[str, Any]:
    """A permission as the installation ``mail`` makes it."""
    return permission(*sources, first=first, text=f"cloudsync/mail {purpose}")


def snapshot(
    *permissions: Mapping[str, Any],
    lists: Sequence[PrefixList] = (),
    quota: int = 60,
    egress: Sequence[Mapping[str, Any]] = (),
) -> AwsSnapshot:
    """A snapshot of the one group ``TARGET`` with these inbound rules."""
    group = {
        "GroupId": "sg-0abc",
        "OwnerId": "123456789012",
        "IpPermissions": [dict(one) for one in permissions],
        "IpPermissionsEgress": [dict(one) for one in egress],
    }
    return read(SCOPE, [group], {one.id: one for one in lists}, lambda: quota)


def wanted(
    *networks: str,
    mode: Mode = Mode.ADD,
    also: Sequence[str] = (),
    names: Sequence[Name] = (),
    internal: Literal["keep", "close"] | None = None,
    ports: tuple[int, ...] = (25,),
) -> Wanted:
    """What the installation ``mail`` wants."""
    return Wanted(
        "mail",
        mode,
        tuple(ip_network(each) for each in networks),
        tuple(ip_network(each) for each in also),
        frozenset(names),
        internal,
        ports,
    )
