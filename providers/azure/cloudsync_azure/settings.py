"""The Azure target block of a configuration: which subscriptions and groups, and whom they guard; it calls nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from cloudsync.addresses import AddressSet
from cloudsync.config import Settings, TargetSettings, Words, distinct, refused, shown
from cloudsync.config.shape import checked, members, text
from cloudsync.config.values import NetworkText
from cloudsync_azure.clauses import INTERNET, Protect
from cloudsync_azure.decide import FIRST, LAST
from cloudsync_azure.rule import ANY

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ASG: Final = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network"
    r"/applicationSecurityGroups/[^/]+",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)?")
_EVERY_IPV4: Final = AddressSet.of("0.0.0.0/0")
_EVERY_IPV6: Final = AddressSet.of("::/0")
_GROUPS: Final = 10
"""Application security groups that one rule may name (Azure documentation, "Networking limits")."""


def subscription_id(value: str) -> str:
    """A subscription's id, in lower case.

    Raises:
        PydanticCustomError: it isn't one.
    """
    if _UUID.fullmatch(value) is None:
        raise refused(
            f"{shown(value)} isn't a subscription's id",
            "Write the id, such as 00000000-0000-0000-0000-000000000001, not the name.",
        )
    return value.lower()


def nsg_id(value: str) -> str:
    """``GROUP/NSG``: a network security group by its resource group and name.

    Raises:
        PydanticCustomError: it isn't that.
    """
    if re.fullmatch(r"[\w().-]{1,90}/[\w.-]{1,80}", value) is None:
        raise refused(
            f"{shown(value)} isn't a resource group and a network security group",
            "Write GROUP/NSG, such as mail/mx-nsg.",
        )
    return value


def asg_id(value: str) -> str:
    """An application security group by its ARM id.

    Raises:
        PydanticCustomError: it isn't one.
    """
    if _ASG.fullmatch(value) is None:
        raise refused(
            f"{shown(value)} isn't an application security group's id",
            "Write all of it: /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/"
            "applicationSecurityGroups/NAME.",
        )
    return value


TagKey = Annotated[str, text(least=1, most=512)]
TagValue = Annotated[str, text(most=256)]


class AzureSelect(Settings):
    """Which network security groups are targets: those that carry every tag, or those named."""

    tags: Annotated[dict[TagKey, TagValue], members(1)] | None = None
    """Tags that a group must carry, all of them, with these very values."""
    ids: (
        Annotated[
            tuple[Annotated[str, checked(nsg_id)], ...],
            members(1),
            checked(distinct),
        ]
        | None
    ) = None
    """Groups by resource group and name: GROUP/NSG."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        if (self.tags is None) is (self.ids is None):
            what = "names no groups" if self.ids is None else "gives both tags and ids"
            raise refused(what, "Give tags: {KEY: VALUE} or ids: [GROUP/NSG], one of the two.")


