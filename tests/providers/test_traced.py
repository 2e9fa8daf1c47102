"""What Azure and Google answer is a part of the run's trace, each try by itself; no cloud is asked."""

from __future__ import annotations

from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError
from google.api_core.exceptions import Forbidden
from opentelemetry.trace import SpanKind

from cloudsync_azure.caller import Caller as AzureCaller
from cloudsync_azure.caller import Where
from cloudsync_gcp.caller import Caller as GcpCaller
from tests.unit.test_trace import Kept

READ = "Microsoft.Network/networkSecurityGroups/read"


def said(kept: Kept) -> list[dict[str, Any]]:
    """The name and attributes of each span of a cloud's answer, in order."""
    return [
        {"": one.name, **(one.attributes or {})}
        for one in kept.spans
        if one.kind is SpanKind.CLIENT
    ]


class Answers:
    """What the SDK gives or raises, one after another; also a client, and what makes clients."""

    def __init__(self, *answers: object) -> None:
        self._left = list(answers)

    def __call__(self) -> object:
        """The next one."""
        answer = self._left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def get(self, _service: str, _endpoint: str | None) -> Answers:
        """Itself."""
        return self

    def list(self, **_asked: object) -> object:
        """The next one."""
        return self()


@pytest.fixture
def kept() -> Kept:
    """Where spans go."""
    return Kept()


def test_azures_answers(kept: Kept) -> None:
    """A try that was told to slow down, and the one that came through."""

    class Throttled:
        status_code = 429
        reason = "Too Many Requests"
        headers = {"Retry-After": "1"}  # noqa: RUF012 - as the SDK's own has it

        def text(self) -> str:
            return '{"error": {"code": "TooManyRequests", "message": "slow down"}}'

        body = text

    slow = HttpResponseError(response=cast("Any", Throttled()))
    caller = AzureCaller(sleep=lambda _seconds: None)
    with kept.run():
        caller.ask(Where("sub"), READ, None, Answers(slow, "groups"))
    shared = {
        "": READ,
        "rpc.system.name": "azure-api",
        "rpc.method": READ,
        "cloud.provider": "azure",
    }
    first, second = said(kept)
    assert second == {**shared, "rpc.response.status_code": "ok", "cloudsync.throttled": False}
    code = first["rpc.response.status_code"]
    assert first == {
        **shared, "rpc.response.status_code": code, "error.type": code, "cloudsync.throttled": True,
    }  # fmt: skip
    assert code != "ok"


def test_googles_answers(kept: Kept) -> None:
    """A try that was told to slow down, and the one that came through."""
    slow = Forbidden("slow", errors=[{"reason": "rateLimitExceeded"}])  # type: ignore[no-untyped-call]
    clients = cast("Any", Answers(slow, "rules"))
    caller = GcpCaller(clients, sleep=lambda _seconds: None)
    with kept.run():
        caller.read("Firewalls", "list", {"project": "mail"}, endpoint=None)
    shared = {
        "": "firewalls.list", "rpc.system.name": "gcp-api", "rpc.method": "firewalls.list",
        "cloud.provider": "gcp",
    }  # fmt: skip
    first, second = said(kept)
    assert second == {**shared, "rpc.response.status_code": "ok", "cloudsync.throttled": False}
    assert first == {
        **shared, "rpc.response.status_code": "rateLimitExceeded",
        "error.type": "rateLimitExceeded", "cloudsync.throttled": True,
    }  # fmt: skip
