"""The AWS provider: it finds security groups, looks at them, and makes one call at a time.

It only calls, and decides nothing; ``rules`` decides. Importing it loads no SDK.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cloudsync.change import Change
from cloudsync.config.values import on_loopback
from cloudsync.provider import Outcome, Scope, Step, Unreadable
from cloudsync.tells import Accounts, Actor, Permission
from cloudsync_aws import events
from cloudsync_aws.caller import Caller, Failed, Late
from cloudsync_aws.calls import Call
from cloudsync_aws.carry_out import carry_out
from cloudsync_aws.client import require
from cloudsync_aws.failures import unreadable
from cloudsync_aws.kinds import KindRules
from cloudsync_aws.lists import ListSnapshot
from cloudsync_aws.places import home_of, listed, places
from cloudsync_aws.reading import Known
from cloudsync_aws.rights import asked
from cloudsync_aws.roles import acting
from cloudsync_aws.settings import AwsSelect, AwsSettings
from cloudsync_aws.snapshot import AwsSnapshot, place
from cloudsync_aws.sweep import sweep
from cloudsync_aws.trail import last_actor

if TYPE_CHECKING:
    from cloudsync_aws.list_calls import ListCall

# Prefix lists and the quota are read once a run. A provider that lives longer than a run (the
# worker's) must not go by what a list held yesterday.
_FRESH_SECONDS: Final = 300.0
# Scopes of which that is kept: memory mustn't grow with the number of accounts.
_REMEMBERED: Final = 64


class Provider:
    """Security groups of the caller's own account, of others by a role, or of an organization.

    Make one a run. ``clock`` gives seconds that never go back, on which deadlines are; ``sleep``
    waits.

    Raises:
        UsageError: the SDK isn't installed.
    """

    name: ClassVar[str] = "aws"
    settings: ClassVar[type[Any]] = AwsSettings

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        require()
        self._rules = KindRules()
        self._caller = Caller(clock, sleep)
        self._known: OrderedDict[tuple[str, str | None], tuple[float, Known]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def rules(self) -> KindRules:
        """The pure half."""
        return self._rules

    @staticmethod
    def change(event: Mapping[str, Any]) -> Change | None:
        """What an event of the cloud's tells of; see ``TellsChanges``. It needs no SDK."""
        return events.change(event)

    def on_loopback(self, settings: AwsSettings) -> bool:
        """Whether the calls lead to this machine: the SDK is asked, which may ignore its variables."""
        client = self._caller.client("ec2", home_of(self._caller, settings), settings.endpoint)
        return on_loopback(client.meta.endpoint_url)

    def survey(self, regions: Sequence[str], endpoint: str | None) -> AwsSettings:
        """Every group, in the regions given or in every enabled one."""
        return AwsSettings.model_validate({
            "mode": "watch", "select": AwsSelect(tags={}), "regions": tuple(regions) or None,
            "endpoint": endpoint,
        })  # fmt: skip

    def scopes(self, settings: AwsSettings) -> Iterable[Scope | Unreadable]:
        """The accounts' regions that the block asks for; see ``places``.

        Raises:
            UsageError: there are no credentials, or they belong to another account.
        """
        found = places(self._caller, settings)
        # What is wrong in use is said when scopes are asked for, not when the first is taken.
        first = next(found, None)
        return () if first is None else chain((first,), found)

    def accounts(self, settings: AwsSettings, go_on: Callable[[], None]) -> Accounts | None:
        """The accounts of the block's organization; see ``TellsAccounts``."""
        return listed(self._caller, settings, go_on)

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[AwsSnapshot | ListSnapshot | Unreadable]:
        """One snapshot a page of up to 1,000 groups; a close look at ``only`` knows rule ids too.

        A sweep asks nothing per group. Prefix lists that rules or ``also_allow`` name are read
        once a run; the quota when a group would pass the default.
        """
        try:
            yield from self._observe(scope, only, deadline)
        except Late as late:
            yield Unreadable(
                scope.name,
                f"the time ran out before {late.action} could be called",
                "Give the run more time, or fewer targets.",
            )
        except Failed as failed:
            yield unreadable(scope.name, failed.found, failed.action)

    def actor(self, scope: Scope, target: str, since: datetime) -> Actor | None:
        """Who last changed ``target`` after ``since``, where CloudTrail may be asked."""
        account, region = place(scope)

        def invoke(service: str, action: str, **arguments: Any) -> dict[str, Any]:
            return self._caller.invoke(
                account, region, scope.settings.endpoint, None, service, action, **arguments
            )

        try:
            with acting(scope.settings.role_in(account)):
                return last_actor(invoke, target.rpartition("/")[2], since)
        except Failed:
            return None

    def permissions(
        self, scope: Scope, targets: Sequence[str], deadline: float | None = None
    ) -> Iterator[Permission]:
        """What changes of ``targets`` need, by dry runs: three or four calls a group."""
        account, region = place(scope)
        role = scope.settings.role_in(account)

        def invoke(service: str, action: str, **arguments: Any) -> dict[str, Any]:
            with acting(role):
                return self._caller.invoke(
                    account, region, scope.settings.endpoint, deadline, service, action, **arguments
                )

        return asked(invoke, targets)

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """Make the one mutating call of ``step``."""
        call: Call | ListCall = step.call
        with acting(call.role):
            if isinstance(call, Call):
                return carry_out(self._caller, call, deadline)
            from cloudsync_aws.list_carry_out import carry_out_list  # noqa: PLC0415 - few have lists

            # What rules that name the list let in is read anew from now on.
            with self._lock:
                self._known.pop((f"aws:{call.account}/{call.region}", call.endpoint), None)
            return carry_out_list(self._caller, call, deadline)

    def _observe(
        self, scope: Scope, only: frozenset[str] | None, deadline: float | None
    ) -> Iterator[AwsSnapshot] | Iterator[ListSnapshot]:
        account, region = place(scope)
        endpoint: str | None = scope.settings.endpoint

        role = scope.settings.role_in(account)

        def invoke(service: str, action: str, **arguments: Any) -> dict[str, Any]:
            with acting(role):
                return self._caller.invoke(
                    account, region, endpoint, deadline, service, action, **arguments
                )

        known = self._known_of(scope.name, endpoint)
        if scope.settings.kind == "prefix-list":
            from cloudsync_aws.list_reading import sweep_lists  # noqa: PLC0415 - few have lists

            return sweep_lists(invoke, scope, known, only)
        return sweep(invoke, scope, known, only)

    def _known_of(self, scope: str, endpoint: str | None) -> Known:
        key = (scope, endpoint)
        with self._lock:
            read_at, known = self._known.get(key, (float("-inf"), Known()))
            if self._caller.clock() - read_at > _FRESH_SECONDS:
                read_at, known = self._caller.clock(), Known()
            self._known[key] = (read_at, known)
            self._known.move_to_end(key)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return known
