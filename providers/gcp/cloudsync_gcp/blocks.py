"""The target blocks that a provider was asked for, held against each other; it calls nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cloudsync.errors import UsageError
from cloudsync_gcp.settings import GcpSettings
from cloudsync_gcp.sharing import ADVICE

_ALIKE: Final = (
    "mode", "kind", "ports", "widen", "shoreline", "also_allow", "internal", "override_denies",
    "close_opaque", "priority",
)  # fmt: skip


@dataclass
class Blocks:
    """The target blocks of each configuration file, and the projects that each has come to."""

    _entered: dict[str, dict[int, tuple[GcpSettings, frozenset[str]]]] = field(
        default_factory=dict[str, dict[int, tuple[GcpSettings, frozenset[str]]]]
    )

    def enter(self, settings: GcpSettings, projects: Iterable[str]) -> None:
        """Take note of a block, the blocks of a file in their order, each time from the first on.

        Raises:
            UsageError: an earlier one is of the same network, and wants something else.
        """
        file = settings.where.partition(":")[0] if ":" in settings.where else ""
        earlier = {
            index: one for index, one in self._entered.get(file, {}).items()
            if index < settings.index
        }  # fmt: skip
        mine = frozenset(projects)
        for other, theirs in earlier.values():
            if other.select.network != settings.select.network or not mine & theirs:
                continue
            keys = [key for key in _ALIKE if getattr(other, key) != getattr(settings, key)]
            if keys:
                raise UsageError(
                    settings.where,
                    f"a machine on the network {settings.select.network} of "
                    f"{min(mine & theirs)} can belong to this block and to {other.where}, and they "
                    f"differ in {', '.join(keys)}",
                    todo=ADVICE,
                )
        self._entered[file] = {**earlier, settings.index: (settings, mine)}
