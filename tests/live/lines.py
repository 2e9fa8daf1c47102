"""How the live kit talks: over HTTPS with the person's own identity, or to a sandbox in this process."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
import urllib3
from azure.identity import DefaultAzureCredential
from botocore.config import Config

from cloudsync_aws.sandbox import Sandbox as AwsSandbox
from cloudsync_azure.sandbox import Sandbox
from cloudsync_gcp.sandbox import Sandbox as GcpSandbox
from tests.live.aws import Call
from tests.live.wire import Heard, Line


def azure_sandbox() -> Line:
    """A sandbox without a server, with nothing in it."""
    sandbox = Sandbox(clock=lambda: 0.0)

    def line(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Heard:
        said = {"Authorization": "Bearer anybody", **headers}
        reply = sandbox.respond(method, path, said, body)
        assert reply is not None, "nothing was ordered to go wrong"
        return Heard(reply.status, dict(reply.headers), reply.body)

    return line


def real(base: str, token: Callable[[], str]) -> Line:
    """The real thing at ``base``; ``token`` gives a bearer token that is good for the next call."""
    pool = urllib3.PoolManager(retries=False, timeout=60)

    def line(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Heard:
        said = {"Authorization": f"Bearer {token()}", **headers}
        answer = pool.request(method, base + path, body=body or None, headers=said)
        return Heard(answer.status, dict(answer.headers), answer.data)

    return line


def azure_token() -> Callable[[], str]:
    """Tokens of whoever is signed in here (`az login`, a workload's or a managed identity).

    Nobody is asked for one before the first call.
    """

    @cache
    def credential() -> DefaultAzureCredential:
        return DefaultAzureCredential()

    return lambda: credential().get_token("https://management.azure.com/.default").token


def gcp_sandbox(sandbox: GcpSandbox) -> Line:
    """A sandbox without a server; the making of networks, which it doesn't know, is done here."""
    networks = "/compute/v1/projects/mail-prod/global/networks"
    done = Heard(200, {}, json.dumps({"name": "seeded", "status": "DONE"}).encode())

    def line(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Heard:
        under = networks.removeprefix("/compute/v1/")
        if (method, path) == ("POST", networks):
            asked = json.loads(body)
            sandbox.seed_network(asked["name"])
            held = sandbox.world.now(under)[asked["name"]]
            told = {**held, "description": asked["description"]}
            sandbox.world.put(under, asked["name"], told, settled=True)
            return done
        if method == "DELETE" and path.startswith(f"{networks}/"):
            sandbox.world.drop(under, path.rpartition("/")[2])
            return done
        reply = sandbox.cloud.respond(method, path, body, headers)
        if reply is None:
            raise ConnectionResetError("the line is dead")
        return Heard(reply.status, {}, reply.body)

    return line


def gcp_token() -> Callable[[], str]:
    """Tokens of the application default credentials; nobody is asked for one before a call."""

    @cache
    def credentials() -> Any:
        auth: Any = importlib.import_module("google.auth")
        return auth.default(scopes=["https://www.googleapis.com/auth/compute"])[0]

    def token() -> str:
        found = credentials()
        if not found.valid:
            transport: Any = importlib.import_module("google.auth.transport.urllib3")
            found.refresh(transport.Request(urllib3.PoolManager()))
        return str(found.token)

    return token


def aws(region: str, sandbox: Callable[[], AwsSandbox] | None = None) -> Call:
    """Clients of boto3, each call tried once; the identity is whoever is signed in here.

    ``sandbox`` gives a running sandbox, and isn't asked before the first call.
    """

    @cache
    def client(service: str) -> Any:
        more: dict[str, Any] = {}
        if sandbox is not None:
            more = {"endpoint_url": sandbox().url, "aws_access_key_id": "AKIASANDBOX"}
            more["aws_secret_access_key"] = "sandbox"
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
        maker: Any = boto3
        return maker.client(service, region_name=region, config=config, **more)

    def call(service: str, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(client(service), action)(**arguments)
        return answer

    return call
