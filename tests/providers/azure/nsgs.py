"""What the tests of the rules share: groups, snapshots and wishes; it holds no test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any, Literal

from cloudsync.exposure import Exposure, Name
from cloudsync.model import Mode, Wanted
from cloudsync.plan import TargetPlan, make
from cloudsync.provider import Scope
from cloudsync_azure.clauses import ALL, Protect
from cloudsync_azure.rules import AzureRules
from cloudsync_azure.snapshot import AzureSnapshot, read

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
SCOPE = Scope(f"azure:{SUBSCRIPTION}")
TARGET = f"azure:{SUBSCRIPTION}/mail/mx"
ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/mail"
    "/providers/Microsoft.Network/networkSecurityGroups/mx"
)
RULES = AzureRules()
LISTED = ("69.20.58.226/32", "69.20.58.234/32")


def asg(name: str) -> str:
    """The ARM id of an application security group."""
    return ID.replace("networkSecurityGroups/mx", f"applicationSecurityGroups/{name}")


def rule(
    name: str,
    priority: int,
    *sources: str,
    allow: bool = True,
    label: str = "",
    direction: str = "Inbound",
    **more: Any,
) -> dict[str, Any]:
    """A rule as ARM tells it; no source means everyone, ``more`` are further properties."""
    many = sources or ("*",)
    one = {"sourceAddressPrefix": many[0]} if len(many) == 1 else {}
    return {
        "name": name,
        "properties": {
            "priority": priority,
            "direction": direction,
            "access": "Allow" if allow else "Deny",
            "protocol": "Tcp",
            **(one or {"sourceAddressPrefixes": [*many]}),
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "25",
            "description": label,
            **more,
        },
    }


def own(purpose: str, part: str, priority: int, *sources: str, **more: Any) -> dict[str, Any]:
    """A rule as the installation ``mail`` makes it."""
    name = f"cloudsync-mail-25-{purpose}-{part}"
    label = f"cloudsync/mail {purpose}"
    return rule(name, priority, *sources, allow=purpose != "deny", label=label, **more)


def snapshot(
    *rules: Mapping[str, Any], protect: Protect = ALL, **more: Sequence[Mapping[str, str]]
) -> AzureSnapshot:
    """A snapshot of the one group ``TARGET``, with the default rules of every group."""
    properties = {"securityRules": [*rules], **more}
    return read(SCOPE, [{"id": ID, "name": "mx", "etag": "1", "properties": properties}], protect)


def exposure(*rules: Mapping[str, Any], protect: Protect = ALL, port: int = 25) -> Exposure:
    """Who reaches the port."""
    return RULES.exposure(snapshot(*rules, protect=protect), port)[TARGET]


def wanted(
    *networks: str,
    mode: Mode = Mode.ADD,
    also: Sequence[str] = (),
    names: Sequence[Name] = (),
    internal: Literal["keep", "close"] | None = None,
    ports: tuple[int, ...] = (25,),
    **more: Any,
) -> Wanted:
    """What the installation ``mail`` wants."""
    if mode is Mode.ENFORCE:
        internal = internal or "keep"
    return Wanted(
        "mail", mode, tuple(map(ip_network, networks or LISTED)), tuple(map(ip_network, also)),
        frozenset(names), internal, ports, **more,
    )  # fmt: skip


def plan(seen: AzureSnapshot, want: Wanted) -> TargetPlan:
    """The proved plan of the one group."""
    (found,) = make(RULES, seen, {TARGET: want}, "sha256:test")
    return found


def done(seen: AzureSnapshot, want: Wanted) -> AzureSnapshot:
    """The group once its plan is carried out, as often as it takes to come to rest."""
    for _ in range(4):
        steps = plan(seen, want).steps
        if not steps:
            return seen
        for step in steps:
            seen = RULES.after(seen, step)
    raise AssertionError(plan(seen, want).steps)


def lines(seen: AzureSnapshot, want: Wanted) -> list[str]:
    """The changes of the plan, one line a rule."""
    return [line for step in plan(seen, want).steps for line in step.changes]
