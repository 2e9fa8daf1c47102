"""The plan of a target: what is so, what would be done, what would then be so; it calls nothing.

A plan is data. Its digest is what an approval is bound to, and ``report`` renders it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace

from cloudsync.addresses import AddressSet
from cloudsync.exposure import Exposure
from cloudsync.immutable import immutable
from cloudsync.managed import managed_by, watched
from cloudsync.model import Difference, Mode, Note, Verdict, Wanted, differ
from cloudsync.prove import prove
from cloudsync.provider import (
    Order,
    Proposal,
    Refusal,
    Remark,
    Reversal,
    Rules,
    Snapshot,
    Sources,
    Step,
)
from cloudsync.tells import TellsBeside

_WORST = tuple(Verdict)


@immutable
class State:
    """One target's exposure at one moment, per port, and how it differs from what is wanted.

    ``beside`` are the exposures of the other layer that its machines are behind, per port.
    """

    exposures: Mapping[int, Exposure]
    differences: Mapping[int, Difference]
    beside: Mapping[int, Sequence[Exposure]] = field(default_factory=dict[int, Sequence[Exposure]])

    @property
    def verdict(self) -> Verdict:
        """The worst over the ports."""
        verdicts = [difference.verdict for difference in self.differences.values()]
        return min(verdicts, key=_WORST.index)


@immutable
class Mend:
    """The change to Terraform's code that would mend a target which Terraform keeps.

    ``why`` says how the code stands to the list in force, ``todo`` what a person does, with what
    must stand as it is in backticks. ``add`` and ``remove`` are the networks that the code's rules
    must gain and lose, ``rules`` others that let somebody in, as their cloud tells them. ``pinned``
    is the version of the module whose list the rules hold, ``newest`` the newest that is published,
    ``source`` what the module block then says; None where it isn't known.
    """

    why: str
    todo: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    pinned: str | None = None
    newest: str | None = None
    source: str | None = None
    keeps: Sources | None = field(default=None, repr=False)
    """Who stands in the module's rules: what was told of them can be told again."""

    @property
    def changes(self) -> tuple[str, ...]:
        """The change as lines, ``+`` or ``-`` in front."""
        return (
            *(f"+ {one}" for one in self.add),
            *(f"- {one}" for one in (*self.remove, *self.rules)),
        )


