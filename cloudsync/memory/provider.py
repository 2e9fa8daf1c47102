"""The in-memory provider's calls: they read and write a ``World`` and decide nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Final, cast

from cloudsync.memory.firewall import MemorySnapshot, Rule
from cloudsync.memory.rules import MemoryRules
from cloudsync.memory.sandbox import World
from cloudsync.memory.settings import MemorySettings
from cloudsync.provider import Outcome, Scope, Snapshot, Step, Unreadable

WORLDS: Final[dict[str, World]] = {}
"""The worlds of this process, by the name that a target block gives."""


class Provider:
    """Fulfils ``cloudsync.provider.Provider``."""

    name: ClassVar[str] = "memory"
    settings: ClassVar[type[MemorySettings]] = MemorySettings

    def __init__(self, *, ties: bool = True) -> None:
        self.rules = MemoryRules(ties=ties)

    def on_loopback(self, settings: MemorySettings) -> bool:
        """Memory is nobody's cloud."""
        del settings
        return True

    def survey(self, regions: Sequence[str], endpoint: str | None) -> MemorySettings:
        """The whole of one world; it has no regions and no endpoint."""
        del regions, endpoint
        return MemorySettings(mode="watch")

    def scopes(self, settings: MemorySettings) -> Iterable[Scope | Unreadable]:
        """One scope a world."""
        name = f"memory:{settings.world}"
        if settings.world not in WORLDS:
            return [Unreadable(name, "there is no such world", "Make it first.")]
        return [Scope(name, settings)]

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[Snapshot | Unreadable]:
        """One snapshot of all firewalls that were asked for."""
        del deadline  # memory answers at once
        settings = cast("MemorySettings", scope.settings)
        world = WORLDS[settings.world]
        if world.unreadable:
            yield Unreadable(scope.name, world.unreadable, "Repair the world.")
            return
        ids = settings.select.ids
        firewalls = {
            f"{scope.name}/{name}": firewall
            for name, firewall in world.seen().items()
            if ids is None or name in ids
        }
        yield MemorySnapshot(
            scope,
            {t: firewall for t, firewall in firewalls.items() if only is None or t in only},
        )

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """Write one rule."""
        del deadline
        scope, _, name = step.targets[0].partition("/")
        return WORLDS[scope.removeprefix("memory:")].write(name, step, cast("Rule", step.call))
