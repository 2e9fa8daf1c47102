"""A provider whose snapshot is a set of strings, as small as the contract allows; it has no calls.

A line says ``PORT SOURCE OWNER``, as in ``25 192.0.2.0/24 list`` for an own rule of that purpose,
``25 0.0.0.0/0 them`` for a stranger's, ``25 sg-1 them`` for an opaque source, ``* 10.0.0.0/8 them``
for every port, and ``out …`` for something outbound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cloudsync.addresses import INTERNAL, NOBODY, PUBLIC, AddressSet
from cloudsync.exposure import Clause, Exposure, Name, union
from cloudsync.model import Purpose, Wanted
from cloudsync.provider import (
    Foreign,
    Order,
    Proposal,
    Reversal,
    Scope,
    Snapshot,
    Sources,
    Step,
)

HERE = Scope("strings:here")
NOTHING = Proposal()
PROBES = AddressSet.of("198.51.100.0/28")
OWN = frozenset(Purpose)


def name(text: str) -> Name:
    """``sg-…`` stands for internal space, ``probe`` for the probes, anything else for the public."""
    return Name(text, INTERNAL if text.startswith("sg-") else PROBES if text == "probe" else PUBLIC)


@dataclass(frozen=True)
class Strings:
    """Lines by target; all targets share one object where ``shared``."""

    lines: Mapping[str, frozenset[str]]
    shared: bool = False
    scope: Scope = HERE
    version: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets in it."""
        return tuple(self.lines)

    def outbound(self, target: str) -> str:
        """The outbound lines."""
        return str(sorted(one for one in self.lines[target] if one.startswith("out")))

    def of(self, targets: Iterable[str]) -> Strings:
        """Cut down, unless everything hangs together."""
        return self if self.shared else Strings({one: self.lines[one] for one in targets})


def lines(snapshot: Snapshot, target: str) -> list[list[str]]:
    """The inbound lines of a target, in words."""
    assert isinstance(snapshot, Strings)
    return [one.split() for one in sorted(snapshot.lines[target]) if not one.startswith("out")]


def source(text: str) -> AddressSet:
    """The addresses of a line's source."""
    return AddressSet.of(text) if text[0].isdigit() or ":" in text else NOBODY


def names(text: str) -> frozenset[Name]:
    """The opaque source of a line."""
    return frozenset() if source(text) else frozenset([name(text)])


class StringRules:
    """Fulfils ``cloudsync.provider.Rules``; it proposes what it was told to."""

    def __init__(self, proposal: Proposal = NOTHING) -> None:
        self.probes = PROBES
        self.proposal = proposal

    def exposure(self, snapshot: Snapshot, port: int) -> dict[str, Exposure]:
        """Every line adds up; one of ``some`` is for some machines only, and ``doubt`` stops some.

        As in a real firewall that is folded, one can't say whether those are the same machines.
        """
        found: dict[str, Exposure] = {}
        for target in snapshot.targets:
            at_port = [
                (what, owner)
                for at, what, owner in lines(snapshot, target)
                if at in {str(port), "*"}
            ]
            whole = union(
                [
                    Clause(True, source(what), what, names(what), full=owner != "some")
                    for what, owner in at_port
                    if owner != "doubt"
                ],
                "strings",
            )
            doubted = AddressSet.union(source(what) for what, owner in at_port if owner == "doubt")
            found[target] = replace(whole, certain=whole.certain - doubted)
        return found

    def steps(self, snapshot: Snapshot, wanted: Mapping[str, Wanted]) -> Proposal:
        """What the test wants proposed."""
        return self.proposal

    def ordered(self, snapshot: Snapshot, wanted: Mapping[str, Wanted], order: Order) -> Proposal:
        """What the test wants proposed."""
        return self.proposal

    def reversal(self, snapshot: Snapshot, step: Step) -> Reversal:
        """The changes the other way round."""
        turned = {"+": "-", "-": "+"}
        return Reversal(tuple(f"{turned[one[0]]}{one[1:]}" for one in reversed(step.changes)))

    def after(self, snapshot: Snapshot, step: Step) -> Strings:
        """Every change, as it reads, at every target of the step."""
        assert isinstance(snapshot, Strings)
        gone = {one[2:] for one in step.changes if one.startswith("- ")}
        come = {one[2:] for one in step.changes if one.startswith("+ ")}
        return Strings(
            {
                target: (has - gone) | come if target in step.targets else has
                for target, has in snapshot.lines.items()
            },
            snapshot.shared,
        )

    def own(
        self, snapshot: Snapshot, installation: str, ports: tuple[int, ...]
    ) -> dict[str, dict[Purpose, Sources]]:
        """Lines whose owner is a purpose."""
        found: dict[str, dict[Purpose, Sources]] = {}
        for target in snapshot.targets:
            stands = found.setdefault(target, {})
            for _, what, owner in lines(snapshot, target):
                if owner in OWN:
                    had = stands.get(Purpose(owner), Sources())
                    stands[Purpose(owner)] = Sources(
                        had.addresses | source(what), had.names | names(what)
                    )
        return found

    def foreign(
        self, snapshot: Snapshot, installation: str, ports: tuple[int, ...]
    ) -> dict[str, dict[str, Foreign]]:
        """Every other line that decides a port; ``theirs`` marks another installation's."""
        return {
            target: {
                " ".join(one): Foreign(
                    " ".join(one),
                    source(one[1]),
                    alone=one[0] != "*",
                    untouchable=one[2] == "theirs",
                )
                for one in lines(snapshot, target)
                if one[2] not in OWN and one[0] in {"*", *map(str, ports)}
            }
            for target in snapshot.targets
        }

    def elsewhere(self, snapshot: Snapshot, ports: tuple[int, ...]) -> dict[str, str]:
        """Every line that isn't for a port alone."""
        return {
            target: str([one for one in lines(snapshot, target) if one[0] not in map(str, ports)])
            for target in snapshot.targets
        }


def step(*changes: str, own: bool = True, targets: tuple[str, ...] = ("t",)) -> Step:
    """A step that makes the changes; what only takes away is a removal, and so on."""
    added = any(one.startswith("+") for one in changes)
    gone = any(one.startswith("-") for one in changes)
    return Step(
        "replace" if added and gone else "add" if added else "remove", targets, changes, own
    )
