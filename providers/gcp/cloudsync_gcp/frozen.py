"""A snapshot as JSON and back, so that a plan can be made again from it; it calls nothing.

Kept is what a plan rests on. What only a call needs, the endpoint, isn't.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cloudsync.immutable import immutable
from cloudsync.provider import Scope
from cloudsync.records.adapted import Adapted
from cloudsync_gcp.snapshot import GcpSnapshot, Network, Quota, unknown_quota
from cloudsync_gcp.target import Target

Frozen = dict[str, Any]


_NETWORK: Final = Adapted[Network](Network)


@immutable
class Block:
    """What the pure half asks of a target block."""

    ports: tuple[int, ...]


@immutable
class Told:
    """A quota as it was when somebody asked for it."""

    asked: Quota

    def __call__(self) -> Quota:
        """The quota."""
        return self.asked


def freeze(snapshot: GcpSnapshot) -> Frozen:
    """``snapshot`` as JSON. The quota is kept where somebody asked for it."""
    ports = getattr(snapshot.scope.settings, "ports", None)
    asked: Quota | None = getattr(snapshot.quota, "asked", None)
    return {
        "scope": snapshot.scope.name,
        "ports": None if ports is None else list(ports),
        "network": _in_order(_NETWORK.to_value(snapshot.network)),
        "places": {name: list(target) for name, target in snapshot.places.items()},
        "quota": None if asked is None else list(asked),
    }


def thaw(frozen: Mapping[str, Any]) -> GcpSnapshot:
    """The snapshot that ``freeze`` was given.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it isn't what ``freeze`` gave.
    """
    ports = frozen["ports"]
    return GcpSnapshot(
        Scope(frozen["scope"], None if ports is None else Block(tuple(ports))),
        _NETWORK.from_value(frozen["network"]),
        {name: Target(kind, text) for name, (kind, text) in frozen["places"].items()},
        _quota(frozen["quota"]),
    )


def _in_order(network: Frozen) -> Frozen:
    """With what was a set in one order, so that equal networks are kept alike."""
    layers = [{**layer, "taken": sorted(layer["taken"])} for layer in network["layers"]]
    return {**network, "layers": layers, "names": sorted(network["names"])}


def _quota(asked: list[int] | None) -> Callable[[], Quota | None]:
    return unknown_quota if asked is None else Told(Quota(*asked))
