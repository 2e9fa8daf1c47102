"""The AWS target block of a configuration: which account, regions and groups; it calls nothing."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from cloudsync.config import Settings, TargetSettings, Words, distinct, refused, shown

_GROUP: Final = re.compile(r"([0-9]{12}/)?sg-[0-9a-f]{1,32}")
_PREFIX_LIST: Final = re.compile(r"pl-[0-9a-f]{1,32}")


def account_id(value: str) -> str:
    """An account's 12 digits.

    Raises:
        PydanticCustomError: it isn't that.
    """
    if re.fullmatch(r"[0-9]{12}", value) is None:
        raise refused(
            f"{shown(value)} isn't an account id",
            'An id has 12 digits, in quotes: "123456789012".',
        )
    return value


def region(value: str) -> str:
    """A region's name. Which there are, and which are enabled, only AWS knows.

    Raises:
        PydanticCustomError: it can't be one.
    """
    if re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}", value) is None:
        raise refused(f"{shown(value)} isn't a region", "Write its code, such as us-east-1.")
    return value


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


TagKey = Annotated[str, StringConstraints(min_length=1, max_length=128)]
TagValue = Annotated[str, StringConstraints(max_length=256)]


class Account(Settings, frozen=True):
    """An account, and the role that is assumed to work in it."""

    id: Annotated[str, AfterValidator(account_id)]
    """Its 12 digits, in quotes."""
    role: Words | None = None
    """The role to assume there."""


class Select(Settings, frozen=True):
    """Which security groups are targets: those that carry every tag, or those named."""

    tags: Annotated[dict[TagKey, TagValue], Field(min_length=1)] | None = None
    """Tags that a group must carry, all of them, with these very values."""
    ids: (
        Annotated[
            tuple[Annotated[str, AfterValidator(group_id)], ...],
            Field(min_length=1),
            AfterValidator(distinct),
        ]
        | None
    ) = None
    """Ids of groups."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.tags is None) is (self.ids is None):
            what = "names no groups" if self.ids is None else "gives both tags and ids"
            raise refused(what, "Give tags: {KEY: VALUE} or ids: [sg-…], one of the two.")
        return self


class AwsSettings(TargetSettings, frozen=True):
    """A target block with ``provider: aws``."""

    provider: Literal["aws"] = "aws"
    """aws."""
    kind: Literal["security-group"] = "security-group"
    """What the targets are."""
    accounts: tuple[Account, ...] = ()
    """The account that is meant; left out: the caller's own, whichever it is."""
    regions: (
        Annotated[
            tuple[Annotated[str, AfterValidator(region)], ...],
            Field(min_length=1),
            AfterValidator(distinct),
        ]
        | None
    ) = None
    """The regions to look in; left out: every enabled one."""
    select: Select
    """Which groups are targets."""

    @model_validator(mode="after")
    def _own_account(self) -> Self:
        # Account ids are compared with the caller's own by the provider, which alone can ask.
        todo = "Name the account that the credentials belong to, without a role, or leave it out."
        what = "this release works in the caller's own account, and "
        if len(self.accounts) > 1:
            raise refused(f"{what}{len(self.accounts)} are named", todo, below=("accounts",))
        if self.accounts and self.accounts[0].role is not None:
            raise refused(f"{what}doesn't assume a role", todo, below=("accounts",))
        return self

    @model_validator(mode="after")
    def _sources_exist_here(self) -> Self:
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
        return self

    @model_validator(mode="after")
    def _nothing_is_ordered_here(self) -> Self:
        if self.priority is not None:
            raise refused(
                "security groups have no priorities", "Leave it out.", below=("priority",)
            )
        return self
