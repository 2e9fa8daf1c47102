"""The sandbox over the wire: Google's own client, answers that are lost, and a port of loopback."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection, RemoteDisconnected
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest

from cloudsync_gcp.sandbox import Call, Dialect, Reply, Sandbox
from tests.providers.gcp.sandbox.described import problems
from tests.providers.gcp.sandbox.raw import FIREWALLS, rule


@pytest.fixture
def running() -> Iterator[Sandbox]:
    """A sandbox that listens, every exchange held to the description."""
    found: list[str] = []

    def watch(call: Call, reply: Reply | None) -> None:
        found.extend(problems(call, reply))

    with Sandbox() as sandbox:
        sandbox.after_call(watch)
        yield sandbox
    assert found == []


def connection(sandbox: Sandbox) -> HTTPConnection:
    """A connection without any SDK."""
    parts = urlsplit(sandbox.endpoint)
    return HTTPConnection(str(parts.hostname), parts.port, timeout=10)


def ask(open_connection: HTTPConnection, method: str, path: str, body: Any = None) -> Any:
    """Status and JSON of one request on a connection that stays open."""
    data = None if body is None else json.dumps(body)
    open_connection.request(method, path, data, {"Content-Type": "application/json"})
    answer = open_connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_it_listens_on_loopback_alone(running: Sandbox) -> None:
    """The endpoint is http on 127.0.0.1, and a sandbox that doesn't run has none."""
    assert urlsplit(running.endpoint).hostname == "127.0.0.1"
    assert running.url == running.endpoint
    with pytest.raises(RuntimeError, match="the sandbox isn't running"):
        _ = Sandbox().endpoint


def test_one_connection_many_requests(running: Sandbox) -> None:
    """A connection is kept, and what one request writes the next one reads."""
    kept = connection(running)
    assert ask(kept, "POST", FIREWALLS, rule())[0] == 200
    status, found = ask(kept, "GET", FIREWALLS)
    kept.close()
    assert (status, [one["name"] for one in found["items"]]) == (200, ["smtp"])


@pytest.mark.parametrize(("fault", "stands"), [("lost_before", []), ("lost_after", ["smtp"])])
def test_a_lost_answer_is_a_closed_socket(running: Sandbox, fault: str, stands: list[str]) -> None:
    """Not one byte comes back; the write stands or not, and the next connection is served."""
    getattr(running.faults, fault)()
    lost = connection(running)
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        ask(lost, "POST", FIREWALLS, rule())
    lost.close()
    assert list(running.firewalls()) == stands
    again = connection(running)
    assert ask(again, "GET", FIREWALLS)[0] == 200
    again.close()


def test_slow_answers_hold_up_nobody_else(running: Sandbox) -> None:
    """While one request waits another is answered; and stopping waits for neither."""
    running.faults.latency(30, "compute.firewalls.list", times=1)
    slow = connection(running)
    slow.request("GET", FIREWALLS)
    time.sleep(0.05)
    other = connection(running)
    assert ask(other, "GET", "/compute/v1/projects/mail-prod")[0] == 200
    began = time.monotonic()
    other.close()
    running.stop()
    slow.close()
    assert time.monotonic() - began < 5


def test_a_port_of_choice_is_free_again() -> None:
    """A sandbox listens where it is told, refuses a taken port, and frees it when it stops."""
    with Sandbox() as first:
        port = urlsplit(first.endpoint).port
        assert port is not None
        with pytest.raises(OSError, match="in use"):
            Sandbox(port=port).start()
    with Sandbox(port=port) as second:
        assert urlsplit(second.endpoint).port == port


def test_what_an_environment_says(running: Sandbox) -> None:
    """The command line's own overrides lead here, and no metadata server is asked for a token."""
    assert running.environment() == {
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": f"{running.endpoint}/compute/v1/",
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": "mail-prod",
        "GCE_METADATA_HOST": "127.0.0.1:9",
        "NO_GCE_CHECK": "true",
    }


