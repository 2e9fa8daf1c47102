"""How a step at a network security group is taken back, by a person or by ``undo``; it makes no calls.

Nobody else's rule is ever touched here, so what a run closed is what its own denies closed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cloudsync.addresses import AddressSet
from cloudsync.model import Purpose, Wanted
from cloudsync.provider import Order, Proposal, Reversal, Step
from cloudsync_azure.calls import Call
from cloudsync_azure.decide import Change
from cloudsync_azure.marks import owner
from cloudsync_azure.rule import Rule, ranges
from cloudsync_azure.snapshot import AzureSnapshot
from cloudsync_azure.steps import step_of


def reversal(snapshot: AzureSnapshot, step: Step) -> Reversal:
    """The command that takes ``step`` back, and what a deny of ours stopped before it."""
    call: Call = step.call
    group = snapshot.groups[step.targets[0]]
    stood = next((one for one in group.rules if one.name.lower() == call.rule.lower()), None)
    command = _remove(call) if stood is None else _write(call, stood)
    if call.new is None or call.new.allow:
        return Reversal((command,))
    return Reversal(
        (command,), {"deny": call.rule, "stopped": list(stood.sources) if stood else []}
    )


def _rule(call: Call, verb: str) -> list[str]:
    return [
        "az", "network", "nsg", "rule", verb, "--subscription", call.subscription,
        "--resource-group", call.group, "--nsg-name", call.nsg, "--name", call.rule,
    ]  # fmt: skip


def _remove(call: Call) -> str:
    return shlex.join(_rule(call, "delete"))


def _write(call: Call, rule: Rule) -> str:
    """``create`` writes a rule as a whole, whether it is there or not."""
    sides = (
        ("--source-address-prefixes", rule.sources),
        ("--source-asgs", rule.source_groups),
        ("--source-port-ranges", ranges(rule.source_ports)),
        ("--destination-address-prefixes", rule.destinations),
        ("--destination-asgs", rule.destination_groups),
        ("--destination-port-ranges", ranges(rule.ports)),
    )
    return shlex.join(
        [
            *_rule(call, "create"),
            "--priority", str(rule.priority), "--direction", "Inbound",
            "--access", "Allow" if rule.allow else "Deny", "--protocol", rule.protocol.title(),
            *(word for option, values in sides if values for word in (option, *values)),
            "--description", rule.description,
        ]
    )  # fmt: skip


def proposed(snapshot: AzureSnapshot, wanted: Mapping[str, Wanted], order: Order) -> Proposal:
    """``relax``: own denies go. ``undo``: those that a run made go, those it widened stop less."""
    return Proposal(
        tuple(
            step_of(snapshot, target, change)
            for target, want in wanted.items()
            for rule in snapshot.groups[target].rules
            if owner(rule, want.installation, want.ports) is Purpose.DENY
            for change in _change(rule, order)
        )
    )


def _change(rule: Rule, order: Order) -> Iterator[Change]:
    stopped: list[str] = []
    if order.verb == "undo":
        known: list[Mapping[str, Any]] = [
            one for one in order.records if str(one["deny"]).lower() == rule.name.lower()
        ]
        if not known:
            return
        stopped = [*known[0]["stopped"]]
    now = AddressSet.of(*rule.sources)
    less = now & AddressSet.of(*stopped)
    if not less:
        yield Change(rule, None)
    elif less != now:
        new = replace(rule, sources=tuple(sorted(less.cidrs())))
        yield Change(rule, new, narrows=True)
