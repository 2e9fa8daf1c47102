"""Which providers are installed, and the look-up of one by its name; it calls no cloud."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol, cast

from cloudsync.errors import CloudsyncError, UsageError
from cloudsync.provider import Provider

GROUP: Final = "cloudsync.providers"
"""The entry-point group in which a distribution announces its provider."""


def installed() -> dict[str, EntryPoint]:
    """The providers that are installed, by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


class Maker(Protocol):
    """A provider's class: its target block, and how one is made."""

    settings: type[Any]

    def __call__(self) -> Provider:
        """Make the provider.

        Raises:
            UsageError: its SDK isn't installed.
        """
        ...


def find(name: str) -> Maker:
    """The provider called ``name``, not yet made: making it may need its SDK.

    Raises:
        UsageError: nobody provides it.
    """
    found = installed()
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise UsageError(
            f"provider {name}", "is not installed",
            todo=f"Installed are: {known}. A provider of yours is found by the entry point {GROUP}.",
        )  # fmt: skip
    try:
        return cast("Maker", found[name].load())
    except (ImportError, AttributeError) as error:
        raise CloudsyncError(
            f"provider {name}", f"could not be loaded ({error})",
            todo="Reinstall the distribution that it comes with.",
        ) from error  # fmt: skip
