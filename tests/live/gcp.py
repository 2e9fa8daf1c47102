"""The questions to Google: one network of its own with rules for nobody, without any SDK.

Google charges for neither networks nor rules, and no machine, address or subnet is made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from tests.live.kit import Budget, Question
from tests.live.wire import MARK, Heard, Line


@dataclass
class GcpTrial:
    """Fulfils ``tests.live.kit.Trial``."""

    line: Line
    project: str
    run: str
    sleep: Callable[[float], None] = time.sleep
    budget: Budget = field(default_factory=lambda: Budget(calls=300, seconds=900))
    name: str = "gcp"
    made: list[str] = field(default_factory=list[str])
    rules: list[str] = field(default_factory=list[str])

    @property
    def prefix(self) -> str:
        """Begins the name of all that is made."""
        return f"{MARK}-{self.run}"

    @property
    def root(self) -> str:
        """The path of the project."""
        return f"/compute/v1/projects/{self.project}"

    @property
    def network(self) -> str:
        """The path of the network that every rule is of."""
        return f"{self.root}/global/networks/{self.prefix}"

    @property
    def plan(self) -> Sequence[str]:
        """What will be done."""
        limits = f"{self.budget.calls} calls and {self.budget.seconds:.0f} seconds"
        return (
            f"Make the network {self.prefix} in {self.project}, without a subnet.",
            "Refuse to go on if it is there already.",
            f"Write firewall rules of that network, each named {self.prefix}-…, each disabled.",
            "Google charges for neither; nothing is in the network, so no traffic is filtered.",
            f"Use at most {limits}, and as much again for taking it away.",
            "Delete these rules by name, and the network only if it still says this run's name.",
        )

    # --- calls -----------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: object = None, **query: str) -> Heard:
        """One request."""
        self.budget.spend()
        content = b"" if body is None else json.dumps(body).encode()
        url = path + (f"?{urlencode(query)}" if query else "")
        return self.line(method, url, {"Content-Type": "application/json"}, content)

    def end_of(self, written: Heard) -> str:
        """How a write ended: done, the refusal, or the errors inside its operation."""
        if written.status >= 400:
            return written.said
        operation = written.value
        for _ in range(60):
            if operation.get("status") == "DONE":
                break
            self.sleep(1)
            path = f"{self.root}/global/operations/{operation['name']}"
            operation = self.ask("GET", path).value
        else:
            return "not done after a minute"
        inside: Mapping[str, Any] = operation.get("error") or {}
        errors: Sequence[Mapping[str, Any]] = inside.get("errors") or ()
        if not errors:
            return "done"
        codes = " ".join(str(one.get("code")) for one in errors)
        return f"inside: {operation.get('httpErrorStatusCode')} {codes}"

    def rule(self, end: str) -> str:
        """The path of one rule."""
        return f"{self.root}/global/firewalls/{self.prefix}-{end}"

    def insert(self, end: str, *, request: str = "", **changed: Any) -> Heard:
        """Make one rule; None leaves a field out. It's noted first, so that it goes whatever comes."""
        if end not in self.rules:
            self.rules.append(end)
        said: Mapping[str, Any] = {
            "name": f"{self.prefix}-{end}", "network": self.network.removeprefix("/compute/v1/"),
            "direction": "INGRESS", "disabled": True, "sourceRanges": ["192.0.2.0/24"],
            "allowed": [{"IPProtocol": "tcp", "ports": ["25"]}], **changed,
        }  # fmt: skip
        body = {key: value for key, value in said.items() if value is not None}
        query = {"requestId": request} if request else {}
        return self.ask("POST", f"{self.root}/global/firewalls", body, **query)

    def have(self, end: str, **changed: Any) -> dict[str, Any]:
        """Make one rule and wait; the rule as it is read.

        Raises:
            RuntimeError: it can't be made.
        """
        ended = self.end_of(self.insert(end, **changed))
        if ended != "done":
            raise RuntimeError(ended)
        stored: dict[str, Any] = self.ask("GET", self.rule(end)).value
        return stored

    def patch(self, end: str, **changed: Any) -> Heard:
        """Patch one rule."""
        return self.ask("PATCH", self.rule(end), changed)

    def key(self) -> str:
        """A request id that nobody used."""
        return str(uuid4())

    # --- the trial -------------------------------------------------------------------------

    def begin(self) -> None:
        """Make the network.

        Raises:
            RuntimeError: the network is there already, or can't be made.
        """
        there = self.ask("GET", self.network)
        if there.status != 404:
            raise RuntimeError(f"{self.network} must not be there yet, and GET says {there.said}")
        self.made.append(self.network)
        body = {"name": self.prefix, "autoCreateSubnetworks": False, "description": self.prefix}
        ended = self.end_of(self.ask("POST", f"{self.root}/global/networks", body))
        if ended != "done":
            raise RuntimeError(f"{self.network} can't be made: {ended}")

    def end(self) -> Sequence[str]:
        """Delete the rules, then the network; what is gone already is gone."""
        left: list[str] = []
        for _ in range(2):  # a write that was still under way may come true after the first look
            left = []
            for path in [self.rule(end) for end in self.rules] + self.made:
                try:
                    left += self._gone(path)
                except Exception as error:  # noqa: BLE001 - the rest must go all the same
                    left.append(f"{path}: {type(error).__name__}: {error}")
            if not left:
                break
        return tuple(left)

    def _gone(self, path: str) -> Sequence[str]:
        there = self.ask("GET", path)
        if there.status == 404:
            return ()
        if path == self.network and there.value.get("description") != self.prefix:
            return (f"{path}, which doesn't say this run's name: look at it by hand",)
        ended = ""
        for _ in range(5):
            ended = self.end_of(self.ask("DELETE", path))
            if ended == "done" or ended.startswith("404"):
                return ()
            self.sleep(5)
        return (f"{path}: DELETE says {ended}",)

    @property
    def questions(self) -> Sequence[Question]:
        """What the documents leave open."""
        from tests.live.gcp_questions import questions

        return questions(self)
