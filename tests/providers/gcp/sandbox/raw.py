"""What the sandbox's tests share: requests without any SDK, on a clock of their own; it holds no test."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from cloudsync_gcp.sandbox import Body, Dialect, Reply, Sandbox

NETWORK = "https://www.googleapis.com/compute/v1/projects/mail-prod/global/networks/default"
FIREWALLS = "/compute/v1/projects/mail-prod/global/firewalls"
POLICIES = "/compute/v1/projects/mail-prod/global/firewallPolicies"
PORT_25 = [{"IPProtocol": "tcp", "ports": ["25"]}]


class Raw:
    """Asks a sandbox in this process, as HTTP would; `now` is the sandbox's clock in seconds."""

    def __init__(self, dialect: Dialect, quota: int = 100, token: str = "") -> None:
        self.now = 0.0
        self.sandbox = Sandbox(dialect=dialect, quota=quota, clock=lambda: self.now, token=token)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    def reply(self, method: str, path: str, body: Any = None, **query: Any) -> Reply | None:
        """The answer itself, or None where the socket would be closed."""
        url = quote(path, safe="/:") + (f"?{urlencode(query)}" if query else "")
        data = b"" if body is None else json.dumps(body).encode()
        return self.sandbox.cloud.respond(method, url, data, pause=self.wait)

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The JSON of an answer that must be 200."""
        reply = self.reply(method, path, body, **query)
        assert reply is not None
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def refusal(self, method: str, path: str, body: Any = None, **query: Any) -> str:
        """`STATUS REASON: MESSAGE` of an answer that must be a refusal."""
        reply = self.reply(method, path, body, **query)
        assert reply is not None
        assert reply.status != 200, reply.body
        error = json.loads(reply.body)["error"]
        return f"{reply.status} {error['errors'][0]['reason']}: {error['message']}"

    def done(self, method: str, path: str, body: Any = None, **query: Any) -> Body:
        """The operation of a write, once it is done."""
        operation = self.ask(method, path, body, **query)
        name = operation["name"]
        waited: Body = self.ask(
            "POST", f"/compute/v1/projects/mail-prod/global/operations/{name}/wait"
        )
        return waited

    def names(self, **query: Any) -> list[str]:
        """The names of the rules that a list shows."""
        return [one["name"] for one in self.ask("GET", FIREWALLS, **query).get("items", ())]


def rule(name: str = "smtp", **more: Any) -> Body:
    """A rule as firewalls.insert takes it: port 25 from one network."""
    body: Body = {
        "name": name,
        "network": "global/networks/default",
        "direction": "INGRESS",
        "allowed": PORT_25,
        "sourceRanges": ["192.0.2.0/24"],
        **more,
    }
    return {key: value for key, value in body.items() if value is not None}