class Protected(Settings):
    """Some of the machines behind a group: by address, or by application security group."""

    addresses: Annotated[tuple[NetworkText, ...], members(1)] | None = None
    """Private addresses or networks of the machines; name them in each family that they have."""
    asg: (
        Annotated[
            tuple[Annotated[str, checked(asg_id)], ...],
            members(1, _GROUPS),
            checked(distinct),
        ]
        | None
    ) = None
    """Application security groups by their ARM ids."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        if (self.addresses is None) is (self.asg is None):
            what = "names no machines" if self.asg is None else "gives both addresses and asg"
            raise refused(what, "Give addresses: […] or asg: […], one of the two, or say all.")


class AzureSettings(TargetSettings):
    """A target block with ``provider: azure``."""

    provider: Literal["azure"] = "azure"
    """azure."""
    kind: Literal["network-security-group"] = "network-security-group"
    """What the targets are."""
    tenant: Annotated[str, checked(subscription_id)] | None = None
    """The tenant to sign in to, by its id; left out: the identity's own."""
    subscriptions: (
        Annotated[
            tuple[Annotated[str, checked(subscription_id)], ...],
            members(1),
            checked(distinct),
        ]
        | None
    ) = None
    """Subscriptions by their ids; left out: all that the identity sees."""
    management_group: Words | None = None
    """A management group by its id: every subscription under it."""
    select: AzureSelect
    """Which groups are targets."""
    protect: Literal["all"] | Protected
    """Whom the target guards: all machines behind the group, or some of them."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        self._scopes_one_way()
        self._some_means_not_all()
        self._sources_exist_here()
        self._priorities_exist()

    def _scopes_one_way(self) -> None:
        if self.subscriptions is not None and self.management_group is not None:
            raise refused(
                "gives both subscriptions and a management group",
                "Give one of the two, or neither for all that the identity sees.",
                below=("management_group",),
            )

    def _some_means_not_all(self) -> None:
        # A rule for every destination isn't one for the networks that hold them all, and it stands
        # for the other family too.
        named = protect_of(self).addresses
        for whole in (_EVERY_IPV4, _EVERY_IPV6):
            if whole <= named:
                (network,) = whole.networks()
                raise refused(
                    f"names every machine, by {network}", "Say protect: all.",
                    below=("protect", "addresses"),
                )  # fmt: skip

    def _sources_exist_here(self) -> None:
        todo = "Name a network, a service tag, or an application security group by its ARM id."
        for number, also in enumerate(self.also_allow):
            if also.prefix_list is not None:
                what, key = "Azure knows no prefix lists", "prefix_list"
            elif also.group is not None and _ASG.fullmatch(also.group) is None:
                what, key = f"{shown(also.group)} isn't an application security group's id", "group"
            elif also.tag is not None and also.tag.lower() in {ANY, "any", INTERNET.lower()}:
                what, key = f"{shown(also.tag)} is everybody outside", "tag"
            elif also.tag is not None and _TAG.fullmatch(also.tag) is None:
                what, key = f"{shown(also.tag)} isn't a service tag", "tag"
            elif also.network is None and protect_of(self).addresses:
                # Bound to one family's machines it would let nobody in to the others, and the own
                # deny would then cut off who got in there.
                what = (
                    "a rule can't name addresses of both families, and who comes by name "
                    "may be of either"
                )
                raise refused(
                    what, "Protect the machines by asg, or name networks.",
                    below=("also_allow", number),
                )  # fmt: skip
            else:
                continue
            raise refused(what, todo, below=("also_allow", number, key))

    def _priorities_exist(self) -> None:
        if self.priority and not FIRST <= self.priority.first <= self.priority.last <= LAST:
            raise refused(
                f"from {self.priority.first} to {self.priority.last} isn't within "
                f"{FIRST} to {LAST}, which are Azure's priorities",
                f"Stay within {FIRST} to {LAST}.",
                below=("priority",),
            )

    def written(self, scope: str, targets: Mapping[str, str]) -> Iterator[list[str]]:
        """One block, for all machines until somebody says whom."""
        yield [
            f'    subscriptions: ["{scope.removeprefix("azure:")}"]',
            "    select:",
            "      ids:",
            *(
                f"        - {one.removeprefix(f'{scope}/')}  # {said}"
                for one, said in targets.items()
            ),
            "    protect: all  # all | {addresses: […]} | {asg: […]}: a group serves a whole subnet",
        ]

    @property
    def discovers(self) -> bool:
        """Whether Azure says which subscriptions there are."""
        return self.subscriptions is None


def protect_of(settings: AzureSettings) -> Protect:
    """Whom the block's targets guard, and how it spells the names it allows."""
    spelt = tuple(
        (one.source.lower(), one.source) for one in settings.also_allow if not one.network
    )
    if isinstance(settings.protect, str):
        return Protect(spelt=spelt)
    return Protect(
        AddressSet.of(*settings.protect.addresses or ()),
        tuple(sorted(one.lower() for one in settings.protect.asg or ())),
        spelt,
    )
