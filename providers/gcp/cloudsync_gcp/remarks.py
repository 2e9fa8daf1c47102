"""What a person should be told of a target that cloudsync leaves as it is; it changes none."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.exposure import first_match
from cloudsync.model import OUR_MARKS, Mode, Note, Purpose, Wanted, mark
from cloudsync.place import Placement
from cloudsync.provider import Refusal, Remark
from cloudsync_gcp.layers import Decided, Layer, decided, exposed
from cloudsync_gcp.marks import owner
from cloudsync_gcp.rule import Rule
from cloudsync_gcp.snapshot import GcpSnapshot, Network
from cloudsync_gcp.target import Target


def remarks(
    snapshot: GcpSnapshot,
    chosen: Mapping[str, Target],
    want: Wanted,
    placement: Placement,
    probes: AddressSet,
    port: int,
) -> Iterator[Remark]:
    """What stands in the way of ``want``, and stays, with what a person can do."""
    for target, protected in chosen.items():
        if placement.blocked:
            yield _blocked(snapshot.network, target, protected, placement.blocked, want, port)
        if placement.no_room:
            yield Remark(
                target,
                f"{placement.no_room}; {_front(snapshot.network, want, probes, protected, port)}",
                Note.NO_ROOM,
            )
        if placement.opaque:
            names = ", ".join(sorted(name.text for name in placement.opaque))
            yield Remark(
                target,
                f"closing would stop {names}, which may stand for anybody; list the networks behind "
                "it in also_allow, or set close_opaque: true",
            )
        if placement.left_over:
            yield Remark(
                target, f"own denies still stand; `cloudsync relax {target}` takes them away"
            )
        yield from _contested(snapshot.network, target, want, port)


def _blocked(
    network: Network, target: str, protected: Target, blocked: AddressSet, want: Wanted, port: int
) -> Remark:
    stops = exposed(network.layers, protected, port).stops(blocked)
    rules = ", ".join(dict.fromkeys(one.rule for one in stops)) or "a deny of somebody else"
    behind = any(layer.rules for layer in network.ahead) and any(
        one.rule == clause.rule.title
        for one in stops
        for layer in network.ahead
        for clause in decided(layer, (protected,), port)
    )
    todo = (
        "change it there, since no rule of this network comes ahead of it"
        if behind
        else "set override_denies: true to go ahead of it"
    )
    del want
    return Remark(target, f"{blocked} is wanted, and {rules} stops it; {todo}", Note.BLOCKED)


def _front(network: Network, want: Wanted, probes: AddressSet, protected: Target, port: int) -> str:
    """Which rule has to make room, and the command for it."""
    layer = network.own
    harmless = want.addresses | want.kept | probes
    opening = [
        one.rule
        for one in (decided(layer, (protected,), port) if layer else ())
        if one.clause.allow
        and owner(one.rule, want.installation, want.ports) is None
        and (
            one.clause.source - harmless
            or any(not name.bound <= harmless for name in one.clause.names - want.names)
        )
    ]
    if not opening:
        return "set priority, or move the rules"
    rule = opening[0]
    if network.edited != "classic":
        return f"move {rule.title} to a later priority, or set priority"
    command = shlex.join(
        ["gcloud", "compute", "firewall-rules", "update", rule.name, "--priority=1000",
         f"--project={network.project}"]
    )  # fmt: skip
    return f"move {rule.title} to a later priority ({command}), or set priority"


def _contested(network: Network, target: str, want: Wanted, port: int) -> Iterator[Remark]:
    mine = mark(want.installation, Purpose.LIST)[: -len(Purpose.LIST)]
    for rule in network.own.ordered if network.own else ():
        if owner(rule, want.installation, want.ports) is not None:
            continue
        if rule.description.startswith(mine):
            yield Remark(
                target,
                f"{rule} carries this installation's mark, but not the shape of a rule of its own. "
                "It counts as somebody else's and is left alone. Change its description, or delete it.",
                Note.CONTESTED,
            )
        elif (
            rule.description.startswith(OUR_MARKS)
            and rule.action == "allow"
            and rule.decides(port)
            and rule.addresses - want.addresses - want.kept
        ):
            yield Remark(
                target,
                f"{rule} belongs to another installation of cloudsync, and lets in whom this one "
                "doesn't want. It is left alone. Agree on one list, or one installation.",
                Note.CONTESTED,
            )


def unclosable(
    snapshot: GcpSnapshot,
    chosen: Mapping[str, Target],
    want: Wanted,
    probes: AddressSet,
    port: int,
) -> Iterator[Refusal]:
    """What is let in ahead of every rule that can be made here, by whom, and where to close it."""
    if want.mode is not Mode.ENFORCE:
        return
    network = snapshot.network
    for target, protected in chosen.items():
        asked = [
            (layer, one) for layer in network.ahead for one in decided(layer, (protected,), port)
        ]
        through = first_match((one.clause for _, one in asked), "")
        excess = through.possible - want.addresses - want.kept - probes
        if excess:
            layer, one = next(_opening(asked, excess))
            yield Refusal(
                target,
                f"{one.rule.title} lets in {said(excess)} that aren't wanted, ahead of every rule "
                "that can be made here",
                _where(network, layer, one.rule),
                witness=excess.witness(),
            )


def _opening(
    asked: Iterable[tuple[Layer, Decided]], excess: AddressSet
) -> Iterator[tuple[Layer, Decided]]:
    denied = NOBODY
    for layer, one in asked:
        if one.clause.allow and (one.clause.source & excess) - denied:
            yield layer, one
        if not one.clause.allow and one.clause.full:
            denied |= one.clause.source


def _where(network: Network, layer: Layer, rule: Rule) -> str:
    if layer.kind == "hierarchy":
        command = shlex.join(
            ["gcloud", "compute", "firewall-policies", "rules", "describe", str(rule.number),
             f"--firewall-policy={layer.resource}"]
        )  # fmt: skip
        return f"Have whoever keeps the organization's policies close it: {command}"
    if layer.kind == "system":
        return "It belongs to a service of Google's: turn that off, or take the machines out of it."
    if layer.kind == "classic":
        return f"Close it: gcloud compute firewall-rules describe {rule.name}"
    order = shlex.join(
        ["gcloud", "compute", "networks", "update", network.name, f"--project={network.project}",
         "--network-firewall-policy-enforcement-order=AFTER_CLASSIC_FIREWALL"]
    )  # fmt: skip
    return f"Close it in that policy, or have classic rules asked first: {order}"


def said(part: AddressSet) -> str:
    """``4,294,967,280 IPv4 addresses and 7 IPv6 addresses``."""
    sizes = zip(part.count(), ("IPv4", "IPv6"), strict=True)
    return " and ".join(
        f"{size:,} {family} address{'' if size == 1 else 'es'}" for size, family in sizes if size
    )
