"""The own rules that a network lacks, and the calls that make them, in order; it makes none.

A machine may carry several tags, so whatever protects one target is a rule for some machines of
another. All targets of a network are therefore placed as one, and every allow of any of them stands
before the first deny of any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cloudsync.addresses import INTERNAL, AddressSet
from cloudsync.exposure import Exposure, Name
from cloudsync.immutable import immutable
from cloudsync.model import Mode, Note, Purpose, Wanted
from cloudsync.moves import Move, moves
from cloudsync.numbering import Numbered, Numbers, Placed, Slot
from cloudsync.place import Placement, place
from cloudsync.provider import Proposal, Refusal, Remark, Step
from cloudsync_gcp.calls import Call
from cloudsync_gcp.chunks import chunked
from cloudsync_gcp.layers import exposed
from cloudsync_gcp.marks import base, free_name, made, prefix, slots
from cloudsync_gcp.quota import ADVICE, short, without_new
from cloudsync_gcp.remarks import remarks, unclosable
from cloudsync_gcp.rule import Rule, Source
from cloudsync_gcp.sharing import unlike
from cloudsync_gcp.snapshot import GcpSnapshot, Network
from cloudsync_gcp.standing import numbered, standing
from cloudsync_gcp.target import Target

FIRST: Final = 0
LAST: Final = 65_534
"""The last number but one: at 65535 stand the rules that every network is made with."""


@immutable
class _Planned:
    """One move for one target at one port, and when its turn is."""

    target: Target
    port: int
    move: Move

    @property
    def turn(self) -> tuple[bool, int]:
        """Who is wanted first, then probes, then denies; what takes away comes at the end."""
        late = self.move.narrows or self.move.verb == "remove"
        return late, {Purpose.PROBE: 1, Purpose.DENY: 2}.get(self.move.rule.slot.purpose, 0)


def propose(snapshot: GcpSnapshot, wanted: Mapping[str, Wanted], probes: AddressSet) -> Proposal:
    """What would make the targets of one network right."""
    chosen = {target: snapshot.places[target] for target in snapshot.places if target in wanted}
    if not chosen:
        return Proposal()
    wants = {target: wanted[target] for target in chosen}
    different = unlike(wants)
    if different:
        return Proposal(refusals=tuple(Refusal(target, *different) for target in chosen))
    want = _inside(next(iter(wants.values())))
    if snapshot.network.own is None:
        return Proposal(refusals=tuple(_without_policy(snapshot, chosen)))
    said: list[Remark] = []
    refused: dict[str, Refusal] = {}
    planned = _planned(snapshot, chosen, want, probes, said)
    for port in want.ports:
        for refusal in unclosable(snapshot, chosen, want, probes, port):
            refused.setdefault(refusal.target, refusal)
    if want.mode is Mode.WATCH:
        return Proposal(remarks=tuple(said))
    steps = _steps(snapshot, want, planned, tuple(chosen))
    lacking = short(snapshot, steps)
    if lacking and want.mode is Mode.ENFORCE:
        # The closing is what there is no room for: what lets in whom is wanted is done all the same.
        said += [Remark(target, lacking.closing, Note.NO_ROOM) for target in chosen]
        planned = _planned(snapshot, chosen, replace(want, mode=Mode.ADD), probes, [])
        steps = _steps(snapshot, want, planned, tuple(chosen))
        lacking = short(snapshot, steps)
    if lacking:
        for target in chosen:
            refused[target] = Refusal(target, lacking.what, ADVICE)
        steps = without_new(steps)
    return Proposal(tuple(steps), tuple(said), tuple(refused.values()))


def _planned(
    snapshot: GcpSnapshot,
    chosen: Mapping[str, Target],
    want: Wanted,
    probes: AddressSet,
    said: list[Remark],
) -> list[_Planned]:
    """The moves at every port, in their turn; what is to be told of them is added to ``said``."""
    planned: list[_Planned] = []
    targets = tuple(chosen.values())
    # In a policy no two rules share a number, so that each target is placed after the other.
    classic = snapshot.network.edited == "classic"
    groups = [targets] if classic else [(one,) for one in targets]
    for port in want.ports:
        network = snapshot.network
        for group in groups:
            held = {one: name for one, name in chosen.items() if name in group}
            found, placement = _port(snapshot.network, network, group, want, probes, port)
            planned += found
            said += remarks(snapshot, held, want, placement, probes, port)
            if not classic:
                network = _beside(network, want.installation, port, found)
    return sorted(planned, key=lambda one: one.turn)


def _inside(want: Wanted) -> Wanted:
    """``want`` with its names bound by internal space: a source tag or account is never outside."""
    return replace(want, names=frozenset(Name(name.text, INTERNAL) for name in want.names))


def _without_policy(snapshot: GcpSnapshot, chosen: Iterable[str]) -> Iterator[Refusal]:
    for target in chosen:
        yield Refusal(
            target,
            f"the network {snapshot.network.name} has no global firewall policy to put rules in",
            "Associate one with it, or leave out kind: network-policy.",
        )


def _port(
    seen: Network,
    network: Network,
    targets: tuple[Target, ...],
    want: Wanted,
    probes: AddressSet,
    port: int,
) -> tuple[list[_Planned], Placement]:
    """What some targets lack on ``network``: as it was ``seen``, with what others are to get."""
    layer = network.own
    rules = layer.ordered if layer else []
    deciding = [rule for rule in rules if rule.decides(port)]
    ours = {target: slots(deciding, want.installation, target, port) for target in targets}
    own = {rule for held in ours.values() for rule in held.values()}
    classic = network.edited == "classic"
    numbers = Numbers(
        *(want.priority or (FIRST, LAST)),
        ties=classic,
        taken=frozenset(
            (layer.taken if layer else frozenset[int]())
            | {rule.number for rule in rules if not rule.decides(port)}
            # What another target's rule is to leave, it holds until then.
            | {rule.number for rule in (seen.own.rules if seen.own else ()) if rule not in own}
        ),
    )
    placement = place(standing(network, targets, ours, want, probes, port), want, probes, numbers)
    planned: list[_Planned] = []
    for target in targets:
        exposure = exposed(seen.layers, target, port)
        mine = {slot: numbered(slot, [rule]) for slot, rule in ours[target].items()}
        there = _for(placement, mine, exposure)
        planned += [
            _Planned(target, port, move)
            for move in moves(mine, there, want.addresses, want.kept | probes)
        ]
    return planned, placement


def _beside(network: Network, installation: str, port: int, planned: Iterable[_Planned]) -> Network:
    """``network`` with what is ``planned`` for one target, as another one meets it."""
    layer = network.own
    if layer is None:
        return network
    rules = list(layer.rules)
    for one in planned:
        slot = one.move.rule.slot
        deciding = [rule for rule in layer.ordered if rule.decides(port)]
        old = slots(deciding, installation, one.target, port).get(slot)
        name = f"{prefix(installation, slot.purpose)}{one.target} {slot.part}"
        rules = [rule for rule in rules if rule != old and rule.name != name]
        if one.move.verb != "remove":
            rules.append(_rule(one.move.rule, name, installation, one, layer.name))
    return network.editing(replace(layer, rules=tuple(rules)))


def _for(placement: Placement, own: Mapping[Slot, Numbered], exposure: Exposure) -> Placement:
    """What was placed for all targets of a network, as it applies to one of them."""
    rules: list[Placed] = []
    for placed in placement.rules:
        source, names = placed.source, placed.names
        parts = {slot: rule for slot, rule in own.items() if base(slot) == placed.slot}
        if placed.slot.purpose is Purpose.PROBE and placed.slot not in own:
            # Another target's health checks are no reason to let them in here.
            source, names = source & exposure.possible, names & exposure.names
        if placed.slot.allow and source & placement.blocked:
            stood = AddressSet.union(
                rule.clause.source for rule in parts.values() if rule.number == placed.number
            )
            source = (source - placement.blocked) | (source & stood & placement.blocked)
        if source or names:
            rules += chunked(replace(placed, source=source, names=names), parts)
    stand = {rule.slot for rule in rules}
    return replace(
        placement,
        rules=tuple(rules),
        stale=tuple(sorted(slot for slot in own if slot not in stand)),
    )


def _steps(
    snapshot: GcpSnapshot, want: Wanted, planned: Sequence[_Planned], touched: tuple[str, ...]
) -> list[Step]:
    network = snapshot.network
    layer = network.own
    rules = list(layer.rules) if layer else []
    taken = {*network.names, *(rule.name for rule in rules)}
    current: dict[tuple[Target, int, Slot], Rule] = {
        (target, port, slot): rule
        for target in {one.target for one in planned}
        for port in want.ports
        for slot, rule in slots(
            [one for one in (layer.ordered if layer else []) if one.decides(port)],
            want.installation, target, port,
        ).items()
    }  # fmt: skip
    steps: list[Step] = []
    for one in planned:
        move = one.move
        key = (one.target, one.port, move.rule.slot)
        old = current.get(key)
        if old:
            name = old.name
        else:
            name = free_name(
                taken, want.installation, network.name, one.target, move.rule.slot, one.port
            )
            taken.add(name)
        new = _rule(move.rule, name, want.installation, one, layer.name if layer else "")
        call = Call(
            verb=move.verb,
            project=network.project,
            network=network.name,
            policy=layer.resource if layer else "",
            old=old,
            new=None if move.verb == "remove" else new,
            before=tuple(rules),
            endpoint=snapshot.endpoint,
        )
        rules = list(call.applied(rules))
        change = {"add": (f"+ {new}",), "remove": (f"- {old}",)}
        steps.append(
            Step(
                move.verb,
                touched,
                change.get(move.verb, (f"- {old}", f"+ {new}")),
                narrows=move.narrows,
                call=call,
            )
        )
        if move.verb == "remove":
            current.pop(key, None)
        else:
            current[key] = new
    return steps


def _rule(placed: Placed, name: str, installation: str, one: _Planned, layer: str) -> Rule:
    rule = made(
        placed.slot,
        name=name,
        number=placed.number,
        installation=installation,
        target=one.target,
        port=one.port,
        ranges=tuple(sorted(placed.source.cidrs())),
    )
    sources = tuple(Source(name.text) for name in sorted(placed.names))
    return replace(rule, sources=sources, layer=layer)
