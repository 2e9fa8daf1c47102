"""The pure half of the in-memory provider: numbered rules, first match, a deny wins a tie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from cloudsync.addresses import NOBODY
from cloudsync.exposure import Exposure, first_match
from cloudsync.memory import orders
from cloudsync.memory.firewall import (
    FIRST,
    LAST,
    PROBES,
    Firewall,
    MemorySnapshot,
    Rule,
    changed,
    clause,
    digest,
    owned,
)
from cloudsync.model import OUR_MARKS, Mode, Note, Purpose, Wanted, mark
from cloudsync.moves import moves
from cloudsync.numbering import Numbered, Numbers, Placed, Slot
from cloudsync.place import Placement, place
from cloudsync.provider import (
    Foreign,
    Order,
    Proposal,
    Remark,
    Reversal,
    Scope,
    Snapshot,
    Sources,
    Step,
)
from cloudsync.records.adapted import Adapted

LAYER: Final = "memory firewall"
_FIREWALLS: Final = Adapted[dict[str, Firewall]](dict[str, Firewall])


class MemoryRules:
    """Fulfils ``cloudsync.provider.Rules``."""

    def __init__(self, *, ties: bool = True) -> None:
        self.probes = PROBES
        self._ties = ties

    def exposure(self, snapshot: Snapshot, port: int) -> Mapping[str, Exposure]:
        """First match over the rules for ``port``."""
        return {
            target: first_match(
                (clause(rule) for rule in firewall.ordered if rule.decides(port)), LAYER
            )
            for target, firewall in _firewalls(snapshot).items()
        }

    def steps(self, snapshot: Snapshot, wanted: Mapping[str, Wanted]) -> Proposal:
        """Allows first, then denies, then what should go."""
        steps: list[Step] = []
        remarks: list[Remark] = []
        for target, firewall in _firewalls(snapshot).items():
            if target not in wanted:
                continue
            want = wanted[target]
            for port in want.ports:
                done = self._port(target, firewall, want, port)
                remarks += done.remarks
                if want.mode is not Mode.WATCH:
                    steps += done.steps
        steps.sort(key=lambda step: step.later)
        return Proposal(tuple(steps), tuple(remarks))

    def _port(self, target: str, firewall: Firewall, want: Wanted, port: int) -> Proposal:
        deciding = [rule for rule in firewall.ordered if rule.decides(port)]
        slots = list(_slots(deciding, want.installation, port))
        ours = {slot: rule for slot, rule in slots if slot is not None}
        standing = [Numbered(rule.number, clause(rule), slot) for slot, rule in slots]
        placement = place(
            standing,
            want,
            self.probes,
            Numbers(
                *(want.priority or (FIRST, LAST)),
                ties=self._ties,
                taken=frozenset(rule.number for rule in firewall.rules if rule not in deciding),
            ),
        )
        by_slot = {rule.slot: rule for rule in standing if rule.slot}
        steps: list[Step] = []
        for move in moves(by_slot, placement, want.addresses, want.kept | self.probes):
            old = ours.get(move.rule.slot)
            name = (
                old.name if old else _free_name(firewall, want.installation, move.rule.slot, port)
            )
            new = _rule(move.rule, name, want.installation, port)
            change = {"add": (f"+ {new}",), "remove": (f"- {old}",)}
            steps.append(
                Step(
                    move.verb,
                    (target,),
                    change.get(move.verb, (f"- {old}", f"+ {new}")),
                    narrows=move.narrows,
                    call=old if move.verb == "remove" else new,
                )
            )
            ours[move.rule.slot] = new
        return Proposal(tuple(steps), tuple(_remarks(target, firewall, want, placement)))

    def ordered(self, snapshot: Snapshot, wanted: Mapping[str, Wanted], order: Order) -> Proposal:
        """Own denies go, or become what they were."""
        return orders.proposed(_firewalls(snapshot), wanted, order)

    def reversal(self, snapshot: Snapshot, step: Step) -> Reversal:
        """The rule as it stood, or its removal."""
        return orders.reversal(_firewalls(snapshot)[step.targets[0]], step)

    def freeze(self, snapshot: Snapshot) -> dict[str, Any]:
        """Every rule."""
        firewalls = _FIREWALLS.to_value(dict(_firewalls(snapshot)))
        return {"scope": snapshot.scope.name, "firewalls": firewalls}

    def thaw(self, frozen: Mapping[str, Any]) -> MemorySnapshot:
        """The snapshot of those rules."""
        firewalls = _FIREWALLS.from_value(frozen["firewalls"])
        return MemorySnapshot(Scope(frozen["scope"]), firewalls)

    def after(self, snapshot: Snapshot, step: Step) -> MemorySnapshot:
        """One rule added, rewritten or taken away."""
        firewalls = dict(_firewalls(snapshot))
        rule = cast("Rule", step.call)
        for target in step.targets:
            firewalls[target] = changed(firewalls[target], step.verb, rule)
        return replace(cast("MemorySnapshot", snapshot), firewalls=firewalls)

    def own(
        self, snapshot: Snapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[Purpose, Sources]]:
        """Who stands in rules that carry the mark and have the shape."""
        found: dict[str, dict[Purpose, Sources]] = {}
        for target, firewall in _firewalls(snapshot).items():
            purposes = found.setdefault(target, {})
            for rule in firewall.rules:
                if any(owned(rule, installation, port) for port in ports):
                    slot, said = _slot(rule, installation), clause(rule)
                    stood = purposes.get(slot.purpose, Sources())
                    purposes[slot.purpose] = Sources(
                        stood.addresses | said.source, stood.names | said.names
                    )
        return found

    def foreign(
        self, snapshot: Snapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[str, Foreign]]:
        """The rules of others that decide one of ``ports``."""
        return {
            target: {
                str(rule): Foreign(
                    str(rule),
                    clause(rule).source if rule.allow else NOBODY,
                    rule.alone(ports),
                    untouchable=True,  # where a deny can close, nobody else's rule need be touched
                )
                for rule in firewall.rules
                if any(rule.decides(port) for port in ports)
                and not any(owned(rule, installation, port) for port in ports)
            }
            for target, firewall in _firewalls(snapshot).items()
        }

    def elsewhere(self, snapshot: Snapshot, ports: tuple[int, ...]) -> Mapping[str, str]:
        """Every rule but those for ``ports`` alone, in order."""
        return {
            target: digest(str(rule) for rule in firewall.ordered if not rule.alone(ports))
            for target, firewall in _firewalls(snapshot).items()
        }


def _firewalls(snapshot: Snapshot) -> Mapping[str, Firewall]:
    return cast("MemorySnapshot", snapshot).firewalls


def _slot(rule: Rule, installation: str) -> Slot:
    purpose = Purpose(
        rule.description.removeprefix(mark(installation, Purpose.LIST)[: -len("list")])
    )
    part = rule.names[0] if rule.names else ("ipv6" if ":" in rule.sources[0] else "ipv4")
    return Slot(purpose, part)


def _slots(
    rules: Iterable[Rule], installation: str, port: int
) -> Iterator[tuple[Slot | None, Rule]]:
    """Each rule with its slot, or None for a stranger's.

    A second own rule for a slot, a copy that somebody made, gets a slot that nothing is wanted of.
    """
    seen: set[Slot] = set()
    for rule in rules:
        slot = _slot(rule, installation) if owned(rule, installation, port) else None
        if slot in seen:
            slot = Slot(slot.purpose, f"{slot.part} {rule.name}")
        if slot:
            seen.add(slot)
        yield slot, rule


def _free_name(firewall: Firewall, installation: str, slot: Slot, port: int) -> str:
    """A name for a new own rule: what a stranger's rule is called already is avoided."""
    name = f"cloudsync:{installation}:{port}:{slot.purpose}:{slot.part}"
    taken = {rule.name for rule in firewall.rules}
    while name in taken:
        name += "'"
    return name


