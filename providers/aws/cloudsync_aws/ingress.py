"""A security group's inbound rules, read from what boto3 answered; it judges none and calls nothing.

A sweep looks at thousands of groups whose rules are mostly the same. So equal groups share one
``Ingress``, what is derived from it is derived once, and a ``Rule`` is made only for a group that
something has to be said about.
"""

from __future__ import annotations

import marshal
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from cloudsync.addresses import INTERNAL, NOBODY, AddressSet
from cloudsync.exposure import Name
from cloudsync.immutable import immutable
from cloudsync.model import OUR_MARKS
from cloudsync_aws.rule import REMEMBERED, TCP, PrefixList, Rule, addresses, canonical, cover

_KINDS: Final = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")

Permission = Mapping[str, Any]
"""One ``IpPermission`` as boto3 gives and takes it: a protocol, ports, and sources of four kinds."""


# Compared by identity, so that what is derived from it can be remembered without a deep hash.
@dataclass(frozen=True, slots=True, eq=False)
class Ingress:
    """The inbound rules of one group, or of several equal ones, and the prefix lists they name.

    ``written`` are the permissions as bytes, which ``packed`` makes small.
    """

    permissions: Sequence[Permission]
    account: str
    lists: tuple[PrefixList, ...]
    written: bytes

    def prefix_list(self, source: str) -> PrefixList:
        """The list that a rule of this group names."""
        return next((one for one in self.lists if one.id == source), PrefixList(source))


@immutable
class Alone:
    """The rules that open one port alone: descriptions by source, networks apart from names."""

    networks: Mapping[str, str]
    names: Mapping[str, str]


def ingress(
    permissions: Sequence[Permission], account: str, lists: Mapping[str, PrefixList]
) -> Ingress:
    """The inbound rules of a group of ``account``; equal ones are one object."""
    ids = {one["PrefixListId"] for each in permissions for one in each.get("PrefixListIds", ())}
    known = tuple(lists.get(one) or PrefixList(one) for one in sorted(ids)) if ids else ()
    # Version 2 of the format writes equal values as equal bytes; later ones depend on identity.
    plain: Any = permissions
    return _shared(_Written(marshal.dumps(plain, 2), permissions), account, known)


@immutable
class _Written:
    """Permissions, and the bytes by which two of them are compared: far quicker than deep."""

    text: bytes
    permissions: Sequence[Permission] = field(compare=False)


@lru_cache(maxsize=REMEMBERED)
def _shared(written: _Written, account: str, lists: tuple[PrefixList, ...]) -> Ingress:
    return Ingress(written.permissions, account, lists, written.text)


def packed(group: Ingress) -> bytes:
    """The permissions of ``group`` in as little room as it can be.

    What outlives a page keeps these: boto3's own objects take twenty times as much.
    """
    return zlib.compress(group.written, 1)


@lru_cache(maxsize=64)
def restored(small: bytes, account: str, lists: tuple[PrefixList, ...]) -> Ingress:
    """The ``Ingress`` that ``packed`` made ``small``."""
    written = zlib.decompress(small)
    # The bytes come from ``ingress``, from nowhere else.
    return Ingress(marshal.loads(written), account, lists, written)  # noqa: S302


@lru_cache(maxsize=REMEMBERED)
def alone(group: Ingress, port: int) -> Alone:
    """The rules that open TCP ``port`` and nothing else."""
    networks: dict[str, str] = {}
    names: dict[str, str] = {}
    for permission in group.permissions:
        if _opens_alone(permission, port):
            networks.update(_networks(permission))
            names.update(_names(permission, group.account))
    return Alone(networks, names)


@lru_cache(maxsize=REMEMBERED)
def wide(group: Ingress, port: int) -> tuple[tuple[Permission, bool], ...]:
    """What lets ``port`` in beside other things; with each, whether for certain."""
    found: list[tuple[Permission, bool]] = []
    for permission in group.permissions:
        if not _opens_alone(permission, port):
            covers = cover(
                permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort"), port
            )
            if covers != "none":
                found.append((permission, covers == "full"))
    return tuple(found)


def _opens_alone(permission: Permission, port: int) -> bool:
    return (
        permission.get("FromPort") == port == permission.get("ToPort")
        and permission["IpProtocol"] in TCP
    )


@lru_cache(maxsize=REMEMBERED)
def marked(group: Ingress) -> int:
    """How many rules carry the mark of some installation of ours, or of our Terraform modules."""
    # Most descriptions of a group are the same, so each is looked at once.
    return sum(count for text, count in descriptions(group).items() if text.startswith(OUR_MARKS))


def descriptions(group: Ingress) -> Mapping[str, int]:
    """What the rules are called, and how many by each name."""
    return Counter(
        one.get("Description", "")
        for permission in group.permissions
        for kind in _KINDS
        for one in permission.get(kind, ())
    )


@lru_cache(maxsize=REMEMBERED)
def rules_of(group: Ingress) -> tuple[Rule, ...]:
    """Every inbound rule, one object each, in the order of their text."""
    return tuple(sorted(_rules(group), key=lambda rule: rule.key))


def _rules(group: Ingress) -> Iterator[Rule]:
    for permission in group.permissions:
        protocol = permission["IpProtocol"]
        first, last = permission.get("FromPort"), permission.get("ToPort")
        every = {**_networks(permission), **_names(permission, group.account)}
        for source, description in every.items():
            yield Rule(
                "tcp" if protocol in TCP else protocol,
                first, last, canonical(source), description,
            )  # fmt: skip


def _networks(permission: Permission) -> dict[str, str]:
    found = {one["CidrIp"]: one.get("Description", "") for one in permission.get("IpRanges", ())}
    for one in permission.get("Ipv6Ranges", ()):
        found[one["CidrIpv6"]] = one.get("Description", "")
    return found


def _names(permission: Permission, account: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in permission.get("PrefixListIds", ()):
        found[one["PrefixListId"]] = one.get("Description", "")
    for one in permission.get("UserIdGroupPairs", ()):
        found[reference(one, account)] = one.get("Description", "")
    return found


def reference(pair: Mapping[str, Any], account: str) -> str:
    """A referenced group as it prints: with its account where that is another one."""
    owner = pair.get("UserId") or account
    # A classic group has only a name; none is left in EC2, but the field is optional.
    group = pair.get("GroupId") or f"sg-{pair.get('GroupName', '')}"
    return group if owner == account else f"{owner}/{group}"


def lets_in(group: Ingress, source: str) -> tuple[AddressSet, Name | None]:
    """Who stands in a rule of ``source``: addresses, or a name where they can't be known.

    A referenced group is bound by internal space: only the private addresses of its members count
    (EC2 user guide, security group rules).
    """
    if "-" not in source:
        return addresses((source,)), None
    if not source.startswith("pl-"):
        return NOBODY, Name(source, INTERNAL)
    found = group.prefix_list(source)
    if found.entries is None or found.by_name:
        return NOBODY, found.name
    return addresses(found.entries), None


def sources_in(permission: Permission, account: str) -> tuple[list[str], list[str]]:
    """The sources of one permission: networks, and names."""
    return [*_networks(permission)], [*_names(permission, account)]
