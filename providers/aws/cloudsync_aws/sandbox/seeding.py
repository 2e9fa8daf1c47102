"""What stands in the sandbox from the beginning, put there past the API; it logs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from cloudsync_aws.sandbox import permissions
from cloudsync_aws.sandbox.edits import add_rules
from cloudsync_aws.sandbox.lists import check_size, next_version, read_entry
from cloudsync_aws.sandbox.tagging import check_tags
from cloudsync_aws.sandbox.values import Group, PrefixList
from cloudsync_aws.sandbox.world import Region

_VPC_CIDR = "10.0.0.0/16"


def group(
    place: Region,
    *,
    name: str,
    vpc: str | None,
    tags: Mapping[str, str],
    inward: Sequence[Mapping[str, Any]],
    outward: Sequence[Mapping[str, Any]] | None,
    description: str,
) -> str:
    """A group, seen at once by late reads too; its id.

    Raises:
        Refused: for a permission or a tag that EC2 would refuse.
    """
    asked = permissions.read(inward, egress=False, owner=place.account)
    if outward is not None:
        asked += permissions.read(outward, egress=True, owner=place.account)
    if vpc is not None and vpc not in place.vpcs:
        place.add_vpc(_VPC_CIDR, vpc_id=vpc)
    empty = Group(
        id=place.world.ids.next("sg"),
        name=name,
        description=description,
        vpc=vpc or place.default_vpc,
        owner=place.account,
        region=place.name,
        tags=check_tags(tuple(tags.items())),
    )
    full, _ = add_rules(place, empty, asked)
    if outward is None:
        full = replace(full, rules=(*full.rules, place.open_egress()))
    place.put_group(full, settled=True)
    return full.id


def prefix_list(
    place: Region,
    *,
    name: str,
    entries: Sequence[str | tuple[str, str]],
    family: Literal["IPv4", "IPv6"],
    size: int | None,
    tags: Mapping[str, str],
    managed: bool,
    owner: str | None = None,
    resolver: str | None = None,
    referrers: Sequence[tuple[str, str]] = (),
) -> str:
    """A prefix list, seen at once by late reads too; its id.

    Raises:
        Refused: for an entry, a size or a tag that EC2 would refuse.
    """
    pairs = [(each, None) if isinstance(each, str) else each for each in entries]
    room = check_size(size if size is not None else max(len(pairs), 1))
    made = PrefixList(
        id=place.world.ids.next("pl"),
        name=name,
        family=family,
        max_entries=room,
        owner="AWS" if managed else owner or place.account,
        region=place.name,
        weight=room,
        versions=((1, tuple(read_entry(family, *pair) for pair in pairs)),),
        tags=check_tags(tuple(tags.items())),
        resolver=resolver,
        referrers=tuple(referrers),
    )
    place.put_list(made, settled=True)
    return made.id


def rewritten(place: Region, list_id: str, entries: Mapping[str, str]) -> None:
    """The next version of a list, with these entries; late reads don't show it yet.

    Raises:
        Refused: for an entry that EC2 would refuse.
    """
    place.settle_lists()
    held = place.lists[list_id]
    made = tuple(read_entry(held.family, cidr, text or None) for cidr, text in entries.items())
    size = max(held.max_entries, len(made))
    grown = replace(held, max_entries=size, weight=size)
    place.put_list(next_version(grown, made))
