"""Whose a rule is: mark and shape decide, nothing else; it reads no state."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from cloudsync.model import Purpose, mark
from cloudsync_aws.descriptions import sanitised
from cloudsync_aws.rule import Rule


@lru_cache(maxsize=64)
def marks(installation: str) -> Mapping[str, Purpose]:
    """The descriptions that make a rule the installation's own.

    A security group never denies, so a rule marked as a deny isn't what its mark says: not ours.
    """
    return {
        description(installation, purpose): purpose
        for purpose in Purpose
        if purpose is not Purpose.DENY
    }


def description(installation: str, purpose: Purpose) -> str:
    """What the installation writes into a rule: the mark alone, in AWS's alphabet."""
    return sanitised(mark(installation, purpose), reference=True)


def owner(rule: Rule, installation: str, ports: tuple[int, ...]) -> Purpose | None:
    """The purpose for which the installation made ``rule``, or None where it isn't its own.

    Own is mark and shape: one of ``ports`` alone, and a network, or for ``also`` a name too.
    """
    purpose = marks(installation).get(rule.description)
    if purpose is None or not rule.alone(ports):
        return None
    return None if rule.opaque and purpose is not Purpose.ALSO else purpose
