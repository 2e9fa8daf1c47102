"""Where the Terraform modules are published; it publishes nothing."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from cloudsync.config.refusal import refused, shown
from cloudsync.config.settings import Settings
from cloudsync.config.shape import FLAG, checked, text

_ENV: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
_BRANCH: Final = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$"
_STORES: Final = ("s3", "gs", "az", "file")


def git_url(value: str) -> str:
    """The URL of a git repository.

    Raises:
        PydanticCustomError: it is of another kind, or holds a user or a password.
    """
    parts = urlsplit(value)
    if parts.scheme not in {"https", "file"} and not re.match(
        r"http://(127\.0\.0\.1|localhost|\[::1\])[:/]", value
    ):
        raise refused(f"{shown(value)} isn't an https URL", "Write https://HOST/PATH.git.")
    if "@" in parts.netloc:
        raise refused("the URL holds a user or a password", "Name the token's variable: token_env.")
    return value


def store_url(value: str) -> str:
    """The URL of a folder of an object store.

    Raises:
        PydanticCustomError: it is of another kind.
    """
    parts = urlsplit(value)
    if parts.scheme not in _STORES or not (parts.netloc or parts.path.strip("/")):
        raise refused(f"{shown(value)} names no store", "Write s3://BUCKET/FOLDER, gs:// or az://.")
    if "@" in parts.netloc:
        raise refused("the URL holds a user or a password", "Take it out: no secret stands here.")
    return value


class GitSettings(Settings):
    """The git repository that the modules are published to."""

    url: Annotated[str, checked(git_url)]
    """Its address: https, or file on this machine."""
    branch: Annotated[str, text(_BRANCH)] = "main"
    """The branch that a release is added to, and tagged on."""
    propose: Annotated[bool, FLAG] = False
    """Whether a release becomes a branch cloudsync/vVERSION instead, for a person to merge."""
    user: Annotated[str, text(r"^[A-Za-z0-9._-]{1,100}$")] | None = None
    """Who logs in; git if left out."""
    token_env: Annotated[str, text(_ENV)] | None = None
    """The environment variable that holds the password or token."""


class TerraformSettings(Settings):
    """Where the modules go when the list in force changes."""

    git: GitSettings | None = None
    """A git repository."""
    archive: Annotated[str, checked(store_url)] | None = None
    """A folder of an object store, which gets one archive a version."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        if self.git is None and self.archive is None:
            raise refused("names no place", "Add git: or archive:.")
