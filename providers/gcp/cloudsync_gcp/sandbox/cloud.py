"""The API without a wire: one request to one answer, on a clock of its own, in nobody's thread.

The server stands on it, and so may a simulation: nothing here sleeps, draws or looks at the time
but by what it was given.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cloudsync_gcp.sandbox import operations, routes
from cloudsync_gcp.sandbox.faults import Faults, Met, disabled
from cloudsync_gcp.sandbox.operations import Asked
from cloudsync_gcp.sandbox.routes import Route
from cloudsync_gcp.sandbox.values import Body, Call, Dialect
from cloudsync_gcp.sandbox.wire import Refused, Reply, Request
from cloudsync_gcp.sandbox.world import World

_log = logging.getLogger(__name__)
_PAGE = b"<!DOCTYPE html><html><title>Error</title><p>Something went wrong.</html>"
_UNKNOWN = Route("", "", "unknown", lambda _: {})


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that has arrived: what it asks, the faults it meets, how long it takes."""

    request: Request
    route: Route
    params: Mapping[str, str]
    met: Met
    seconds: float


class Cloud:
    """Answers requests from one world.

    `token`: where it is given, a request that bears another one is refused with 401. `after_call`
    is called after each request, before its answer goes out.
    """

    def __init__(
        self,
        *,
        dialect: Dialect = Dialect(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.monotonic,
        token: str = "",
    ) -> None:
        self.world = World(dialect, clock)
        self.faults = Faults()
        self.calls: list[Call] = []
        self.token = token
        self.after_call: Callable[[Call, Reply | None], None] | None = None
        self._frozen: dict[tuple[str, str], tuple[int, Reply]] | None = None

    def freeze(self, *, on: bool) -> None:
        """Whether an answer to a reading call is kept until the next change."""
        self._frozen = {} if on else None

    def respond(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        pause: Callable[[float], object] | None = None,
    ) -> Reply | None:
        """The answer to one request, or None where the socket would be closed instead.

        `pause` is told to wait for latency and for operations, on whatever clock there is.
        """
        begun = self.begin(Request.of(method, url, body, headers))
        if begun.seconds and pause is not None:
            pause(begun.seconds)
        return self.finish(begun)

    def begin(self, request: Request) -> Begun:
        """Read a request, and use up the faults that it meets."""
        with self.world.lock:
            found = routes.find(request.method, request.path)
            route, params = found or (_UNKNOWN, {})
            met = self.faults.take(
                route.operation, mutating=route.mutating, project=params.get("project", "")
            )
            seconds = met.seconds
            if route.operation == "compute.globalOperations.wait":
                seconds += operations.remaining(self._asked(request, route, params, {}, None, met))
            return Begun(request, route, params, met, seconds)

    def finish(self, begun: Begun) -> Reply | None:
        """Do what was asked; the answer, or None where the socket is closed instead."""
        kinds = begun.met.kinds
        with self.world.lock:
            if "down" in kinds:
                return None
            if "lost_before" in kinds:
                self._record(begun, None, "lost", 0, None)
                return None
            self.world.settle()
            reply, outcome, body = self._handle(begun)
            lost = "lost_after" in kinds
            self._record(begun, body, outcome, reply.status, None if lost else reply)
            if lost:
                return None
            if "garbage" in kinds:
                return Reply(200, _PAGE, "text/html; charset=UTF-8")
            if "cut" in kinds:
                return Reply(200, reply.body[: len(reply.body) // 2])
            return reply

    def _handle(self, begun: Begun) -> tuple[Reply, str, Any]:
        body: Any = None
        try:
            body = self._check(begun)
            if begun.met.refusal is not None:
                raise begun.met.refusal
            return self._answer(begun, body), "ok", body
        except Refused as refused:
            return Reply.of(refused.status, refused.body()), refused.reason, body
        except Exception:  # noqa: BLE001 - a mistake here is an answer and a log, not a silence
            _log.exception("the sandbox failed at %s", begun.request.path)
            broken = Refused(500, "internalError", "The sandbox failed: see its log.")
            return Reply.of(500, broken.body()), broken.reason, body

    def _check(self, begun: Begun) -> Any:
        request, route = begun.request, begun.route
        if route is _UNKNOWN:
            raise Refused(404, "notFound", f"The sandbox has no {request.method} {request.path}")
        if self.token and request.token != self.token:
            raise Refused(401, "authError", "Invalid Credentials")
        for name in request.query:
            if name not in route.query | routes.EVERYWHERE:
                raise Refused(
                    400,
                    "badRequest",
                    f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query '
                    f"parameter. Field '{name}' could not be found in request message.",
                )
        project = begun.params.get("project")
        if project is not None:
            found = self.world.project(project)
            if not found.enabled:
                raise disabled(found.number)
        if not request.raw:
            return None
        try:
            return json.loads(request.raw)
        except ValueError:
            raise Refused(400, "parseError", "Parse Error") from None

    def _answer(self, begun: Begun, body: Any) -> Reply:
        request, route = begun.request, begun.route
        key = (request.path, repr(sorted(request.query.items())))
        kept = self._frozen is not None and request.method == "GET"
        if self._frozen is not None and kept and key in self._frozen:
            version, reply = self._frozen[key]
            if version == self.world.version:
                return reply
        query = {name: values[-1] for name, values in request.query.items()}
        asked = self._asked(request, route, begun.params, query, body, begun.met)
        repeated = operations.repeated(asked) if route.mutating else None
        reply = Reply.of(200, repeated or route.handler(asked))
        if self._frozen is not None and kept:
            self._frozen[key] = (self.world.version, reply)
        return reply

    def _asked(
        self,
        request: Request,
        route: Route,
        params: Mapping[str, str],
        query: dict[str, str],
        body: Any,
        met: Met,
    ) -> Asked:
        return Asked(
            world=self.world,
            request=request,
            operation=route.operation,
            params=dict(params),
            query=query,
            body=body,
            inside=met.inside,
            principal=request.token,
        )

    def _record(
        self, begun: Begun, body: Body | None, outcome: str, status: int, reply: Reply | None
    ) -> None:
        call = Call(
            at=self.world.clock(),
            method=begun.request.method,
            path=begun.request.path,
            operation=begun.route.operation,
            project=begun.params.get("project", ""),
            query={name: values[-1] for name, values in begun.request.query.items()},
            body=body,
            mutating=begun.route.mutating,
            outcome=outcome,
            status=status,
            answered=reply is not None,
            principal=begun.request.token,
        )
        self.calls.append(call)
        if self.after_call is not None:
            self.after_call(call, reply)
