"""One call to AWS at the account's pace, and what its failure means; it knows no firewall."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from cloudsync.errors import UsageError
from cloudsync.immutable import immutable
from cloudsync_aws.client import Clients
from cloudsync_aws.failures import Failure, failure
from cloudsync_aws.loans import Loans, signing
from cloudsync_aws.pace import Pace
from cloudsync_aws.roles import Role, acting, actor


class Failed(Exception):
    """A call failed; carries what it means, and the action."""

    def __init__(self, found: Failure, action: str) -> None:
        super().__init__(found.what)
        self.found = found
        self.action = action


class Late(Failed):
    """The deadline would pass before the call may be made."""


@immutable
class Identity:
    """Who the caller is themself, before any role: an account, in a partition such as aws-cn."""

    account: str
    partition: str


class Caller:
    """Makes calls, as whoever ``roles.acting`` says. ``clock`` gives seconds that never go back, on which deadlines are."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.clients = Clients()
        self.pace = Pace(clock, sleep)
        self._loans = Loans()
        self._identities: dict[str | None, Identity] = {}

    def invoke(
        self,
        account: str,
        region: str,
        endpoint: str | None,
        deadline: float | None,
        service: str,
        action: str,
        **arguments: Any,
    ) -> dict[str, Any]:
        """The answer to one call, as boto3 gives it.

        Raises:
            Failed: it failed, whatever the reason; the SDK has tried again where that helps.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        from botocore.parsers import ResponseParserError  # noqa: PLC0415

        if deadline is not None and self.clock() >= deadline:
            raise Late(Failure("", "the time ran out"), action)
        if not self.pace.wait(account, region, action, deadline):
            raise Late(Failure("", "the time ran out"), action)
        where, role = "", actor()
        try:
            client = self.client(service, region, endpoint, lent=role is not None)
            where = client.meta.endpoint_url
            with signing(self._lent(role, region, endpoint)) if role else nullcontext():
                answer: dict[str, Any] = getattr(client, _snake(action))(**arguments)
        except (BotoCoreError, ClientError, ResponseParserError, OSError) as error:
            raise Failed(failure(error, where), action) from error
        return answer

    def identity(self, region: str, endpoint: str | None) -> Identity:
        """Who the caller is themself, asked once.

        Raises:
            Failed: nobody says.
        """
        if endpoint not in self._identities:
            with acting(None):
                answer = self.invoke("", region, endpoint, None, "sts", "GetCallerIdentity")
            partition = str(answer.get("Arn", "")).split(":")[1:2]
            self._identities[endpoint] = Identity(answer["Account"], *partition or ["aws"])
        return self._identities[endpoint]

    def _lent(self, role: Role, region: str, endpoint: str | None) -> Any:
        """Credentials of ``role`` that are good for a while yet.

        Raises:
            Failed: they can't be had, or can't be renewed.
        """

        def assume() -> dict[str, Any]:
            partition = self.identity(region, endpoint).partition
            with acting(None):
                try:
                    return self.invoke(
                        "", region, endpoint, None, "sts", "AssumeRole", **role.request(partition)
                    )
                except Failed as failed:
                    found = replace(failed.found, role=role.arn(partition))
                    raise Failed(found, failed.action) from failed

        lent = self._loans.of(role, endpoint, assume)
        lent.get_frozen_credentials()
        return lent

    def client(self, service: str, region: str, endpoint: str | None, *, lent: bool = False) -> Any:
        """The service's client.

        Raises:
            UsageError: the endpoint, or the variable that names one, is no URL.
        """
        try:
            return self.clients.get(service, region, endpoint, lent=lent)
        except ValueError as error:
            raise UsageError(
                "provider aws", f"its endpoint is no URL ({error})",
                todo="Correct AWS_ENDPOINT_URL, or unset it.",
            ) from error  # fmt: skip

    @property
    def region(self) -> str:
        """The region that the environment or the profile names."""
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415

        try:
            return self.clients.region or "us-east-1"
        except BotoCoreError:
            return "us-east-1"


def _snake(action: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
