"""How a step at a security group is taken back, by a person or by ``undo``; it makes no calls of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cloudsync.model import Wanted
from cloudsync.provider import Order, Proposal, Refusal, Remark, Reversal, Step
from cloudsync_aws.calls import Call, by_hand
from cloudsync_aws.ingress import rules_of
from cloudsync_aws.quota import WAYS_OUT, Rules, counted, over
from cloudsync_aws.rule import Rule
from cloudsync_aws.snapshot import DEFAULT_QUOTA, AwsSnapshot, Group, Tags


def reversal(snapshot: AwsSnapshot, step: Step) -> Reversal:
    """The commands that take ``step`` back; of somebody else's rules also a record for ``undo``.

    The tags of rules are known where a close look read them, as it has before any call.
    """
    call: Call = step.call
    group = snapshot.groups[step.targets[0]]
    back = replace(call, tags=())
    match call.operation:
        case "authorize":
            return Reversal((by_hand(replace(back, operation="revoke")),))
        case "describe":
            touched = {rule.key for rule in call.rules}
            stood = tuple(rule for rule in rules_of(group.ingress) if rule.key in touched)
            return Reversal((by_hand(replace(back, rules=stood)),))
        case "revoke" | "modify":
            # Contents that changed in place can be told apart no more: what came goes, for room.
            first = (
                [replace(back, operation="revoke", replaced=())]
                if call.operation == "modify"
                else []
            )
            calls = [
                replace(back, operation="authorize", rules=rules, tags=tags, replaced=())
                for tags, rules in _by_tags(group, call.replaced or call.rules)
            ]
            commands = tuple(by_hand(one) for one in (*first, *calls))
            return Reversal(commands) if step.own else Reversal(commands, _record(calls))


def _by_tags(group: Group, rules: Iterable[Rule]) -> Iterator[tuple[Tags, tuple[Rule, ...]]]:
    """``rules`` as they stand: one call gives every rule it makes the same tags."""
    standing = {rule.key: rule for rule in rules_of(group.ingress)}
    found: dict[Tags, list[Rule]] = {}
    for rule in rules:
        found.setdefault(group.tags.get(rule.key, ()), []).append(standing.get(rule.key, rule))
    return ((tags, tuple(each)) for tags, each in found.items())


def _record(calls: Iterable[Call]) -> dict[str, Any]:
    return {
        "rules": [
            {
                "protocol": rule.protocol,
                "first": rule.first,
                "last": rule.last,
                "source": rule.source,
                "description": rule.description,
                "tags": [list(pair) for pair in call.tags],
            }
            for call in calls
            for rule in call.rules
        ]
    }


def proposed(snapshot: AwsSnapshot, wanted: Mapping[str, Wanted], order: Order) -> Proposal:
    """``undo``: what a run revoked of others' comes back, as it was, where it doesn't stand.

    A security group holds no deny, so there is nothing to relax.
    """
    steps: list[Step] = []
    refused: list[Refusal] = []
    said: list[Remark] = []
    for target in wanted:
        if order.verb == "relax":
            said.append(
                Remark(target, "a security group holds no denies; nothing is to be relaxed")
            )
            continue
        coming = list(_missing(snapshot.groups[target], order.records))
        every = [rule for _, rules in coming for rule in rules]
        if too_many := _too_many(snapshot, target, every):
            refused.append(Refusal(target, too_many, WAYS_OUT))
            continue
        for tags, rules in coming:
            call = Call(
                "authorize", snapshot.account, snapshot.region, snapshot.groups[target].id,
                tuple(rules), endpoint=getattr(snapshot.scope.settings, "endpoint", None), tags=tags,
                role=snapshot.role,
            )  # fmt: skip
            lines = tuple(f"+ {rule}" for rule in rules)
            steps.append(Step("add", (target,), lines, own=False, call=call))
    return Proposal(tuple(steps), tuple(said), tuple(refused))


def _missing(
    group: Group, records: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[Tags, list[Rule]]]:
    """The recorded rules that don't stand now, by their tags."""
    taken = {rule.key for rule in rules_of(group.ingress)}
    found: dict[Tags, list[Rule]] = {}
    for record in records:
        for one in record["rules"]:
            rule = Rule(
                one["protocol"], one["first"], one["last"], one["source"], one["description"]
            )
            if rule.key not in taken:
                taken.add(rule.key)
                tags = tuple((key, value) for key, value in one["tags"])
                found.setdefault(tags, []).append(rule)
    return iter(found.items())


def _too_many(snapshot: AwsSnapshot, target: str, coming: Iterable[Rule]) -> str:
    """How the group would pass the quota with the rules that come back."""
    group = snapshot.groups[target].ingress
    lists = {**snapshot.lists, **{one.id: one for one in group.lists}}
    before, more = counted(rules_of(group), lists), counted(coming, lists)
    peak = Rules(*(old + new if new else 0 for old, new in zip(before, more, strict=True)))
    return over(peak, snapshot.quota()) if max(peak) > DEFAULT_QUOTA else ""
