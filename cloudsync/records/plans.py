"""Plans of targets as a document: what a report and the conditions ask of them; nothing to act by.

Most targets of a fleet are alike, so each set of addresses and each state stands in a document
once. Of the rules that decide, those are kept that are named where something differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import InitVar, dataclass, field
from typing import Any, Literal, cast, get_args

from cloudsync.addresses import AddressSet
from cloudsync.exposure import Clause, Exposure, Fold, Name
from cloudsync.immutable import immutable
from cloudsync.model import Difference, Mode, Note, Verdict
from cloudsync.plan import Mend, State, TargetPlan
from cloudsync.provider import Kind as Ended
from cloudsync.provider import Outcome, Refusal, Remark, Reversal, Step, Verb
from cloudsync.records.fields import maybe, number, text, truth
from cloudsync.state import Value

Json = dict[str, Any]


@dataclass
class Writing:
    """The tables of one document that is being written."""

    sets: dict[AddressSet, int] = field(default_factory=dict[AddressSet, int])
    states: dict[str, int] = field(default_factory=dict[str, int])
    _known: dict[int, tuple[State, int]] = field(default_factory=dict[int, tuple[State, int]])

    def value(self, **rest: Any) -> Value:
        """The document, with ``rest`` beside the tables."""
        return {
            "sets": [one.cidrs() for one in self.sets],
            "states": [json.loads(one) for one in self.states],
            **rest,
        }

    def plan(self, plan: TargetPlan) -> Json:
        """One plan; what is as it mostly is isn't written."""
        said: Json = {
            "before": maybe(self._state, plan.before),
            "after": maybe(self._state, plan.after),
            "steps": [self.step(step) for step in plan.steps],
            "remarks": [
                [one.target, one.text, str(one.note) if one.note else None] for one in plan.remarks
            ],
            "refusal": maybe(_refusal_value, plan.refusal),
            "absent": str(plan.absent) if plan.before is None else None,
            "reason": plan.reason,
            "outbound": plan.outbound,
            "notes": [str(one) for one in plan.notes],
            "mend": maybe(_mend_value, plan.mend),
        }
        kept = {key: one for key, one in said.items() if one not in (None, "", [])}
        return {"target": plan.target, "mode": str(plan.mode), "list": plan.list_digest, **kept}

    def step(self, step: Step) -> Json:
        """One step, without what it would be made by."""
        return {
            "verb": step.verb,
            "targets": list(step.targets),
            "changes": list(step.changes),
            "own": step.own,
            "narrows": step.narrows,
        }

    def made(self, step: Step, outcome: Outcome, reversal: Reversal | None) -> Json:
        """How one step ended, and how it is taken back."""
        return {
            "step": self.step(step),
            "outcome": [outcome.kind, outcome.message, outcome.todo],
            "reversal": [list(reversal.commands), dict(reversal.record)] if reversal else None,
        }

    def _state(self, state: State) -> int:
        # Alike targets have one state, the very object: it is spelt once.
        known = self._known.get(id(state))
        if known is None:
            said = {
                str(port): {
                    **self._exposure(exposure, state.differences[port]),
                    **self._difference(state.differences[port]),
                    "beside": [
                        self._exposure(one, state.differences[port])
                        for one in state.beside.get(port, ())
                    ],
                }
                for port, exposure in state.exposures.items()
            }
            spelt = json.dumps(said, sort_keys=True)
            known = state, self.states.setdefault(spelt, len(self.states))
            self._known[id(state)] = known
        return known[1]

    def _exposure(self, exposure: Exposure, found: Difference) -> Json:
        asked = found.excess or found.missing
        return {
            "certain": self._set(exposure.certain),
            "possible": self._set(exposure.possible),
            "names": self._names(exposure.names),
            "layer": exposure.layer,
            "fold": exposure.fold,
            "clauses": [
                [one.allow, self._set(one.source), one.rule, self._names(one.names), one.full]
                for one in (exposure.clauses() if asked else ())
            ],
        }

    def _difference(self, found: Difference) -> Json:
        return {
            "missing": self._set(found.missing),
            "excess": self._set(found.excess),
            "undetermined": self._set(found.undetermined),
            "missing_names": self._names(found.missing_names),
            "undetermined_names": self._names(found.undetermined_names),
            "internal": self._set(found.internal),
            "probe": self._set(found.probe),
        }

    def _set(self, addresses: AddressSet) -> int:
        return self.sets.setdefault(addresses, len(self.sets))

    def _names(self, names: Iterable[Name]) -> list[Any]:
        return sorted([one.text, self._set(one.bound)] for one in names)


