"""The steps that would make security groups right, in the order that loses no mail; it sends none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cloudsync.model import Mode, Note, Wanted
from cloudsync.provider import Proposal, Refusal, Remark, Step, Verb
from cloudsync_aws.calls import PER_CALL, SWAPS_PER_CALL, Call, Operation
from cloudsync_aws.decide import Decision, Wish, decide, settled
from cloudsync_aws.ingress import Ingress, marked
from cloudsync_aws.remarks import remarks
from cloudsync_aws.rule import Rule
from cloudsync_aws.snapshot import AwsSnapshot
from cloudsync_aws.swap import fitted

_T = TypeVar("_T")


@dataclass(slots=True)
class _Prepared:
    """The wishes of one proposal: many groups share one, and most groups look the same."""

    wishes: dict[int, Wish] = field(default_factory=dict[int, Wish])
    settled: dict[tuple[int, int], bool] = field(default_factory=dict[tuple[int, int], bool])

    def wish(self, want: Wanted) -> Wish:
        # By identity: hashing a thousand networks for each group would cost more than the sweep.
        found = self.wishes.get(id(want))
        if found is None:
            found = self.wishes[id(want)] = Wish.of(want)
        return found

    def in_order(self, group: Ingress, wish: Wish) -> bool:
        key = (id(group), id(wish))
        found = self.settled.get(key)
        if found is None:
            quiet = not marked(group) if wish.want.mode is Mode.WATCH else settled(group, wish)
            found = self.settled[key] = quiet
        return found


def propose(snapshot: AwsSnapshot, wanted: Mapping[str, Wanted]) -> Proposal:
    """Steps, remarks and refusals for the groups in ``wanted`` that ``snapshot`` holds.

    Of one group: what is added comes first, then what takes the place of a rule that nobody needs,
    then new descriptions, then own rules that go, then those of others, so that no moment in
    between has less than is wanted.
    """
    prepared = _Prepared()
    steps: list[Step] = []
    said: list[Remark] = []
    refused: list[Refusal] = []
    for target, want in wanted.items():
        group = snapshot.groups.get(target)
        if group is None:
            continue
        wish = prepared.wish(want)
        if prepared.in_order(group.ingress, wish):
            continue
        said += remarks(snapshot, target, want)
        if want.mode is Mode.WATCH:
            continue
        decision, short = fitted(
            snapshot, group.ingress, decide(group.ingress, wish, want.mode), want
        )
        if short and want.mode is Mode.ENFORCE:
            # What `add` would do may fit, and mail must not wait for the closing.
            less, still = fitted(
                snapshot, group.ingress, decide(group.ingress, wish, Mode.ADD), want
            )
            if not still:
                said.append(
                    Remark(
                        target,
                        f"to close what is open, it {short.what}. It is left open. {short.todo}",
                        Note.NO_ROOM,
                    )
                )
                decision, short = less, None
        if short:
            refused.append(Refusal(target, short.what, short.todo))
            # Own rules that nobody wants any more make room: with them gone the next run may add.
            decision = Decision(removed=decision.removed)
        steps += _steps(snapshot, target, decision)
    return Proposal(tuple(steps), tuple(said), tuple(refused))


def _steps(snapshot: AwsSnapshot, target: str, decision: Decision) -> Iterator[Step]:
    # Names apart and one by one: AWS takes a call whole or not at all, and a name that it doesn't
    # know here must hold back no address.
    named = [rule for rule in decision.added if rule.opaque]
    for rules in (*_batches([rule for rule in decision.added if not rule.opaque]), *_singly(named)):
        yield _step(snapshot, target, "add", "authorize", rules, [f"+ {rule}" for rule in rules])
    for swaps, own in ((decision.swapped, True), (decision.displaced, False)):
        for some in _batches(swaps, SWAPS_PER_CALL):
            changes = [line for old, new in some for line in (f"- {old}", f"+ {new}")]
            yield _step(
                snapshot, target, "replace", "modify", [new for _, new in some], changes,
                own=own, replaced=[old for old, _ in some],
            )  # fmt: skip
    for pairs in _batches(decision.described):
        changes = [line for old, new in pairs for line in (f"- {old}", f"+ {new}")]
        yield _step(snapshot, target, "replace", "describe", [new for _, new in pairs], changes)
    for rules in _batches(decision.removed):
        yield _step(snapshot, target, "remove", "revoke", rules, [f"- {rule}" for rule in rules])
    for rules in _batches(decision.revoked):
        yield _step(
            snapshot, target, "remove", "revoke", rules, [f"- {rule}" for rule in rules], own=False
        )


def _singly(rules: Iterable[_T]) -> Iterator[Sequence[_T]]:
    return ([rule] for rule in rules)


def _batches(rules: Sequence[_T], size: int = PER_CALL) -> Iterator[Sequence[_T]]:
    for start in range(0, len(rules), size):
        yield rules[start : start + size]


def _step(
    snapshot: AwsSnapshot,
    target: str,
    verb: Verb,
    operation: Operation,
    rules: Sequence[Rule],
    changes: Sequence[str],
    *,
    own: bool = True,
    replaced: Sequence[Rule] = (),
) -> Step:
    group = snapshot.groups[target]
    call = Call(
        operation,
        snapshot.account,
        snapshot.region,
        group.id,
        tuple(rules),
        endpoint=getattr(snapshot.scope.settings, "endpoint", None),
        role=snapshot.role,
        replaced=tuple(replaced),
    )
    return Step(verb, (target,), tuple(changes), own=own, call=call)
