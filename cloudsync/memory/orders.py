"""What a person orders of a firewall in memory, and how a step is taken back; it writes nothing.

Nobody else's rule is ever touched here, so what a run closed is what its own denies closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from cloudsync.addresses import AddressSet
from cloudsync.memory.firewall import Firewall, Rule, owned
from cloudsync.model import Wanted
from cloudsync.provider import Order, Proposal, Reversal, Step


def reversal(firewall: Firewall, step: Step) -> Reversal:
    """The command that takes ``step`` back, and what a deny of ours stopped before it."""
    rule = cast("Rule", step.call)
    stood = next((one for one in firewall.rules if one.name == rule.name), None)
    command = f"memory remove '{rule.name}'" if stood is None else f"memory write '{stood}'"
    if rule.allow or step.verb == "remove":
        return Reversal((command,))
    return Reversal(
        (command,), {"deny": rule.name, "stopped": list(stood.sources) if stood else []}
    )


def proposed(
    firewalls: Mapping[str, Firewall], wanted: Mapping[str, Wanted], order: Order
) -> Proposal:
    """``relax``: own denies go. ``undo``: those that a run made go, those it widened stop less."""
    return Proposal(
        tuple(
            step
            for target, want in wanted.items()
            for rule in firewalls[target].ordered
            if not rule.allow and any(owned(rule, want.installation, port) for port in want.ports)
            for step in _step(target, rule, order)
        )
    )


def _step(target: str, rule: Rule, order: Order) -> Iterator[Step]:
    stopped: list[str] = []
    if order.verb == "undo":
        known: list[Mapping[str, Any]] = [one for one in order.records if one["deny"] == rule.name]
        if not known:
            return
        stopped = [*known[0]["stopped"]]
    less = AddressSet.of(*rule.sources) & AddressSet.of(*stopped)
    if not less:
        yield Step("remove", (target,), (f"- {rule}",), call=rule)
    elif less != AddressSet.of(*rule.sources):
        new = replace(rule, sources=tuple(less.cidrs()))
        yield Step("replace", (target,), (f"- {rule}", f"+ {new}"), narrows=True, call=new)
