"""What the configuration says of who hears of conditions, and how; no secret stands in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from cloudsync.conditions.condition import RUNBOOK, Severity
from cloudsync.config.refusal import refused
from cloudsync.config.settings import Settings
from cloudsync.config.shape import checked, members, text
from cloudsync.config.times import Duration
from cloudsync.config.values import Words, distinct

ChannelName = Annotated[str, text(r"^[a-z0-9][a-z0-9-]{0,39}$")]
Variable = Annotated[str, text(r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
Topic = Annotated[
    str,
    text(r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$"),
]


class ChannelSettings(Settings):
    """One way to reach somebody, and what he hears of. Exactly one of ``url_env`` and ``sns``."""

    name: ChannelName
    """What it is called in messages and conditions."""
    url_env: Variable | None = None
    """The environment variable that holds its URL, as Apprise writes it."""
    sns: Topic | None = None
    """An SNS topic, reached with the AWS identity that the program runs as."""
    severities: Annotated[
        tuple[Literal["page", "ticket", "note"], ...], members(1), checked(distinct)
    ] = ("page", "ticket", "note")
    """Which severities it hears of."""
    targets: Annotated[tuple[Words, ...], checked(distinct)] = ()
    """Patterns of targets it hears of (`aws:123456789012/*`); left out, all, and all else too."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        if (self.url_env is None) == (self.sns is None):
            raise refused(
                "names two ways" if self.sns else "names no way",
                "Give exactly one of url_env and sns.",
            )

    def hears(self, severity: Severity) -> bool:
        """Whether it hears of a severity at all."""
        return str(severity) in self.severities


def named_once(channels: tuple[ChannelSettings, ...]) -> tuple[ChannelSettings, ...]:
    """``channels`` where each has a name of its own.

    Raises:
        PydanticCustomError: two have one name.
    """
    names = [one.name for one in channels]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise refused(f"{name} stands twice", "Give it another.", below=(number, "name"))
    return channels


class Alerts(Settings):
    """The ways to reach somebody, and how often."""

    channels: Annotated[tuple[ChannelSettings, ...], checked(named_once)] = ()
    """The ways to reach somebody; without one, conditions are kept and logged."""
    again: Duration = timedelta(days=1)
    """After how long one hears again of what lasts."""
    runbook: Annotated[str, text(least=1, most=500, stripped=True)] = RUNBOOK
    """Where `docs/conditions.md` is read, or one's own with the same sections: messages lead there."""