@immutable
class TargetPlan:
    """What is so at one target, what would be done, and what would then be so.

    ``before`` is None where the target couldn't be looked at; ``reason`` then says why. ``remarks``
    and ``refusal`` say what stays as it is, and what a person can do about it. ``outbound`` is the
    digest of the outbound rules, which are never touched. ``reversals`` say how each of ``steps``
    is taken back. ``mend`` is what would have to change in Terraform's code, where that keeps it.
    """

    target: str
    mode: Mode
    list_digest: str
    before: State | None = None
    after: State | None = None
    steps: tuple[Step, ...] = ()
    remarks: tuple[Remark, ...] = ()
    refusal: Refusal | None = None
    absent: Verdict = Verdict.UNREADABLE
    reason: str = ""
    outbound: str = ""
    notes: tuple[Note, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    mend: Mend | None = None

    @property
    def verdict(self) -> Verdict:
        """What holds of the target now, before any step."""
        return self.before.verdict if self.before else self.absent

    def noted(self, *notes: Note) -> TargetPlan:
        """With these notes too, in the one order of notes."""
        return replace(self, notes=_ordered({*self.notes, *notes}))

    def saying(self, *remarks: Remark) -> TargetPlan:
        """With these remarks and their notes too, each once."""
        new = tuple(one for one in remarks if one not in self.remarks)
        if not new:
            return self
        more = replace(self, remarks=(*self.remarks, *new))
        return more.noted(*(one.note for one in new if one.note))

    @property
    def digest(self) -> str:
        """Over target, list, mode and steps: what an approval is bound to. Never over versions."""
        return _digest(
            self.target,
            self.list_digest,
            self.mode,
            [[step.verb, step.own, sorted(step.changes)] for step in self.steps],
        )


@immutable
class Plan:
    """The plans of all targets of a run, in the order of their names."""

    list_digest: str
    targets: tuple[TargetPlan, ...] = ()

    @property
    def digest(self) -> str:
        """Over the digests of the targets."""
        return _digest([target.digest for target in self.targets])

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, once, though a step may touch several targets."""
        return tuple(dict.fromkeys(step for target in self.targets for step in target.steps))


def _digest(*parts: object) -> str:
    text = json.dumps(parts, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def look(rules: Rules, snapshot: Snapshot, wanted: Mapping[str, Wanted]) -> dict[str, State]:
    """The state of every target in ``wanted`` that the snapshot holds."""
    wants = {target: wanted[target] for target in snapshot.targets if target in wanted}
    ports = sorted({port for want in wants.values() for port in want.ports})
    by_port = {port: rules.exposure(snapshot, port) for port in ports}
    others: dict[int, Mapping[str, Sequence[Exposure]]] = {}
    if isinstance(rules, TellsBeside):
        others = {port: rules.beside(snapshot, port) for port in ports}
    # Most targets of a fleet are alike, and a provider gives these one exposure: it is compared
    # once with what is wanted. By identity, since comparing values would cost as much again.
    known: dict[tuple[int, ...], State] = {}
    found: dict[str, State] = {}
    for target, want in wants.items():
        exposures = {port: by_port[port][target] for port in want.ports}
        beside = {port: here[target] for port, here in others.items() if here.get(target)}
        layers = (one for port in beside for one in (port, *map(id, beside[port])))
        key = (id(want), *map(id, exposures.values()), *layers)
        state = known.get(key)
        if state is None:
            state = known[key] = _state(exposures, want, rules.probes, beside)
        found[target] = state
    return found


def _state(
    exposures: Mapping[int, Exposure],
    wanted: Wanted,
    probes: AddressSet,
    beside: Mapping[int, Sequence[Exposure]],
) -> State:
    return State(
        exposures,
        {
            port: differ(exposure, wanted, probes, beside.get(port, ()))
            for port, exposure in exposures.items()
        },
        beside,
    )


def make(
    rules: Rules,
    snapshot: Snapshot,
    wanted: Mapping[str, Wanted],
    list_digest: str,
    order: Order | None = None,
) -> tuple[TargetPlan, ...]:
    """Plan and prove every target of ``snapshot`` that something is wanted of.

    Steps stop where one can't be proved, with the witness; those before it are planned all the
    same, since mail must not wait for a removal. At a target that somebody else keeps nothing is
    planned. With an ``order``, what it says is planned, and nothing else.
    """
    states = look(rules, snapshot, wanted)
    wants = {target: wanted[target] for target in states}
    if order:
        proposal = rules.ordered(snapshot, wants, order)
    else:
        wants, said = watched(wants, managed_by(rules, snapshot))
        proposal = rules.steps(snapshot, wants)
        proposal = replace(proposal, remarks=(*said, *proposal.remarks)) if said else proposal
    proposed, remarked, refused = _by_target(proposal)
    plans: list[TargetPlan] = []
    for target, state in states.items():
        steps = tuple(proposed.get(target, ()))
        remarks = tuple(remarked.get(target, ()))
        refusal = refused.get(target)
        after = state
        reversals: tuple[Reversal, ...] = ()
        if steps:
            proof = prove(rules, snapshot.of([target]), steps, wanted, order)
            steps, reversals = proof.steps, proof.reversals
            if refusal and proof.refusal:
                # The provider goes on with the rest, which now doesn't come either: what may
                # break a promise is said first, and nothing that was refused goes unsaid.
                remarks = (*remarks, Remark(target, refusal.what))
            refusal = proof.refusal or refusal
            after = look(rules, proof.after, wanted)[target]
        plans.append(
            TargetPlan(
                target=target,
                mode=wanted[target].mode,
                list_digest=list_digest,
                before=state,
                after=after,
                steps=steps,
                remarks=remarks,
                refusal=refusal,
                outbound=snapshot.outbound(target),
                notes=_notes(remarks, refusal),
                reversals=reversals,
            )
        )
    return tuple(plans)


def _by_target(
    proposal: Proposal,
) -> tuple[dict[str, list[Step]], dict[str, list[Remark]], dict[str, Refusal]]:
    steps: dict[str, list[Step]] = {}
    remarks: dict[str, list[Remark]] = {}
    for step in proposal.steps:
        for target in step.targets:
            steps.setdefault(target, []).append(step)
    for remark in proposal.remarks:
        remarks.setdefault(remark.target, []).append(remark)
    return steps, remarks, {refusal.target: refusal for refusal in proposal.refusals}


def _notes(remarks: Sequence[Remark], refusal: Refusal | None) -> tuple[Note, ...]:
    notes = {remark.note for remark in remarks if remark.note}
    if refusal:
        notes.add(Note.FAILED)
    return _ordered(notes) if notes else ()


def _ordered(notes: Collection[Note]) -> tuple[Note, ...]:
    return tuple(note for note in Note if note in notes)
