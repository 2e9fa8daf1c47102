"""The Azure provider: it finds network security groups, looks at them, and makes one call at a time.

It only calls, and decides nothing; ``rules`` decides. Importing it loads no SDK.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from cloudsync.change import Change
from cloudsync.config.values import on_loopback
from cloudsync.errors import NoCredentials, UsageError
from cloudsync.provider import Outcome, Scope, Step, Unreadable
from cloudsync.tells import Accounts, Permission
from cloudsync_azure import events
from cloudsync_azure.caller import Caller, Failed, Late, Where
from cloudsync_azure.carry_out import carry_out
from cloudsync_azure.client import require
from cloudsync_azure.discovery import SUBSCRIPTIONS, subscriptions
from cloudsync_azure.failures import SIGN_IN, unreadable
from cloudsync_azure.rights import asked
from cloudsync_azure.rules import AzureRules
from cloudsync_azure.settings import AzureSelect, AzureSettings
from cloudsync_azure.snapshot import AzureSnapshot
from cloudsync_azure.sweep import Known, sweep, where


class Provider:
    """Network security groups of the subscriptions that the identity sees.

    Make one a run. ``clock`` gives seconds that never go back, on which deadlines are; ``sleep``
    waits.

    Raises:
        UsageError: the SDK isn't installed.
    """

    name: ClassVar[str] = "azure"
    settings: ClassVar[type[Any]] = AzureSettings

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        require()
        self._rules = AzureRules()
        self._caller = Caller(clock, sleep)
        self._known: dict[str, Known] = {}

    @property
    def rules(self) -> AzureRules:
        """The pure half."""
        return self._rules

    @staticmethod
    def change(event: Mapping[str, Any]) -> Change | None:
        """What an event of the cloud's tells of; see ``TellsChanges``. It needs no SDK."""
        return events.change(event)

    def on_loopback(self, settings: AzureSettings) -> bool:
        """Whether the calls lead to this machine; the SDK has no variables that lead elsewhere."""
        return settings.endpoint is not None and on_loopback(settings.endpoint)

    def survey(self, regions: Sequence[str], endpoint: str | None) -> AzureSettings:
        """Every group of every subscription that the identity sees.

        Raises:
            UsageError: regions are given, by which nothing is read here.
        """
        if regions:
            raise UsageError(
                "--region", "network security groups are read by subscription",
                todo="Leave it out.",
            )  # fmt: skip
        return AzureSettings.model_validate({
            "mode": "watch", "select": AzureSelect(tags={}), "protect": "all", "endpoint": endpoint,
        })  # fmt: skip

    def scopes(self, settings: AzureSettings) -> Iterable[Scope | Unreadable]:
        """The subscriptions that the block names, or that Azure lists.

        Raises:
            UsageError: there are no credentials.
        """
        listed: Accounts | None = settings.known
        try:
            self._sign_in(settings)
            found = listed.ids if listed else subscriptions(self._caller, settings)
        except Failed as failed:
            _check_credentials(failed)
            known = [f"azure:{one}" for one in settings.subscriptions or ()] or ["azure"]
            return [unreadable(scope, failed.found, failed.action) for scope in known]
        mine = [Scope(f"azure:{one}", settings) for one in found if settings.asks(f"azure:{one}")]
        return [*mine, *(listed.unlisted if listed else ())]

    def accounts(self, settings: AzureSettings, go_on: Callable[[], None]) -> Accounts | None:
        """The subscriptions that Azure lists for the block; see ``TellsAccounts``."""
        if settings.subscriptions is not None:
            return None
        try:
            self._sign_in(settings)
            return Accounts(subscriptions(self._caller, settings, go_on))
        except Failed as failed:
            _check_credentials(failed)
            return Accounts((), (unreadable("azure", failed.found, failed.action),))

    def _sign_in(self, settings: AzureSettings) -> None:
        nowhere = Where("", settings.endpoint, settings.tenant)
        self._caller.ask(
            nowhere, SUBSCRIPTIONS, None,
            lambda: self._caller.clients.signed_in(settings.endpoint, settings.tenant),
        )  # fmt: skip

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[AzureSnapshot | Unreadable]:
        """One snapshot a page of groups with all their rules; ``only`` some, each by its own call."""
        try:
            known = self._known.setdefault(scope.name, {})
            yield from sweep(self._caller, scope, only, deadline, known)
        except Late as late:
            yield Unreadable(
                scope.name,
                f"the time ran out before {late.action} could be called",
                "Give the run more time, or fewer targets.",
            )
        except Failed as failed:
            yield unreadable(scope.name, failed.found, failed.action)

    def permissions(
        self, scope: Scope, targets: Sequence[str], deadline: float | None = None
    ) -> Iterator[Permission]:
        """What changes of ``targets`` need, as Azure lists it: one call a group."""
        return asked(self._caller, where(scope), f"{scope.name}/", targets, deadline)

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """Make the one mutating call of ``step``."""
        return carry_out(self._caller, step.call, deadline)


def _check_credentials(failed: Failed) -> None:
    if failed.found.credentials:
        raise NoCredentials(
            "provider azure", f"no credentials were found ({failed.found.what})", todo=SIGN_IN
        ) from failed
