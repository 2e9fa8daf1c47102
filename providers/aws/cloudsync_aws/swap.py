"""What fits into a group's quota, and which rules change their contents in place so that more does.

A rule that changes its contents by ModifySecurityGroupRules needs no room. Only a rule that nobody
needs is changed so: it lets in nobody who is wanted or kept. Therefore any part of such a call,
done without the rest, keeps the promises as the whole does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from cloudsync.model import Wanted
from cloudsync_aws.decide import Decision
from cloudsync_aws.ingress import Ingress, lets_in, rules_of
from cloudsync_aws.marks import owner
from cloudsync_aws.quota import WAYS_OUT, Rules, counted, over
from cloudsync_aws.rule import PrefixList, Rule
from cloudsync_aws.snapshot import DEFAULT_QUOTA, AwsSnapshot

_LATER: Final = "The next run looks again: it waits for an hour at most. Or raise the quota."


class Short(NamedTuple):
    """How a decision doesn't fit the quota, with the numbers, and what to do."""

    what: str
    todo: str


def fitted(
    snapshot: AwsSnapshot, group: Ingress, decision: Decision, want: Wanted
) -> tuple[Decision, Short | None]:
    """``decision`` as it fits the group at its fullest, or how it doesn't fit.

    What fits is added. For each network beyond that, a rule nobody needs changes its contents, of
    the same family: whether a rule's id may change it is UNVERIFIED. A name needs room of its own.
    While an earlier run is unsettled nothing changes in place: the id of a rule that looks unneeded
    may stand for a network by now that was let in since.
    """
    if not decision.added:
        return decision, None
    lists: Mapping[str, PrefixList] = {
        **snapshot.lists, **{one.id: one for one in group.lists}
    }  # fmt: skip
    before, more = counted(rules_of(group), lists), counted(decision.added, lists)
    # A family that gains nothing may be past a quota that was lowered; AWS lets it be.
    peak = _peak(before, more, (0, 0))
    if max(peak) <= DEFAULT_QUOTA or not over(peak, snapshot.quota()):
        return decision, None
    quota = snapshot.quota()
    swapped: list[tuple[Rule, Rule]] = []
    displaced: list[tuple[Rule, Rule]] = []
    spared: list[int] = []
    for six, needed in enumerate(peak):
        coming = _of_family(decision.added, bool(six))
        own = _unneeded(group, decision.removed, bool(six), want)
        foreign = _unneeded(group, decision.revoked, bool(six), want)
        count = min(max(needed - quota, 0), len(coming), len(own) + len(foreign))
        pairs = list(zip((*own, *foreign), coming[len(coming) - count :], strict=False))
        swapped += pairs[: len(own)]
        displaced += pairs[len(own) :]
        spared.append(len(pairs))
    too_many = over(_peak(before, more, (spared[0], spared[1])), quota)
    if too_many:
        return decision, Short(too_many, WAYS_OUT)
    if want.unsettled:
        what = (
            f"{over(peak, quota)}, and no rule changes in place while an earlier run is unsettled"
        )
        return decision, Short(what, _LATER)
    gone = {old.key for old, _ in (*swapped, *displaced)}
    made = {new.key for _, new in (*swapped, *displaced)}
    return replace(
        decision,
        added=tuple(rule for rule in decision.added if rule.key not in made),
        removed=tuple(rule for rule in decision.removed if rule.key not in gone),
        revoked=tuple(rule for rule in decision.revoked if rule.key not in gone),
        swapped=tuple(swapped),
        displaced=tuple(displaced),
    ), None


def _peak(before: Rules, more: Rules, spared: tuple[int, int]) -> Rules:
    return Rules(
        *(
            old + new - less if new else 0
            for old, new, less in zip(before, more, spared, strict=True)
        )
    )


def _of_family(rules: Sequence[Rule], six: bool) -> list[Rule]:  # noqa: FBT001
    return [rule for rule in rules if not rule.opaque and (":" in rule.source) is six]


def _unneeded(
    group: Ingress,
    rules: Sequence[Rule],
    six: bool,  # noqa: FBT001
    want: Wanted,
) -> list[Rule]:
    """The rules that let in nobody who is wanted, and nobody who is kept but by its own leave."""
    return [
        rule
        for rule in _of_family(rules, six)
        if not lets_in(group, rule.source)[0]
        & (want.addresses if _withdrawn(rule, want) else want.addresses | want.kept)
    ]


def _withdrawn(rule: Rule, want: Wanted) -> bool:
    """Whether it stood for an also_allow that is over: then internal senders may go with it."""
    return owner(rule, want.installation, want.ports) == "also"
