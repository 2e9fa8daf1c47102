"""One call at a time, at the project's pace, tried again where that helps; it decides nothing else.

The SDK tries reads again by itself and writes never; here it tries nothing by itself, so that one
layer alone does. A write that is tried again because its answer was lost bears the same request id,
by which Google knows it (reference of `firewalls.insert`, parameter `requestId`); after an answer
that it failed, it is a new request.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

from cloudsync.status.tally import OK, called
from cloudsync.trace import began
from cloudsync_gcp.client import Clients
from cloudsync_gcp.failures import WORTH_ANOTHER_TRY, Failure, failure, inside
from cloudsync_gcp.pace import Pace

ATTEMPTS: Final = 3
# Google counts by the minute, so a call that came too fast passes in the next one.
_SLOW_SECONDS: Final = 30.0
_AGAIN_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 30.0
# The method waits for two minutes at most (reference of `globalOperations.wait`).
_WAIT_SECONDS: Final = 130.0
_OPERATION_SECONDS: Final = 600.0


class Failed(Exception):
    """A call failed; carries what it means, the action, and whether an operation said so."""

    def __init__(self, found: Failure, action: str, *, ended: bool = False) -> None:
        super().__init__(found.what)
        self.found = found
        self.action = action
        self.ended = ended


class Late(Failed):
    """The deadline would pass before the call may be made."""


class Caller:
    """Makes calls for one process. ``clock`` gives seconds that never go back; ``sleep`` waits."""

    def __init__(
        self,
        clients: Clients,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.clients = clients
        self.clock = clock
        self._sleep = sleep
        self._pace = Pace(clock, sleep)

    def read(
        self,
        service: str,
        method: str,
        request: dict[str, Any],
        *,
        endpoint: str | None,
        deadline: float | None = None,
    ) -> Any:
        """The answer to one reading call; of a listing, the first page that ``request`` asks for.

        Raises:
            Failed: it failed, whatever the reason.
        """
        action = _action(service, method)

        def once() -> Any:
            answer = self._once(service, method, request, action, endpoint, deadline)
            pages = getattr(answer, "pages", None)
            return answer if pages is None else next(iter(pages))

        return self._again(once, action, deadline)

    def pages(
        self,
        service: str,
        method: str,
        request: dict[str, Any],
        *,
        endpoint: str | None,
        deadline: float | None = None,
    ) -> Iterator[Any]:
        """Every page of a listing.

        Raises:
            Failed: a page couldn't be had.
        """
        token = ""
        while True:
            asked = {**request, "page_token": token} if token else request
            page = self.read(service, method, asked, endpoint=endpoint, deadline=deadline)
            yield page
            token = page.next_page_token
            if not token:
                return

    def change(
        self,
        service: str,
        method: str,
        request: dict[str, Any],
        *,
        endpoint: str | None,
        deadline: float | None = None,
    ) -> None:
        """One mutating call, and its operation to the end.

        Raises:
            Failed: it failed; without a reason where nobody knows how it ended.
        """
        action = _action(service, method)
        identity = str(uuid.uuid4())

        def once() -> None:
            nonlocal identity
            asked = {**request, "request_id": identity}
            try:
                operation = self._once(
                    service, f"{method}_unary", asked, action, endpoint, deadline, change=True
                )
                self._finish(request["project"], operation, action, endpoint, deadline)
            except Failed as failed:
                if failed.ended:
                    identity = str(uuid.uuid4())
                raise

        self._again(once, action, deadline)

    def _finish(
        self,
        project: str,
        operation: Any,
        action: str,
        endpoint: str | None,
        deadline: float | None,
    ) -> None:
        """Wait for an operation at the endpoint that it was begun at.

        What the SDK's own waiting does is ask compute.googleapis.com, wherever the call went.
        """
        end = self.clock() + _OPERATION_SECONDS
        while operation.status.name != "DONE":
            if self.clock() >= (end if deadline is None else min(end, deadline)):
                raise Failed(Failure("", "the operation was still under way"), action)
            operation = self.read(
                "GlobalOperations", "wait",
                {"project": project, "operation": operation.name},
                endpoint=endpoint, deadline=deadline,
            )  # fmt: skip
        errors = [(one.code, one.message) for one in operation.error.errors]
        status = operation.http_error_status_code
        if errors or status >= 400:
            raise Failed(inside(errors, status), action, ended=True)

    def _again(self, once: Callable[[], Any], action: str, deadline: float | None) -> Any:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return once()
            except Late:
                raise
            except Failed as failed:
                if failed.found.credentials or failed.found.reason not in WORTH_ANOTHER_TRY:
                    raise
                seconds = attempt * (_SLOW_SECONDS if failed.found.slow else _AGAIN_SECONDS)
                over = deadline is not None and self.clock() + seconds >= deadline
                if attempt == ATTEMPTS or over:
                    raise
                self._sleep(seconds)
        raise AssertionError(action)  # the last attempt returned or raised

    def _once(
        self,
        service: str,
        method: str,
        request: dict[str, Any],
        action: str,
        endpoint: str | None,
        deadline: float | None,
        *,
        change: bool = False,
    ) -> Any:
        if (deadline is not None and self.clock() >= deadline) or not self._pace.wait(
            str(request.get("project", request.get("scope", ""))), deadline, change=change
        ):
            raise Late(Failure("", "the time ran out"), action)
        wait = _WAIT_SECONDS if method == "wait" else _ANSWER_SECONDS
        if deadline is not None:
            wait = min(wait, max(1.0, deadline - self.clock()))
        since = began()
        try:
            client = self.clients.get(service, endpoint)
            since = began()  # making a client takes longer than the call
            answer = getattr(client, method)(request=request, retry=None, timeout=wait)
        except Exception as error:
            found = failure(error, endpoint or "")
            called("gcp", action, found.reason, throttled=found.slow, since=since)
            raise Failed(found, action) from error
        called("gcp", action, OK, since=since)
        return answer


_WORDS: Final = {"Asset": "assets", "ResourceManager": "projects"}


def _action(service: str, method: str) -> str:
    """What Google calls it: ``firewalls.list``, ``networks.getEffectiveFirewalls``."""
    head, *rest = method.removesuffix("_unary").split("_")
    name = head + "".join(part.capitalize() for part in rest)
    return f"{_WORDS.get(service) or service[0].lower() + service[1:]}.{name}"
