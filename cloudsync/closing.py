"""What a first enforce closes, and whether what is left of it is a part of what was approved; pure.

A run that is cut short leaves a part of its steps, which may be packed and numbered in another way.
So a part is told by whom it shuts out and by whose rules it takes, and not by its lines.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.immutable import immutable
from cloudsync.model import Wanted
from cloudsync.plan import State, TargetPlan

Change = tuple[str, bool, str]


@immutable
class Closing:
    """What closing a target for the first time does that add wouldn't.

    ``terms`` is a digest of all that is wanted of the target. ``taken`` are the lines that change
    somebody else's rules; ``shut`` is, by port, who gets in today to some machine and then won't,
    or to every machine and then not to every one; ``names`` are opaque sources that it shuts out.
    """

    terms: str
    taken: frozenset[str] = frozenset()
    shut: tuple[tuple[int, AddressSet], ...] = ()
    names: frozenset[str] = frozenset()

    def covers(self, rest: Closing) -> bool:
        """Whether ``rest`` is for the same end, and takes and shuts out nothing beside this."""
        known = dict(self.shut)
        return (
            self.terms == rest.terms
            and rest.taken <= self.taken
            and rest.names <= self.names
            and all(shut <= known.get(port, NOBODY) for port, shut in rest.shut)
        )


def changes_of(plan: TargetPlan, add: TargetPlan) -> tuple[Change, ...]:
    """The changes of ``plan`` that ``add`` wouldn't make, whatever calls they are packed into.

    What is approved must stay the same while the senders that are wanted are let in meanwhile.
    """
    open_to = {(step.verb, step.own, change) for step in add.steps for change in step.changes}
    rest = {(step.verb, step.own, change) for step in plan.steps for change in step.changes}
    return tuple(sorted(rest - open_to))


def closing_of(plan: TargetPlan, add: TargetPlan, wanted: Wanted) -> Closing:
    """What ``plan`` closes that ``add`` wouldn't, where ``wanted`` is what the plan was made for."""
    by_add = dict(_shut(add))
    names = _names(plan) - _names(add)
    return Closing(
        _terms(plan.list_digest, wanted),
        frozenset(line for _, own, line in changes_of(plan, add) if not own),
        tuple((port, shut - by_add.get(port, NOBODY)) for port, shut in _shut(plan)),
        names,
    )


def _ends(plan: TargetPlan) -> Iterator[tuple[int, State, State]]:
    if plan.before and plan.after:
        for port in sorted(plan.before.exposures):
            yield port, plan.before, plan.after


def _shut(plan: TargetPlan) -> Iterator[tuple[int, AddressSet]]:
    for port, before, after in _ends(plan):
        was, will = before.exposures[port], after.exposures[port]
        yield port, (was.possible - will.possible) | (was.certain - will.certain)


def _names(plan: TargetPlan) -> frozenset[str]:
    return frozenset(
        name.text
        for port, before, after in _ends(plan)
        for name in before.exposures[port].names - after.exposures[port].names
    )


def _terms(list_digest: str, wanted: Wanted) -> str:
    """Of everything that decides who is to be shut out, whatever was done already."""
    # Whether a run before has been seen whole decides how a step is made, and not what for.
    told = repr([list_digest, replace(wanted, unsettled=False, names=frozenset())])
    names = [[name.text, *name.bound.cidrs()] for name in sorted(wanted.names)]
    text = json.dumps([told, names], separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
