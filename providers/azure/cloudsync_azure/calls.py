"""The mutating calls as values, and the requests they stand for; it sends none of them."""

from __future__ import annotations

from typing import Any, Final, Literal

from cloudsync.immutable import immutable
from cloudsync_azure.rule import Rule, properties_of

Operation = Literal["put", "delete"]

ACTION: Final[dict[Operation, str]] = {
    "put": "Microsoft.Network/networkSecurityGroups/securityRules/write",
    "delete": "Microsoft.Network/networkSecurityGroups/securityRules/delete",
}
"""The action that a call needs, as role definitions name it (Azure resource provider operations,
Microsoft.Network)."""


@immutable
class Call:
    """One rule of one group is made, rewritten as a whole, or taken away.

    ``old`` is the rule as the plan saw it and ``new`` as it will be; ``old`` None makes one, ``new``
    None takes one away. ``endpoint`` and ``tenant`` are the target block's.
    """

    subscription: str
    group: str
    nsg: str
    old: Rule | None
    new: Rule | None
    endpoint: str | None = None
    tenant: str | None = None

    @property
    def operation(self) -> Operation:
        """What it is to ARM."""
        return "delete" if self.new is None else "put"

    @property
    def rule(self) -> str:
        """The rule's name; rewriting keeps it."""
        one = self.new or self.old
        return one.name if one else ""


def request(rule: Rule) -> dict[str, Any]:
    """The body with which ``rule`` is written, whole."""
    return {"properties": properties_of(rule)}


def alike(one: Rule | None, two: Rule | None) -> bool:
    """Whether two rules of one name say the same; the name's own case says nothing."""
    if one is None or two is None:
        return one is two
    return one.name.lower() == two.name.lower() and properties_of(one) == properties_of(two)
