"""Which rules of one security group should come, change or go; it makes no calls of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cloudsync.addresses import INTERNAL, AddressSet
from cloudsync.immutable import immutable
from cloudsync.model import OUR_MARKS, Mode, Purpose, Wanted
from cloudsync_aws.ingress import Ingress, alone, lets_in, marked, rules_of, wide
from cloudsync_aws.marks import description, owner
from cloudsync_aws.rule import Rule, canonical

Key = tuple[int, str]
"""A port and a source: what makes two rules that open one port alone the same to EC2."""


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What is wanted of many groups, prepared once: purposes by source, and pairs to compare with.

    ``networks`` and ``names`` hold ``(source, description)`` of every rule that should stand at
    each port.
    """

    want: Wanted
    purposes: Mapping[str, Purpose]
    networks: frozenset[tuple[str, str]]
    names: frozenset[tuple[str, str]]

    @staticmethod
    def of(want: Wanted) -> Wish:
        """``want`` as sources; what is on the list and also allowed is of the list."""
        listed = {str(network): Purpose.LIST for network in want.networks}
        also = {str(network): Purpose.ALSO for network in want.also}
        named = {name.text: Purpose.ALSO for name in sorted(want.names)}
        return Wish(
            want,
            {**listed, **{one: why for one, why in also.items() if one not in listed}, **named},
            _pairs(want.installation, {**also, **listed}),
            _pairs(want.installation, named),
        )

    def mark(self, purpose: Purpose) -> str:
        """The description of a rule of ours for ``purpose``."""
        return description(self.want.installation, purpose)


def _pairs(installation: str, purposes: Mapping[str, Purpose]) -> frozenset[tuple[str, str]]:
    return frozenset((source, description(installation, why)) for source, why in purposes.items())


@immutable
class Decision:
    """The rules of one group that should come, get a new description, or go.

    ``described`` pairs a rule as it stands with how it should read. ``removed`` are the
    installation's own, ``revoked`` are somebody else's. ``swapped`` pairs an own rule that nobody
    needs with what its id will stand for, where the quota has no room; ``displaced`` somebody's.
    """

    added: tuple[Rule, ...] = ()
    described: tuple[tuple[Rule, Rule], ...] = ()
    removed: tuple[Rule, ...] = ()
    revoked: tuple[Rule, ...] = ()
    swapped: tuple[tuple[Rule, Rule], ...] = ()
    displaced: tuple[tuple[Rule, Rule], ...] = ()


def settled(group: Ingress, wish: Wish) -> bool:
    """Whether nothing has to be done or said, seen from the strings alone.

    It answers for the many groups that are in order; where it says no, ``decide`` looks closer.
    """
    ours = 0
    for port in wish.want.ports:
        single = alone(group, port)
        for standing, wished in ((single.networks, wish.networks), (single.names, wish.names)):
            if standing.items() >= wished:
                ours += len(wished)
            elif standing.keys() >= {source for source, _ in wished}:
                # Some stand in somebody else's rules, which is as good.
                ours += len(standing.items() & wished)
            else:
                return False
        if wish.want.mode is Mode.ENFORCE and (
            len(single.networks) > len(wish.networks)
            or len(single.names) > len(wish.names)
            or wide(group, port)
        ):
            return False
    return marked(group) == ours


def decide(group: Ingress, wish: Wish, mode: Mode) -> Decision:
    """What ``mode`` would do with one group.

    The quota, and whether the steps keep the promises, are for others to judge.
    """
    want = wish.want
    standing = {
        (rule.first or 0, rule.source): rule for rule in rules_of(group) if rule.alone(want.ports)
    }
    whose = {key: owner(rule, want.installation, want.ports) for key, rule in standing.items()}
    desired = {
        (port, canonical(source)): purpose
        for port in want.ports
        for source, purpose in wish.purposes.items()
    }
    coming = {key: why for key, why in desired.items() if key not in standing}
    changing = {key: why for key, why in desired.items() if whose.get(key) not in (None, why)}
    removed = {
        key: rule
        for key, rule in standing.items()
        if (purpose := whose[key]) and key not in desired and _unwanted(purpose, want)
    }
    revoked = {
        key: rule
        for key, rule in standing.items()
        if mode is Mode.ENFORCE and whose[key] is None and _revocable(group, rule, want)
    }
    if want.internal == "keep":
        for key in _internal(group, want, standing, whose, coming, removed, revoked):
            # EC2 can't hold the same rule twice: one of ours that stands gets its new purpose.
            (changing if removed.pop(key, None) else coming)[key] = Purpose.INTERNAL
    return Decision(
        added=tuple(_rule(key, wish.mark(why)) for key, why in coming.items()),
        described=tuple(
            (standing[key], _rule(key, wish.mark(why))) for key, why in changing.items()
        ),
        removed=tuple(removed.values()),
        revoked=tuple(revoked.values()),
    )


def _rule(key: Key, text: str) -> Rule:
    return Rule("tcp", key[0], key[0], key[1], text)


def _unwanted(purpose: Purpose, want: Wanted) -> bool:
    """Whether an own rule that isn't in the wish goes.

    Rules that keep internal senders in outlive ``enforce``: they took the place of somebody's
    rule, and only ``internal: close`` says that these senders may be stopped.
    """
    return purpose is not Purpose.INTERNAL or want.internal == "close"


def _revocable(group: Ingress, rule: Rule, want: Wanted) -> bool:
    """Whether enforce takes a stranger's rule: it names addresses, some neither wanted nor kept."""
    if rule.description.startswith(OUR_MARKS):
        return False
    return bool(lets_in(group, rule.source)[0] - want.addresses - want.kept)


def _internal(
    group: Ingress,
    want: Wanted,
    standing: Mapping[Key, Rule],
    whose: Mapping[Key, Purpose | None],
    coming: Mapping[Key, Purpose],
    removed: Mapping[Key, Rule],
    revoked: Mapping[Key, Rule],
) -> list[Key]:
    """The rules that keep in the internal senders whom nothing else would let in any more.

    What a withdrawn also_allow let in may go with it.
    """
    kept: list[Key] = []
    gone = {**{key: rule for key, rule in removed.items() if whose[key] is not Purpose.ALSO},
            **revoked}  # fmt: skip
    for port in want.ports:
        lost = _addresses(group, (rule.source for key, rule in gone.items() if key[0] == port))
        if not lost & INTERNAL:
            continue
        staying = _addresses(
            group,
            (
                *(source for at, source in coming if at == port),
                *(source for at, source in standing
                  if at == port and (at, source) not in removed and (at, source) not in revoked),
                *(rule.source for rule in rules_of(group)
                  if not rule.alone(want.ports) and rule.cover(port) == "full"),
            ),
        )  # fmt: skip
        kept += [(port, cidr) for cidr in ((lost & INTERNAL) - staying).cidrs()]
    return kept


def _addresses(group: Ingress, sources: Iterable[str]) -> AddressSet:
    return AddressSet.union(lets_in(group, source)[0] for source in sources)
