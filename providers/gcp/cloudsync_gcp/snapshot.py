"""What one network looked like, and the targets on it, as a frozen value; it reads nothing itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from typing import NamedTuple

from cloudsync.immutable import immutable
from cloudsync.provider import Scope
from cloudsync_gcp.layers import Kind, Layer
from cloudsync_gcp.target import Target


class Quota(NamedTuple):
    """How many firewall rules a project may hold, and how many it does."""

    limit: int
    used: int


def unknown_quota() -> Quota | None:
    """Nobody may read the quota: the API will say when it is reached."""
    return None


@immutable
class Network:
    """A network and every layer that decides on it, in the order in which they are asked.

    ``edited`` is the kind of the layer that own rules stand in. ``outbound`` are the outbound rules
    of all layers, one line each. ``names`` are names of rules that no new one can have.
    """

    project: str
    name: str
    layers: tuple[Layer, ...]
    edited: Kind = "classic"
    outbound: tuple[str, ...] = field(default=(), repr=False)
    names: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def own(self) -> Layer | None:
        """The layer that own rules stand in, or None where the network has no such policy."""
        return next((one for one in self.layers if one.kind == self.edited), None)

    @property
    def ahead(self) -> tuple[Layer, ...]:
        """The layers that are asked before it."""
        kinds = [one.kind for one in self.layers]
        return self.layers[: kinds.index(self.edited)] if self.edited in kinds else self.layers

    @property
    def behind(self) -> tuple[Layer, ...]:
        """The layers that are asked after it."""
        kinds = [one.kind for one in self.layers]
        return self.layers[kinds.index(self.edited) + 1 :] if self.edited in kinds else ()

    def editing(self, layer: Layer) -> Network:
        """The network with ``layer`` in the place of the one that own rules stand in."""
        layers = tuple(layer if one.kind == self.edited else one for one in self.layers)
        return replace(self, layers=layers)


@immutable
class GcpSnapshot:
    """Some targets of one network.

    ``quota`` is asked only where rules would be added: most sweeps never need it.
    """

    scope: Scope
    network: Network
    places: Mapping[str, Target]
    quota: Callable[[], Quota | None] = field(default=unknown_quota, compare=False, repr=False)
    endpoint: str | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """``gcp:PROJECT/NETWORK/tag:T`` of each."""
        return tuple(self.places)

    @property
    def version(self) -> str:
        """Empty: classic rules have no version, and a policy's is read again before a change."""
        return ""

    def outbound(self, target: str) -> str:
        """``sha256:…`` of all outbound rules of the target's network."""
        del target  # a machine may carry any tag, so every rule of the network is looked at
        return digest(self.network.outbound)

    def of(self, targets: Iterable[str]) -> GcpSnapshot:
        """All targets of the network: machines may belong to several, so a change touches each."""
        return self if any(one in self.places for one in targets) else replace(self, places={})


def digest(lines: Iterable[str]) -> str:
    """``sha256:…`` of some lines."""
    return f"sha256:{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"
