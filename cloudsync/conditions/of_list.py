"""What is the matter with the list, and what waits for a person; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cloudsync.addresses import Network
from cloudsync.allowlist import Entry, InForce
from cloudsync.conditions.condition import Condition, ConditionKind
from cloudsync.holds import Hold
from cloudsync.plural import agreeing, counted
from cloudsync.report.words import few, listing, natural

SHOWN: Final = 5
"""How many networks a line names before it counts the rest."""


def of_holds(holds: Iterable[Hold]) -> Iterator[Condition]:
    """What waits until a person lets it through. It is told of again by its own reminders."""
    for hold in holds:
        yield Condition(
            ConditionKind.HELD,
            hold.subject,
            f"{hold.subject} waits for a person: {hold.what}.",
            f"It has waited since {hold.since:%Y-%m-%d %H:%M} UTC; what lets wanted senders in "
            "is done all the same.",
            f"To let it through: {hold.command}",
        )


def of_list(before: InForce | None, now: InForce | None) -> Iterator[Condition]:
    """What the list in force gained and lost between two passes. A first list is no news."""
    if before is None or now is None:
        return
    was, wanted = _of(before.wanted), _of(now.wanted)
    going = _of(one.entry for one in now.leaving) - _of(one.entry for one in before.leaving)
    back = _of(now.entries) & _of(one.entry for one in before.leaving)
    parts = [
        f"{_networks(found)} {agreeing(len(found), 'is', 'are')} {become}"
        for found, become in (
            (wanted - was, "new and wanted at once"),
            (going & was, "leaving, and wanted until the grace is over"),
            (was - wanted, "gone"),
            (back, "listed again"),
        )
        if found
    ]
    if parts:
        count = len(now.entries)
        yield Condition(
            ConditionKind.LIST_CHANGED,
            now.source,
            f"The list changed: {'; '.join(parts)}.",
            f"It holds {counted(count, 'entry')} now.",
            "cloudsync list shows it whole.",
            cause="list",
        )


def _of(entries: Iterable[Entry]) -> set[Network]:
    return {entry.network for entry in entries}


def _networks(found: set[Network]) -> str:
    return listing(few(sorted(map(str, found), key=natural), SHOWN))
