"""The in-memory provider's target block; it names a world that the same process has made."""

from __future__ import annotations

from typing import Literal

from cloudsync.config import Settings, TargetSettings, Words


class Select(Settings):
    """Which firewalls are targets; left out: all of the world."""

    ids: tuple[Words, ...] | None = None
    """Their names in the world."""


class MemorySettings(TargetSettings):
    """A target block with ``provider: memory``."""

    provider: Literal["memory"] = "memory"
    """memory."""
    world: Words = "world"
    """The world's name."""
    select: Select = Select()
    """Which firewalls are targets."""
