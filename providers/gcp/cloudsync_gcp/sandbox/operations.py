"""Operations: what every write answers, how it ends, and the same request sent twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cloudsync_gcp.sandbox.values import Body
from cloudsync_gcp.sandbox.wire import Refused, Request, invalid, is_object, missing, not_found
from cloudsync_gcp.sandbox.world import Project, Running, World, link


@dataclass(frozen=True, slots=True)
class Asked:
    """One call as its handler gets it: path parameters, single query values, the parsed body."""

    world: World
    request: Request
    operation: str
    params: dict[str, str]
    query: dict[str, str]
    body: Any = None
    inside: Refused | None = None
    principal: str = ""
    told: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def project(self) -> Project:
        """The project that the path names."""
        return self.world.project(self.params["project"])

    def number(self, name: str) -> int | None:
        """A query parameter as a number.

        Raises:
            Refused: it isn't one.
        """
        text = self.query.get(name)
        if text is None:
            return None
        if not text.lstrip("-").isdigit():
            raise invalid(name, text, "Must be a number.")
        return int(text)


def request_id(asked: Asked) -> str:
    """The request's idempotency key, or "".

    Raises:
        Refused: it is no UUID, or the zero one, which the description excludes.
    """
    text = asked.query.get("requestId", "")
    if text:
        try:
            valid = UUID(text).int != 0
        except ValueError:
            valid = False
        if not valid:
            raise invalid("requestId", text, "Must be a valid UUID other than zero.")
    return text


def change(asked: Asked, resource: str, kind: str, apply: Callable[[], None]) -> Body:
    """Start one mutating operation on the resource at path `resource`; the operation's JSON.

    `apply` changes the state when the operation is done and may refuse, which ends the operation in
    an error. A request id that is known answers with the first operation and does nothing again
    (source: the description of `requestId`). What happens to a second write while the first one
    runs isn't documented: the dialect `concurrent`.

    Raises:
        Refused: resourceNotReady.
    """
    world, dialect = asked.world, asked.world.dialect
    key = request_id(asked)
    now = world.clock()
    busy = world.busy_until(resource)
    if busy is not None and dialect.concurrent == "refused":
        # gh terraform-google-modules/terraform-google-kubernetes-engine#888 has the text.
        raise Refused(400, "resourceNotReady", f"The resource '{resource}' is not ready")
    project = asked.params.get("project", "")
    identity = world.next_id()
    name = f"operation-{identity}"
    target = world.next_id()
    body: Body = {
        "kind": "compute#operation",
        "id": identity,
        "name": name,
        "operationType": kind,
        "targetLink": link(resource),
        "targetId": target,
        "status": "RUNNING",
        "user": asked.principal or "sandbox@example.com",
        "progress": 0,
        "insertTime": world.timestamp(now),
        "startTime": world.timestamp(now),
        "selfLink": link(f"projects/{project}/global/operations/{name}"),
    }
    if key:
        body["clientOperationId"] = key
        world.requests[project, key] = name
    begun = max(now, busy or now)
    running = Running(body, resource, begun + dialect.operations_take, apply, asked.inside)
    world.begin(name, running)
    return shown(world, running, first=True)


def repeated(asked: Asked) -> Body | None:
    """The first operation of a request id that was seen before, or None."""
    key = request_id(asked)
    name = asked.world.requests.get((asked.params.get("project", ""), key)) if key else None
    return None if name is None else shown(asked.world, asked.world.operations[name])


def shown(world: World, running: Running, *, first: bool = False) -> Body:
    """An operation as it is answered; a write's own answer may say RUNNING though it is done.

    An operation that failed carries both the errors and the HTTP status that a refusal would have
    had. Source: `Operation.error`, `Operation.httpErrorStatusCode`.
    """
    if not running.done or (first and world.dialect.answers == "running"):
        return running.body
    body: Body = {
        **running.body,
        "status": "DONE",
        "progress": 100,
        "endTime": world.timestamp(running.done_at),
    }
    if running.error is not None:
        error = running.error
        body["error"] = {"errors": [{"code": error.code, "message": error.message}]}
        body["httpErrorStatusCode"] = error.status
        body["httpErrorMessage"] = _PHRASES.get(error.status, "ERROR")
    return body


_PHRASES = {400: "BAD REQUEST", 403: "FORBIDDEN", 404: "NOT FOUND", 409: "CONFLICT",
            412: "PRECONDITION FAILED", 503: "SERVICE UNAVAILABLE"}  # fmt: skip


def _found(asked: Asked) -> Running:
    name = asked.params["operation"]
    project = asked.project
    running = asked.world.operations.get(name) or next(
        (one for one in asked.world.operations.values() if one.body["id"] == name), None
    )
    if running is None or f"/projects/{project.id}/" not in running.body["selfLink"]:
        raise not_found(f"projects/{project.id}/global/operations/{name}")
    return running


def get(asked: Asked) -> Body:
    """Say how an operation stands."""
    return shown(asked.world, _found(asked))


def remaining(asked: Asked) -> float:
    """How long `wait` would wait: until the operation is done, at most two minutes.

    Source: the description of globalOperations.wait.
    """
    try:
        running = _found(asked)
    except Refused:
        return 0.0
    return 0.0 if running.done else min(120.0, max(0.0, running.done_at - asked.world.clock()))


def listing(asked: Asked) -> dict[str, Body]:
    """Every operation of the project."""
    project = asked.project
    return {
        name: shown(asked.world, running)
        for name, running in asked.world.operations.items()
        if f"/projects/{project.id}/" in running.body["selfLink"]
    }


def body_of(asked: Asked) -> Body:
    """The request's JSON object.

    Raises:
        Refused: there is none.
    """
    if not is_object(asked.body):
        raise missing("resource")
    return asked.body
