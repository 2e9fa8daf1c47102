"""What a demo is made of: the list, the addresses that left it, and fleets; it knows no cloud.

A cloud's distribution brings its fleet by the entry point group ``cloudsync.sandboxes``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import entry_points
from ipaddress import ip_network
from types import TracebackType
from typing import Final, Protocol, Self, cast

from cloudsync.allowlist import Entry, InForce, Leaving, applied
from cloudsync.errors import CloudsyncError, UsageError
from cloudsync.immutable import immutable
from cloudsync.model import Verdict
from cloudsync.source import bundled

GROUP: Final = "cloudsync.sandboxes"

INSTALLATION: Final = "demo"
"""The installation's ``name:``; it stands in the marks of the rules that a fleet is seeded with."""

LISTED: Final = applied(bundled.LISTING.entries)
"""The networks of the bundled list, in address order."""

# Networks that are kept for documentation (RFC 5737): nobody's mail servers.
LEFT: Final = (
    Entry(ip_network("203.0.113.7/32"), "server31.example.net"),
    Entry(ip_network("203.0.113.8/32"), "server32.example.net"),
)
"""Entries that the vendor gave up: rules for them still stand in the fleets."""

_LEFT_SINCE: Final = timedelta(days=30)


@immutable
class Sin:
    """One target of a fleet: what somebody once did to it, and what the job makes of it.

    ``ends`` is the verdict that the target must have when the job is done.
    """

    target: str
    name: str
    what: str
    ends: Verdict


@immutable
class Mishap:
    """What somebody did to a target by hand, in plain words."""

    target: str
    what: str


class Fleet(Protocol):
    """A cloud on this machine, seeded with sins while it is entered."""

    @property
    def url(self) -> str:
        """Where it listens, on loopback."""
        ...

    @property
    def sins(self) -> Sequence[Sin]:
        """Its targets, in the order in which a story tells of them."""
        ...

    @property
    def commands(self) -> Sequence[str]:
        """What a person may type to look at it with the cloud's own command line."""
        ...

    def configuration(self) -> str:
        """Its target blocks in YAML, commented, as items of ``targets:`` without indentation."""
        ...

    def environment(self) -> Mapping[str, str | None]:
        """The variables that lead an SDK here and nowhere else; None: it must not be set."""
        ...

    def break_by_hand(self) -> Mishap:
        """Break a target that was right, behind cloudsync's back."""
        ...

    def elsewhere(self) -> str:
        """All that decides other ports, or what goes out: no run may change it."""
        ...

    def mutations(self) -> Sequence[str]:
        """The mutating calls that it has answered, in order."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Builder(Protocol):
    """A fleet's class."""

    def __call__(self, *, port: int = 0) -> Fleet:
        """Build the fleet; it will listen on ``port`` of 127.0.0.1, 0 for a free one."""
        ...


def builders() -> tuple[Builder, ...]:
    """Every installed fleet, by name, not yet built.

    Raises:
        UsageError: there is none.
        CloudsyncError: one can't be loaded.
    """
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    if not points:
        raise UsageError(
            "demo", "no cloud with a sandbox is installed",
            todo="Install cloudsync-smtp[aws,sandbox].",
        )  # fmt: skip
    found: list[Builder] = []
    for point in points:
        try:
            found.append(cast("Builder", point.load()))
        except ImportError as error:
            raise CloudsyncError(
                f"sandbox {point.name}", f"could not be loaded ({error})",
                todo="Install cloudsync-smtp[aws,sandbox].",
            ) from error  # fmt: skip
    return tuple(found)


def in_force(now: datetime) -> InForce:
    """The list in force that a demo begins with: the bundled one, accepted, and who left it.

    Those left long enough ago to have served any grace that is at most 30 days.

    Raises:
        ValueError: ``now`` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError(f"{now.isoformat()} has no time zone")
    listing = bundled.LISTING
    since = now - _LEFT_SINCE
    return InForce(
        source=listing.source,
        format=listing.format,
        entries=listing.entries,
        leaving=tuple(
            Leaving(entry, first=since - timedelta(days=1), last=since, reads=2, confirmed=since)
            for entry in LEFT
        ),
        published=listing.published,
        accepted_by="the demo",
        accepted_at=since - timedelta(days=60),
    )
