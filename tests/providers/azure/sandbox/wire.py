"""What the sandbox's tests share: raw requests, bodies and answers; it holds no test."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from cloudsync_azure.sandbox import Sandbox

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
VERSION = "2024-05-01"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/mail"
NSG = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/mx"
RULES = f"{NSG}/securityRules"


class Answer:
    """Status, headers in lower case, and the JSON of one answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.text = body.decode()

    @property
    def value(self) -> Any:
        """The body, read."""
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """``STATUS CODE``, or the status alone where nothing was refused."""
        if self.status < 400:
            return str(self.status)
        return f"{self.status} {self.value['error']['code']}"

    @property
    def refusal(self) -> str:
        """``STATUS CODE: MESSAGE``."""
        return f"{self.code}: {self.value['error']['message']}"


def ask(
    sandbox: Sandbox,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = "anybody",
    version: str | None = VERSION,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request over the wire, without any SDK; ``path`` may be a link out of an answer."""
    parts = urlsplit(path)
    query = [one for one in (parts.query, f"api-version={version}" if version else "") if one]
    if "api-version" in parts.query:
        query = [parts.query]
    target = parts.path + (f"?{'&'.join(query)}" if query else "")
    said = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
    content = None
    if body is not None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        said["Content-Type"] = "application/json"
    connection = HTTPConnection(sandbox.url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, target, content, said)
        found = connection.getresponse()
        return Answer(
            found.status, {name.lower(): value for name, value in found.getheaders()}, found.read()
        )
    finally:
        connection.close()


def properties(priority: int = 100, **changed: Any) -> dict[str, Any]:
    """The properties of a rule that lets one network in at port 25; None leaves a field out."""
    said: dict[str, Any] = {
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": "25",
        "sourceAddressPrefix": "192.0.2.0/24",
        "destinationAddressPrefix": "*",
        "access": "Allow",
        "priority": priority,
        "direction": "Inbound",
        **changed,
    }
    return {name: value for name, value in said.items() if value is not None}


def rule(name: str, priority: int = 100, **changed: Any) -> dict[str, Any]:
    """A rule as a whole NSG's body holds it."""
    return {"name": name, "properties": properties(priority, **changed)}


def put(
    sandbox: Sandbox, name: str = "one", priority: int = 100, *, match: str = "", **changed: Any
) -> Answer:
    """PUT one rule."""
    return ask(
        sandbox, "PUT", f"{RULES}/{name}", {"properties": properties(priority, **changed)},
        headers={"If-Match": match} if match else {},
    )  # fmt: skip


def names(sandbox: Sandbox) -> list[str]:
    """The names of the rules that are really there."""
    return [each["name"] for each in sandbox.nsg("mx")["properties"]["securityRules"]]


def etag(sandbox: Sandbox) -> str:
    """The NSG's etag as it really is."""
    return str(sandbox.nsg("mx")["etag"])
