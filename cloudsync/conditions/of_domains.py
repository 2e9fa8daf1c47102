"""What is the matter with the mail domains of targets that enforce closes; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Final

from cloudsync.conditions.condition import Condition, ConditionKind
from cloudsync.preflight.quiet import GAP, Memory
from cloudsync.report.words import clean, counted, few, sentence

SHOWN: Final = 3
"""How many findings a line names before it counts the rest."""


def of_domains(
    armed: Mapping[str, Collection[str]], domains: Mapping[str, Memory], now: datetime
) -> Iterator[Condition]:
    """Each domain past which mail may go round the filter.

    ``armed`` are the domains of targets in enforce, each with the targets that it has armed: these
    stay closed and are repaired, whatever is found. A domain that is only waited for is no news.
    """
    for domain, targets in armed.items():
        memory = domains.get(domain)
        if memory is None:
            continue
        if memory.is_dirty:
            impact = f"Mail for {domain} doesn't come through the filter alone: {_found(memory)}"
        elif targets and (memory.clean is None or now - memory.clean > GAP):
            since = f"{memory.clean:%Y-%m-%d %H:%M} UTC" if memory.clean else "the state was lost"
            impact = f"{domain} hasn't been seen clean since {since}: {_found(memory)}"
        else:
            continue
        did = (
            f"It has armed {counted(len(targets), 'target')}: what was closed stays closed, and is "
            "repaired."
            if targets
            else "It has armed no target: nothing is closed by it, and what lets wanted senders in is done all the same."
        )
        todo = f"cloudsync preflight --domain {domain} shows all of it, and what to do."
        yield Condition(ConditionKind.PREFLIGHT, domain, sentence(clean(impact)), did, todo)


def _found(memory: Memory) -> str:
    return "; ".join(few(memory.found, SHOWN)) or "nobody looked"
