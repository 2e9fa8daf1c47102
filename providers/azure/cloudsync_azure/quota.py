"""What one network security group may hold, and how full it would be; it asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from cloudsync_azure.rule import rule, unpacked
from cloudsync_azure.snapshot import Nsg

# Azure documentation, "Networking limits": rules per group, and addresses or ranges that a group
# names as sources. Both directions are counted together, which is at most too careful.
MOST_RULES: Final = 1_000
MOST_SOURCES: Final = 4_000

WAYS_OUT: Final = (
    "Take rules away that nobody needs, spread the machines over several groups, or set widen: 24."
)

_DEFAULT: Final = 65_000
"""From this priority on rules are the platform's own, and don't count."""


class Fill(NamedTuple):
    """How many rules a group holds, and how many prefixes they name as sources."""

    rules: int
    sources: int


def filled(group: Nsg) -> Fill:
    """How full ``group`` is, the rules of others counted too."""
    found = [
        rule(name, properties)
        for packed in (group.ingress, group.egress)
        for name, properties in unpacked(packed)
        if properties["priority"] < _DEFAULT
    ]
    return Fill(len(found), sum(sum("/" in one for one in each.sources) for each in found))


def over(before: Fill, peaks: Sequence[Fill]) -> str:
    """How the fullest of ``peaks`` passes a limit, with numbers; empty where none does.

    What was too full before and gets no fuller is no reason to stop.
    """
    rules = max([each.rules for each in peaks], default=0)
    sources = max([each.sources for each in peaks], default=0)
    said: list[str] = []
    if rules > MOST_RULES and rules > before.rules:
        said.append(f"{rules:,} rules, {before.rules:,} of which stand; {MOST_RULES:,} may")
    if sources > MOST_SOURCES and sources > before.sources:
        said.append(
            f"{sources:,} source prefixes, {before.sources:,} of which stand; {MOST_SOURCES:,} may"
        )
    return f"would need {' and '.join(said)}" if said else ""
