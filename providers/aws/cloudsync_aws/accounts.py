"""Which accounts an AWS target block means, and the role that is assumed in each; it calls nothing."""

from __future__ import annotations

import re
from typing import Annotated

from cloudsync.config import Settings, Words, distinct, refused, shown
from cloudsync.config.shape import checked, members
from cloudsync_aws.roles import SESSION


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


def role_name(value: str) -> str:
    """The name of a role, with its path where it has one.

    Raises:
        PydanticCustomError: it is an ARN, or can't be a name.
    """
    if value.startswith("arn:"):
        raise refused(
            f"{shown(value)} is an ARN, and the account is known already",
            "Write the role's name alone, such as cloudsync.",
        )
    if re.fullmatch(r"([!-.0-~]+/)*[\w+=,.@-]{1,64}", value, re.ASCII) is None:
        raise refused(f"{shown(value)} isn't a role's name", "Write its name, such as cloudsync.")
    return value


def external_id(value: str) -> str:
    """What a trust policy may ask for (AssumeRole, ``ExternalId``).

    Raises:
        PydanticCustomError: it is too short or too long, or holds what AWS doesn't take.
    """
    if re.fullmatch(r"[\w+=,.@:/-]{2,1224}", value, re.ASCII) is None:
        raise refused(
            f"{shown(value)} isn't an external id",
            "It has 2 to 1,224 letters, digits and any of _+=,.@:/-.",
        )
    return value


def session_name(value: str) -> str:
    """What the account's logs call the session (AssumeRole, ``RoleSessionName``).

    Raises:
        PydanticCustomError: it is too short or too long, or holds what AWS doesn't take.
    """
    if re.fullmatch(r"[\w+=,.@-]{2,64}", value, re.ASCII) is None:
        raise refused(
            f"{shown(value)} isn't a session's name",
            "It has 2 to 64 letters, digits and any of _+=,.@-.",
        )
    return value


def unit(value: str) -> str:
    """The id of an organizational unit, or of the root.

    Raises:
        PydanticCustomError: it can't be one (Organizations, ``ParentId``).
    """
    if re.fullmatch(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}", value) is None:
        raise refused(
            f"{shown(value)} isn't a unit's id",
            "Write the id, such as ou-a1b2-c3d4e5f6, not the name.",
        )
    return value


RoleName = Annotated[str, checked(role_name)]
ExternalId = Annotated[str, checked(external_id)]
SessionName = Annotated[str, checked(session_name)]


class Account(Settings):
    """An account, and the role that is assumed to work in it."""

    id: Annotated[str, checked(account_id)]
    """Its 12 digits, in quotes."""
    role: RoleName | None = None
    """The role to assume there; left out: it is the caller's own account."""
    external_id: ExternalId | None = None
    """What the role's trust policy asks for."""
    session_name: SessionName = SESSION
    """What the account's logs call us."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        if self.role is None and self.external_id is not None:
            raise refused(
                "an external id goes with a role, and none is named",
                "Name the role: to assume there, or leave it out.",
                below=("external_id",),
            )


class Organization(Settings):
    """The accounts of the AWS Organization that the caller's account is in."""

    units: (
        Annotated[
            tuple[Annotated[str, checked(unit)], ...],
            members(1),
            checked(distinct),
        ]
        | None
    ) = None
    """The units whose accounts are meant, with all below them; left out: the whole organization."""
    include: Annotated[tuple[Words, ...], members(1), checked(distinct)] | None = None
    """The accounts that are meant, by id or name; left out: every one."""
    exclude: Annotated[tuple[Words, ...], checked(distinct)] = ()
    """Accounts that aren't meant, by id or name."""
    role: RoleName = "cloudsync"
    """The role to assume in each of them, the caller's own account included."""
    external_id: ExternalId | None = None
    """What the roles' trust policies ask for."""
    session_name: SessionName = SESSION
    """What the accounts' logs call us."""


def whole(value: object) -> object:
    """``organization: true`` is all of it, with everything as it is left out."""
    return (
        {True: Organization(), False: None}.get(value, value) if isinstance(value, bool) else value
    )
