"""What is so at a target, over all its ports and ready to be said; it chooses no words."""

from __future__ import annotations

from collections.abc import Iterable

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.exposure import Decision, Name
from cloudsync.immutable import immutable
from cloudsync.plan import State
from cloudsync.report.words import natural


@immutable
class Share:
    """A rule, and the part of a difference that it decides; ``full`` as in ``Clause``."""

    rule: str
    layer: str
    part: AddressSet
    full: bool = True


@immutable
class Facts:
    """One target's differences, each the union over its ports: it holds of at least one of them.

    ``grants`` are the rules that let in some of ``excess``, ``stops`` those that stop some of
    ``missing``; what no rule speaks of is stopped by none. All are sorted, so that the same
    world gives the same bytes in whatever order a cloud lists its rules.
    """

    ports: tuple[int, ...]
    possible: AddressSet
    missing: AddressSet
    missing_names: tuple[Name, ...]
    stops: tuple[Share, ...]
    excess: AddressSet
    grants: tuple[Share, ...]
    undetermined: AddressSet
    undetermined_names: tuple[Name, ...]
    internal: AddressSet
    probe: AddressSet
    names: tuple[Name, ...]


def facts(state: State) -> Facts:
    """The facts of ``state``. The deciding rules are asked for only where something differs."""
    differences = tuple(state.differences.values())
    grants: list[Decision] = []
    stops: list[Decision] = []
    for port, exposure in state.exposures.items():
        difference = state.differences[port]
        if difference.excess:
            grants += exposure.grants(difference.excess)
        if difference.missing:
            # A partial deny leaves the rest of the machines open: it never stops an address alone.
            for layer in (exposure, *state.beside.get(port, ())):
                stops += (one for one in layer.stops(difference.missing) if one.full)
    return Facts(
        ports=tuple(sorted(state.exposures)),
        possible=AddressSet.union(one.possible for one in state.exposures.values()),
        missing=AddressSet.union(one.missing for one in differences),
        missing_names=_sorted(name for one in differences for name in one.missing_names),
        stops=_shares(stops),
        excess=AddressSet.union(one.excess for one in differences),
        grants=_shares(grants),
        undetermined=AddressSet.union(one.undetermined for one in differences),
        undetermined_names=_sorted(name for one in differences for name in one.undetermined_names),
        internal=AddressSet.union(one.internal for one in differences),
        probe=AddressSet.union(one.probe for one in differences),
        names=_sorted(name for one in state.exposures.values() for name in one.names),
    )


def _sorted(names: Iterable[Name]) -> tuple[Name, ...]:
    return tuple(sorted(set(names), key=lambda name: natural(name.text)))


def _shares(decisions: Iterable[Decision]) -> tuple[Share, ...]:
    """One share a rule. A rule that decides only a name here decides no address, and is left."""
    parts: dict[tuple[str, str], tuple[AddressSet, bool]] = {}
    for one in decisions:
        if one.part:
            part, full = parts.get((one.rule, one.layer), (NOBODY, True))
            parts[one.rule, one.layer] = part | one.part, full and one.full
    ordered = sorted(parts.items(), key=lambda item: (item[0][1], natural(item[0][0])))
    return tuple(Share(rule, layer, part, full) for (rule, layer), (part, full) in ordered)