@pytest.fixture
def sdk(running: Sandbox) -> Any:
    """Google's client, each service by its class."""
    compute: Any = import_module("google.cloud.compute_v1")
    anonymous: Any = import_module("google.auth.credentials").AnonymousCredentials()
    options: Any = import_module("google.api_core.client_options").ClientOptions

    def client(service: str) -> Any:
        return getattr(compute, service)(
            credentials=anonymous,
            client_options=options(api_endpoint=running.endpoint),
            transport="rest",
        )

    client.compute = compute  # type: ignore[attr-defined]
    return client


def test_the_sdk_writes_and_reads(running: Sandbox, sdk: Any) -> None:
    """insert, wait, patch, list and delete by Google's client, page by page."""
    made = sdk.compute.Firewall.from_json(json.dumps(rule()))
    firewalls, operations = sdk("FirewallsClient"), sdk("GlobalOperationsClient")
    for name in ("a", "b", "c"):
        made.name = name
        operation = firewalls.insert_unary(project="mail-prod", firewall_resource=made)
        done = operations.wait(project="mail-prod", operation=operation.name)
        assert done.status == sdk.compute.Operation.Status.DONE
    # An empty array isn't sent at all, so this changes the priority alone.
    change = sdk.compute.Firewall(priority=0, source_ranges=[])
    firewalls.patch_unary(project="mail-prod", firewall="a", firewall_resource=change)
    firewalls.delete_unary(project="mail-prod", firewall="b")
    found = firewalls.list({"project": "mail-prod", "max_results": 1})
    assert [(one.name, one.priority, list(one.source_ranges)) for one in found] == [
        ("a", 0, ["192.0.2.0/24"]),
        ("c", 1000, ["192.0.2.0/24"]),
    ]


def test_the_sdk_reads_refusals(running: Sandbox, sdk: Any) -> None:
    """Reason, ErrorInfo and metadata reach the caller through Google's exceptions."""
    errors: Any = import_module("google.api_core.exceptions")
    running.faults.rate_limited(concurrent=True)
    with pytest.raises(errors.Forbidden) as caught:
        sdk("FirewallsClient").get(project="mail-prod", firewall="none")
    error: Any = caught.value
    assert (error.errors[0]["reason"], error.reason, error.domain) == (
        "rateLimitExceeded",
        "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED",
        "googleapis.com",
    )
    with pytest.raises(errors.NotFound):
        sdk("FirewallsClient").get(project="mail-prod", firewall="none")


def test_the_sdk_reads_what_is_in_force(running: Sandbox, sdk: Any) -> None:
    """Policies and rules as effective, and a policy by its fingerprint."""
    allow = {
        "priority": 1, "action": "allow", "direction": "INGRESS",
        "match": {"srcIpRanges": ["192.0.2.0/24"], "layer4Configs": [{"ipProtocol": "tcp"}]},
    }  # fmt: skip
    running.seed_policy("mail", [allow], network="default")
    running.seed_firewall(rule())
    found = sdk("NetworksClient").get_effective_firewalls(project="mail-prod", network="default")
    assert [one.name for one in found.firewalls] == ["smtp"]
    assert [(one.name, one.type_) for one in found.firewall_policys] == [("mail", "NETWORK")]
    policies = sdk("NetworkFirewallPoliciesClient")
    policy = policies.get(project="mail-prod", firewall_policy="mail")
    policies.patch_unary(
        project="mail-prod",
        firewall_policy="mail",
        firewall_policy_resource=sdk.compute.FirewallPolicy(
            description="x", fingerprint=policy.fingerprint
        ),
    )
    assert running.policy("mail")["description"] == "x"


def test_an_operation_that_takes_time(sdk: Any) -> None:
    """Wait holds the answer back until the operation is done, on the real clock."""
    del sdk
    with Sandbox(dialect=Dialect(operations_take=0.2)) as sandbox:
        kept = connection(sandbox)
        _, operation = ask(kept, "POST", FIREWALLS, rule())
        began = time.monotonic()
        path = f"/compute/v1/projects/mail-prod/global/operations/{operation['name']}/wait"
        status, waited = ask(kept, "POST", path)
        kept.close()
    assert (status, waited["status"]) == (200, "DONE")
    assert 0.1 < time.monotonic() - began < 5


def test_no_listener_is_left() -> None:
    """After it stopped nobody answers there."""
    with Sandbox() as sandbox:
        parts = urlsplit(sandbox.endpoint)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((str(parts.hostname), parts.port or 0), timeout=5)
