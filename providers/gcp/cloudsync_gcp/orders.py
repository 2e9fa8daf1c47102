"""What a person orders at a network, and how a step is taken back; it makes no calls of it.

Nobody else's rule is ever touched here, so what a run closed is what its own denies closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.model import Purpose, Wanted
from cloudsync.provider import Order, Proposal, Reversal, Step
from cloudsync_gcp.calls import Call
from cloudsync_gcp.commands import by_hand
from cloudsync_gcp.marks import owner
from cloudsync_gcp.rule import Rule
from cloudsync_gcp.snapshot import GcpSnapshot


def reversal(snapshot: GcpSnapshot, step: Step) -> Reversal:
    """The commands that take ``step`` back, and what a deny of ours stopped before it."""
    del snapshot  # a step holds the rule as it was, and as it is to be
    call: Call = step.call
    commands = by_hand(_back(call))
    rule = call.new
    if rule is None or rule.action != "deny":
        return Reversal(commands)
    stopped = list(call.old.ranges) if call.old is not None else []
    return Reversal(commands, {"deny": rule.name, "stopped": stopped})


def _back(call: Call) -> Call:
    match call.verb:
        case "add":
            return replace(call, verb="remove", old=call.new, new=None)
        case "remove":
            return replace(call, verb="add", old=None, new=call.old)
        case "replace":
            return replace(call, old=call.new, new=call.old)


def proposed(snapshot: GcpSnapshot, wanted: Mapping[str, Wanted], order: Order) -> Proposal:
    """``relax``: own denies go. ``undo``: those that a run made go, those it widened stop less."""
    layer = snapshot.network.own
    rules = tuple(layer.rules) if layer else ()
    resource = layer.resource if layer else ""
    steps: list[Step] = []
    for old, new in _changes(snapshot, wanted, order):
        call = Call(
            verb="remove" if new is None else "replace",
            project=snapshot.network.project,
            network=snapshot.network.name,
            policy=resource,
            old=old,
            new=new,
            before=rules,
            endpoint=snapshot.endpoint,
        )
        rules = call.applied(rules)
        lines = (f"- {old}",) if new is None else (f"- {old}", f"+ {new}")
        steps.append(Step(call.verb, snapshot.targets, lines, narrows=new is not None, call=call))
    return Proposal(tuple(steps))


def _changes(
    snapshot: GcpSnapshot, wanted: Mapping[str, Wanted], order: Order
) -> Iterator[tuple[Rule, Rule | None]]:
    layer = snapshot.network.own
    for target, want in wanted.items():
        for rule in layer.ordered if layer else ():
            owned = owner(rule, want.installation, want.ports)
            if (
                owned is None
                or owned.purpose is not Purpose.DENY
                or owned.target != snapshot.places.get(target)
            ):
                continue
            stopped = NOBODY
            if order.verb == "undo":
                known: list[Mapping[str, Any]] = [
                    one for one in order.records if one["deny"] == rule.name
                ]
                if not known:
                    continue
                stopped = AddressSet.of(*known[0]["stopped"])
            less = rule.addresses & stopped
            if not less:
                yield rule, None
            elif less != rule.addresses:
                yield rule, replace(rule, ranges=tuple(sorted(less.cidrs())))
