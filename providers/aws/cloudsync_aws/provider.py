"""The AWS provider: it finds security groups, looks at them, and makes one call at a time.

It only calls, and decides nothing; ``rules`` decides. Importing it loads no SDK.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, Final

from cloudsync.config.values import on_loopback
from cloudsync.errors import UsageError
from cloudsync.provider import Outcome, Scope, Step, Unreadable
from cloudsync_aws.caller import Caller, Failed, Late
from cloudsync_aws.carry_out import carry_out
from cloudsync_aws.client import require
from cloudsync_aws.failures import unreadable
from cloudsync_aws.reading import Known
from cloudsync_aws.rules import AwsRules
from cloudsync_aws.settings import AwsSettings, Select
from cloudsync_aws.snapshot import AwsSnapshot, place
from cloudsync_aws.sweep import sweep

# Prefix lists and the quota are read once a run. A provider that lives longer than a run (the
# worker's) must not go by what a list held yesterday.
_FRESH_SECONDS: Final = 300.0


class Provider:
    """Security groups of the caller's own account.

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
        self._rules = AwsRules()
        self._caller = Caller(clock, sleep)
        self._accounts: dict[str | None, str] = {}
        self._known: dict[tuple[str, str | None], tuple[float, Known]] = {}

    @property
    def rules(self) -> AwsRules:
        """The pure half."""
        return self._rules

    def on_loopback(self, settings: AwsSettings) -> bool:
        """Whether the calls lead to this machine: the SDK is asked, which may ignore its variables."""
        client = self._caller.client("ec2", self._home(settings), settings.endpoint)
        return on_loopback(client.meta.endpoint_url)

    def survey(self, regions: Sequence[str], endpoint: str | None) -> AwsSettings:
        """Every group, in the regions given or in every enabled one."""
        everything = Select.model_construct(tags={}, ids=None)
        return AwsSettings(
            mode="watch", select=everything, regions=tuple(regions) or None, endpoint=endpoint
        )

    def scopes(self, settings: AwsSettings) -> Iterable[Scope | Unreadable]:
        """The account's regions that the block asks for: those it names, or every enabled one.

        Raises:
            UsageError: there are no credentials, or they belong to another account.
        """
        named = settings.accounts[0].id if settings.accounts else None
        home = self._home(settings)
        try:
            account = self._account(home, settings.endpoint)
            if named and named != account:
                raise UsageError(
                    settings.at("accounts"),
                    f"names account {named}, and the credentials belong to {account}",
                    todo="Use credentials of the account that is named.",
                )
            regions = settings.regions or self._regions(account, home, settings.endpoint)
        except Failed as failed:
            if failed.found.credentials:
                raise UsageError(
                    "provider aws",
                    f"no credentials were found ({failed.found.what})",
                    todo="Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                    "run where a role is attached.",
                ) from failed
            known = [f"aws:{named}/{region}" for region in settings.regions or ()] if named else []
            return [
                unreadable(scope, failed.found, failed.action)
                for scope in known or [f"aws:{named}" if named else "aws"]
            ]
        return [Scope(f"aws:{account}/{region}", settings) for region in regions]

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[AwsSnapshot | Unreadable]:
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

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """Make the one mutating call of ``step``."""
        return carry_out(self._caller, step.call, deadline)

    def _observe(
        self, scope: Scope, only: frozenset[str] | None, deadline: float | None
    ) -> Iterator[AwsSnapshot]:
        account, region = place(scope)
        endpoint: str | None = scope.settings.endpoint

        def invoke(service: str, action: str, **arguments: Any) -> dict[str, Any]:
            return self._caller.invoke(
                account, region, endpoint, deadline, service, action, **arguments
            )

        return sweep(invoke, scope, self._known_of(scope.name, endpoint), only)

    def _home(self, settings: AwsSettings) -> str:
        """The region to ask for the account and its regions in."""
        return settings.regions[0] if settings.regions else self._caller.region

    def _account(self, region: str, endpoint: str | None) -> str:
        if endpoint not in self._accounts:
            answer = self._caller.invoke("", region, endpoint, None, "sts", "GetCallerIdentity")
            self._accounts[endpoint] = answer["Account"]
        return self._accounts[endpoint]

    def _regions(self, account: str, region: str, endpoint: str | None) -> tuple[str, ...]:
        answer = self._caller.invoke(
            account, region, endpoint, None, "ec2", "DescribeRegions",
            Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}],
        )  # fmt: skip
        return tuple(sorted(one["RegionName"] for one in answer["Regions"]))

    def _known_of(self, scope: str, endpoint: str | None) -> Known:
        key = (scope, endpoint)
        read_at, known = self._known.get(key, (float("-inf"), Known()))
        if self._caller.clock() - read_at > _FRESH_SECONDS:
            read_at, known = self._caller.clock(), Known()
            self._known[key] = (read_at, known)
        return known
