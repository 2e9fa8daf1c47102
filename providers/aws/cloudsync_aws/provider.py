"""The AWS provider: it finds security groups, looks at them, and makes one call at a time.

It only calls, and decides nothing; ``rules`` decides. Importing it loads no SDK.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, Final

from cloudsync.config.values import on_loopback
from cloudsync.errors import UsageError
from cloudsync.provider import Outcome, Scope, Step, Unreadable
from cloudsync_aws.calls import ACTION, METHOD, Call, request
from cloudsync_aws.client import Clients, require
from cloudsync_aws.failures import Failure, failure, kind_of, outcome, unreadable
from cloudsync_aws.ingress import PrefixList
from cloudsync_aws.pace import Pace
from cloudsync_aws.reading import (
    PAGE,
    Known,
    listings,
    named_lists,
    pages,
    prefix_lists,
    quota,
    rule_ids,
)
from cloudsync_aws.rules import AwsRules
from cloudsync_aws.settings import AwsSettings, Select
from cloudsync_aws.snapshot import AwsSnapshot, place, read

# Prefix lists and the quota are read once a run. A provider that lives longer than a run (the
# worker's) must not go by what a list held yesterday.
_FRESH_SECONDS: Final = 300.0


class _Failed(Exception):
    """A call failed; carries what it means, and the action."""

    def __init__(self, found: Failure, action: str) -> None:
        super().__init__(found.what)
        self.found = found
        self.action = action


class _Late(_Failed):
    """The deadline would pass before the call may be made."""


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
        self._clients = Clients()
        self._clock = clock
        self._pace = Pace(clock, sleep)
        self._accounts: dict[str | None, str] = {}
        self._known: dict[tuple[str, str | None], tuple[float, Known]] = {}

    @property
    def rules(self) -> AwsRules:
        """The pure half."""
        return self._rules

    def on_loopback(self, settings: AwsSettings) -> bool:
        """Whether the calls lead to this machine: the SDK is asked, which may ignore its variables."""
        client = self._client("ec2", self._home(settings), settings.endpoint)
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
        except _Failed as failed:
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
        except _Late as late:
            yield Unreadable(
                scope.name,
                f"the time ran out before {late.action} could be called",
                "Give the run more time, or fewer targets.",
            )
        except _Failed as failed:
            yield unreadable(scope.name, failed.found, failed.action)

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """Make the one mutating call of ``step``.

        Where the call found things changed already, a fresh look decides whether it is done.
        """
        call: Call = step.call
        action = ACTION[call.operation]
        try:
            answer = self._invoke(
                call.account, call.region, call.endpoint, deadline,
                "ec2", METHOD[call.operation], action, **request(call),
            )  # fmt: skip
        except _Late:
            return Outcome(
                "throttled",
                f"the time ran out before {action} could be called",
                "Run again, with more time or fewer targets.",
            )
        except _Failed as failed:
            ended = outcome(failed.found, action)
            if kind_of(failed.found) != "stale":
                return ended
            return Outcome("done") if self._stands(call, deadline) else ended
        # In a default VPC a revoke that hits nothing is no error: EC2 names what it didn't know.
        if answer.get("UnknownIpPermissions") and not self._stands(call, deadline):
            count = sum(
                len(one.get(kind, ()))
                for one in answer["UnknownIpPermissions"]
                for kind in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
            )
            return Outcome(
                "stale",
                f"{action}: AWS didn't know {count} of {len(call.rules)} rules",
                "The group changed meanwhile; the next run looks again.",
            )
        return Outcome("done")

    def _observe(
        self, scope: Scope, only: frozenset[str] | None, deadline: float | None
    ) -> Iterator[AwsSnapshot]:
        account, region = place(scope)
        endpoint: str | None = scope.settings.endpoint
        by_name = frozenset(
            also.prefix_list for also in scope.settings.also_allow if also.prefix_list
        )
        known = self._known_of(scope.name, endpoint)

        def invoke(service: str, action: str, **arguments: Any) -> dict[str, Any]:
            method = _snake(action)
            return self._invoke(
                account, region, endpoint, deadline, service, method, action, **arguments
            )

        def ceiling() -> int:
            if not known.quota:
                known.quota.append(quota(invoke, _Failed))
            return known.quota[0]

        close = None if only is None else [target.rpartition("/")[2] for target in only]
        for filters in listings(scope.settings.select, close):
            for page in pages(invoke, "DescribeSecurityGroups", PAGE, Filters=filters):
                groups = page.get("SecurityGroups", [])
                if not groups:
                    continue
                unread = (named_lists(groups) | by_name) - known.lists.keys()
                if unread:
                    known.lists.update(prefix_lists(invoke, unread, by_name, _Failed))
                ids = None
                if only is not None:
                    ids = rule_ids(invoke, [group["GroupId"] for group in groups], account)
                yield read(scope, groups, _named(known.lists, by_name), ceiling, ids)

    def _stands(self, call: Call, deadline: float | None) -> bool:
        """Whether a fresh look at the group shows what ``call`` was to bring about."""
        filters = [{"Name": "group-id", "Values": [call.group]}]
        try:
            answer = self._invoke(
                call.account, call.region, call.endpoint, deadline,
                "ec2", "describe_security_groups", "DescribeSecurityGroups",
                Filters=filters, MaxResults=PAGE,
            )  # fmt: skip
        except _Failed:
            return False
        scope = Scope(f"aws:{call.account}/{call.region}")
        seen = read(scope, answer.get("SecurityGroups", []), {})
        return self._rules.shows(seen, call)

    def _invoke(
        self,
        account: str,
        region: str,
        endpoint: str | None,
        deadline: float | None,
        service: str,
        method: str,
        action: str,
        **arguments: Any,
    ) -> dict[str, Any]:
        """One call at the account's pace.

        Raises:
            _Failed: it failed, whatever the reason; the SDK has tried again where that helps.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        from botocore.parsers import ResponseParserError  # noqa: PLC0415

        if deadline is not None and self._clock() >= deadline:
            raise _Late(Failure("", "the time ran out"), action)
        if not self._pace.wait(account, region, action, deadline):
            raise _Late(Failure("", "the time ran out"), action)
        where = ""
        try:
            client = self._client(service, region, endpoint)
            where = client.meta.endpoint_url
            answer: dict[str, Any] = getattr(client, method)(**arguments)
        except (BotoCoreError, ClientError, ResponseParserError, OSError) as error:
            raise _Failed(failure(error, where), action) from error
        return answer

    def _client(self, service: str, region: str, endpoint: str | None) -> Any:
        """The service's client.

        Raises:
            UsageError: the endpoint, or the variable that names one, is no URL.
        """
        try:
            return self._clients.get(service, region, endpoint)
        except ValueError as error:
            raise UsageError(
                "provider aws", f"its endpoint is no URL ({error})",
                todo="Correct AWS_ENDPOINT_URL, or unset it.",
            ) from error  # fmt: skip

    def _home(self, settings: AwsSettings) -> str:
        """The region to ask for the account and its regions in."""
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415

        if settings.regions:
            return settings.regions[0]
        try:
            return self._clients.region or "us-east-1"
        except BotoCoreError:
            return "us-east-1"

    def _account(self, region: str, endpoint: str | None) -> str:
        if endpoint not in self._accounts:
            answer = self._invoke(
                "", region, endpoint, None, "sts", "get_caller_identity", "GetCallerIdentity"
            )
            self._accounts[endpoint] = answer["Account"]
        return self._accounts[endpoint]

    def _regions(self, account: str, region: str, endpoint: str | None) -> tuple[str, ...]:
        answer = self._invoke(
            account, region, endpoint, None, "ec2", "describe_regions", "DescribeRegions",
            Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}],
        )  # fmt: skip
        return tuple(sorted(one["RegionName"] for one in answer["Regions"]))

    def _known_of(self, scope: str, endpoint: str | None) -> Known:
        key = (scope, endpoint)
        read_at, known = self._known.get(key, (float("-inf"), Known()))
        if self._clock() - read_at > _FRESH_SECONDS:
            read_at, known = self._clock(), Known()
            self._known[key] = (read_at, known)
        return known


def _named(lists: dict[str, PrefixList], by_name: frozenset[str]) -> dict[str, PrefixList]:
    """``lists`` as this target block takes them: another block may not want them by name."""
    return {
        identity: PrefixList(one.id, one.entries, one.weight, identity in by_name)
        for identity, one in lists.items()
    }


def _snake(action: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
