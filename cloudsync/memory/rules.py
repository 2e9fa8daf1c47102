"""The pure half of the in-memory provider: numbered rules, first match, a deny wins a tie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, cast

from cloudsync.addresses import EVERYONE, INTERNAL, NOBODY, PUBLIC, AddressSet
from cloudsync.exposure import Clause, Exposure, Name, first_match
from cloudsync.model import OUR_MARKS, Mode, Note, Purpose, Wanted, mark
from cloudsync.moves import moves
from cloudsync.numbering import Numbered, Numbers, Placed, Slot
from cloudsync.place import Placement, place
from cloudsync.provider import Foreign, Proposal, Remark, Scope, Snapshot, Sources, Step

LAYER: Final = "memory firewall"
FIRST, LAST = 0, 65_535

# What a probe of this platform comes from: documentation space, so that no real network is meant.
PROBES: Final = AddressSet.of("198.51.100.128/28", "2001:db8:ffff::/64")


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One inbound rule. ``sources`` are CIDRs, ``names`` opaque; with neither, it is from everyone.

    ``machines`` empty means all of them. ``protocol`` is ``tcp``, ``udp`` or ``all``; ``all``
    disregards ``ports``, which is first and last.
    """

    number: int
    name: str
    allow: bool = True
    sources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    ports: tuple[int, int] = (25, 25)
    protocol: Literal["tcp", "udp", "all"] = "tcp"
    machines: tuple[str, ...] = ()
    description: str = ""

    def __str__(self) -> str:
        kind = "allow" if self.allow else "deny"
        first, last = self.ports
        ports = f"{self.protocol}/{first}" + (f"-{last}" if last != first else "")
        if self.protocol == "all":
            ports = "everything"
        sources = ", ".join((*self.sources, *self.names)) or "everyone"
        only = f" to {', '.join(self.machines)} only" if self.machines else ""
        text = f" ({self.description})" if self.description else ""
        return f"{self.number} {self.name}: {kind} {ports} from {sources}{only}{text}"

    def decides(self, port: int) -> bool:
        """Whether it says anything of TCP connections to ``port``."""
        first, last = self.ports
        return self.protocol == "all" or (self.protocol == "tcp" and first <= port <= last)

    def alone(self, ports: tuple[int, ...]) -> bool:
        """Whether it speaks of one of ``ports`` and of nothing else."""
        return self.protocol == "tcp" and self.ports[0] == self.ports[1] and self.ports[0] in ports


@dataclass(frozen=True, slots=True)
class Firewall:
    """One target: its rules in any order, its outbound rules as text, the machines behind it."""

    rules: tuple[Rule, ...] = ()
    outbound: tuple[str, ...] = ("allow everything to everyone",)
    machines: tuple[str, ...] = ("a", "b")

    @property
    def ordered(self) -> list[Rule]:
        """The rules as they are asked: by number, a deny first on a tie."""
        return sorted(self.rules, key=lambda rule: (rule.number, rule.allow, rule.name))


@dataclass(frozen=True, slots=True)
class MemorySnapshot:
    """Firewalls by target; each is an object of its own, so any subset can be cut out."""

    scope: Scope
    firewalls: Mapping[str, Firewall] = field(default_factory=dict[str, Firewall])
    version: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets in it."""
        return tuple(self.firewalls)

    def outbound(self, target: str) -> str:
        """A digest of the outbound rules."""
        return _digest(self.firewalls[target].outbound)

    def of(self, targets: Iterable[str]) -> MemorySnapshot:
        """Cut down to ``targets``."""
        return replace(self, firewalls={target: self.firewalls[target] for target in targets})


def name_of(text: str) -> Name:
    """An opaque source: ``probe:…`` by the probes, ``outside:…`` by public space, else internal."""
    if text.startswith("outside:"):
        return Name(text, PUBLIC)
    return Name(text, PROBES if text.startswith("probe:") else INTERNAL)


def clause(rule: Rule) -> Clause:
    """A rule as the core sees it."""
    everyone = not rule.sources and not rule.names
    return Clause(
        allow=rule.allow,
        source=EVERYONE if everyone else AddressSet.of(*rule.sources),
        rule=str(rule),
        names=frozenset(name_of(name) for name in rule.names),
        full=not rule.machines,
    )


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
                if any(_own(rule, installation, port) for port in ports):
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
                and not any(_own(rule, installation, port) for port in ports)
            }
            for target, firewall in _firewalls(snapshot).items()
        }

    def elsewhere(self, snapshot: Snapshot, ports: tuple[int, ...]) -> Mapping[str, str]:
        """Every rule but those for ``ports`` alone, in order."""
        return {
            target: _digest(str(rule) for rule in firewall.ordered if not rule.alone(ports))
            for target, firewall in _firewalls(snapshot).items()
        }


def changed(firewall: Firewall, verb: str, rule: Rule) -> Firewall:
    """What one call makes of a firewall; the sandbox and the forecast agree by construction."""
    others = tuple(other for other in firewall.rules if other.name != rule.name)
    return replace(firewall, rules=others if verb == "remove" else (*others, rule))


def _firewalls(snapshot: Snapshot) -> Mapping[str, Firewall]:
    return cast("MemorySnapshot", snapshot).firewalls


def _own(rule: Rule, installation: str, port: int) -> bool:
    """Mark and shape: a marked rule that somebody reshaped is theirs."""
    marks = {mark(installation, purpose): purpose for purpose in Purpose}
    purpose = marks.get(rule.description)
    return (
        purpose is not None
        and rule.alone((port,))
        and not rule.machines
        and rule.allow is (purpose is not Purpose.DENY)
        and bool(rule.sources) != bool(rule.names)
        and len(rule.names) <= 1
        and ":" in rule.name
    )


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
        slot = _slot(rule, installation) if _own(rule, installation, port) else None
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
        yield Remark(target, f"own denies still stand; cloudsync relax {target} takes them away")
    for rule in _marked(firewall.rules, want):
        yield Remark(target, f"a rule of cloudsync's was changed by hand: {rule}", Note.CONTESTED)


def _marked(rules: Sequence[Rule], want: Wanted) -> Iterator[Rule]:
    """Rules with a mark of ours that aren't own: reshaped, or another installation's that open."""
    for rule in rules:
        if any(_own(rule, want.installation, port) for port in want.ports):
            continue
        mine = rule.description.startswith(mark(want.installation, Purpose.LIST)[: -len("list")])
        opens = rule.allow and bool(clause(rule).source - want.addresses - want.kept)
        if mine or (opens and rule.description.startswith(OUR_MARKS)):
            yield rule


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
