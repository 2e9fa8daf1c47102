"""One call to Azure at the subscription's pace, tried again where waiting helps; it knows no rules.

This is the one layer that tries again: the SDK's own retries are off, since they would wait past a
deadline and send a stale If-Match a second time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from cloudsync.errors import CloudsyncError
from cloudsync.immutable import immutable
from cloudsync.status.tally import OK, called
from cloudsync.trace import began
from cloudsync_azure.client import POLL_SECONDS, PUBLIC, Clients
from cloudsync_azure.failures import Failure, failure
from cloudsync_azure.pace import Kind, Pace

T = TypeVar("T")

Listing = Callable[[Any, Mapping[str, Any]], Any]
"""A listing of the SDK's, given the network client and the SDK's own options for the call."""

ATTEMPTS: Final = 4
"""Times that a call is tried in all."""
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0
"""Retry-After beyond this isn't waited for: the next run is there sooner."""


@immutable
class Where:
    """A subscription, and how it is reached: the target block's endpoint and tenant, or None."""

    subscription: str
    endpoint: str | None = None
    tenant: str | None = None

    @property
    def host(self) -> str:
        """Where calls go, for people."""
        return self.endpoint or PUBLIC


class Failed(Exception):
    """A call failed; carries what it means, and the action that it needed."""

    def __init__(self, found: Failure, action: str) -> None:
        super().__init__(found.what)
        self.found = found
        self.action = action


class Late(Failed):
    """The deadline would pass before the call may be made."""


class Caller:
    """Makes calls. ``clock`` gives seconds that never go back, on which deadlines are."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.clients = Clients()
        self.pace = Pace(clock, sleep)

    def read(
        self, where: Where, action: str, deadline: float | None, call: Callable[[Any], T]
    ) -> T:
        """What ``call`` makes of the network client, tried again where an answer was lost too.

        Raises:
            Failed: it failed, whatever the reason.
        """
        return self._tried(
            where, "read", action, deadline, lambda: call(self.network(where)), again_if_lost=True
        )

    def pages(
        self, where: Where, action: str, deadline: float | None, listing: Listing
    ) -> Iterator[list[Mapping[str, Any]]]:
        """The pages of a listing as JSON; ``listing`` is given the client and the SDK's options.

        The SDK's models are made as the pages are read, and never walked through.

        Raises:
            Failed: a page couldn't be read, whatever the reason.
        """
        seen: list[Any] = []
        token: str | None = None

        def following() -> tuple[list[Mapping[str, Any]], str | None]:
            # A new iterator for each try: one that met an answer it can't read counts that page as
            # read, and would end as if it had been the last.
            listed = listing(self.network(where), {"raw_response_hook": seen.append})
            pages: Any = listed.by_page(token)
            seen.clear()
            next(pages)
            body: Mapping[str, Any] = seen[-1].http_response.json()
            found: list[Mapping[str, Any]] = body["value"]
            return found, pages.continuation_token

        while True:
            page, token = self._tried(
                where, "read", action, deadline, following, again_if_lost=True
            )
            yield page
            if not token:
                return

    def write(
        self, where: Where, action: str, deadline: float | None, begin: Callable[..., Any]
    ) -> None:
        """Begin a change and wait until it is done; ``begin`` is given client and SDK's options.

        What wasn't answered isn't tried again: a look tells whether it was done.

        Raises:
            Failed: it failed, or nobody knows; the failure tells which.
        """
        polling = self._polling(action, deadline)
        poller = self._tried(
            where, "write", action, deadline,
            lambda: begin(self.network(where), polling=polling),
            again_if_lost=False,
        )  # fmt: skip
        try:
            self._translated(where, action, poller.result)
        except Late:
            # It was begun, and goes on without us.
            raise Failed(Failure("", "the time ran out before it was done"), action) from None
        except Failed as failed:
            if failed.found.passes:  # the question was put off, not the change
                raise Failed(Failure("", failed.found.what), action) from failed
            raise

    def network(self, where: Where) -> Any:
        """The network client of ``where``."""
        return self.clients.network(where.subscription, where.endpoint, where.tenant)

    def ask(self, where: Where, action: str, deadline: float | None, call: Callable[[], T]) -> T:
        """What another service answers, tried again where an answer was lost too.

        Raises:
            Failed: it failed, whatever the reason.
        """
        return self._tried(where, "read", action, deadline, call, again_if_lost=True)

    def _tried(
        self,
        where: Where,
        kind: Kind,
        action: str,
        deadline: float | None,
        call: Callable[[], T],
        *,
        again_if_lost: bool,
    ) -> T:
        attempt = 1
        while True:
            if deadline is not None and self.clock() >= deadline:
                raise Late(Failure("", "the time ran out"), action)
            if not self.pace.wait(where.subscription, kind, deadline):
                raise Late(Failure("", "the time ran out"), action)
            try:
                return self._translated(where, action, call)
            except Failed as failed:
                found = failed.found
                again = found.passes or (again_if_lost and found.lost and not found.credentials)
                wait = found.after if found.after is not None else _FIRST_WAIT * 2 ** (attempt - 1)
                late = deadline is not None and self.clock() + wait > deadline
                if not again or attempt == ATTEMPTS or wait > _LONGEST_WAIT or late:
                    raise
            attempt += 1
            self.sleep(wait)

    def _translated(self, where: Where, action: str, call: Callable[[], T]) -> T:
        from azure.core.exceptions import AzureError  # noqa: PLC0415

        since = began()
        try:
            answer = call()
        except CloudsyncError:
            raise
        except Failed:
            raise
        except (AzureError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            # The last four: the SDK walks into an answer that isn't what it expects.
            found = failure(error, where.host)
            called("azure", action, found.code, throttled=found.throttled, since=since)
            raise Failed(found, action) from error
        called("azure", action, OK, since=since)
        return answer

    def _polling(self, action: str, deadline: float | None) -> Any:
        """How an operation that was begun is waited for: on our clock, until the deadline."""
        from azure.mgmt.core.polling.arm_polling import ARMPolling  # noqa: PLC0415

        clock, sleep = self.clock, self.sleep

        class Waiting(ARMPolling):
            """The SDK's polling, asleep on the run's clock."""

            def _sleep(self, delay: float) -> None:
                if deadline is not None and clock() + delay > deadline:
                    raise Late(Failure("", "the time ran out"), action)
                sleep(delay)

        return Waiting(POLL_SECONDS)
