"""What the configuration says of who hears of conditions, and how; no secret stands in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from cloudsync.conditions.condition import RUNBOOK, Severity
from cloudsync.config.refusal import refused
from cloudsync.config.times import Duration
from cloudsync.config.values import Settings, Words, distinct

ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
Topic = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$"),
]


class ChannelSettings(Settings, frozen=True):
    """One way to reach somebody, and what he hears of. Exactly one of ``url_env`` and ``sns``."""

    name: ChannelName
    """What it is called in messages and conditions."""
    url_env: Variable | None = None
    """The environment variable that holds its URL, as Apprise writes it."""
    sns: Topic | None = None
    """An SNS topic, reached with the AWS identity that the program runs as."""
    severities: Annotated[
        tuple[Literal["page", "ticket", "note"], ...], Field(min_length=1), AfterValidator(distinct)
    ] = ("page", "ticket", "note")
    """Which severities it hears of."""
    targets: Annotated[tuple[Words, ...], AfterValidator(distinct)] = ()
    """Patterns of targets it hears of (`aws:123456789012/*`); left out, all, and all else too."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.url_env is None) == (self.sns is None):
            raise refused(
                "names two ways" if self.sns else "names no way",
                "Give exactly one of url_env and sns.",
            )
        return self

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


class Alerts(Settings, frozen=True):
    """The ways to reach somebody, and how often."""

    channels: Annotated[tuple[ChannelSettings, ...], AfterValidator(named_once)] = ()
    """The ways to reach somebody; without one, conditions are kept and logged."""
    again: Duration = Field(default=timedelta(days=1), json_schema_extra={"default": "1d"})
    """After how long one hears again of what lasts."""
    runbook: Annotated[Words, Field(max_length=500)] = RUNBOOK
    """Where `docs/conditions.md` is read, or one's own with the same sections: messages lead there."""
