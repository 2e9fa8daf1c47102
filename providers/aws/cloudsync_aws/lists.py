"""What the prefix lists of one region looked like, as a frozen value; it reads nothing itself.

A list alone lets nobody in: the groups whose rules refer to it do. So with each list go all of its
references, and lists to which one group refers are looked at together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from typing import Final, Literal

from cloudsync.immutable import immutable
from cloudsync.provider import Scope
from cloudsync_aws.ingress import Ingress, rules_of
from cloudsync_aws.roles import Role
from cloudsync_aws.rule import Rule
from cloudsync_aws.snapshot import default_quota, place

MOST_ENTRIES: Final = 1_000
"""Entries that a list may be made to hold (VPC quotas)."""

Family = Literal["IPv4", "IPv6"]


@immutable
class Entry:
    """One network of a list, canonical; its description is where a mark stands."""

    cidr: str
    description: str = ""

    def __str__(self) -> str:
        return f"{self.cidr} ({self.description})" if self.description else self.cidr


@immutable
class ManagedList:
    """One prefix list. ``size`` are the entries it may hold, ``version`` is the one in force.

    ``others`` says in words who else refers to it: another account, or what is no security group.
    ``by_ipam`` marks a list that the address manager writes.
    """

    id: str
    family: Family
    owner: str
    version: int
    size: int
    entries: tuple[Entry, ...] = ()
    state: str = "modify-complete"
    by_ipam: bool = False
    others: tuple[str, ...] = ()

    def takes(self, cidr: str) -> bool:
        """Whether a network is of the list's family."""
        return (":" in cidr) is (self.family == "IPv6")


@immutable
class Referrer:
    """A security group that refers to a list. ``selected`` where the configuration named it."""

    id: str
    inbound: Ingress
    outbound: Ingress
    selected: bool = False

    def rules(self, prefix_list: str) -> tuple[Rule, ...]:
        """The inbound rules that name the list."""
        return tuple(rule for rule in rules_of(self.inbound) if rule.source == prefix_list)

    def refers_outbound(self, prefix_list: str) -> bool:
        """Whether an outbound rule names the list."""
        return any(rule.source == prefix_list for rule in rules_of(self.outbound))


@immutable
class ListSnapshot:
    """The selected prefix lists of one account's region by target, and the groups that refer to them.

    ``weights`` are what other lists count that these groups name; ``quota`` is asked only where a
    list would grow past what the default allows.
    """

    scope: Scope
    lists: Mapping[str, ManagedList]
    groups: tuple[Referrer, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict[str, int])
    quota: Callable[[], int] = field(default=default_quota, compare=False, repr=False)

    @property
    def targets(self) -> tuple[str, ...]:
        """``aws:ACCOUNT/REGION/pl-…`` of each list."""
        return tuple(self.lists)

    @property
    def version(self) -> str:
        """Each list's version in force; a change names the one that it goes out from."""
        return ",".join(f"{one.id}:{one.version}" for one in self.lists.values())

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
        """``sha256:…`` of the groups whose outbound rules name the list."""
        name = self.lists[target].id
        text = "\n".join(one.id for one in self.groups if one.refers_outbound(name))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def referring(self, prefix_list: str) -> tuple[Referrer, ...]:
        """The groups with inbound rules that name the list."""
        return tuple(one for one in self.groups if one.rules(prefix_list))

    def together(self, target: str) -> tuple[str, ...]:
        """The target, and every other that some group refers to beside it, in their order."""
        found = {target}
        while True:
            ids = {self.lists[one].id for one in found}
            groups = [one for one in self.groups if any(one.rules(each) for each in ids)]
            more = {
                other
                for other, each in self.lists.items()
                if other in found or any(one.rules(each.id) for one in groups)
            }
            if more == found:
                return tuple(one for one in self.lists if one in found)
            found = more

    def of(self, targets: Iterable[str]) -> ListSnapshot:
        """These targets, and those that share a group with them."""
        chosen = {other for one in targets if one in self.lists for other in self.together(one)}
        return replace(
            self, lists={target: one for target, one in self.lists.items() if target in chosen}
        )

    def weight(self, prefix_list: str) -> int:
        """What one rule that names the list counts, in both families: all it may hold."""
        for one in self.lists.values():
            if one.id == prefix_list:
                return one.size
        return self.weights.get(prefix_list, 1)