def _rule(placed: Placed, name: str, installation: str, port: int) -> Rule:
    return Rule(
        number=placed.number,
        name=name,
        allow=placed.slot.allow,
        sources=tuple(placed.source.cidrs()),
        names=tuple(sorted(one.text for one in placed.names)),
        ports=(port, port),
        description=mark(installation, placed.slot.purpose),
    )


def _remarks(
    target: str, firewall: Firewall, want: Wanted, placement: Placement
) -> Iterator[Remark]:
    if placement.blocked:
        yield Remark(
            target,
            f"{placement.blocked} is wanted, and a deny of somebody else stops it; set "
            "override_denies: true to go ahead of it",
            Note.BLOCKED,
        )
    if placement.no_room:
        yield Remark(target, f"{placement.no_room}; set priority, or move the rules", Note.NO_ROOM)
    if placement.opaque:
        names = ", ".join(sorted(name.text for name in placement.opaque))
        yield Remark(
            target,
            f"closing would stop {names}; list it in also_allow, or set close_opaque: true",
        )
    if placement.left_over:
        yield Remark(target, f"own denies still stand; `cloudsync relax {target}` takes them away")
    for rule in _marked(firewall.rules, want):
        yield Remark(target, f"a rule of cloudsync's was changed by hand: {rule}", Note.CONTESTED)


def _marked(rules: Sequence[Rule], want: Wanted) -> Iterator[Rule]:
    """Rules with a mark of ours that aren't own: reshaped, or another installation's that open."""
    for rule in rules:
        if any(owned(rule, want.installation, port) for port in want.ports):
            continue
        mine = rule.description.startswith(mark(want.installation, Purpose.LIST)[: -len("list")])
        opens = rule.allow and bool(clause(rule).source - want.addresses - want.kept)
        if mine or (opens and rule.description.startswith(OUR_MARKS)):
            yield rule
