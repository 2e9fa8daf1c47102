"""What one page of security groups looked like, as a frozen value; it reads nothing itself."""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Any, Final

from cloudsync.immutable import immutable
from cloudsync.provider import Scope
from cloudsync.tells import Managed
from cloudsync_aws.ingress import Ingress, Permission, ingress
from cloudsync_aws.others import keeper
from cloudsync_aws.roles import Role
from cloudsync_aws.rule import REMEMBERED, PrefixList

DEFAULT_QUOTA: Final = 60
"""Rules a group may hold, inbound, per family (VPC quotas, L-0EA8095F); it is only ever raised."""


def default_quota() -> int:
    """The quota of an account that never had it raised."""
    return DEFAULT_QUOTA


Tags = tuple[tuple[str, str], ...]
"""Tags as pairs of key and value, in order."""


@immutable
class Close:
    """What only a close look reads of a group's rules: ids and tags, by ``Rule.key``."""

    ids: dict[str, str] = field(default_factory=dict[str, str])
    tags: dict[str, Tags] = field(default_factory=dict[str, Tags])


@immutable
class Group:
    """One security group.

    ``tags`` gives the tags of a rule that has any, and ``ids`` every rule's id, by ``Rule.key``,
    where a close look read them.
    ``egress`` are its outbound rules as bytes, which are compared and never changed. ``owner`` is the account that it belongs
    to, where that isn't the one that it was seen from. ``managed`` is who else keeps the group, by
    what it is called and tagged.
    """

    id: str
    ingress: Ingress
    egress: bytes = field(repr=False)
    tags: Mapping[str, Tags] = field(default_factory=dict[str, Tags], repr=False)
    owner: str | None = None
    managed: Managed | None = None
    ids: Mapping[str, str] = field(default_factory=dict[str, str], compare=False, repr=False)


@immutable
class AwsSnapshot:
    """Some security groups of one account's region, by target.

    ``quota`` is asked only for a group that would pass the default: most sweeps never need it,
    and the provider reads it at most once a run. ``lists`` are the prefix lists that any group or
    the configuration names.
    """

    scope: Scope
    groups: Mapping[str, Group]
    lists: Mapping[str, PrefixList] = field(default_factory=dict[str, PrefixList])
    quota: Callable[[], int] = field(default=default_quota, compare=False, repr=False)

    @property
    def targets(self) -> tuple[str, ...]:
        """``aws:ACCOUNT/REGION/sg-…`` of each group, in the order AWS gave them."""
        return tuple(self.groups)

    @property
    def version(self) -> str:
        """Empty: a security group has no version."""
        return ""

    @property
    def account(self) -> str:
        """The account's 12 digits."""
        return place(self.scope)[0]

    @property
    def region(self) -> str:
        """The region's name."""
        return place(self.scope)[1]

    @property
    def role(self) -> Role | None:
        """The role that is assumed in the account, or None."""
        settings = self.scope.settings
        return None if settings is None else settings.role_in(self.account)

    def outbound(self, target: str) -> str:
        """``sha256:…`` of the group's outbound rules with their descriptions, in any order."""
        return _digest(self.groups[target].egress)

    def of(self, targets: Iterable[str]) -> AwsSnapshot:
        """These targets alone: no two security groups share an object that is changed here."""
        chosen = {target: self.groups[target] for target in targets if target in self.groups}
        return AwsSnapshot(self.scope, chosen, self.lists, self.quota)


def place(scope: Scope) -> tuple[str, str]:
    """Account and region of ``aws:ACCOUNT/REGION``."""
    account, _, region = scope.name.removeprefix("aws:").partition("/")
    return account, region


def read(
    scope: Scope,
    groups: Iterable[Mapping[str, Any]],
    lists: Mapping[str, PrefixList],
    quota: Callable[[], int] = default_quota,
    close: Mapping[str, Close] | None = None,
) -> AwsSnapshot:
    """The snapshot of ``groups`` as boto3's ``describe_security_groups`` answered them.

    ``close`` gives what a close look read, by group id.
    """
    account, _ = place(scope)
    found: dict[str, Group] = {}
    for group in groups:
        identity: str = group["GroupId"]
        looked = (close or {}).get(identity, Close())
        found[f"{scope.name}/{identity}"] = Group(
            identity,
            ingress(group.get("IpPermissions", []), account, lists),
            marshal.dumps(group.get("IpPermissionsEgress", []), 2),
            looked.tags,
            None if group.get("OwnerId", account) == account else group["OwnerId"],
            managed=keeper(group),
            ids=looked.ids,
        )
    return AwsSnapshot(scope, found, lists, quota)


@lru_cache(maxsize=REMEMBERED)
def _digest(egress: bytes) -> str:
    # The bytes were written by ``read``, from nowhere else.
    permissions: Sequence[Permission] = marshal.loads(egress)  # noqa: S302
    lines = sorted(
        repr(
            (each.get("IpProtocol"), each.get("FromPort"), each.get("ToPort"), sorted(one.items()))
        )
        for each in permissions
        for kind in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
        for one in each.get(kind, ())
    )
    return f"sha256:{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"
