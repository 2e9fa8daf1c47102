"""The proof of a plan: every step is asked what the promises ask, on addresses; it calls nothing.

Is a wanted sender stopped, is somebody let in who wasn't wanted, is a stranger's rule or another
port touched? It folds the provider's own ``after`` and ``exposure`` over the steps and knows no
cloud: a provider whose snapshot is a set of strings passes through the same code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.exposure import Exposure, Name
from cloudsync.immutable import immutable
from cloudsync.model import Mode, Purpose, Wanted
from cloudsync.provider import Foreign, Order, Refusal, Reversal, Rules, Snapshot, Sources, Step


@immutable
class _View:
    """All that the promises speak of, at one moment, for one target."""

    exposures: Mapping[int, Exposure]
    own: Mapping[Purpose, Sources]
    foreign: Mapping[str, Foreign]
    elsewhere: str
    outbound: str


@immutable
class Proof:
    """The steps that keep the promises, the snapshot they lead to, and what stopped the rest.

    ``reversals`` say how each step is taken back from where it was made.
    """

    steps: tuple[Step, ...]
    after: Snapshot
    refusal: Refusal | None = None
    reversals: tuple[Reversal, ...] = ()


def prove(
    rules: Rules,
    snapshot: Snapshot,
    steps: Iterable[Step],
    wanted: Mapping[str, Wanted],
    order: Order | None = None,
) -> Proof:
    """Check promises 1 to 4 on every step, up to the first that would break one.

    Each step is one call, and what one call does lies between the state before and the state
    after it: what both allow is never lost on the way, and what neither allows is never let in.
    Additions come first, so that a removal that can't be proved holds none of them back. An
    ``order`` may let in whom nobody wants, in any mode, and ``undo`` may give others their rules
    back; all else holds for it too.
    """
    proved: list[Step] = []
    reversals: list[Reversal] = []
    before = _views(rules, snapshot, wanted)
    for step in steps:
        following = rules.after(snapshot, step)
        after = _views(rules, following, wanted)
        for target, view in before.items():
            want = wanted.get(target)
            broken = _broken(view, after[target], step, target, want, rules.probes, order)
            if broken:
                return Proof(tuple(proved), snapshot, broken, tuple(reversals))
        proved.append(step)
        reversals.append(rules.reversal(snapshot, step))
        snapshot, before = following, after
    return Proof(tuple(proved), snapshot, None, tuple(reversals))


_STRANGER = Wanted("", Mode.WATCH)
"""For a target nobody asked about that shares an object: nothing of it may change."""


def _views(rules: Rules, snapshot: Snapshot, wanted: Mapping[str, Wanted]) -> dict[str, _View]:
    wants = {target: wanted.get(target, _STRANGER) for target in snapshot.targets}
    ports = tuple(sorted({port for want in wants.values() for port in want.ports}))
    # One configuration file has one name, so one installation looks at a snapshot.
    installation = max(want.installation for want in wants.values())
    exposures = {port: rules.exposure(snapshot, port) for port in ports}
    own = rules.own(snapshot, installation, ports)
    foreign = rules.foreign(snapshot, installation, ports)
    elsewhere = rules.elsewhere(snapshot, ports)
    return {
        target: _View(
            {port: exposures[port][target] for port in wants[target].ports},
            own[target],
            foreign[target],
            elsewhere[target],
            snapshot.outbound(target),
        )
        for target in snapshot.targets
    }


def _broken(
    before: _View,
    after: _View,
    step: Step,
    target: str,
    wanted: Wanted | None,
    probes: AddressSet,
    order: Order | None,
) -> Refusal | None:
    """The first promise that ``step`` would break at ``target``, with a witness, or None."""
    want = wanted or _STRANGER
    if target not in step.targets:
        # It only shares an object, or a network, with what the step is for.
        if before.exposures != after.exposures:
            return Refusal(target, f"the step {_short(step)} would change who gets in here as well")
    elif want.mode is Mode.WATCH and not order:
        return Refusal(target, "a step was planned for a target that is only watched")
    for port in want.ports:
        was, will = before.exposures[port], after.exposures[port]
        broken = _lost(before, after, port, target, want, probes)
        # Who isn't wanted is let in by a person's order alone, and only where it was given.
        if not broken and not (order and target in step.targets):
            broken = _let_in(was, will, target, want)
        if broken:
            return broken
    if before.elsewhere != after.elsewhere:
        return Refusal(target, f"the step {_short(step)} would change what decides other ports")
    if before.outbound != after.outbound:
        return Refusal(target, f"the step {_short(step)} would change outbound rules")
    return _foreign_broken(before, after, step, target, want, order)


def _lost(
    before: _View, after: _View, port: int, target: str, want: Wanted, probes: AddressSet
) -> Refusal | None:
    """Promise 1: who must go on getting in."""
    was, will = before.exposures[port], after.exposures[port]
    also = before.own.get(Purpose.ALSO, Sources())
    # What an own rule let in by an also_allow that is no longer there may go with it.
    withdrawn = also.addresses - want.addresses
    for old, new in ((was.certain, will.certain), (was.possible, will.possible)):
        lost = (want.addresses & old) - new
        if lost:
            return _stops(target, lost, "which is wanted")
        lost = (want.kept & old) - new - withdrawn
        if lost:
            return _stops(target, lost, "which is internal, and kept")
        lost = (probes & old) - new - withdrawn
        if lost:
            return _stops(target, lost, "from which the platform checks health")
    # What is possible may be said too much: a partial allow can stand behind a partial deny for the
    # same machines. So what an own rule held has to be certain afterwards, if it is needed at all.
    dropped = _held(before) - _held(after)
    needed = (want.addresses | want.kept | probes) - withdrawn
    lost = (needed & dropped & was.possible) - will.certain
    if lost:
        return _stops(target, lost, "which stands in a rule of ours")
    lost_names = _lost_names(was, will, want, probes, also.names)
    if lost_names:
        return Refusal(
            target, f"a step would stop {lost_names[0].text}, or a part of it, which gets in today"
        )
    return None


def _let_in(was: Exposure, will: Exposure, target: str, want: Wanted) -> Refusal | None:
    """Promise 2: nobody new gets in who isn't wanted."""
    let_in = will.possible - was.possible - want.addresses
    if let_in:
        return Refusal(
            target,
            f"a step would let in {let_in.witness()}, which gets in nowhere today and isn't wanted",
            witness=let_in.witness(),
        )
    strangers = sorted(
        name
        for name in will.names - want.names
        if name not in was.names or will.reach(name) - was.reach(name)
    )
    if strangers:
        return Refusal(target, f"a step would let in {strangers[0].text}, which isn't wanted")
    return None


