"""The sandbox in this process, asked by Google's client."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
import requests

from cloudsync_gcp.sandbox import Dialect, Sandbox
from tests.providers.gcp.inprocess import served


def test_the_sdk_in_this_process() -> None:
    """It writes, waits on the caller's clock, loses answers and reads, without a socket."""
    compute: Any = import_module("google.cloud.compute_v1")
    anonymous: Any = import_module("google.auth.credentials").AnonymousCredentials()
    options: Any = import_module("google.api_core.client_options").ClientOptions
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    sandbox = Sandbox(dialect=Dialect(operations_take=3), clock=lambda: now[0])
    with served(sandbox.cloud, pause) as endpoint:

        def client(service: Any) -> Any:
            return service(
                credentials=anonymous,
                client_options=options(api_endpoint=endpoint),
                transport="rest",
            )

        firewalls = client(compute.FirewallsClient)
        rule = compute.Firewall(name="a", allowed=[compute.Allowed(I_p_protocol="tcp")])
        operation = firewalls.insert_unary(project="mail-prod", firewall_resource=rule)
        client(compute.GlobalOperationsClient).wait(project="mail-prod", operation=operation.name)
        assert now == [3.0]
        assert [one.name for one in firewalls.list(project="mail-prod")] == ["a"]
        sandbox.faults.lost_after()
        with pytest.raises(requests.ConnectionError, match="closed without an answer"):
            firewalls.delete_unary(project="mail-prod", firewall="a")
        now[0] += 3
        assert sandbox.firewalls() == {}
