"""The accounts and regions that a target block asks for, as scopes; it looks at no firewall."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from cloudsync.errors import NoCredentials, UsageError
from cloudsync.provider import Scope, Unreadable
from cloudsync.tells import Accounts
from cloudsync_aws.caller import Caller, Failed
from cloudsync_aws.failures import unreadable
from cloudsync_aws.organization import accounts
from cloudsync_aws.roles import acting
from cloudsync_aws.settings import AwsSettings

_AT_ONCE: Final = 16
_ENABLED: Final = [{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}]

Found = Scope | Unreadable


def home_of(caller: Caller, settings: AwsSettings) -> str:
    """The region to ask for accounts and regions in."""
    return settings.regions[0] if settings.regions else caller.region


def places(caller: Caller, settings: AwsSettings) -> Iterator[Found]:
    """A scope for each account and region, or why an account's regions aren't known.

    Accounts are asked for their regions as the scopes are taken, some at a time.

    Raises:
        UsageError: there are no credentials, or an account without a role isn't the caller's own.
    """
    home = home_of(caller, settings)
    try:
        own = caller.identity(home, settings.endpoint).account
    except Failed as failed:
        _check_credentials(failed)
        named = [one.id for one in settings.accounts if settings.asks(f"aws:{one.id}")]
        regions = settings.regions or ()
        known = [f"aws:{one}/{region}" for one in named for region in regions]
        for scope in known or [f"aws:{one}" for one in named] or ["aws"]:
            yield unreadable(scope, failed.found, failed.action)
        return
    if settings.organization is None:
        yield from _regions(caller, settings, home, _asked(settings, _named(settings, own)))
        return
    members: Accounts = settings.known or _members(caller, settings, own)
    yield from _regions(caller, settings, home, _asked(settings, members.ids))
    yield from members.unlisted


def listed(caller: Caller, settings: AwsSettings, go_on: Callable[[], None]) -> Accounts | None:
    """The accounts of the block's organization; None where the block means no organization.

    ``go_on`` is asked before each call.

    Raises:
        UsageError: there are no credentials.
    """
    if settings.organization is None:
        return None
    try:
        own = caller.identity(home_of(caller, settings), settings.endpoint).account
    except Failed as failed:
        _check_credentials(failed)
        return Accounts((), (unreadable("aws", failed.found, failed.action),))
    return _members(caller, settings, own, go_on)


def _go_on() -> None:
    """Nobody says stop."""


def _members(
    caller: Caller, settings: AwsSettings, own: str, go_on: Callable[[], None] = _go_on
) -> Accounts:
    home = home_of(caller, settings)

    def ask(action: str, **arguments: Any) -> dict[str, Any]:
        go_on()
        return caller.invoke(
            own, home, settings.endpoint, None, "organizations", action, **arguments
        )

    assert settings.organization is not None
    alone = settings.alone and frozenset(one.partition(":")[2] for one in settings.alone)
    found, unlisted = accounts(ask, settings.organization, alone)
    return Accounts(tuple(found), tuple(unlisted))


def _asked(settings: AwsSettings, found: Sequence[str]) -> list[str]:
    return [account for account in found if settings.asks(f"aws:{account}")]


def _check_credentials(failed: Failed) -> None:
    if failed.found.credentials:
        raise NoCredentials(
            "provider aws",
            f"no credentials were found ({failed.found.what})",
            todo="Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
            "run where a role is attached.",
        ) from failed


def _named(settings: AwsSettings, own: str) -> list[str]:
    """The accounts that the block names, or the caller's own."""
    for number, account in enumerate(settings.accounts):
        if account.role is None and account.id != own:
            at = ("accounts",) if len(settings.accounts) == 1 else ("accounts", number)
            raise UsageError(
                settings.at(*at),
                f"names account {account.id}, and the credentials belong to {own}",
                todo="Use credentials of the account that is named, or name the role: to assume "
                "there.",
            )
    return [account.id for account in settings.accounts] or [own]


def _regions(
    caller: Caller, settings: AwsSettings, home: str, found: Sequence[str]
) -> Iterator[Found]:
    if settings.regions:
        for account in found:
            for region in settings.regions:
                yield Scope(f"aws:{account}/{region}", settings)
        return

    def enabled(account: str) -> list[Found]:
        try:
            with acting(settings.role_in(account)):
                answer = caller.invoke(
                    account, home, settings.endpoint, None, "ec2", "DescribeRegions",
                    Filters=_ENABLED,
                )  # fmt: skip
        except Failed as failed:
            _check_credentials(failed)
            return [unreadable(f"aws:{account}", failed.found, failed.action)]
        regions = sorted(one["RegionName"] for one in answer["Regions"])
        return [
            Scope(f"aws:{account}/{region}", settings)
            for region in regions
            if region not in settings.exclude_regions
        ]

    if len(found) == 1:
        yield from enabled(found[0])
        return
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="regions") as pool:
        for start in range(0, len(found), _AT_ONCE):
            for each in pool.map(enabled, found[start : start + _AT_ONCE]):
                yield from each
