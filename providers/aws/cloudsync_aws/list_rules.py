"""The pure half for prefix lists: who gets in by them, whose entries those are; it calls nothing.

A list lets in, at the groups that refer to it, whoever stands in it. So the exposure of a list is
asked of the machines behind those groups, and of all the selected lists that they refer to: an IPv4
and an IPv6 list of the same groups have one exposure. What else these groups let in is a question
to them: they can be targets too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.exposure import Clause, Exposure
from cloudsync.model import OUR_MARKS, TERRAFORM_MARK, Purpose, Wanted
from cloudsync.provider import (
    Foreign,
    Order,
    Proposal,
    Reversal,
    Sources,
    Step,
)
from cloudsync.tells import Managed
from cloudsync_aws import list_orders
from cloudsync_aws.list_calls import ListCall, list_after, list_shows
from cloudsync_aws.list_decide import decides_alone, held, purpose_of, used_for
from cloudsync_aws.list_steps import propose
from cloudsync_aws.lists import ListSnapshot, ManagedList
from cloudsync_aws.others import by_marks
from cloudsync_aws.rule import addresses

LIST_LAYER: Final = "prefix list"


class ListRules:
    """Prefix lists, as the core asks about them. It holds nothing; everything is in snapshots."""

    @property
    def probes(self) -> AddressSet:
        """Nobody, as for security groups."""
        return NOBODY

    def exposure(self, snapshot: ListSnapshot, port: int) -> Mapping[str, Exposure]:
        """Who can reach TCP ``port`` by the lists, per target."""
        return {target: _exposed(snapshot, one, port) for target, one in snapshot.lists.items()}

    def steps(self, snapshot: ListSnapshot, wanted: Mapping[str, Wanted]) -> Proposal:
        """What would make the lists right: growth, adds, own removals, those of others."""
        return propose(snapshot, wanted)

    def ordered(
        self, snapshot: ListSnapshot, wanted: Mapping[str, Wanted], order: Order
    ) -> Proposal:
        """The entries that a run took from others, back again."""
        return list_orders.proposed(snapshot, wanted, order)

    def reversal(self, snapshot: ListSnapshot, step: Step) -> Reversal:
        """The commands of AWS's own that take ``step`` back."""
        return list_orders.reversal(snapshot, step)

    def after(self, snapshot: ListSnapshot, step: Step) -> ListSnapshot:
        """The snapshot once ``step`` is done."""
        call: ListCall = step.call
        return replace(
            snapshot,
            lists={
                target: list_after(one, call) if one.id == call.list else one
                for target, one in snapshot.lists.items()
            },
        )

    def shows(self, snapshot: ListSnapshot, call: ListCall) -> bool:
        """Whether the call's list is in ``snapshot`` as ``call`` was to leave it."""
        return any(list_shows(one, call) for one in snapshot.lists.values() if one.id == call.list)

    def own(
        self, snapshot: ListSnapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[Purpose, Sources]]:
        """Who stands in the installation's entries, of every list that the same groups refer to.

        A list has no ports, so the mark alone counts.
        """
        del ports
        return {
            target: _owned(
                [snapshot.lists[each] for each in snapshot.together(target)], installation
            )
            for target in snapshot.lists
        }

    def foreign(
        self, snapshot: ListSnapshot, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[str, Foreign]]:
        """The other entries, by network, where any group refers to the list for one of ``ports``."""
        return {
            target: {
                entry.cidr: Foreign(
                    text=f"{one.id} {entry}",
                    addresses=addresses((entry.cidr,)),
                    alone=decides_alone(snapshot, one, ports),
                    untouchable=entry.description.startswith(OUR_MARKS),
                )
                for entry in one.entries
                if purpose_of(entry, installation) is None and used_for(snapshot, one, ports)
            }
            for target, one in snapshot.lists.items()
        }

    def managed(self, snapshot: ListSnapshot) -> Mapping[str, Managed]:
        """Who else keeps which list: our Terraform modules, where an entry has their mark."""
        return {
            target: who
            for target, one in snapshot.lists.items()
            if (who := by_marks(entry.description for entry in one.entries))
        }

    def modules(self, snapshot: ListSnapshot, ports: tuple[int, ...]) -> Mapping[str, Sources]:
        """Who stands in the entries of our Terraform modules, per list that has such entries."""
        del ports  # which of them a list decides is said by the rules that name it
        found = {
            target: tuple(
                entry.cidr for entry in one.entries if entry.description.startswith(TERRAFORM_MARK)
            )
            for target, one in snapshot.lists.items()
        }
        return {target: Sources(addresses(cidrs)) for target, cidrs in found.items() if cidrs}

    def elsewhere(self, snapshot: ListSnapshot, ports: tuple[int, ...]) -> Mapping[str, str]:
        """A digest of every reference to the list: which ports it decides is theirs to say."""
        del ports
        return {target: _references(snapshot, one) for target, one in snapshot.lists.items()}


def _exposed(snapshot: ListSnapshot, one: ManagedList, port: int) -> Exposure:
    clauses = tuple(_clauses(snapshot, one, port))
    certain = AddressSet.union([NOBODY, *(each.source for each in clauses if each.full)])
    possible = AddressSet.union([NOBODY, *(each.source for each in clauses)])
    return Exposure(
        certain=certain,
        possible=possible,
        names=frozenset(),
        layer=LIST_LAYER,
        fold="union",
        clauses=lambda: clauses,
    )


def _clauses(snapshot: ListSnapshot, one: ManagedList, port: int) -> Iterator[Clause]:
    """What lets ``port`` in at the machines that the list reaches; full where at all of them."""
    reached = {
        group.id
        for group in snapshot.referring(one.id)
        if any(rule.cover(port) != "none" for rule in group.rules(one.id))
    }
    for each in snapshot.lists.values():
        covers = {
            group.id: {rule.cover(port) for rule in group.rules(each.id)}
            for group in snapshot.groups
            if group.id in reached
        }
        if any(found - {"none"} for found in covers.values()):
            full = all("full" in found for found in covers.values())
            for entry in each.entries:
                yield Clause(
                    allow=True,
                    source=addresses((entry.cidr,)),
                    rule=f"{each.id} {entry}",
                    names=frozenset(),
                    full=full,
                )


def _owned(lists: Iterable[ManagedList], installation: str) -> Mapping[Purpose, Sources]:
    networks: dict[Purpose, list[str]] = {}
    for one in lists:
        for entry in one.entries:
            purpose = purpose_of(entry, installation)
            if purpose is not None:
                networks.setdefault(purpose, []).append(entry.cidr)
    return {purpose: Sources(held(each)) for purpose, each in networks.items()}


def _references(snapshot: ListSnapshot, one: ManagedList) -> str:
    lines = [f"{group.id} {rule.key}" for group in snapshot.groups for rule in group.rules(one.id)]
    lines += [f"{group.id} out" for group in snapshot.groups if group.refers_outbound(one.id)]
    text = "\n".join(sorted([*lines, *one.others]))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
