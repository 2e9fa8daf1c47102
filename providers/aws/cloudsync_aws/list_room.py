"""How many entries a prefix list may be made to hold; it asks nobody what is allowed.

Each rule that names a list counts all that the list may hold, in both families, however little it
does (VPC quotas; awslimitchecker #447). So a list can only grow as far as every group that refers
to it has room.
"""

from __future__ import annotations

from typing import Final

from cloudsync.immutable import immutable
from cloudsync.plural import counted
from cloudsync_aws.ingress import Ingress, rules_of
from cloudsync_aws.lists import MOST_ENTRIES, ListSnapshot, ManagedList
from cloudsync_aws.quota import CODE
from cloudsync_aws.snapshot import DEFAULT_QUOTA

_SPARE_LEAST: Final = 4
_SPARE_PART: Final = 5


@immutable
class Room:
    """``size`` is what MaxEntries should be; ``too_many`` says why it can't be enough."""

    size: int
    too_many: str = ""
    todo: str = ""


def room_for(snapshot: ListSnapshot, one: ManagedList, needed: int) -> Room:
    """The size for ``needed`` entries: as it is where they fit, or with a fifth to spare.

    A size is never lowered: that would make no mail safer, and the next growth a call dearer.
    """
    if needed <= one.size:
        return Room(one.size)
    if needed > MOST_ENTRIES:
        return Room(
            one.size,
            f"would need {needed:,} entries, a prefix list holds {MOST_ENTRIES:,} at most",
            "Use security groups, or set widen: 24.",
        )
    wish = min(needed + max(_SPARE_LEAST, needed // _SPARE_PART), MOST_ENTRIES)
    limit, group, used = _limit(snapshot, one, DEFAULT_QUOTA)
    quota = DEFAULT_QUOTA
    if limit < wish:
        quota = snapshot.quota()
        limit, group, used = _limit(snapshot, one, quota)
    if limit >= needed:
        return Room(min(wish, limit))
    return Room(
        one.size,
        f"would need MaxEntries {needed} for its entries, and {group} would count "
        f"{counted(used(needed), 'rule')} with it, the quota is {quota}",
        f"Raise quota {CODE}, refer to the list less often, or set widen: 24.",
    )


class _Used:
    """What a group would count with the list at some size."""

    def __init__(self, rest: int, times: int) -> None:
        self._rest = rest
        self._times = times

    def __call__(self, size: int) -> int:
        return self._rest + self._times * size


def _limit(snapshot: ListSnapshot, one: ManagedList, quota: int) -> tuple[int, str, _Used]:
    """The largest size that every group allows, the group that allows no more, what it counts."""
    found: tuple[int, str, _Used] = (MOST_ENTRIES, "", _Used(0, 0))
    for group in snapshot.groups:
        for rules in (group.inbound, group.outbound):
            times = sum(rule.source == one.id for rule in rules_of(rules))
            if times:
                used = _Used(_rest(snapshot, one, rules), times)
                size = max((quota - used(0)) // times, 0)
                if size < found[0]:
                    found = (size, group.id, used)
    return found


def _rest(snapshot: ListSnapshot, one: ManagedList, rules: Ingress) -> int:
    """What everything else of a group counts in its fuller family."""
    four = six = both = 0
    for rule in rules_of(rules):
        if rule.source == one.id:
            continue
        if rule.source.startswith("pl-"):
            both += snapshot.weight(rule.source)
        elif rule.opaque:
            both += 1
        elif ":" in rule.source:
            six += 1
        else:
            four += 1
    return max(four, six) + both
