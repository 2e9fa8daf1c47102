"""A provider from somebody else's distribution; it knows its name and its block, and reaches nothing."""

from __future__ import annotations

from typing import ClassVar, Literal

from cloudsync.config import TargetSettings


class ToySettings(TargetSettings):
    """A target block with ``provider: toy``."""

    provider: Literal["toy"] = "toy"
    """toy."""


class Provider:
    """Just enough to be found, and to have its block checked."""

    name: ClassVar[str] = "toy"
    settings: ClassVar[type[ToySettings]] = ToySettings
