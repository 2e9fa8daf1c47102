"""What the simulator asks of a world, whatever the cloud: to be looked at truly, and to go wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Protocol

from cloudsync.provider import Provider, Step
from tests.oracle.packets import Meaning, World


class Cloud(Protocol):
    """A cloud as it really is, which only the simulator may ask."""

    probes: tuple[str, ...]
    revokes: bool
    """Whether enforce may take foreign rules away here."""
    together: bool
    """Whether its targets make one exposure between them, so that one's reasons are the other's."""

    @property
    def names(self) -> Sequence[Mapping[str, str]]:
        """Opaque sources that also_allow may name, each as the configuration writes it."""
        ...

    @property
    def form(self) -> str:
        """What its target blocks depend on, but for their settings: empty where on nothing."""
        ...

    @property
    def late(self) -> float:
        """How late reads are, in seconds."""
        ...

    @late.setter
    def late(self, seconds: float) -> None: ...

    @property
    def targets(self) -> Sequence[str]:
        """Every target that was ever there, as it prints."""
        ...

    @property
    def meanings(self) -> tuple[Meaning, ...]:
        """What the opaque names may stand for."""
        ...

    def provider(self) -> Provider:
        """A provider that a process has just made."""
        ...

    def block(self, settings: dict[str, Any]) -> Any:
        """A target block with these settings."""
        ...

    def truth(self, target: str) -> World | None:
        """The target as it is now, in the oracle's words, or None where it is gone."""
        ...

    def fail(self, kind: str) -> None:
        """The next mutating call ends so."""
        ...

    def edit(self, target: str, kind: str, random: Random) -> str:
        """A stranger's edit; what was done, or empty where there was nothing to do."""
        ...

    def regard(self, random: Random) -> None:
        """The operator may change whom the targets guard, where the world has a choice."""
        ...

    def made(self, step: Step) -> bool:
        """Whether the world is as a step was to leave it, where that can be told apart."""
        ...

    def remember(self, target: str) -> None:
        """Keep how the target is, for ``undo``."""
        ...

    def undo(self, target: str) -> None:
        """A stranger brings back what was remembered last."""
        ...

    def delete(self, target: str) -> None:
        """Somebody deletes the target."""
        ...