def _held(view: _View) -> AddressSet:
    """The addresses that rules of ours let in."""
    return AddressSet.union(
        sources.addresses for purpose, sources in view.own.items() if purpose is not Purpose.DENY
    )


def _lost_names(
    was: Exposure, will: Exposure, want: Wanted, probes: AddressSet, withdrawn: frozenset[Name]
) -> list[Name]:
    """Names that get in today, are wanted or kept, and would get in from less than today."""
    kept = (want.kept, probes)
    staying = [
        name
        for name in sorted(was.names)
        if name in want.names
        or (name not in withdrawn and any(name.bound <= bound for bound in kept))
    ]
    return [
        name
        for name in staying
        # Whoever comes from it and is let in by address isn't lost.
        if was.reach(name) - (will.reach(name) if name in will.names else NOBODY) - will.possible
    ]


def _stops(target: str, lost: AddressSet, why: str) -> Refusal:
    return Refusal(
        target,
        f"a step would stop {lost.witness()}, {why} and gets in today",
        witness=lost.witness(),
    )


def _foreign_broken(
    before: _View, after: _View, step: Step, target: str, want: Wanted, order: Order | None
) -> Refusal | None:
    """Promise 3: whose rules may be touched, and on what condition."""
    added = after.foreign.keys() - before.foreign.keys()
    gives_back = order is not None and order.verb == "undo" and not step.own
    if added and not gives_back:
        text = after.foreign[min(added)].text
        return Refusal(target, f"the step {_short(step)} would make a rule that isn't ours: {text}")
    removed = before.foreign.keys() - after.foreign.keys()
    if not removed:
        return None
    if want.mode is not Mode.ENFORCE or step.own:
        text = before.foreign[min(removed)].text
        return Refusal(target, f"the step {_short(step)} would take somebody else's rule: {text}")
    ours = _held(before)
    staying = AddressSet.union(rule.addresses for rule in after.foreign.values() if rule.alone)
    for key in sorted(removed):
        rule = before.foreign[key]
        unwanted = rule.addresses - want.addresses - want.kept
        if not rule.alone or rule.untouchable or not unwanted:
            return Refusal(target, f"enforce may not take the rule {rule.text}")
        bare = (rule.addresses & want.addresses) - ours - staying
        if bare:
            return Refusal(
                target,
                f"{rule.text} can't go before {bare.witness()} stands in a rule of ours",
                witness=bare.witness(),
            )
    return None


def _short(step: Step) -> str:
    first, *others = step.changes
    more = f" and {len(others)} more" if others else ""
    return f"({step.verb} {first}{more})"
