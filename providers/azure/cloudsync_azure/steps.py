"""The steps that would make network security groups right, in the order that loses no mail; it sends none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cloudsync.model import Mode, Note, Wanted
from cloudsync.provider import Proposal, Refusal, Remark, Step
from cloudsync_azure.behind import UNGUARDED
from cloudsync_azure.beside import stopped, unseen
from cloudsync_azure.calls import Call
from cloudsync_azure.clauses import PROBES, Protect
from cloudsync_azure.decide import Change, Decision, decide
from cloudsync_azure.evaluate import exposed
from cloudsync_azure.quota import WAYS_OUT, Fill, filled, over
from cloudsync_azure.remarks import remarks, touched
from cloudsync_azure.rule import Packed
from cloudsync_azure.snapshot import AzureSnapshot, Nsg, changed


def propose(snapshot: AzureSnapshot, wanted: Mapping[str, Wanted]) -> Proposal:
    """Steps, remarks and refusals for the groups in ``wanted`` that ``snapshot`` holds."""
    # Most groups of a fleet are alike, and what is decided of one holds for all of them.
    known: dict[tuple[Packed, Packed, int], Decision] = {}
    steps: list[Step] = []
    said: list[Remark] = []
    refused: list[Refusal] = []
    for target, want in wanted.items():
        group = snapshot.groups.get(target)
        if group is None:
            continue
        # By identity: hashing a thousand networks for each group would cost more than the sweep.
        key = (group.ingress, group.egress, id(want))
        decision = known.get(key)
        if decision is None:
            decision = known[key] = decide(group, want, snapshot.protect)
        said += remarks(target, group, want, decision, snapshot.protect)
        said += _other_layer(target, group, want, snapshot.protect)
        if want.mode is Mode.WATCH or not decision.changes:
            continue
        changes: Sequence[Change] = decision.changes
        too_many = _too_many(group, changes)
        if too_many and want.mode is Mode.ENFORCE:
            # What `add` would do may fit, and mail must not wait for the closing.
            less = decide(group, replace(want, mode=Mode.ADD), snapshot.protect)
            if not _too_many(group, less.changes):
                said.append(
                    Remark(
                        target,
                        f"to close what is open, it {too_many}. It is left open. {WAYS_OUT}",
                        Note.NO_ROOM,
                    )
                )
                changes, too_many = less.changes, ""
        if too_many:
            refused.append(Refusal(target, too_many, WAYS_OUT))
            # Own rules that nobody wants any more make room: with them gone the next run may add.
            changes = [change for change in changes if change.new is None]
        if changes:
            said += touched(target, group)
        steps += (step_of(snapshot, target, change) for change in changes)
    return Proposal(tuple(steps), tuple(said), tuple(refused))


def _other_layer(target: str, group: Nsg, want: Wanted, protect: Protect) -> Iterator[Remark]:
    """What another group in front of the same machines stops or closes, as it isn't made right here."""
    if group.behind == UNGUARDED:
        return
    for port in want.ports:
        open_to = exposed(group.ingress, port, protect).possible
        open_to -= want.addresses | want.kept | PROBES
        yield from stopped(target, group.behind, want, open_to, port)
    yield from unseen(target, group.behind)


def _too_many(group: Nsg, changes: Sequence[Change]) -> str:
    """How the group would pass a limit at its fullest, before anything is taken away."""
    if not any(change.new for change in changes):
        return ""
    return over(filled(group), list(_peaks(group, changes)))


def _peaks(group: Nsg, changes: Sequence[Change]) -> Iterator[Fill]:
    for change in changes:
        if not change.later:
            old = change.old.name if change.old else ""
            group = changed(group, old, change.new)
            yield filled(group)


def step_of(snapshot: AzureSnapshot, target: str, change: Change) -> Step:
    """The one call that makes ``change`` at ``target``."""
    group, settings = snapshot.groups[target], snapshot.scope.settings
    lines = [f"- {change.old}"] if change.old else []
    lines += [f"+ {change.new}"] if change.new else []
    return Step(
        change.verb,
        (target,),
        tuple(lines),
        narrows=change.narrows,
        call=Call(
            snapshot.subscription,
            group.group,
            group.name,
            change.old,
            change.new,
            getattr(settings, "endpoint", None),
            getattr(settings, "tenant", None),
        ),
    )
