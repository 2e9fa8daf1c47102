"""The questions to Azure: one resource group with one network security group, without any SDK.

Both cost nothing (Azure charges for neither), and no machine, address or disk is made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import urlencode

from tests.live.kit import Budget, Question
from tests.live.wire import MARK, Heard, Line

VERSION: Final = "2024-05-01"
GROUPS: Final = "2021-04-01"


@dataclass
class AzureTrial:
    """Fulfils ``tests.live.kit.Trial``."""

    line: Line
    subscription: str
    run: str
    location: str = "westeurope"
    sleep: Callable[[float], None] = time.sleep
    budget: Budget = field(default_factory=lambda: Budget(calls=600, seconds=1200))
    name: str = "azure"
    made: bool = False

    @property
    def group(self) -> str:
        """The id of the resource group that everything is in."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{MARK}-{self.run}"

    @property
    def nsg(self) -> str:
        """The id of the group under test."""
        return f"{self.group}/providers/Microsoft.Network/networkSecurityGroups/mx"

    @property
    def plan(self) -> Sequence[str]:
        """What will be done."""
        limits = f"{self.budget.calls} calls and {self.budget.seconds:.0f} seconds"
        return (
            f"Make the resource group {self.group} in {self.location}, tagged {MARK}: {self.run}.",
            "Refuse to go on if it is there already.",
            "Make one network security group in it, and write rules into it.",
            "Azure charges for neither; nothing hangs on the group, so it filters no traffic.",
            f"Use at most {limits}, and as much again for taking it away.",
            "Delete that resource group, and only if it still carries this run's tag.",
        )

    # --- calls -----------------------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        version: str = VERSION,
        headers: Mapping[str, str] | None = None,
    ) -> Heard:
        """One request."""
        self.budget.spend()
        content = b"" if body is None else json.dumps(body).encode()
        said = {"Content-Type": "application/json", **(headers or {})}
        return self.line(method, f"{path}?{urlencode({'api-version': version})}", said, content)

    def settle(self) -> dict[str, Any]:
        """Wait until the NSG is done with its last write, and give it."""
        while True:
            heard = self.ask("GET", self.nsg)
            if heard.value.get("properties", {}).get("provisioningState") != "Updating":
                return cast("dict[str, Any]", heard.value)
            self.sleep(1)

    def put(self, name: str, priority: int = 100, *, match: str = "", **changed: Any) -> Heard:
        """PUT one rule; None leaves a property out."""
        said: dict[str, Any] = {
            "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": "25",
            "sourceAddressPrefix": "192.0.2.0/24", "destinationAddressPrefix": "*",
            "access": "Deny", "priority": priority, "direction": "Inbound", **changed,
        }  # fmt: skip
        properties = {key: value for key, value in said.items() if value is not None}
        headers = {"If-Match": match} if match else {}
        path = f"{self.nsg}/securityRules/{name}"
        return self.ask("PUT", path, {"properties": properties}, headers=headers)

    def whole(self, *rules: tuple[str, int], match: str = "") -> Heard:
        """PUT the whole NSG with these rules, by name and priority."""
        body = {
            "location": self.location,
            "properties": {
                "securityRules": [
                    {
                        "name": name,
                        "properties": {
                            "protocol": "Tcp", "sourcePortRange": "*",
                            "destinationPortRange": "25", "sourceAddressPrefix": "192.0.2.0/24",
                            "destinationAddressPrefix": "*", "access": "Deny",
                            "priority": number, "direction": "Inbound",
                        },
                    }
                    for name, number in rules
                ]
            },
        }  # fmt: skip
        return self.ask("PUT", self.nsg, body, headers={"If-Match": match} if match else {})

    def fresh(self, *rules: tuple[str, int]) -> dict[str, Any]:
        """The NSG with these rules and no others, done."""
        self.settle()
        heard = self.whole(*rules)
        if heard.status >= 400:
            raise RuntimeError(f"the group can't be written: {heard.said}")
        return self.settle()

    # --- the trial -------------------------------------------------------------------------

    def begin(self) -> None:
        """Make the resource group and the NSG.

        Raises:
            RuntimeError: the resource group is there already, or can't be made.
        """
        there = self.ask("GET", self.group, version=GROUPS)
        if there.status != 404:
            raise RuntimeError(f"{self.group} must not be there yet, and GET says {there.said}")
        self.made = True
        body = {"location": self.location, "tags": {MARK: self.run}}
        heard = self.ask("PUT", self.group, body, version=GROUPS)
        if heard.status >= 400:
            raise RuntimeError(f"{self.group} can't be made: {heard.said}")
        self.fresh()

    def end(self) -> Sequence[str]:
        """Delete the resource group, if it is this run's."""
        if not self.made:
            return ()
        there = self.ask("GET", self.group, version=GROUPS)
        if there.status == 404:
            return ()
        if there.value.get("tags", {}).get(MARK) != self.run:
            return (f"{self.group}, which doesn't carry this run's tag: look at it by hand",)
        heard = self.ask("DELETE", self.group, version=GROUPS)
        if heard.status >= 400:
            return (f"{self.group}: DELETE says {heard.said}",)
        for _ in range(60):
            if self.ask("GET", self.group, version=GROUPS).status == 404:
                return ()
            self.sleep(5)
        return (f"{self.group}, which is being deleted, and was still there after five minutes",)

    @property
    def questions(self) -> Sequence[Question]:
        """What the documents leave open."""
        from tests.live.azure_questions import questions

        return questions(self)
