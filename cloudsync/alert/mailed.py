"""Whether what is to be heard of comes only by the mail whose loss it would tell of; it sends nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from cloudsync.conditions.condition import Severity
from cloudsync.config import Config
from cloudsync.config.alerts import ChannelSettings
from cloudsync.errors import UsageError

BY_MAIL: Final = frozenset(
    {
        "acs", "azure", "brevo", "groundmail", "mailersend", "mailgun", "mailto", "mailtos", "o365",
        "pingram", "postmark", "resend", "sendgrid", "sendpulse", "ses", "smtp2go", "sparkpost",
    }
)  # fmt: skip
"""The services of Apprise 2.3 that deliver to mail addresses (its plugins that ask ``is_email`` of
their targets, less those that only find a member by one, as Slack's does)."""


def heard_of(config: Config, environ: Mapping[str, str]) -> None:
    """Refuse channels that fail exactly when they are needed.

    Raises:
        UsageError: every channel, or every one that wakes somebody, sends to addresses in domains
            that are protected here, and nowhere else.
    """
    domains = {domain.lower().rstrip(".") for one in config.targets for domain in one.domains}
    every = config.alerts.channels
    if not domains or not every:
        return
    inside = {one.name: _inside(environ.get(one.url_env or "", ""), domains) for one in every}
    woken = [one for one in every if one.hears(Severity.PAGE)]
    for said, group in (
        ("all that is heard of", every),
        ("all that is heard of at once", woken),
        ("all that is heard of at once of every target", [one for one in woken if not one.targets]),
    ):
        if where := _all_inside(group, inside):
            raise UsageError(
                f"{config.file}: alerts.channels",
                f"{said} goes by mail to {', '.join(where)}, which is protected here: it "
                "would be lost with the mail whose loss it tells of",
                todo="Add a channel of another kind, or another domain's mail, for severity page.",
            )  # fmt: skip


def _all_inside(
    group: Sequence[ChannelSettings], inside: Mapping[str, frozenset[str]]
) -> list[str]:
    """The protected domains into which all of ``group`` sends; nothing where one doesn't."""
    found = [inside[one.name] for one in group]
    return sorted(frozenset[str]().union(*found)) if all(found) else []


def _inside(url: str, domains: Collection[str]) -> frozenset[str]:
    """The protected domains into which a URL sends; nothing where it sends anywhere else too."""
    where: set[str] = set()
    for service in _services(url):
        if service.url(privacy=True).partition(":")[0] not in BY_MAIL:
            return frozenset()
        for address in _recipients(service):
            name = address.rpartition("@")[2].lower().rstrip(".")
            own = {one for one in domains if name == one or name.endswith(f".{one}")}
            if not own:
                return frozenset()
            where |= own
    return frozenset(where)


def _services(url: str) -> tuple[Any, ...]:
    """What Apprise makes of a URL, which may be several; where it isn't installed nothing is sent."""
    if not url.strip():
        return ()
    try:
        apprise: Any = import_module("apprise")
    except ImportError:
        return ()
    way = apprise.Apprise()
    way.add(url)
    return tuple(way)


def _recipients(service: Any) -> Iterator[str]:
    """The addresses that a service of Apprise sends to; some keep a name beside each."""
    for name in ("targets", "cc", "bcc"):
        for one in getattr(service, name, None) or ():
            address: Any = one if isinstance(one, str) else one[-1]
            if isinstance(address, str) and "@" in address:
                yield address