@dataclass
class Reading:
    """What was read of documents so far: what is alike is one object, however often it is read.

    ``known`` are texts that are held already, and needn't be once more.
    """

    known: InitVar[Iterable[str]] = ()
    _sets: dict[tuple[str, ...], AddressSet] = field(
        default_factory=dict[tuple[str, ...], AddressSet]
    )
    _states: dict[Any, State] = field(default_factory=dict[Any, State])
    _texts: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self, known: Iterable[str]) -> None:
        """Begin with what is held already."""
        self._texts.update((one, one) for one in known)

    def document(self, value: Value) -> Pages:
        """The tables of one document.

        Raises:
            KeyError, TypeError, ValueError: it isn't what ``Writing`` wrote.
        """
        sets = [self._set(tuple(map(text, one))) for one in value["sets"]]
        return Pages(self, [self._state(one, sets) for one in value["states"]])

    def same(self, value: Any) -> str:
        """``value``, a text; the same object where it was read before."""
        return self._texts.setdefault(text(value), value)

    def _set(self, cidrs: tuple[str, ...]) -> AddressSet:
        found = self._sets.get(cidrs)
        if found is None:
            found = self._sets[cidrs] = AddressSet.of(*cidrs)
        return found

    def _state(self, said: Json, sets: list[AddressSet]) -> State:
        exposures = {int(port): _exposure(one, sets) for port, one in said.items()}
        differences = {int(port): _difference(one, sets) for port, one in said.items()}
        beside = {
            int(port): tuple(_exposure(each, sets) for each in one["beside"])
            for port, one in said.items()
            if one.get("beside")
        }
        key = tuple(
            (port, *_all_of(one), differences[port], *map(_all_of, beside.get(port, ())))
            for port, one in exposures.items()
        )
        return self._states.setdefault(key, State(exposures, differences, beside))


@immutable
class Pages:
    """One document as it is read."""

    reading: Reading
    states: list[State]

    def plan(self, said: Json) -> TargetPlan:
        """One plan."""
        target = self.reading.same(said["target"])
        return TargetPlan(
            target=target,
            mode=Mode(said["mode"]),
            list_digest=self.reading.same(said["list"]),
            before=maybe(self.states.__getitem__, said.get("before")),
            after=maybe(self.states.__getitem__, said.get("after")),
            steps=tuple(_step(one) for one in said.get("steps", ())),
            remarks=tuple(
                Remark(self.reading.same(where), self.reading.same(what), maybe(Note, note))
                for where, what, note in said.get("remarks", ())
            ),
            refusal=maybe(_refusal, said.get("refusal")),
            absent=Verdict(said.get("absent", Verdict.UNREADABLE)),
            reason=text(said.get("reason", "")),
            outbound=self.reading.same(said.get("outbound", "")),
            notes=tuple(Note(one) for one in said.get("notes", ())),
            mend=maybe(_mend, said.get("mend")),
        )

    def made(self, said: Json) -> tuple[Step, Outcome, Reversal | None]:
        """How one step ended, and how it is taken back."""
        kind, message, todo = said["outcome"]
        return (
            _step(said["step"]),
            Outcome(_kind(kind), text(message), text(todo)),
            maybe(lambda one: Reversal(tuple(map(text, one[0])), {**one[1]}), said["reversal"]),
        )


def _all_of(one: Exposure) -> tuple[Any, ...]:
    return one, one.layer, one.fold, tuple(one.clauses())


def _exposure(said: Json, sets: list[AddressSet]) -> Exposure:
    if said["fold"] not in get_args(Fold):
        raise ValueError(f"{said['fold']!r} folds nothing")
    kept = tuple(
        Clause(truth(allow), sets[number(source)], text(rule), _names(names, sets), truth(full))
        for allow, source, rule, names, full in said["clauses"]
    )
    return Exposure(
        sets[number(said["certain"])], sets[number(said["possible"])], _names(said["names"], sets),
        text(said["layer"]), cast("Fold", said["fold"]), lambda: kept,
    )  # fmt: skip


def _difference(said: Json, sets: list[AddressSet]) -> Difference:
    return Difference(
        missing=sets[number(said["missing"])],
        excess=sets[number(said["excess"])],
        undetermined=sets[number(said["undetermined"])],
        missing_names=_names(said["missing_names"], sets),
        undetermined_names=_names(said["undetermined_names"], sets),
        internal=sets[number(said["internal"])],
        probe=sets[number(said["probe"])],
    )


def _names(said: Iterable[Any], sets: list[AddressSet]) -> frozenset[Name]:
    return frozenset(Name(text(name), sets[number(bound)]) for name, bound in said)


def _step(said: Json) -> Step:
    if said["verb"] not in get_args(Verb):
        raise ValueError(f"{said['verb']!r} is no step")
    return Step(
        cast("Literal['add', 'remove', 'replace']", said["verb"]),
        tuple(map(text, said["targets"])),
        tuple(map(text, said["changes"])),
        truth(said["own"]),
        truth(said["narrows"]),
    )


def _refusal_value(refusal: Refusal) -> list[Any]:
    return [refusal.target, refusal.what, refusal.todo, refusal.witness]


def _refusal(said: Any) -> Refusal:
    target, what, todo, witness = said
    return Refusal(text(target), text(what), text(todo), maybe(text, witness))


def _mend_value(mend: Mend) -> Json:
    return {
        "why": mend.why,
        "todo": mend.todo,
        "add": list(mend.add),
        "remove": list(mend.remove),
        "rules": list(mend.rules),
        "pinned": mend.pinned,
        "newest": mend.newest,
        "source": mend.source,
    }


def _mend(said: Json) -> Mend:
    return Mend(
        text(said["why"]), text(said["todo"]), tuple(map(text, said["add"])),
        tuple(map(text, said["remove"])), tuple(map(text, said["rules"])),
        maybe(text, said["pinned"]), maybe(text, said["newest"]), maybe(text, said["source"]),
    )  # fmt: skip


def _kind(said: object) -> Ended:
    if said not in get_args(Ended):
        raise ValueError(f"no step ends as {said!r}")
    return cast("Ended", said)
