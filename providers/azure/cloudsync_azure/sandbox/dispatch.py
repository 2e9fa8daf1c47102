"""One HTTP request to one answer: who asks, which operation, which fault; in order, one at a time."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping

from cloudsync_azure.sandbox import access
from cloudsync_azure.sandbox.asked import Asked
from cloudsync_azure.sandbox.faults import Call, Fault, Faults, Kind
from cloudsync_azure.sandbox.routes import Route, find
from cloudsync_azure.sandbox.values import guid
from cloudsync_azure.sandbox.wire import Refused, Reply, Request, refusal
from cloudsync_azure.sandbox.world import World
from cloudsync_azure.sandbox.writing import stale

_log = logging.getLogger(__name__)
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)
_SCOPE = re.compile(
    r"(/subscriptions/[^/]+(?:/resourceGroups/[^/]+(?:/providers/.+)?)?)", re.IGNORECASE
)
_GARBAGE = b"<html><head><title>502 Bad Gateway</title></head><body>gateway</body></html>"


class Dispatcher:
    """Answers requests from one world."""

    def __init__(
        self, world: World, faults: Faults, log: list[Call], pause: Callable[[float], object]
    ) -> None:
        self._world = world
        self._faults = faults
        self._calls = log
        self._pause = pause
        self.after_call: Callable[[Call], None] | None = None

    def respond(self, request: Request) -> Reply | None:
        """The answer to one request, or None where the socket is to be closed instead."""
        found = find(request.method, request.path)
        route, parts = found if found is not None else (None, dict[str, str]())
        operation = route.operation if route else f"{request.method} {request.path}"
        mutating = route is not None and route.mutating
        named = _SUBSCRIPTION.match(request.path)
        subscription = named[1] if named else ""
        met = self._faults.take(operation, mutating=mutating, subscription=subscription)
        if "down" in met:
            return None
        if "latency" in met:
            self._pause(met["latency"].seconds)
        lost = "lost_before" in met
        name, (reply, outcome) = "", (None, "lost")
        with self._world.lock:
            self._world.settle()
            if not lost:
                name, reply, outcome = self._handle(request, route, parts, met)
            call = Call(
                at=self._world.clock(),
                method=request.method,
                path=request.path,
                operation=operation,
                action=route.action if route else "",
                principal=name,
                subscription=subscription,
                mutating=mutating,
                if_match=request.headers.get("if-match"),
                outcome=outcome,
                answered=not lost and "lost_after" not in met,
            )
            self._calls.append(call)
            if self.after_call is not None:
                self.after_call(call)
        return reply if call.answered else None

    def _handle(
        self,
        request: Request,
        route: Route | None,
        parts: Mapping[str, str],
        met: Mapping[Kind, Fault],
    ) -> tuple[str, Reply, str]:
        """Who asked, the answer, and how it is logged."""
        name = ""
        try:
            principal = access.caller(request.headers, self._world.principals)
            name = principal.name
            _check_version(request)
            if "refused" in met:
                raise _ordered(met["refused"], request)
            if route is None:
                raise Refused(
                    "InvalidResourceType",
                    f"The resource type could not be found for {request.method} {request.path}.",
                    404,
                )
            if route.action and not route.filters:
                access.check(principal, route.action, _scope(request.path))
            failure = "InternalServerError" if "ends_badly" in met else ""
            reply = route.handler(Asked(self._world, request, principal, parts, failure))
        except Refused as refused:
            return name, self._tagged(refusal(refused)), refused.code
        except Exception:  # noqa: BLE001 - a defect of the sandbox must not look like a lost answer
            _log.exception("%s %s failed in the sandbox", request.method, request.path)
            failure_ = Refused("InternalServerError", "An error occurred.", 500)
            return name, self._tagged(refusal(failure_)), failure_.code
        if "garbage" in met:
            return name, Reply(200, _GARBAGE, (("Content-Type", "text/html"),)), "ok"
        return name, self._tagged(reply), "ok"

    def _tagged(self, reply: Reply) -> Reply:
        identity = guid(self._world.serial())
        return Reply(
            reply.status,
            reply.body,
            (
                *reply.headers,
                ("x-ms-request-id", identity),
                ("x-ms-correlation-request-id", identity),
            ),
        )


def _check_version(request: Request) -> None:
    """Refuse a request that doesn't say which version of the API it means.

    Source: the message as clients record it (MissingApiVersionParameter).
    """
    version = request.query.get("api-version")
    if not version:
        raise Refused(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not _VERSION.fullmatch(version):
        raise Refused(
            "InvalidApiVersionParameter", f"The api-version '{version}' is invalid."
        )  # fmt: skip


def _ordered(fault: Fault, request: Request) -> Refused:
    """The error that somebody ordered."""
    if fault.status == 412 and not fault.message:
        return stale(request.headers.get("if-match", ""), request.path, guid(0))
    return Refused(fault.code, fault.message, fault.status, headers=fault.headers)


def _scope(path: str) -> str:
    found = _SCOPE.match(path)
    return found[1] if found else "/"
