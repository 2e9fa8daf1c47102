"""The AWS target block of a configuration: which account, regions and groups; it calls nothing."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from cloudsync.config import Settings, TargetSettings, distinct, refused, shown
from cloudsync.config.shape import checked, members, text, turned
from cloudsync_aws.accounts import Account, Organization, whole
from cloudsync_aws.roles import Role

_GROUP: Final = re.compile(r"([0-9]{12}/)?sg-[0-9a-f]{1,32}")
_PREFIX_LIST: Final = re.compile(r"pl-[0-9a-f]{1,32}")


def region(value: str) -> str:
    """A region's name. Which there are, and which are enabled, only AWS knows.

    Raises:
        PydanticCustomError: it can't be one.
    """
    if re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}", value) is None:
        raise refused(f"{shown(value)} isn't a region", "Write its code, such as us-east-1.")
    return value


def target_id(value: str) -> str:
    """The id of a security group or of a prefix list; which of them the block's kind wants.

    Raises:
        PydanticCustomError: it is neither.
    """
    return value if _PREFIX_LIST.fullmatch(value) else group_id(value)


def group_id(value: str) -> str:
    """The id of a security group of the account itself.

    Raises:
        PydanticCustomError: it isn't one.
    """
    if "/" in value or _GROUP.fullmatch(value) is None:
        raise refused(
            f"{shown(value)} isn't a security group's id",
            "Write the id, such as sg-0a1b2c3d, not the name.",
        )
    return value


TagKey = Annotated[str, text(least=1, most=128)]
TagValue = Annotated[str, text(most=256)]


Regions = Annotated[
    tuple[Annotated[str, checked(region)], ...],
    members(1),
    checked(distinct),
]


class AwsSelect(Settings):
    """Which security groups or prefix lists are targets: those that carry every tag, or those named."""

    tags: Annotated[dict[TagKey, TagValue], members(1)] | None = None
    """Tags that a group or list must carry, all of them, with these very values."""
    ids: (
        Annotated[
            tuple[Annotated[str, checked(target_id)], ...],
            members(1),
            checked(distinct),
        ]
        | None
    ) = None
    """Ids of groups, or of prefix lists."""
    groups: (
        Annotated[
            tuple[Annotated[str, checked(group_id)], ...],
            members(1),
            checked(distinct),
        ]
        | None
    ) = None
    """The groups that may refer to a prefix list; those that carry the tags needn't be named."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        if (self.tags is None) is (self.ids is None):
            what = "names no groups" if self.ids is None else "gives both tags and ids"
            raise refused(what, "Give tags: {KEY: VALUE} or ids: [sg-…], one of the two.")


class AwsSettings(TargetSettings):
    """A target block with ``provider: aws``."""

    provider: Literal["aws"] = "aws"
    """aws."""
    kind: Literal["security-group", "prefix-list"] = "security-group"
    """What the targets are."""
    accounts: tuple[Account, ...] = ()
    """The accounts that are meant; left out: the caller's own, whichever it is."""
    organization: Annotated[
        Organization | None,
        turned(whole),
    ] = None
    """The accounts of the organization in place of named ones: true, or which of them."""
    regions: Regions | None = None
    """The regions to look in; left out: every enabled one."""
    exclude_regions: Annotated[tuple[Annotated[str, checked(region)], ...], checked(distinct)] = ()
    """Regions not to look in, where the others aren't named."""
    select: AwsSelect
    """Which groups are targets."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        self._one_way_to_name_places()
        self._sources_exist_here()
        self._of_one_kind()
        self._nothing_is_ordered_here()

    def _one_way_to_name_places(self) -> None:
        if self.accounts and self.organization is not None:
            raise refused(
                "accounts are named, and an organization too",
                "Keep one of the two; organization.include names some of its accounts.",
                below=("accounts",),
            )
        ids = [account.id for account in self.accounts]
        for number, one in enumerate(ids):
            if one in ids[:number]:
                raise refused(
                    f"account {one} stands twice", "Keep one of the two.",
                    below=("accounts", number, "id"),
                )  # fmt: skip
        if self.regions and self.exclude_regions:
            raise refused(
                "regions are named, and others excluded",
                "Keep one of the two: what isn't named isn't looked at.",
                below=("exclude_regions",),
            )

    @property
    def discovers(self) -> bool:
        """Whether AWS says which accounts or regions there are."""
        return self.organization is not None or self.regions is None

    def role_in(self, account: str) -> Role | None:
        """The role to assume in ``account``; None where the caller works as themself."""
        if self.organization is not None:
            each = self.organization
            return Role(account, each.role, each.external_id, each.session_name)
        for one in self.accounts:
            if one.id == account and one.role is not None:
                return Role(account, one.role, one.external_id, one.session_name)
        return None

    def _sources_exist_here(self) -> None:
        todo = "Name a network, a group by its id, or a prefix list by its id."
        for number, also in enumerate(self.also_allow):
            if also.tag is not None:
                what, key = "a security group knows no tags as sources", "tag"
            elif also.group is not None and _GROUP.fullmatch(also.group) is None:
                what, key = f"{shown(also.group)} isn't a security group's id", "group"
            elif also.prefix_list is not None and _PREFIX_LIST.fullmatch(also.prefix_list) is None:
                what, key = f"{shown(also.prefix_list)} isn't a prefix list's id", "prefix_list"
            else:
                continue
            raise refused(what, todo, below=("also_allow", number, key))

    def _of_one_kind(self) -> None:
        lists = self.kind == "prefix-list"
        for number, one in enumerate(self.select.ids or ()):
            if one.startswith("pl-") is not lists:
                other = "prefix-list" if one.startswith("pl-") else "security-group"
                raise refused(
                    f"{shown(one)} is no {self.kind.replace('-', ' ')}",
                    f"Give ids of one kind in a block, or set kind: {other}.",
                    below=("select", "ids", number),
                )
        if not lists:
            if self.select.groups is not None:
                raise refused(
                    "groups are named that refer to a list, and the targets are groups",
                    "Name them under ids, or set kind: prefix-list.",
                    below=("select", "groups"),
                )
            return
        for number, also in enumerate(self.also_allow):
            if also.network is None:
                key = "group" if also.group is not None else "prefix_list"
                raise refused(
                    "a prefix list holds networks and no names",
                    "Let the group or list in by a rule of the groups that refer to the list.",
                    below=("also_allow", number, key),
                )

    def _nothing_is_ordered_here(self) -> None:
        if self.priority is not None:
            raise refused(
                "security groups have no priorities", "Leave it out.", below=("priority",)
            )
