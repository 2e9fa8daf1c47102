"""Who reaches a port through one network security group, as its rules are asked; it calls nothing."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cloudsync.exposure import Exposure, first_match
from cloudsync_azure.clauses import Protect, clauses
from cloudsync_azure.rule import REMEMBERED, Packed, rules_of

LAYER: Final = "network security group"


@lru_cache(maxsize=REMEMBERED)
def exposed(rules: Packed, port: int, protect: Protect) -> Exposure:
    """Who can reach TCP ``port`` through a group with these inbound rules."""
    return first_match(
        (
            clause
            for rule in rules_of(rules)
            if rule.decides(port)
            for clause in clauses(rule, protect)
        ),
        LAYER,
    )
